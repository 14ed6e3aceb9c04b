import { delimiterOf } from '../words/seed-delimiter.ts';
import { didYouMean } from '../words/suggest.ts';
import type { MacroLibrary } from './macro-library.ts';
import type { FaultList, Place } from './model-fault.ts';
import type { ModelNode, SourceNode, UnitRows, UnitTestNode } from './model-node.ts';
import type { NodeIndex } from './node-index.ts';
import type { PackageSource } from './package-source.ts';
import { asConfig, asList, asTexts, type Config } from './properties.ts';
import { isReplaceable } from './scope-names.ts';
import type { SourceIndex } from './source-index.ts';
import { foldersOf } from './yaml-folders.ts';

interface UnitSources {
  readonly packages: readonly PackageSource[];
  readonly models: readonly ModelNode[];
  readonly refs: NodeIndex<ModelNode>;
  readonly sources: SourceIndex;
  readonly library: MacroLibrary;
}

/** `unit_tests:` of every package; one that cannot be run is a fault at its place. */
export function buildUnitTests(from: UnitSources, faults: FaultList): UnitTestNode[] {
  return from.packages.flatMap((pack) =>
    (pack.properties.unitTests ?? []).flatMap(({ entry, place }) => {
      const tests = findTested(from, pack, entry, place, faults).map((model) =>
        buildUnitTest(from, pack, model, entry, place, faults),
      );
      return tests.filter(({ config }) => config['enabled'] !== false);
    }),
  );
}

/** The model that is tested, or its versions that are; none is a fault. */
function findTested(
  from: UnitSources,
  pack: PackageSource,
  entry: Config,
  place: Place,
  faults: FaultList,
): ModelNode[] {
  const wanted = String(entry['model']);
  const all = from.models.filter((node) => node.packageName === pack.name);
  const isTable = asConfig(entry['expect'])['after'] !== undefined;
  const isTestable = ({ resourceType }: ModelNode): boolean =>
    resourceType === 'model' || (isTable && resourceType === 'snapshot');
  const named = all.filter((node) => node.name === wanted && isTestable(node));
  if (named.length === 0) {
    const known = all.map((node) => node.name);
    const message = `the unit test "${String(entry['name'])}" is of "${wanted}"`;
    faults.error(place, `${message}, and there is no such model${didYouMean(wanted, known)}`);
  }
  const versions = asConfig(entry['versions']);
  const [included, excluded] = [versions['include'], versions['exclude']].map((list) =>
    Array.isArray(list) ? list.map(String) : undefined,
  );
  return named.filter(
    ({ version = '' }) => included?.includes(version) ?? !(excluded?.includes(version) ?? false),
  );
}

function buildUnitTest(
  from: UnitSources,
  pack: PackageSource,
  model: ModelNode,
  entry: Config,
  place: Place,
  faults: FaultList,
): UnitTestNode {
  const name = String(entry['name']);
  const expected = asConfig(entry['expect']);
  const isTable = expected['after'] !== undefined;
  const wanted = model.name;
  const version = model.version === undefined ? '' : `_v${model.version}`;
  const id = `unit_test.${pack.name}.${wanted}.${name}${version}`;
  const overrides = asConfig(entry['overrides']);
  const { is_incremental: isIncremental, ...macros } = asConfig(overrides['macros']);
  for (const macro of Object.keys(macros)) {
    if (isReplaceable(macro) || isMacro(from.library, macro, pack.name)) continue;
    faults.error(
      place,
      `the unit test "${name}" overrides "${macro}", and there is no such macro`,
      {
        nodeId: id,
        hint: 'name a macro of the project or its packages, as name or package.name',
      },
    );
  }
  if (isTable)
    complainOfTable(model, expected['after'], (message, hint) =>
      faults.error(place, `the unit test "${name}" ${message}`, { nodeId: id, hint }),
    );
  const config = asConfig(entry['config']);
  return {
    id,
    name,
    resourceType: 'unit_test',
    packageName: pack.name,
    fqn: [pack.name, ...foldersOf(pack, place.file), wanted, name],
    file: place.file,
    tags: asTexts(config['tags'] ?? entry['tags']),
    config,
    dependsOn: [model.id],
    modelId: model.id,
    given: readGiven(from, pack, entry, { id, place }, faults),
    expect: readRows(pack, expected),
    ...(isTable ? { after: 'merge' } : {}),
    isIncremental: isIncremental === true,
    macros,
    vars: asConfig(overrides['vars']),
    env: Object.fromEntries(
      Object.entries(asConfig(overrides['env_vars'])).map(([key, value]) => [key, String(value)]),
    ),
    place,
  };
}

