import { type BrokenEntry, withoutBroken } from './broken-entries.ts';
import { readLabels, reportLabels } from './column-labels.ts';
import { asConfig, asList, asTexts, type Config, mergeConfig, mergeDeep } from './config.ts';
import { withoutLastBreaks } from './held-templates.ts';
import { readLoadedAt } from './loaded-at.ts';
import { mergeFreshness } from './merge-freshness.ts';
import type { FaultList, Place } from './model-fault.ts';
import { validateProperties } from './properties-schema.ts';
import { parseYaml, validateYaml, type YamlFile, type YamlPath } from './yaml-file.ts';

/** One entry of `tests:`, whatever shape it was written in. */
export interface TestEntry {
  /** The macro's name, with its package where one was named: `dbt_utils.expression_is_true`. */
  readonly test: string;
  /** The name people gave it. */
  readonly name: string | undefined;
  readonly arguments: Config;
  readonly config: Config;
  readonly description: string | undefined;
  readonly place: Place;
}

export interface ColumnPatch {
  readonly name: string;
  readonly description: string;
  readonly dataType: string | undefined;
  readonly quote: boolean;
  /** As written: what artifacts tell of them. */
  readonly constraints?: readonly unknown[];
  readonly tags: readonly string[];
  readonly config: Config;
  /** Labels such as `pii` that travel along lineage; absent where YAML says nothing of them. */
  readonly labels?: readonly string[];
  readonly tests: readonly TestEntry[];
  readonly place: Place;
  /** Ids of the docs blocks in its description. */
  readonly docBlocks?: readonly string[];
  readonly granularity?: string;
}

/** What YAML says about a node that is defined elsewhere. */
export interface NodePatch {
  readonly kind: 'models' | 'seeds' | 'snapshots' | 'analyses';
  readonly name: string;
  readonly description: string;
  readonly config: Config;
  readonly columns: readonly ColumnPatch[];
  readonly tests: readonly TestEntry[];
  readonly place: Place;
  readonly constraints?: readonly unknown[];
  /** Files of several versions of one model. */
  readonly versions?: readonly ModelVersion[];
  readonly latestVersion?: string;
  /** A snapshot that is no more than this: `ref('x')` or `source('x', 'y')`. */
  readonly relation?: string;
  /** As written: a model of days that metrics are counted by. */
  readonly timeSpine?: Config;
  /** Ids of the docs blocks in its description. */
  readonly docBlocks?: readonly string[];
}

export interface ModelVersion {
  readonly version: string;
  /** The file's name without its ending. */
  readonly file: string;
  /**
   * What is said of it, by the model and by itself. A column that both name is there twice: tests
   * of both count, of all else the last one's.
   */
  readonly patch: NodePatch;
}

export interface SourceTable {
  readonly source: string;
  readonly name: string;
  readonly schema: string | undefined;
  /** As it was before it was rendered; absent: no template stands in it. */
  readonly writtenSchema?: string;
  readonly database?: string;
  readonly identifier: string;
  readonly description: string;
  readonly config: Config;
  /** What is said of the source that the table is one of. */
  readonly sourceDescription: string;
  readonly sourceMeta: Config;
  readonly columns: readonly ColumnPatch[];
  readonly tests: readonly TestEntry[];
  readonly place: Place;
  readonly docBlocks?: readonly string[];
}

/** An entry as written, with where its name and each node it depends on stand. */
export interface PlacedEntry {
  readonly entry: Config;
  readonly place: Place;
  readonly dependsOn?: readonly Place[];
  /** Ids of the docs blocks in its description. */
  readonly docBlocks?: readonly string[];
}

export interface Properties {
  readonly patches: readonly NodePatch[];
  readonly sources: readonly SourceTable[];
  /** Top-level `data_tests:` — config of singular tests by name. */
  readonly singularTests: readonly PlacedEntry[];
  /** Nodes of which nothing can be read here. */
  readonly broken?: readonly BrokenEntry[];
  /** Files of which nothing can be read: they may speak of every node beside them and below. */
  readonly unreadable?: readonly string[];
  readonly unitTests?: readonly { readonly entry: Config; readonly place: Place }[];
  readonly exposures?: readonly PlacedEntry[];
  readonly groups?: readonly PlacedEntry[];
  readonly semanticModels?: readonly PlacedEntry[];
  readonly metrics?: readonly PlacedEntry[];
  readonly savedQueries?: readonly PlacedEntry[];
  /** What YAML says of macros. */
  readonly macros?: readonly PlacedEntry[];
  /** Sections kept as written, for those who read them later: exposures, unit tests, snapshots. */
  readonly sections: Readonly<Record<string, readonly Config[]>>;
}

