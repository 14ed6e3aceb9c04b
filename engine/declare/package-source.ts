import { posix } from 'node:path';
import { asConfig, asList, asTexts, type Config, mergeConfig } from './config.ts';
import { type ConfigPath, listConfigPaths } from './config-paths.ts';
import {
  addFolderTree,
  collectFolderConfigs,
  type FolderConfigs,
  plainKeys,
} from './folder-config.ts';
import { readIgnored } from './ignored-files.ts';
import { keyOf, type Memory } from './memory/memory.ts';
import type { ProjectDisk } from './memory/project-disk.ts';
import { recallOutcome } from './memory/recall-outcome.ts';
import type { FaultList } from './model-fault.ts';
import { listFiles, type ProjectFile, readFileText } from './project-files.ts';
import { reportProjectFlags } from './project-flags.ts';
import { type Properties, readProperties } from './properties.ts';
import { validateDbtProject } from './properties-schema.ts';
import type { ScriptRead } from './typescript/read-scripts.ts';
import { parseYaml, validateYaml } from './yaml-file.ts';

/** A file with its text; `folders` are those below the path it was found under. */
export interface SourceText {
  readonly file: string;
  readonly folders: readonly string[];
  readonly name: string;
  readonly text: string;
  /** A model in TypeScript: what its file turned out to be. */
  readonly script?: ScriptRead;
}

/** The files of one package: the project itself, or one it was installed with. */
export interface PackageSource {
  readonly name: string;
  /** As `dbt_project.yml` says it; empty: it does not. */
  readonly version: string;
  /** Below the root of the project; empty for the project itself. */
  readonly folder: string;
  /** Has a `dbt_project.yml`: follows dbt's conventions where ours differ. */
  readonly isDbt: boolean;
  readonly models: readonly SourceText[];
  /** Models in TypeScript as they are written; once imported they are among `models`. */
  readonly scripts: readonly SourceText[];
  readonly snapshots: readonly SourceText[];
  readonly analyses: readonly SourceText[];
  readonly macros: readonly SourceText[];
  readonly singularTests: readonly SourceText[];
  /** Paths of the files that hold rows of unit tests, by their name with its ending. */
  readonly fixtures: ReadonlyMap<string, string>;
  /** CSV files; their text is not read here. */
  readonly seeds: readonly SourceText[];
  readonly properties: Properties;
  readonly folderConfigs: Readonly<Record<FolderKind, FolderConfigs>>;
  /** Markdown files: they may hold docs blocks. */
  readonly markdown: readonly SourceText[];
  /** dbt's `restrict-access`: only its own nodes may refer to what is not public. */
  readonly restrictsAccess: boolean;
  /** dbt's flag: `dbt.equals` takes two nulls for the same. */
  readonly nullsAreEqual: boolean;
  readonly vars: Config;
  /** dbt's `dispatch:`: namespace → where its macros are looked for. */
  readonly dispatch: ReadonlyMap<string, readonly string[]>;
  readonly hooks: { readonly start: readonly string[]; readonly end: readonly string[] };
  /** Where config stands in its `dbt_project.yml`. */
  readonly configPaths: readonly ConfigPath[];
}

/** Config of folders around an entry's own: what the project says of a package's wins over all. */
export function mergeFolders(
  [root, pack]: readonly [PackageSource | undefined, PackageSource],
  kind: FolderKind,
  fqn: readonly string[],
  own: Config,
): Config {
  const config = mergeConfig(pack.folderConfigs[kind].configOf(fqn), own);
  if (root === undefined || root === pack) return config;
  return mergeConfig(config, root.folderConfigs[kind].configOf(fqn));
}

/** What is asked of a package once its nodes are made. */
export interface ProjectPackage
  extends Pick<
    PackageSource,
    | 'name'
    | 'version'
    | 'folder'
    | 'macros'
    | 'vars'
    | 'dispatch'
    | 'hooks'
    | 'restrictsAccess'
    | 'nullsAreEqual'
    | 'configPaths'
  > {
  readonly properties: Pick<Properties, 'unitTests'>;
  /** Config of the hooks of its runs: to dbt they are models in a folder `hooks`. */
  readonly hookConfig: Config;
}

