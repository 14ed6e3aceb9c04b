import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

/**
 * Puts a module with everything that it imports into one file, and the licences of what that is
 * beside it. What a package needs and cannot be bundled would be missing where users install: an
 * error.
 */
async function bundleModule(source: string, file: string): Promise<void> {
  const bundle = await rolldown({ input: source, platform: 'node', logLevel: 'silent' });
  const { output } = await bundle.write({
    file,
    format: 'esm',
    minify: true,
    codeSplitting: false,
  });
  await bundle.close();
  const [chunk] = output;
  writeLicenses(file.replace(/\.js$/, '.licenses.txt'), chunk.moduleIds);
  const missing = [...chunk.imports, ...chunk.dynamicImports].filter((name) => !isBuiltin(name));
  if (missing.length > 0) throw new Error(`${file} still imports ${missing.join(', ')}`);
}

function writeLicenses(file: string, moduleIds: readonly string[]): void {
  const roots = new Set(moduleIds.flatMap((id) => findPackage(id) ?? []));
  writeFileSync(file, [...roots].toSorted().map(formatLicense).join('\n\n'));
}

/** The folder of the package that a module belongs to; undefined for our own. */
function findPackage(id: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];
}

const licenseNames = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENCE', 'license', 'License'];

function formatLicense(folder: string): string {
  const text = readFileSync(join(folder, 'package.json'), 'utf8');
  const { name, version, license } = JSON.parse(text) as Record<string, string>;
  const path = licenseNames.map((one) => join(folder, one)).find(existsSync);
  const words = path === undefined ? '' : `\n\n${readFileSync(path, 'utf8').trim()}`;
  return `${name} ${version} (${license})${words}\n${'-'.repeat(80)}`;
}

/** Modules that are published with all they import, each in one file. */
export const libraries: readonly string[] = ['apis/salesforce/jsforce'];

/** Modules that are started or imported by the path of their file. */
const entries: readonly string[] = [
  'index',
  'cli/bin',
  'engine/declare/typescript/define-model',
  'engine/declare/typescript/reading-worker',
  'engine/steps/typescript/running-worker',
  'engine/artifacts/writing-worker',
];

/**
 * Packages that are put in along with the program: each is many modules, or loaded at each start.
 */
const inside: readonly string[] = ['commander', 'kysely'];

/** Below `dist`: within the engine, as models in TypeScript may import what is in it. */
const partsFolder = 'engine/parts';

/**
 * What is loaded together stands in one file: a process starts in a third of the time that hundreds
 * of modules take to be found. Each part is what these modules import, without what a part before
 * it holds; what no part holds is in files by its importers.
 */
const parts: readonly (readonly [name: string, roots: readonly string[]])[] = [
  ['script', entries.filter((one) => one.includes('/typescript/'))],
  ['write', ['engine/artifacts/writing-worker']],
  ['start', ['cli/main', 'cli/assemble-project', 'cli/outline', 'engine/plan/read-models']],
  ['list', ['cli/commands/ls', 'cli/commands/compile', 'engine/plan/choose-nodes']],
  ['kept', ['engine/artifacts/kept-compile', 'engine/artifacts/write-artifact']],
  ['read', ['engine/declare/model-project']],
  ['compile', ['engine/artifacts/compile-outputs', 'engine/plan/sync-nodes']],
  ['whole', ['engine/declare/read-project']],
];

/** Puts the program together below `dist`; the modules that it is made of are below `root`. */
async function bundleProgram(root: string, dist: string): Promise<void> {
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((name) => [name, join(root, `${name}.ts`)])),
    platform: 'node',
    logLevel: 'silent',
    preserveEntrySignatures: 'allow-extension',
    external: (id) => !/^[./]/.test(id) && !inside.includes(id),
    plugins: [keepPlaces(root), keepLibraries(root), takeBuiltins()],
  });
  let closures: ReadonlyMap<string, string> | undefined;
  const { output } = await bundle.write({
    dir: dist,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: `${partsFolder}/[name]-[hash].js`,
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        {
          debugName: 'parts',
          name: (id, context) => {
            closures ??= closeParts(root, (one) => context.getModuleInfo(one)?.importedIds ?? []);
            const from = findPackage(id);
            return from === undefined ? (closures.get(id) ?? null) : basename(from);
          },
        },
      ],
    },
  });
  await bundle.close();
  const chunks = output.flatMap((one) => (one.type === 'chunk' ? one.moduleIds : []));
  writeLicenses(join(dist, 'licenses.txt'), chunks);
}

