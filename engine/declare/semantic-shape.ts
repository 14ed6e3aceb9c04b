import { didYouMean } from '../words/suggest.ts';
import { asConfig, asList, type Config } from './config.ts';
import type { SemanticKind } from './semantic-node.ts';

const entityTypes = ['primary', 'natural', 'foreign', 'unique'];
const dimensionTypes = ['categorical', 'time'];
const aggregations = [
  'sum',
  'min',
  'max',
  'count_distinct',
  'sum_boolean',
  'average',
  'percentile',
  'median',
  'count',
];
const metricTypes = ['simple', 'ratio', 'cumulative', 'derived', 'conversion'];
const exportKinds = ['table', 'view'];

type Complain = (complaint: string) => void;

const isThere = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** What is wrong with the shape of an entry, said of it by its kind and name. */
export function complainOfSemantics(kind: SemanticKind, name: string, entry: Config): string[] {
  const complaints: string[] = [];
  const called = `the ${kind.replace('_', ' ')} "${name}"`;
  const complain: Complain = (complaint) => complaints.push(`${called} ${complaint}`);
  if (!/^[A-Za-z]\w*$/.test(name)) complain('needs a name of letters, digits and _');
  if (kind === 'semantic_model') complainOfModel(entry, complain);
  else if (kind === 'metric') complainOfMetric(entry, complain);
  else complainOfQuery(entry, complain);
  return complaints;
}

function requireOneOf(what: string, value: unknown, known: string[], complain: Complain): void {
  if (known.includes(String(value).toLowerCase())) return;
  const found = isThere(value) ? `"${String(value)}"${didYouMean(String(value), known)}` : 'none';
  complain(`${what} is ${found} (one of ${known.join(', ')})`);
}

/** Entries of a list by their name; what has none, or one that is taken, is complained of. */
function namedEntries(entry: Config, key: string, complain: Complain): Map<string, Config> {
  const found = new Map<string, Config>();
  const list = entry[key] ?? [];
  if (!Array.isArray(list)) complain(`has ${key} that are no list`);
  for (const item of asList(list).map(asConfig)) {
    const name = String(item['name'] ?? '');
    if (name === '') complain(`has one of ${key} without a name`);
    else if (found.has(name)) complain(`has two ${key} named "${name}"`);
    if (!found.has(name)) found.set(name, item);
  }
  return found;
}

function complainOfModel(entry: Config, complain: Complain): void {
  const entities = namedEntries(entry, 'entities', complain);
  for (const [name, { type }] of entities) {
    requireOneOf(`has an entity "${name}" whose type`, type, entityTypes, complain);
  }
  const dimensions = namedEntries(entry, 'dimensions', complain);
  for (const [name, { type }] of dimensions) {
    requireOneOf(`has a dimension "${name}" whose type`, type, dimensionTypes, complain);
  }
  const isPrimary = [...entities.values()].some(({ type }) => type === 'primary');
  if (dimensions.size > 0 && !isPrimary && !isThere(entry['primary_entity'])) {
    complain('has dimensions and neither an entity of type primary nor a primary_entity');
  }
  const times = [...dimensions].filter(([, { type }]) => type === 'time').map(([name]) => name);
  const usual = asConfig(entry['defaults'])['agg_time_dimension'];
  for (const [name, measure] of namedEntries(entry, 'measures', complain)) {
    requireOneOf(`has a measure "${name}" whose agg`, measure['agg'], aggregations, complain);
    const { percentile } = asConfig(measure['agg_params']);
    if (measure['agg'] === 'percentile' && typeof percentile !== 'number') {
      complain(`has a measure "${name}" without agg_params: {percentile: …}`);
    }
    const time = measure['agg_time_dimension'] ?? usual;
    if (!isThere(time)) {
      complain(`has a measure "${name}" and no agg_time_dimension for it, its own or by defaults`);
    } else if (!times.includes(String(time))) {
      const meant = didYouMean(String(time), times);
      complain(
        `has a measure "${name}" by "${String(time)}", which is no dimension of time${meant}`,
      );
    }
  }
}

/** Keys of `type_params` that a metric cannot do without. */
const needed: Readonly<Record<string, readonly string[]>> = {
  simple: ['measure'],
  cumulative: ['measure'],
  ratio: ['numerator', 'denominator'],
  derived: ['expr', 'metrics'],
  conversion: ['conversion_type_params'],
};

function complainOfMetric(entry: Config, complain: Complain): void {
  const { type, label } = entry;
  if (!isThere(label)) complain('has no label');
  requireOneOf('has a type that', type, metricTypes, complain);
  const params = asConfig(entry['type_params']);
  for (const key of needed[String(type).toLowerCase()] ?? []) {
    if (!isThere(params[key])) complain(`is ${String(type)} and has no type_params: {${key}: …}`);
  }
  if (type !== 'conversion' || !isThere(params['conversion_type_params'])) return;
  const conversion = asConfig(params['conversion_type_params']);
  for (const key of ['entity', 'base_measure', 'conversion_measure']) {
    if (!isThere(conversion[key])) complain(`has conversion_type_params without ${key}`);
  }
}

function complainOfQuery(entry: Config, complain: Complain): void {
  const params = asConfig(entry['query_params']);
  if (asList(params['metrics']).length + asList(params['group_by']).length === 0) {
    complain('has no query_params: {metrics: […]}');
  }
  for (const [name, { config }] of namedEntries(entry, 'exports', complain)) {
    const kind = { ...asConfig(entry['config']), ...asConfig(config) }['export_as'];
    requireOneOf(`has an export "${name}" whose export_as`, kind, exportKinds, complain);
  }
}