export function toProjectPackage(pack: PackageSource, root: PackageSource): ProjectPackage {
  const { name, version, folder, macros, vars, dispatch, hooks } = pack;
  const { restrictsAccess, nullsAreEqual } = pack;
  const { unitTests = [] } = pack.properties;
  const [own, wins] = [pack, root].map((one) => one.folderConfigs.models.configOf([name, 'hooks']));
  const hookConfig = mergeConfig(own ?? {}, wins ?? {});
  // What a package says of its own folders is nobody's here to mend.
  const configPaths = pack === root ? pack.configPaths : [];
  const kept = { name, version, folder, macros, vars, dispatch, hooks, configPaths };
  return { ...kept, restrictsAccess, nullsAreEqual, properties: { unitTests }, hookConfig };
}

const folderKinds = [
  'models',
  'seeds',
  'snapshots',
  'sources',
  'tests',
  'semantic-models',
  'metrics',
  'saved-queries',
  'exposures',
  'unit_tests',
] as const;
export type FolderKind = (typeof folderKinds)[number];

/** Where the files of a package lie. */
export interface Layout {
  readonly name: string;
  readonly isDbt: boolean;
  readonly paths: Readonly<Record<PathKind, readonly string[]>>;
  readonly project: Config;
  readonly configPaths: readonly ConfigPath[];
}

export type PathKind = 'models' | 'seeds' | 'snapshots' | 'analyses' | 'tests' | 'macros' | 'docs';

export interface PackageOptions {
  /** Paths in messages are relative to its root. */
  readonly disk: ProjectDisk;
  readonly memory: Memory;
  /** The package's folder below the root; empty for the project itself. */
  readonly folder: string;
  /** Our own layout's folder of models; a `dbt_project.yml` beside it says otherwise. */
  readonly modelsPath: string;
  /** The name where no `dbt_project.yml` gives one. */
  readonly name: string;
}

export const propertyFile = /\.ya?ml$/;
export const folderConfigFile = /(^|\/)_config\.ya?ml$/;

export type PackageFiles = Readonly<Record<PathKind, readonly ProjectFile[]>>;

/** Reads every file of a package; what is wrong in one does not keep the others from being read. */
export function readPackage(options: PackageOptions, faults: FaultList): PackageSource {
  const layout = readLayout(options, faults);
  const { disk, folder } = options;
  const isIgnored = readIgnored(disk, folder, faults);
  const lists = (Object.keys(layout.paths) as PathKind[]).map((kind) => {
    const paths = layout.paths[kind].map((path) => posix.join(folder, path));
    const listed = paths.flatMap((path) => listFiles(disk, path, faults));
    return [kind, listed.filter(({ path }) => !isIgnored(path))] as const;
  });
  const files = Object.fromEntries(lists) as Record<PathKind, ProjectFile[]>;
  if (!layout.isDbt) files.models = files.models.filter((file) => !isInsideOther(file));
  for (const { path, ending } of files.models) {
    if (ending !== 'py') continue;
    faults.warn({ file: path, line: 1, column: 1 }, 'models in Python are not supported', {
      hint: 'write it in SQL, or build its table elsewhere and declare it as a source',
    });
  }
  return readFiles(options, layout, files, faults);
}