/** Reads one properties file (`schema.yml`); adds its faults and answers what can still be used. */
export function readProperties(
  file: string,
  text: string,
  faults: FaultList,
  unknownKeys: 'error' | 'warning',
): Properties {
  const empty: Properties = { patches: [], sources: [], singularTests: [], sections: {} };
  const written = parseYaml(file, text, faults);
  if (written === undefined) return { ...empty, unreadable: [file] };
  if (written.value === null) return empty;
  const paths: YamlPath[] = [];
  validateYaml(written, validateProperties, faults, unknownKeys, (path) => paths.push(path));
  const usable = withoutBroken(written, paths);
  if (usable === undefined) return { ...empty, unreadable: [file] };
  const { yaml, broken } = usable;
  const root = asConfig(yaml.value);
  reportLabels(yaml, faults, unknownKeys);
  return {
    patches: (['models', 'seeds', 'snapshots', 'analyses'] as const).flatMap((kind) =>
      asList(root[kind]).map((entry, index) => readPatch(yaml, kind, asConfig(entry), index)),
    ),
    sources: asList(root['sources']).flatMap((entry, index) =>
      readSource(yaml, asConfig(entry), index),
    ),
    singularTests: [...readPlaced(yaml, root, 'tests'), ...readPlaced(yaml, root, 'data_tests')],
    ...(broken.length > 0 ? { broken } : {}),
    unitTests: asList(root['unit_tests']).map((entry, index) => ({
      entry: asConfig(entry),
      place: yaml.placeOf(['unit_tests', index]),
    })),
    exposures: readPlaced(yaml, root, 'exposures'),
    groups: readPlaced(yaml, root, 'groups'),
    semanticModels: readPlaced(yaml, root, 'semantic_models'),
    metrics: readPlaced(yaml, root, 'metrics'),
    savedQueries: readPlaced(yaml, root, 'saved_queries'),
    macros: readPlaced(yaml, root, 'macros'),
    sections: Object.fromEntries(
      ['unit_tests', 'exposures', 'snapshots', 'macros', 'groups'].map((key) => [
        key,
        asList(root[key]).map(asConfig),
      ]),
    ),
  };
}

function readPlaced(yaml: YamlFile, root: Config, key: string): PlacedEntry[] {
  return asList(root[key]).map((value, index) => {
    const entry = asConfig(value);
    const depends = asList(entry['depends_on']);
    return {
      entry,
      place: yaml.placeOf([key, index, 'name']),
      ...(depends.length === 0
        ? {}
        : { dependsOn: depends.map((_, at) => yaml.placeOf([key, index, 'depends_on', at])) }),
    };
  });
}

function readPatch(
  yaml: YamlFile,
  kind: NodePatch['kind'],
  entry: Config,
  index: number,
): NodePatch {
  const path = [kind, index];
  const patch: NodePatch = {
    kind,
    name: String(entry['name']),
    description: asText(entry['description']),
    config: configOf(entry),
    columns: readColumns(yaml, entry, path),
    tests: readTests(yaml, entry, path),
    place: yaml.placeOf([...path, 'name']),
    ...(typeof entry['relation'] === 'string' ? { relation: entry['relation'] } : {}),
    ...(entry['constraints'] ? { constraints: asList(entry['constraints']) } : {}),
    ...(entry['time_spine'] ? { timeSpine: asConfig(entry['time_spine']) } : {}),
  };
  const entries = asList(entry['versions']).map(asConfig);
  if (entries.length === 0) return patch;
  const versions = entries.map((one, at) =>
    readVersion(yaml, patch, one, [...path, 'versions', at]),
  );
  const numbers = versions.map(({ version }) => version).toSorted(compareVersions);
  return { ...patch, versions, latestVersion: String(entry['latest_version'] ?? numbers.at(-1)) };
}

function readVersion(
  yaml: YamlFile,
  model: NodePatch,
  entry: Config,
  path: YamlPath,
): ModelVersion {
  const version = String(entry['v']);
  const [chosen = {}] = asList(entry['columns'])
    .map(asConfig)
    .filter((column) => 'include' in column);
  const [included, excluded] = [asTexts(chosen['include'] ?? 'all'), asTexts(chosen['exclude'])];
  const isWhole = included[0] === 'all' || included[0] === '*';
  const inherited = model.columns.filter(
    ({ name }) => (isWhole || included.includes(name)) && !excluded.includes(name),
  );
  const own = readColumns(yaml, entry, path);
  const { deprecation_date: _, ...config } = model.config;
  const constraints = asList(entry['constraints']);
  const hasTests = [entry['tests'], entry['data_tests']].some(Array.isArray);
  return {
    version,
    file: String(entry['defined_in'] ?? `${model.name}_v${version}`),
    patch: {
      ...model,
      description: asText(entry['description']) || model.description,
      config: mergeDeep(config, configOf(entry)),
      columns: [...inherited, ...own],
      ...(hasTests ? { tests: readTests(yaml, entry, path) } : {}),
      ...(constraints.length > 0 ? { constraints } : {}),
    },
  };
}

