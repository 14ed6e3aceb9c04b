import { parentPort, workerData } from 'node:worker_threads';
import { closeThread, type ModuleTrace, registerModelHooks } from './model-hooks.ts';
import { findModels, readDefinition, type ScriptDefinition } from './script-definition.ts';

/** The thread that reads models: imports each file and says what it exports. */

export interface ReadingOrder {
  /** URLs of the files. */
  readonly urls: readonly string[];
}

/** What one file turned out to be. `begin` comes before it is imported. */
export type ReadingReport =
  | { readonly kind: 'begin'; readonly url: string }
  | { readonly kind: 'end'; readonly url: string; readonly answer: ReadingAnswer }
  | { readonly kind: 'done'; readonly imported: readonly (readonly [string, readonly string[]])[] };

export type ReadingAnswer =
  | {
      readonly kind: 'model';
      readonly definition: ScriptDefinition;
      /** The name it is exported under. */
      readonly exportName: string;
      /** URL and digest of the file and of all it imports. */
      readonly files: readonly (readonly [string, string])[];
      readonly packages: readonly string[];
    }
  | { readonly kind: 'none'; readonly names: readonly string[] }
  | { readonly kind: 'wrong'; readonly complaints: readonly string[] }
  | {
      readonly kind: 'thrown';
      readonly name: string;
      readonly message: string;
      readonly stack: string;
      readonly importing: { readonly parent: string; readonly specifier: string } | undefined;
    };

function collectFiles(trace: ModuleTrace, url: string): Set<string> {
  const found = new Set<string>([url]);
  for (const one of found) {
    for (const imported of trace.imports.get(one) ?? []) found.add(imported);
  }
  return found;
}

async function readFile(url: string, trace: ModuleTrace): Promise<ReadingAnswer> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(url)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    return { kind: 'thrown', name, message, stack: stack ?? '', importing: trace.lastImport() };
  }
  const models = findModels(exported);
  const [first, second] = models;
  if (!first) return { kind: 'none', names: Object.keys(exported) };
  if (second) {
    const names = models.map(([name]) => name).join(' and ');
    return { kind: 'wrong', complaints: [`a file holds one model; this one exports ${names}`] };
  }
  const [exportName, model] = first;
  const { definition, complaints } = readDefinition(model);
  if (!definition) return { kind: 'wrong', complaints };
  const urls = [...collectFiles(trace, url)].sort();
  return {
    kind: 'model',
    definition,
    exportName,
    files: urls.map((one) => [one, trace.digests.get(one) ?? '']),
    packages: [...new Set(urls.flatMap((one) => [...(trace.packages.get(one) ?? [])]))].sort(),
  };
}

async function readAll({ urls }: ReadingOrder): Promise<void> {
  const trace = registerModelHooks();
  closeThread();
  const report = (one: ReadingReport): void => parentPort?.postMessage(one);
  for (const url of urls) {
    report({ kind: 'begin', url });
    report({ kind: 'end', url, answer: await readFile(url, trace) });
  }
  report({ kind: 'done', imported: [...trace.imports].map(([url, to]) => [url, [...to]]) });
}

// Not awaited here: of a file whose own await never ends, Node would warn with this file's name.
void readAll(workerData as ReadingOrder);