/** The package, made of these of its files. */
export function readFiles(
  { folder, memory }: PackageOptions,
  layout: Layout,
  files: PackageFiles,
  faults: FaultList,
): PackageSource {
  const folderConfigs = readFolderTrees(layout);
  const yamlFiles = new Map<string, { file: ProjectFile; kind: string }>();
  const { docs, ...others } = files;
  for (const [kind, list] of Object.entries(others)) {
    for (const file of list) {
      if (!propertyFile.test(file.path) || yamlFiles.has(file.path)) continue;
      yamlFiles.set(file.path, { file, kind });
    }
  }
  const properties: Properties[] = [];
  for (const { file, kind } of yamlFiles.values()) {
    const text = file.text();
    if (text === undefined) continue;
    if (folderConfigFile.test(file.path)) {
      const key = () => keyOf('folder-config', file.path, text);
      const config = recallOutcome(memory, key, faults, (own) =>
        readFolderFile(file.path, text, own),
      );
      const folders = folderKinds.find((one) => one === kind);
      if (config && folders) folderConfigs[folders].add([layout.name, ...file.folders], config);
    } else properties.push(recallProperties(memory, { file: file.path, text }, layout, faults));
  }
  return {
    name: layout.name,
    folder,
    isDbt: layout.isDbt,
    models: readTexts(files.models, 'sql'),
    // What is declared or tested there is no model.
    scripts: readTexts(
      files.models.filter(({ name }) => !/\.(d|test|spec)$/.test(name)),
      'ts',
    ),
    snapshots: readTexts(files.snapshots, 'sql'),
    analyses: readTexts(files.analyses, 'sql'),
    macros: [
      ...readTexts(files.macros, 'sql'),
      ...readTexts(files.tests.filter(isGenericTest), 'sql'),
    ],
    singularTests: readTexts(
      files.tests.filter((file) => !isGenericTest(file) && !isFixture(file)),
      'sql',
    ),
    fixtures: new Map(
      files.tests
        .filter(isFixture)
        .map(({ name, ending, path }) => [`${name}.${ending}`, path] as const),
    ),
    seeds: files.seeds.filter((file) => file.ending === 'csv').map(withoutText),
    properties: joinProperties(properties),
    markdown: readTexts(onePerPath(docs.length > 0 ? docs : Object.values(others).flat()), 'md'),
    version: String(layout.project['version'] ?? ''),
    restrictsAccess: layout.project['restrict-access'] === true,
    configPaths: layout.configPaths,
    nullsAreEqual: asConfig(layout.project['flags'])['enable_truthy_nulls_equals_macro'] === true,
    folderConfigs,
    vars: asConfig(layout.project['vars']),
    dispatch: readDispatch(layout.project),
    hooks: {
      start: asTexts(layout.project['on-run-start']),
      end: asTexts(layout.project['on-run-end']),
    },
  };
}

/** With the place of everything in it, this is half of what reading a project takes. */
export function recallProperties(
  memory: Memory,
  { file, text }: { readonly file: string; readonly text: string },
  { isDbt }: Pick<Layout, 'isDbt'>,
  faults: FaultList,
): Properties {
  const unknownKeys = isDbt ? 'warning' : 'error';
  const key = () => keyOf('properties', file, text, unknownKeys);
  return recallOutcome(memory, key, faults, (own) => readProperties(file, text, own, unknownKeys));
}

export function readLayout(options: PackageOptions, faults: FaultList): Layout {
  const { disk, memory, folder, modelsPath, name } = options;
  const file = posix.join(folder, 'dbt_project.yml');
  const text = readFileText(disk, file, faults);
  const key = () => keyOf('dbt-project', file, text);
  const { project, configPaths } = recallOutcome(memory, key, faults, (own) => {
    const yaml = text === undefined ? undefined : parseYaml(file, text, own);
    if (yaml !== undefined) validateYaml(yaml, validateDbtProject, own, 'warning');
    if (yaml !== undefined && folder === '') reportProjectFlags(yaml, own);
    return { project: asConfig(yaml?.value), configPaths: yaml ? listConfigPaths(yaml) : [] };
  });
  const isDbt = text !== undefined;
  const within = (kind: string): readonly string[] =>
    isDbt ? [kind] : [kind, posix.join(modelsPath, kind)];
  const named = (keys: readonly string[], fallback: readonly string[]): readonly string[] => {
    const written = keys.map((key) => project[key]).find((value) => value !== undefined);
    return written === undefined ? fallback : asTexts(written);
  };
  return {
    name: typeof project['name'] === 'string' ? project['name'] : name,
    isDbt,
    project,
    configPaths,
    paths: {
      models: named(['model-paths', 'source-paths'], [isDbt ? 'models' : modelsPath]),
      seeds: named(['seed-paths', 'data-paths'], within('seeds')),
      snapshots: named(['snapshot-paths'], within('snapshots')),
      analyses: named(['analysis-paths'], ['analyses']),
      tests: named(['test-paths'], within('tests')),
      macros: named(['macro-paths'], within('macros')),
      // Without it, docs blocks may stand in any of the other folders.
      docs: named(['docs-paths'], []),
    },
  };
}