/** Which part each module is in. */
function closeParts(
  root: string,
  importsOf: (id: string) => readonly string[],
): ReadonlyMap<string, string> {
  // What is run when it is imported is in no part: others would run it by importing theirs.
  const apart = new Set([...entries, 'cli/main'].map((one) => join(root, `${one}.ts`)));
  const found = new Map<string, string>();
  for (const [name, roots] of parts) {
    const waiting = roots.map((one) => join(root, `${one}.ts`));
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (findPackage(id) !== undefined || found.has(id)) continue;
      if (!apart.has(id)) found.set(id, name);
      waiting.push(...importsOf(id));
    }
  }
  return found;
}

/** A module that looks for what is beside it finds it from the part it has come to be in. */
function keepPlaces(root: string): Plugin {
  const up = partsFolder.replaceAll(/[^/]+/g, '..');
  return {
    name: 'keep-places',
    transform: (code, id) => {
      if (!code.includes('import.meta.url')) return null;
      const place = `${up}/${relative(root, id).replace(/\.ts$/, '.js')}`;
      const url = `new URL(${JSON.stringify(place)}, import.meta.url).href`;
      return code.replaceAll('import.meta.url', url);
    },
  };
}

function keepLibraries(root: string): Plugin {
  const places = new Map(libraries.map((name) => [join(root, `${name}.ts`), name]));
  const up = partsFolder.replaceAll(/[^/]+/g, '..');
  return {
    name: 'keep-libraries',
    resolveId: (source, importer) => {
      if (importer === undefined || !source.startsWith('.')) return null;
      const name = places.get(join(importer, '..', source));
      return name === undefined ? null : { id: `${up}/${name}.js`, external: true };
    },
  };
}

/** Not taken before it is used: only commands in files of their own are started with it. */
const lateBuiltin = 'node:child_process';

/**
 * An import of a module of Node makes all that it can give, `webcrypto` and `fs.promises` included,
 * at each start; to take it makes what is used. The command itself must be read by an old Node too.
 */
function takeBuiltins(): Plugin {
  const imported =
    /^import (?:([\w$]+)(?:, )?)?(?:\{ ([^}]+) \}|\* as ([\w$]+))? from "(node:[^"]+)";$/gm;
  return {
    name: 'take-builtins',
    renderChunk: (code, { fileName }) => {
      if (fileName === 'cli/bin.js') return null;
      return code.replaceAll(imported, (_, whole, names, all, module) => {
        const take = `globalThis.process.getBuiltinModule("${module}")`;
        if (module === lateBuiltin && whole !== undefined) {
          return `const ${whole} = { get spawn() { return ${take}.spawn; } };`;
        }
        const parts = [whole, all, names && `{ ${names.replaceAll(' as ', ': ')} }`];
        return parts
          .filter((part) => part !== undefined)
          .map((part) => `const ${part} = ${take};`)
          .join(' ');
      });
    },
  };
}

/** Read at run time from beside the source that reads them. */
const assets = ['{cli,engine,apis,extractors,loaders,reverse-etl,sandbox}/**/*.{sql,json}'];

/** Puts all that runs below `dist`. */
export async function bundleAll(root: string, dist: string): Promise<void> {
  for (const file of globSync(assets, { cwd: root })) {
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    cpSync(join(root, file), join(dist, file));
  }
  for (const name of libraries)
    await bundleModule(join(root, `${name}.ts`), join(dist, `${name}.js`));
  await bundleProgram(root, dist);
}
