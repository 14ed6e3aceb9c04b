import { didYouMean } from '../words/suggest.ts';
import { asTexts, type Config, mergeConfig } from './config.ts';
import type { Switched } from './enabled-config.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { internalPackage } from './macro-library.ts';
import type { FaultList } from './model-fault.ts';
import type { ModelNode, RefCall, SourceCall, SourceNode, TestNode } from './model-node.ts';
import type { NodeIndex, Referable } from './node-index.ts';
import { type Reading, stillMoment, traceNode } from './node-render.ts';
import { startTrace } from './node-scope.ts';
import { mergeFolders, type PackageSource, type SourceText } from './package-source.ts';
import { type ColumnPatch, configOf, type NodePatch, type TestEntry } from './properties.ts';
import { relationValue } from './relation-value.ts';
import type { SourceIndex } from './source-index.ts';
import { reportTemplateError } from './template-fault.ts';
import { testCall } from './test-call.ts';
import { complainOfTestConfig, renderTestConfig } from './test-config.ts';
import { identifyTest } from './test-identity.ts';

export interface TestSources {
  readonly packages: readonly PackageSource[];
  readonly models: readonly ModelNode[];
  readonly refs: NodeIndex<Referable>;
  readonly sources: SourceIndex;
  readonly reading: Reading;
}

/**
 * Every test as a node: generic ones from YAML, singular ones from `tests/*.sql`. Those that are
 * switched off are part of no graph.
 */
export async function buildTests(
  from: TestSources,
  faults: FaultList,
): Promise<Switched<TestNode>> {
  const tests = new Map<string, TestNode>();
  const off: TestNode[] = [];
  const add = (test: TestNode | undefined): void => {
    if (test === undefined) return;
    if (!isOn(test)) {
      off.push(test);
      return;
    }
    const first = tests.get(test.id);
    if (first === undefined) {
      tests.set(test.id, test);
      return;
    }
    const message = `the test "${test.name}" is written twice`;
    const isSame = JSON.stringify(first.nodeConfig) === JSON.stringify(test.nodeConfig);
    if (isSame) faults.warn(test.place, message);
    else {
      const other = `${first.place.file}:${first.place.line}`;
      const hint = 'give one of them a name: config is no part of what tells tests apart';
      faults.error(test.place, `${message}, with another config; the other is at ${other}`, {
        hint,
      });
    }
  };
  for (const tested of testedNodes(from)) {
    for (const entry of tested.tests)
      add(await genericTest(from, tested, undefined, entry, faults));
    for (const column of tested.columns) {
      for (const entry of column.tests) add(await genericTest(from, tested, column, entry, faults));
    }
  }
  for (const pack of from.packages) {
    for (const source of pack.singularTests) add(await singularTest(from, pack, source, faults));
    reportOrphans(pack, faults);
  }
  return { on: [...tests.values()], off };
}

function isOn({ nodeConfig }: Pick<TestNode, 'nodeConfig'>): boolean {
  return nodeConfig['enabled'] !== false;
}

const patchedKinds = ['models', 'seeds', 'snapshots'] as const;

interface Tested {
  readonly node: ModelNode | SourceNode;
  readonly pack: PackageSource;
  readonly tests: readonly TestEntry[];
  readonly columns: ModelNode['columns'];
}

function* testedNodes({ packages, models, sources }: TestSources): Generator<Tested> {
  const byKey = Map.groupBy(
    models,
    (node) => `${node.packageName}.${node.resourceType}s.${node.name}`,
  );
  for (const pack of packages) {
    for (const patch of pack.properties.patches) {
      if (patch.kind === 'analyses') continue;
      // Tests of a seed that is told of under `models:` are its tests all the same, as in dbt.
      const kinds = [patch.kind, ...patchedKinds];
      const nodes = kinds.map((kind) => byKey.get(`${pack.name}.${kind}.${patch.name}`));
      const own = nodes.find((found) => found !== undefined);
      for (const node of own ?? lentTo(patch, pack, models)) {
        const version = patch.versions?.find((one) => one.version === node.version)?.patch;
        const { tests, columns } = version ?? patch;
        yield { node, pack, tests, columns };
      }
    }
    for (const table of pack.properties.sources) {
      const node = sources.nodes.get(`source.${pack.name}.${table.source}.${table.name}`);
      if (node) yield { node, pack, tests: table.tests, columns: table.columns };
    }
  }
}

/** The node of another package that an entry tells of. */
function lentTo(
  { kind, name }: NodePatch,
  { properties }: PackageSource,
  models: readonly ModelNode[],
): ModelNode[] {
  const same = properties.patches.filter((patch) => patch.kind === kind && patch.name === name);
  const files = new Set<string | undefined>(same.map(({ place }) => place.file));
  return models.filter((node) => node.name === name && files.has(node.patchFile));
}