/** In our layout, macros, seeds and tests may live inside the folder of models. */
export function isInsideOther(file: ProjectFile): boolean {
  return (
    ['macros', 'seeds', 'tests', 'snapshots'].includes(file.folders[0] ?? '') &&
    !propertyFile.test(file.path)
  );
}

function isGenericTest(file: ProjectFile): boolean {
  return file.folders[0] === 'generic';
}

function isFixture(file: ProjectFile): boolean {
  return file.folders[0] === 'fixtures';
}

function readTexts(files: readonly ProjectFile[], ending: string): SourceText[] {
  return files
    .filter((file) => file.ending === ending)
    .flatMap((file) => {
      const text = file.text();
      return text === undefined ? [] : [{ ...withoutText(file), text }];
    });
}

/** Paths of one kind may lie within those of another. */
function onePerPath(files: readonly ProjectFile[]): ProjectFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}

function withoutText({ path, folders, name }: ProjectFile): SourceText {
  return { file: path, folders, name, text: '' };
}

function readFolderTrees(layout: Layout): Record<FolderKind, FolderConfigs> {
  const trees = folderKinds.map((kind) => {
    const folders = collectFolderConfigs();
    addFolderTree(folders, layout.project[kind]);
    if (kind === 'tests') addFolderTree(folders, layout.project['data_tests']);
    return [kind, folders] as const;
  });
  return Object.fromEntries(trees) as Record<FolderKind, FolderConfigs>;
}

/** `models/staging/_config.yml`: config of everything in that folder and below. */
function readFolderFile(file: string, text: string, faults: FaultList): Config | undefined {
  const yaml = parseYaml(file, text, faults);
  if (yaml === undefined || yaml.value === null) return undefined;
  if (typeof yaml.value !== 'object' || Array.isArray(yaml.value)) {
    faults.error(yaml.placeOf([]), 'a folder config must be a map of config keys');
    return undefined;
  }
  return plainKeys(yaml.value);
}

function joinProperties(all: readonly Properties[]): Properties {
  const sections: Record<string, Config[]> = {};
  for (const { sections: added } of all) {
    for (const [key, entries] of Object.entries(added)) {
      sections[key] = [...(sections[key] ?? []), ...entries];
    }
  }
  return {
    patches: all.flatMap((one) => one.patches),
    sources: all.flatMap((one) => one.sources),
    singularTests: all.flatMap((one) => one.singularTests),
    broken: all.flatMap((one) => one.broken ?? []),
    unreadable: all.flatMap((one) => one.unreadable ?? []),
    unitTests: all.flatMap((one) => one.unitTests ?? []),
    exposures: all.flatMap((one) => one.exposures ?? []),
    groups: all.flatMap((one) => one.groups ?? []),
    semanticModels: all.flatMap((one) => one.semanticModels ?? []),
    metrics: all.flatMap((one) => one.metrics ?? []),
    savedQueries: all.flatMap((one) => one.savedQueries ?? []),
    macros: all.flatMap((one) => one.macros ?? []),
    sections,
  };
}

function readDispatch(project: Config): Map<string, readonly string[]> {
  const entries = asList(project['dispatch']).map(asConfig);
  return new Map(
    entries.map((entry) => [String(entry['macro_namespace']), asTexts(entry['search_order'])]),
  );
}
