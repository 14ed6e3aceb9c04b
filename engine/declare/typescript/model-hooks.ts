import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isBuiltin, registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the modules of a thread were made of. */
export interface ModuleTrace {
  /** Own files by URL: the digest of their text. */
  readonly digests: ReadonlyMap<string, string>;
  /** Own files by URL: the own files they import. */
  readonly imports: ReadonlyMap<string, ReadonlySet<string>>;
  /** Own files by URL: the packages they import, `name@version`. */
  readonly packages: ReadonlyMap<string, ReadonlySet<string>>;
  /** Who imported what last, for an import that failed. */
  lastImport(): { readonly parent: string; readonly specifier: string } | undefined;
}

/** What a function may ask of Node: everything that answers from its arguments alone. */
const allowedBuiltins = new Set([
  'assert',
  'assert/strict',
  'buffer',
  'crypto',
  'events',
  'path',
  'path/posix',
  'punycode',
  'querystring',
  'stream',
  'string_decoder',
  'url',
  'util',
  'zlib',
]);

const engineFolder = new URL('../../', import.meta.url).href;
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const defineModelUrl = new URL(`./define-model${ending}`, import.meta.url).href;

/** An import that a model may not make: its message is for people. */
export class RefusedImport extends Error {
  override readonly name = 'RefusedImport';
}

/**
 * Prepares this thread for models: `tidemill` is the module that defines them, wherever the engine
 * is installed; own files are modules whatever the nearest package.json says; what would reach the
 * disk, the network or the warehouse is refused. `known`: no own file but these may be imported.
 */
export function registerModelHooks(known?: ReadonlySet<string>): ModuleTrace {
  const digests = new Map<string, string>();
  const imports = new Map<string, Set<string>>();
  const packages = new Map<string, Set<string>>();
  let last: { parent: string; specifier: string } | undefined;
  const note = (map: Map<string, Set<string>>, key: string, value: string): void => {
    const set = map.get(key) ?? new Set();
    map.set(key, set.add(value));
  };
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'tidemill') return { url: defineModelUrl, shortCircuit: true };
      const parent = context.parentURL ?? '';
      if (!isOwn(parent)) return next(specifier, context);
      last = { parent, specifier };
      refuse(specifier);
      const resolved = next(specifier, context);
      if (!isOwn(resolved.url)) {
        note(packages, parent, packageOf(resolved.url));
        return resolved;
      }
      if (known && !known.has(resolved.url)) {
        throw new RefusedImport(
          `"${specifier}" was not imported while the file was read: import it at the top`,
        );
      }
      note(imports, parent, resolved.url);
      return resolved;
    },
    load(url, context, next) {
      if (!isOwn(url)) return next(url, context);
      const isScript = /\.m?ts$/.test(url);
      const loaded = next(url, isScript ? { ...context, format: 'module-typescript' } : context);
      const digest = createHash('sha256').update(readFileSync(fileURLToPath(url)));
      digests.set(url, digest.digest('hex'));
      return loaded;
    },
  });
  return { digests, imports, packages, lastImport: () => last };
}

/** A file of the project: neither the engine's nor an installed package's. */
export function isOwn(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/') && !isEngine(url);
}

function isEngine(url: string): boolean {
  return url.startsWith(engineFolder);
}

function refuse(specifier: string): void {
  const name = specifier.replace(/^node:/, '');
  if (isBuiltin(specifier) && !allowedBuiltins.has(name)) {
    throw new RefusedImport(
      `a model may not import "${specifier}": it answers from its inputs alone`,
    );
  }
  if (/^(tidemill\/|@duckdb\/)/.test(specifier)) {
    throw new RefusedImport(`a model may not import "${specifier}": it has no warehouse`);
  }
}

/** `name@version` of the package a file belongs to; a builtin is itself. */
function packageOf(url: string): string {
  if (!url.startsWith('file:')) return url;
  for (let folder = dirname(fileURLToPath(url)); ; folder = dirname(folder)) {
    try {
      const text = readFileSync(join(folder, 'package.json'), 'utf8');
      const { name, version } = JSON.parse(text) as { name?: string; version?: string };
      if (name !== undefined) return `${name}@${version ?? ''}`;
    } catch {
      // The next folder up may have one.
    }
    if (folder === dirname(folder)) return url;
  }
}

/**
 * What is left of the world: no environment, no network, no way past the hooks. It keeps models
 * honest; it is no wall against code that means harm.
 */
export function closeThread(): void {
  for (const name of ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest']) {
    Reflect.deleteProperty(globalThis, name);
  }
  Reflect.set(process, 'getBuiltinModule', undefined);
  Reflect.set(process, 'binding', undefined);
  // A signal would end the whole run.
  Reflect.set(process, 'kill', undefined);
}