async function genericTest(
  from: TestSources,
  { node, pack }: Tested,
  patch: ColumnPatch | undefined,
  entry: TestEntry,
  faults: FaultList,
): Promise<TestNode | undefined> {
  const column = patch?.quote ? `"${patch.name}"` : patch?.name;
  const { library } = from.reading;
  const [first = '', second] = entry.test.split('.');
  const macroName = `test_${second ?? first}`;
  const macro =
    second === undefined
      ? library.find(macroName, pack.name)
      : library.findIn(macroName, first === 'dbt' ? internalPackage : first);
  if (macro === undefined) {
    const known = library.all
      .filter((one) => one.macroKind === 'test')
      .map((one) => one.name.replace(/^test_/, ''));
    const isAbsent = second !== undefined && first !== 'dbt' && !library.isPackage(first);
    const why = isAbsent
      ? `: the package ${first} is not in dbt_packages`
      : didYouMean(second ?? first, known);
    faults.error(entry.place, `there is no test "${entry.test}"${why}`);
    return undefined;
  }
  const { id, name, alias, fqn, kwargs } = identifyTest(pack, node, entry, column);
  const own = mergeConfig(alias === name ? {} : { alias }, entry.config);
  const config = mergeFolders([from.packages[0], pack], 'tests', fqn, own);
  const test: TestNode = {
    ...testBase(pack, name, id, config, entry.place),
    fqn,
    kwargs,
    testName: second ?? first,
    testType: 'generic',
    entry,
    text: '',
    testedId: node.id,
    ...(column === undefined ? {} : { column }),
  };
  const calls = literalCalls(entry);
  const isPlain = macro.packageName === internalPackage && calls !== undefined;
  const found = isPlain ? calls : await renderCalls(from, test, faults);
  // A test's macro may say how its failures are counted; the YAML that uses it knows better.
  const merged = mergeConfig(found.configs.reduce(mergeConfig, {}), config);
  const nodeConfig = await finishConfig(from, test, merged, faults);
  const columnTags = [...(patch?.tags ?? []), ...asTexts(patch?.config['tags'])];
  const sourceTags = node.resourceType === 'source' ? node.tags : [];
  const all = [...sourceTags, ...columnTags, ...asTexts(nodeConfig['tags'])];
  const tags = [...new Set(all)].sort();
  const whole = { ...test, tags, config: nodeConfig, nodeConfig };
  if (!isOn(whole)) return { ...whole, unlinked: withTested(found, whole, node) };
  const linked = linkCalls(from, test, found, faults);
  return linked && { ...whole, dependsOn: [...new Set([node.id, ...linked])] };
}

/** What a test calls that is linked to nothing: what it tests is called by its macro. */
function withTested(
  { refs, sources }: Calls,
  { place, packageName }: TestNode,
  tested: ModelNode | SourceNode,
): Unlinked {
  if (tested.resourceType === 'source') {
    return {
      refs,
      sources: [...sources, { source: tested.sourceName, table: tested.name, place }],
    };
  }
  const { name, version } = tested;
  const owner = tested.packageName === packageName ? undefined : tested.packageName;
  return { refs: [...refs, { name, packageName: owner, version, place }], sources };
}

async function finishConfig(
  from: TestSources,
  test: TestNode,
  merged: Config,
  faults: FaultList,
): Promise<Config> {
  let config = merged;
  try {
    config = withoutNulls(from, test, await renderTestConfig(from.reading, test, merged));
  } catch (error) {
    reportTemplateError(error, test.place, faults, test.id);
  }
  for (const complaint of complainOfTestConfig(config)) {
    faults.error(test.place, `${test.name}: ${complaint}`, { nodeId: test.id });
  }
  return config;
}

/** As in dbt, null says nothing: what the test's folder says of that key holds. */
function withoutNulls({ packages }: TestSources, test: TestNode, config: Config): Config {
  const keys = Object.keys(config).filter((key) => config[key] === null);
  if (keys.length === 0) return config;
  const pack = packages.find(({ name }) => name === test.packageName);
  const folder = pack?.folderConfigs.tests.configOf([...test.fqn]) ?? {};
  const said = Object.entries(config).map(([key, value]) => [key, value ?? folder[key]] as const);
  return Object.fromEntries(said.filter(([, value]) => value !== undefined));
}

/** What YAML says of a test whose file is not there. */
function reportOrphans({ properties, singularTests }: PackageSource, faults: FaultList): void {
  const names = singularTests.map(({ name }) => name);
  for (const { entry, place } of properties.singularTests) {
    const name = String(entry['name']);
    if (names.includes(name)) continue;
    faults.warn(place, `there is no test "${name}" in a file${didYouMean(name, names)}`, {
      name: 'NoNodeForYamlKey',
    });
  }
}