function isMacro(library: MacroLibrary, macro: string, packageName: string): boolean {
  const [owner = '', name = ''] = macro.split('.');
  const found = name === '' ? library.find(owner, packageName) : library.findIn(name, owner);
  return found !== undefined;
}

/** `after: merge` is about a table: not every model has one. */
function complainOfTable(
  model: ModelNode,
  after: unknown,
  complain: (message: string, hint: string) => void,
): void {
  if (after !== 'merge') {
    complain(`expects rows after "${String(after)}"`, 'write after: merge, or leave it out');
  }
  const { materialization } = model.nodeConfig;
  if (materialization === 'view' || materialization === 'ephemeral') {
    complain(
      `expects a table after the merge, and ${model.name} is materialized as ${materialization}`,
      'leave after out: what its select answers is all there is',
    );
  }
}

const inputCall =
  /^\s*(?:\{\{)?\s*(?:(this)|(ref|source)\s*\(\s*['"]([^'"]+)['"]\s*(?:,\s*['"]([^'"]+)['"]\s*)?(?:,\s*v(?:ersion)?\s*=\s*['"]?([\w.-]+)['"]?\s*)?\))\s*(?:\}\})?\s*$/;

function readGiven(
  { refs, sources }: UnitSources,
  pack: PackageSource,
  entry: Config,
  { id, place }: { id: string; place: Place },
  faults: FaultList,
): UnitTestNode['given'] {
  return asList(entry['given']).flatMap((value) => {
    const given = asConfig(value);
    const match = inputCall.exec(String(given['input']));
    if (!match) {
      const message = `the input "${String(given['input'])}" of a unit test cannot be read`;
      faults.error(place, message, { nodeId: id, hint: "write ref('model') or source('s', 't')" });
      return [];
    }
    const [, isThis, kind, first = '', second, version] = match;
    const rows = readRows(pack, given);
    if (isThis) return [{ input: 'this', rows }];
    const call = second === undefined ? [undefined, first] : [first, second];
    const found: ModelNode | SourceNode | { complaint: string } =
      kind === 'source'
        ? sources.find(first, second ?? '', pack.name)
        : refs.find({ packageName: call[0], name: call[1] ?? '', version }, pack.name);
    if ('id' in found) return [{ input: found.id, rows: rowsOfSeed(given, found) ?? rows }];
    faults.error(place, found.complaint, { nodeId: id });
    return [];
  });
}

/** A seed of which no rows are said is given as its file is. */
function rowsOfSeed(given: Config, node: ModelNode | SourceNode): UnitRows | undefined {
  const isSaid = given['rows'] !== undefined || given['fixture'] !== undefined;
  if (isSaid || node.resourceType !== 'seed') return undefined;
  const delimiter = delimiterOf(node.nodeConfig);
  return {
    format: 'csv',
    fixture: node.name,
    fixtureFile: node.file,
    ...(delimiter === undefined ? {} : { delimiter }),
  };
}

function readRows({ fixtures }: PackageSource, entry: Config): UnitRows {
  const rows = entry['rows'];
  const fixture = entry['fixture'];
  const format = entry['format'] === 'csv' || entry['format'] === 'sql' ? entry['format'] : 'dict';
  if (typeof fixture === 'string') {
    const file = fixtures.get(`${fixture}.${format === 'sql' ? 'sql' : 'csv'}`);
    return { format, fixture, ...(file === undefined ? {} : { fixtureFile: file }) };
  }
  if (format === 'dict') return { format, rows: asList(rows).map(asConfig) };
  return { format, text: typeof rows === 'string' ? rows : '' };
}