/** Numbers by size, anything else as text. */
function compareVersions(left: string, right: string): number {
  const [a, b] = [Number(left), Number(right)];
  return Number.isNaN(a) || Number.isNaN(b) ? (left < right ? -1 : 1) : a - b;
}

function readSource(yaml: YamlFile, source: Config, index: number): SourceTable[] {
  return asList(source['tables']).map((value, tableIndex) => {
    const table = asConfig(value);
    const path = ['sources', index, 'tables', tableIndex];
    const { schema, database } = source;
    const loadedAt = readLoadedAt(source, table);
    const freshness = mergeFreshness(source, table);
    const { freshness: _, ...config } = mergeConfig(taggedConfigOf(source), taggedConfigOf(table));
    return {
      source: String(source['name']),
      name: String(table['name']),
      schema: typeof schema === 'string' ? schema : undefined,
      ...(typeof database === 'string' ? { database } : {}),
      identifier: String(table['identifier'] ?? table['name']),
      description: asText(table['description']),
      config: { ...config, ...loadedAt, ...(freshness === undefined ? {} : { freshness }) },
      sourceDescription: asText(source['description']),
      sourceMeta: asConfig(configOf(source)['meta']),
      columns: readColumns(yaml, table, path),
      tests: readTests(yaml, table, path),
      place: yaml.placeOf([...path, 'name']),
    };
  });
}

function readColumns(yaml: YamlFile, entry: Config, path: YamlPath): ColumnPatch[] {
  return asList(entry['columns']).flatMap((value, index) => {
    const column = asConfig(value);
    // A version says among them which of the model's it has.
    if (column['name'] === undefined) return [];
    const columnPath = [...path, 'columns', index];
    const dataType = column['data_type'];
    const labels = readLabels(column);
    return {
      name: String(column['name']),
      description: asText(column['description']),
      dataType: typeof dataType === 'string' ? dataType : undefined,
      quote: column['quote'] === true,
      ...(column['constraints'] ? { constraints: asList(column['constraints']) } : {}),
      tags: asTexts(column['tags']),
      config: configOf(column),
      ...(labels ? { labels } : {}),
      ...(typeof column['granularity'] === 'string' ? { granularity: column['granularity'] } : {}),
      tests: readTests(yaml, column, columnPath),
      place: yaml.placeOf([...columnPath, 'name']),
    };
  });
}

/** Keys of a test that say how it is run; all others are arguments of its macro. */
const testConfigKeys = new Set([
  'where',
  'severity',
  'warn_if',
  'error_if',
  'fail_calc',
  'limit',
  'store_failures',
  'store_failures_as',
  'tags',
  'enabled',
  'meta',
  'alias',
  'schema',
  'database',
]);

function readTests(yaml: YamlFile, entry: Config, path: YamlPath): TestEntry[] {
  return (['tests', 'data_tests'] as const).flatMap((key) =>
    asList(entry[key]).map((value, index) => readTest(value, yaml.placeOf([...path, key, index]))),
  );
}

function readTest(value: unknown, place: Place): TestEntry {
  if (typeof value === 'string') {
    return {
      test: value,
      name: undefined,
      arguments: {},
      config: {},
      description: undefined,
      place,
    };
  }
  const entry = asConfig(value);
  const [first = ''] = Object.keys(entry);
  // Either `{test_name: unique, …}`, flat, or `{unique: {…}}`, one key.
  const isFlat = 'test_name' in entry;
  const test = String(isFlat ? entry['test_name'] : first);
  const { test_name: _, ...flat } = entry;
  const body = isFlat ? flat : { ...asConfig(entry[first]), ...omit(entry, [first]) };
  const config: Record<string, unknown> = {};
  const given: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(body)) {
    if (testConfigKeys.has(key)) config[key] = item;
    else if (!['config', 'arguments', 'name', 'description'].includes(key)) given[key] = item;
  }
  return {
    test,
    name: typeof body['name'] === 'string' ? body['name'] : undefined,
    arguments: { ...given, ...asConfig(body['arguments']) },
    config: { ...config, ...asConfig(body['config']) },
    description: typeof body['description'] === 'string' ? body['description'] : undefined,
    place,
  };
}

/** `config:` together with the keys that may also stand beside it. */
export function configOf(entry: Config): Config {
  const beside: Record<string, unknown> = {};
  for (const key of ['meta', 'docs', 'access', 'group', 'deprecation_date'] as const) {
    if (entry[key] !== undefined && entry[key] !== null) beside[key] = entry[key];
  }
  const config = Object.entries(mergeConfig(beside, asConfig(entry['config'])));
  return Object.fromEntries(
    config.map(([key, value]) => [key, /hook$/.test(key) ? value : withoutLastBreaks(value)]),
  );
}

/** Tags stand beside `config` of sources alone. */
const taggedConfigOf = (entry: Config): Config =>
  mergeConfig({ tags: asTexts(entry['tags']) }, configOf(entry));

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function omit(entry: Config, keys: readonly string[]): Config {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !keys.includes(key)));
}
