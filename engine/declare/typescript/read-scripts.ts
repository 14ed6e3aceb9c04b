import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ReadingAnswer, ReadingOrder, ReadingReport } from './reading-worker.ts';
import type { ScriptDefinition } from './script-definition.ts';
import { describeThrown, relativePath, type ScriptFault } from './script-fault.ts';

/** A TypeScript model as read: what it declares, and what it is made of. */
export interface Script {
  readonly definition: ScriptDefinition;
  readonly exportName: string;
  /** Absolute, links resolved: the file, and the project's root. */
  readonly path: string;
  readonly root: string;
  /** The file and all it imports, relative to the project's root, with their digests. */
  readonly files: readonly { readonly file: string; readonly digest: string }[];
  /** Equal exactly when files, packages and declaration are. */
  readonly digest: string;
}

/** What a file of the models' folder is. `part`: imported by models, none itself. */
export type ScriptRead =
  | { readonly kind: 'model'; readonly script: Script }
  | { readonly kind: 'part' }
  | { readonly kind: 'faulty'; readonly faults: readonly ScriptFault[] };

export interface ReadScriptsOptions {
  /** How long one file may take to be imported. */
  readonly timeoutMs?: number;
}

const timeoutDefaultMs = 10_000;
/** Heap of the thread that reads: it holds code and declarations, no rows. */
const memoryMb = 256;
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/**
 * Imports the files in a thread of its own and says what each is. A file that throws, does not end
 * or is no model is told with its place, and hides no other. Paths are relative to the root.
 */
export async function readScripts(
  root: string,
  files: readonly string[],
  { timeoutMs = timeoutDefaultMs }: ReadScriptsOptions = {},
): Promise<ReadonlyMap<string, ScriptRead>> {
  const base = files.length === 0 ? root : realpathSync(root);
  const urls = new Map(files.map((file) => [urlOf(base, file), file]));
  const answers = new Map<string, ReadingAnswer | ScriptFault>();
  const imported = new Set<string>();
  // A file that ends its thread is told, and the rest is read by another: one turn a file at most.
  for (let left = [...urls.keys()]; left.length > 0; ) {
    await readSome(left, timeoutMs, { answers, imported });
    left = left.filter((url) => !answers.has(url));
  }
  return new Map(
    [...urls].map(([url, file]) => {
      const answer = answers.get(url);
      return [file, judge(base, { file, url, isImported: imported.has(url) }, answer)];
    }),
  );
}

function urlOf(base: string, file: string): string {
  return pathToFileURL(realpathSync(join(base, file))).href;
}

interface Readings {
  readonly answers: Map<string, ReadingAnswer | ScriptFault>;
  readonly imported: Set<string>;
}

/** One thread's turn: ends when all are read, or when a file has ended it. */
async function readSome(
  urls: readonly string[],
  timeoutMs: number,
  { answers, imported }: Readings,
): Promise<void> {
  const order: ReadingOrder = { urls };
  const worker = new Worker(new URL(`./reading-worker${ending}`, import.meta.url), {
    workerData: order,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    stdout: true,
    stderr: true,
  });
  const ended = Promise.withResolvers<void>();
  let current = urls[0] ?? '';
  let timer: NodeJS.Timeout | undefined;
  const give = (message: string): void => {
    const place = { file: '', line: 1, column: 1 };
    if (!answers.has(current)) answers.set(current, { place, message });
    ended.resolve();
  };
  worker.on('message', (report: ReadingReport) => {
    clearTimeout(timer);
    if (report.kind === 'begin') {
      current = report.url;
      const seconds = timeoutMs / 1_000;
      timer = setTimeout(() => give(`takes more than ${seconds} s to be read`), timeoutMs);
    } else if (report.kind === 'end') answers.set(report.url, report.answer);
    else {
      for (const [, targets] of report.imported) for (const one of targets) imported.add(one);
      ended.resolve();
    }
  });
  worker.on('error', (error) => give(`ended its thread while it was read: ${error.message}`));
  const endings = 'ended its thread while it was read, or awaits what never comes';
  worker.on('exit', () => give(endings));
  worker.stdout.resume();
  worker.stderr.resume();
  await ended.promise;
  clearTimeout(timer);
  await worker.terminate();
}

function judge(
  root: string,
  at: { readonly file: string; readonly url: string; readonly isImported: boolean },
  answer: ReadingAnswer | ScriptFault | undefined,
): ScriptRead {
  const start = { file: at.file, line: 1, column: 1 };
  const faulty = (...faults: ScriptFault[]): ScriptRead => ({ kind: 'faulty', faults });
  if (!answer) return faulty({ place: start, message: 'was not read' });
  if (!('kind' in answer)) return faulty({ ...answer, place: start });
  switch (answer.kind) {
    case 'thrown':
      return faulty(describeThrown(root, at.file, answer));
    case 'wrong':
      return faulty(...answer.complaints.map((message) => ({ place: start, message })));
    case 'none': {
      if (at.isImported) return { kind: 'part' };
      const names = answer.names.length === 0 ? 'nothing' : answer.names.join(', ');
      const message = `exports no model, but ${names}`;
      const hint = 'write  export const NAME = defineModel({ … })  with defineModel of "tidemill"';
      return faulty({ place: start, message, hint });
    }
    case 'model':
      return { kind: 'model', script: toScript(root, at.url, answer) };
  }
}

function toScript(
  root: string,
  url: string,
  answer: Extract<ReadingAnswer, { readonly kind: 'model' }>,
): Script {
  const { definition, exportName, packages } = answer;
  const files = answer.files
    .map(([one, digest]) => ({ file: relativePath(root, one), digest }))
    .toSorted((left, right) => (left.file < right.file ? -1 : 1));
  const { limits: _, description: _text, ...declared } = definition;
  const made = JSON.stringify([files, packages, exportName, declared]);
  return {
    definition,
    exportName,
    path: realpathSync(new URL(url)),
    root,
    files,
    digest: createHash('sha256').update(made).digest('hex'),
  };
}
