import { asConfig, asList, asTexts, type Config } from '../declare/config.ts';
import { isPromised } from './contract-changes.ts';

/** Whether two entries of manifests say the same, by one of dbt's ways to look at them. */
export type EntryComparison = (before: Config, now: Config) => boolean;

/** Without what says nothing: absent, null and empty values mean the same to every reader. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value)
    .map(([key, item]) => [key, withoutNothing(item)] as const)
    .filter(([, item]) => !isNothing(item))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(kept);
}

function isNothing(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function isSame(left: unknown, right: unknown): boolean {
  const [one, other] = [left, right].map(withoutNothing);
  return (
    JSON.stringify(isNothing(one) ? null : one) === JSON.stringify(isNothing(other) ? null : other)
  );
}

function sameKeys(...keys: readonly string[]): EntryComparison {
  return (before, now) => keys.every((key) => isSame(before[key], now[key]));
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

/** The text as it is written; of a seed, what its rows come to. */
export const hasSameBody: EntryComparison = (before, now) =>
  now['resource_type'] === 'seed'
    ? isSame(before['checksum'], now['checksum'])
    : textOf(before['raw_code']) === textOf(now['raw_code']);

/** Config that says where a node is, or how it is looked for, is no part of what it is. */
const placeKeys: ReadonlySet<string> = new Set(['alias', 'schema', 'database', 'tags', 'group']);
/** What dbt does where nobody says; older manifests leave it out. */
const standardConfig: Config = {
  enabled: true,
  lookback: 1,
  on_schema_change: 'ignore',
  on_configuration_change: 'apply',
  docs: { show: true },
  contract: { enforced: false, alias_types: true },
};

function comparedConfig(entry: Config): Config {
  const config = { ...standardConfig, ...asConfig(entry['config']) };
  const hooks = (key: string) =>
    asList(config[key]).map((hook) => (typeof hook === 'string' ? hook : asConfig(hook)['sql']));
  const others = Object.entries(config).filter(([key]) => !placeKeys.has(key));
  return {
    ...Object.fromEntries(others),
    'pre-hook': hooks('pre-hook'),
    'post-hook': hooks('post-hook'),
  };
}

export const hasSameConfig: EntryComparison = (before, now) =>
  isSame(comparedConfig(before), comparedConfig(now));

/** What the project says of the place; two environments of one project say the same. */
export const hasSameRelation: EntryComparison = (before, now) =>
  isSame(placeOf(before), placeOf(now));

/** A version of a model has an alias that nobody wrote. */
function placeOf(entry: Config): unknown {
  const { database, schema, alias } = asConfig(entry['config']);
  const version = String(entry['version']).replaceAll('.', '_');
  return [database, schema, alias === `${String(entry['name'])}_v${version}` ? null : alias];
}

const descriptionsOf = (entry: Config): unknown => [
  textOf(entry['description']),
  Object.entries(asConfig(entry['columns']))
    .map(([name, column]) => [name, textOf(asConfig(column)['description'])])
    .sort(),
];

/** Descriptions count where they are written into the warehouse. */
export const hasSameDescriptions: EntryComparison = (before, now) =>
  isNothing(withoutNothing(asConfig(asConfig(now['config'])['persist_docs']))) ||
  isSame(descriptionsOf(before), descriptionsOf(now));

/** Columns, their types and constraints, as dbt sums them up; of nothing promised nothing. */
const promised = (entry: Config): unknown =>
  isPromised(entry) ? (asConfig(entry['contract'])['checksum'] ?? true) : null;

/** A contract that nobody holds to says nothing. */
export const hasSameContract: EntryComparison = (before, now) =>
  isSame(promised(before), promised(now));

const dayOf = (date: unknown): number | null => (date ? Date.parse(String(date)) : null);

/** What decides how others may refer to it. */
const hasSameReference: EntryComparison = (before, now) =>
  isSame(
    [before['latest_version'], before['access'], dayOf(before['deprecation_date'])],
    [now['latest_version'], now['access'], dayOf(now['deprecation_date'])],
  );

const hasSameFqn = sameKeys('fqn');
const hasSameSource = sameKeys(
  ...['schema', 'identifier', 'fqn', 'loader', 'freshness', 'loaded_at_field', 'external'],
);
const hasSameExposure = sameKeys('fqn', 'owner', 'maturity', 'url', 'description', 'label', 'type');
const semanticKeys = [
  ...['fqn', 'model', 'description', 'label', 'defaults', 'entities', 'dimensions', 'measures'],
  ...['primary_entity', 'type', 'type_params', 'filter', 'time_granularity'],
  ...['query_params', 'exports'],
];
const hasSameSemantics = sameKeys(...semanticKeys);
const hasSameUnitTest = sameKeys('model', 'given', 'expect', 'overrides', 'fqn');

/** In whatever order: each program has its own. */
const readBy = (entry: Config): readonly string[] =>
  asTexts(asConfig(entry['depends_on'])['nodes']).toSorted();

/** Whether anything about the node is not as it was. */
export const hasSameContents: EntryComparison = (before, now) => {
  switch (now['resource_type']) {
    case 'source':
      return hasSameSource(before, now);
    case 'exposure':
      return hasSameExposure(before, now) && isSame(readBy(before), readBy(now));
    case 'semantic_model':
    case 'metric':
    case 'saved_query':
      return hasSameSemantics(before, now);
    case 'unit_test':
      return isSame(before['checksum'], now['checksum']) || hasSameUnitTest(before, now);
    default:
      return [
        hasSameBody,
        hasSameConfig,
        hasSameDescriptions,
        hasSameFqn,
        hasSameRelation,
        hasSameContract,
        hasSameReference,
      ].every((isEqual) => isEqual(before, now));
  }
};
