import { delimiterOf } from '../words/seed-delimiter.ts';
import { didYouMean } from '../words/suggest.ts';
import { asConfig, asList, asTexts, type Config } from './config.ts';
import { type Switched, splitEnabled } from './enabled-config.ts';
import type { MacroLibrary } from './macro-library.ts';
import type { FaultList, Place } from './model-fault.ts';
import type { ModelNode, SourceNode, UnitRows, UnitTestNode } from './model-node.ts';
import type { NodeIndex } from './node-index.ts';
import { mergeFolders, type PackageSource } from './package-source.ts';
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
export function buildUnitTests(from: UnitSources, faults: FaultList): Switched<UnitTestNode> {
  const tests = from.packages.flatMap((pack) =>
    (pack.properties.unitTests ?? []).flatMap(({ entry, place }) =>
      findTested(from, pack, entry, place, faults).map((model) =>
        buildUnitTest(from, pack, model, entry, place, faults),
      ),
    ),
  );
  const split = splitEnabled(tests);
  reportTwins(split.on, faults);
  return split;
}

/** Two of one name and model have one id, and one of them would not be asked. */
function reportTwins(tests: readonly UnitTestNode[], faults: FaultList): void {
  const first = new Map<string, UnitTestNode>();
  for (const test of tests) {
    const other = first.get(test.id)?.place;
    if (other === undefined) first.set(test.id, test);
    else {
      const message = `the unit test "${test.name}" is written twice of its model`;
      faults.error(test.place, `${message}; the other is at ${other.file}:${other.line}`, {
        nodeId: test.id,
        hint: 'give one of them another name',
      });
    }
  }
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
  const complain = (what: string, hint: string): void =>
    faults.error(place, `the unit test "${String(entry['name'])}" ${what}`, { hint });
  if (included && excluded) {
    complain('includes and excludes versions', 'say one of the two: the others follow from it');
  }
  const known = named.flatMap(({ version }) => version ?? []);
  const wrong = [...(included ?? []), ...(excluded ?? [])].find((one) => !known.includes(one));
  if (named.length > 0 && wrong !== undefined) {
    const versions = known.length > 0 ? `has the versions ${known.join(', ')}` : 'has no versions';
    complain(`names version ${wrong} of ${wanted}, which ${versions}`, 'mend versions:');
  }
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
  if (isIncremental !== undefined && typeof isIncremental !== 'boolean') {
    faults.error(place, `the unit test "${name}" overrides is_incremental with no boolean`, {
      nodeId: id,
      hint: 'write is_incremental: true or false, without quotes',
    });
  }
  complainOfRows(entry, (message, hint) =>
    faults.error(place, `the unit test "${name}" ${message}`, { nodeId: id, hint }),
  );
  const fqn = [pack.name, ...foldersOf(pack, place.file), wanted, name];
  const around = [from.packages[0], pack] as const;
  const config = mergeFolders(around, 'unit_tests', fqn, asConfig(entry['config']));
  return {
    id,
    name,
    resourceType: 'unit_test',
    packageName: pack.name,
    fqn,
    file: place.file,
    tags: [...new Set(asTexts(config['tags'] ?? entry['tags']))],
    config,
    ...(typeof entry['description'] === 'string' ? { description: entry['description'] } : {}),
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

/** Rows are written as their format says: of others none would be read. */
function complainOfRows(entry: Config, complain: (message: string, hint: string) => void): void {
  for (const given of [...asList(entry['given']), entry['expect']].map(asConfig)) {
    const { format = 'dict', rows } = given;
    const whose = given['input'] === undefined ? 'expect' : String(given['input']);
    if (rows === undefined || rows === null) continue;
    if (format === 'dict' && !Array.isArray(rows)) {
      complain(`has rows of ${whose} that are no list`, 'say format: csv or sql for a text');
    }
    if (format !== 'dict' && typeof rows !== 'string') {
      complain(`has rows of ${whose} that are no text`, `format: ${String(format)} is of a text`);
    }
  }
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