async function singularTest(
  from: TestSources,
  pack: PackageSource,
  source: SourceText,
  faults: FaultList,
): Promise<TestNode | undefined> {
  const place = { file: source.file, line: 1, column: 1 };
  const id = `test.${pack.name}.${source.name}`;
  const fqn = [pack.name, ...source.folders, source.name];
  const written = pack.properties.singularTests.find(({ entry }) => entry['name'] === source.name);
  const own = configOf(written?.entry ?? {});
  const around = [from.packages[0], pack] as const;
  const base = mergeFolders(around, 'tests', fqn, own);
  const draft: TestNode = {
    ...testBase(pack, source.name, id, base, place),
    fqn,
    testName: source.name,
    testType: 'singular',
    text: source.text,
    ...(typeof written?.entry['description'] === 'string'
      ? { description: written.entry['description'] }
      : {}),
  };
  const calls = await renderCalls(from, draft, faults);
  const said = calls.configs.reduce(mergeConfig, own);
  const merged = mergeFolders(around, 'tests', fqn, said);
  const config = await finishConfig(from, draft, merged, faults);
  const tags = [...new Set(asTexts(config['tags']))];
  const whole = { ...draft, nodeConfig: config, config, tags };
  const { refs, sources } = calls;
  if (!isOn(whole)) return { ...whole, unlinked: { refs, sources } };
  const dependsOn = linkCalls(from, draft, calls, faults);
  return dependsOn && { ...whole, dependsOn };
}

function testBase(
  pack: PackageSource,
  name: string,
  id: string,
  config: Config,
  place: TestNode['place'],
) {
  return {
    id,
    name,
    resourceType: 'test',
    packageName: pack.name,
    file: place.file,
    tags: asTexts(config['tags']),
    config,
    nodeConfig: config,
    dependsOn: [],
    place,
  } as const;
}

type Unlinked = NonNullable<TestNode['unlinked']>;

interface Calls extends Unlinked {
  readonly configs: readonly Config[];
}

const literalCall =
  /^\s*(ref|source)\s*\(\s*(?:'([^']*)'|"([^"]*)")\s*(?:,\s*(?:'([^']*)'|"([^"]*)")\s*)?\)\s*$/;

/** What the arguments refer to, where that can be read off; undefined: they must be rendered. */
function literalCalls(entry: TestEntry): Calls | undefined {
  const refs: RefCall[] = [];
  const sources: SourceCall[] = [];
  for (const value of Object.values(entry.arguments).flat()) {
    if (typeof value !== 'string') continue;
    const match = literalCall.exec(value);
    if (match === null) {
      if (/\{\{|\{%|^\s*(ref|source)\s*\(/.test(value)) return undefined;
      continue;
    }
    const [first = '', second] = [match[2] ?? match[3], match[4] ?? match[5]];
    const { place } = entry;
    if (match[1] === 'source') sources.push({ source: first, table: second ?? '', place });
    else {
      const packageName = second === undefined ? undefined : first;
      refs.push({ packageName, name: second ?? first, version: undefined, place });
    }
  }
  return { refs, sources, configs: [] };
}

async function renderCalls(from: TestSources, test: TestNode, faults: FaultList): Promise<Calls> {
  const trace = startTrace();
  const schema = from.reading.target.schema;
  try {
    const call = testCall(test, relationValue({ schema, identifier: 'tested' }));
    const template = call?.template ?? parseTemplate(test.text, { file: test.file });
    const node = {
      ...test,
      relation: { schema, name: test.name },
      isExecuting: false,
      isIncremental: false,
      trace,
      resolveRef: (ref: RefCall) => relationValue({ schema, identifier: ref.name }),
      resolveSource: (source: SourceCall) =>
        relationValue({ schema: source.source, identifier: source.table }),
    };
    await traceNode(from.reading, stillMoment, node, template, call?.names);
  } catch (error) {
    reportTemplateError(error, test.place, faults, test.id);
  }
  return trace;
}

/** Undefined: the test names a node that is switched off, and so is the test. */
function linkCalls(
  from: TestSources,
  test: TestNode,
  calls: Calls,
  faults: FaultList,
): string[] | undefined {
  const ids: string[] = [];
  for (const call of calls.refs) {
    const found = from.refs.find(call, test.packageName);
    if ('id' in found) ids.push(found.id);
    else if (found.isDisabled) {
      faults.warn(placeIn(test, call.place), `${found.complaint}: the test is left out`, {
        name: 'NodeNotFoundOrDisabled',
      });
      return undefined;
    } else faults.error(placeIn(test, call.place), found.complaint, { nodeId: test.id });
  }
  for (const call of calls.sources) {
    const found = from.sources.find(call.source, call.table, test.packageName);
    if ('id' in found) ids.push(found.id);
    else faults.error(placeIn(test, call.place), found.complaint, { nodeId: test.id });
  }
  return ids;
}

/** A call inside an argument stands in the YAML, not in the text made of it. */
function placeIn(test: TestNode, place: TestNode['place']): TestNode['place'] {
  return test.testType === 'generic' ? test.place : place;
}
