import { asConfig, asList, asTexts, type Config } from '../declare/config.ts';
import { isModelNode } from '../declare/model-node.ts';
import { nodesOfType } from '../declare/nodes-of-type.ts';
import { inputsOfMetric, isSemanticNode, type SemanticNode } from '../declare/semantic-node.ts';
import { filePathOf } from './file-path.ts';
import { versionOf } from './manifest-node.ts';
import type { ManifestSources } from './manifest-sources.ts';
import { relationNameOf } from './relation-name.ts';

const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const orNull = (value: unknown): unknown => value ?? null;

/** A map as written; undefined where there is none. */
const mapOf = (value: unknown): Config | undefined =>
  value === undefined || value === null ? undefined : asConfig(value);

export type SemanticSection = 'semantic_models' | 'metrics' | 'saved_queries';

/** What dbt's manifest says of the semantic layer. */
export function manifestSemantics(
  from: ManifestSources,
): Record<SemanticSection, Record<string, Config>> {
  const nodes = nodesOfType(from.project, 'semantic_model', 'metric', 'saved_query').filter(
    isSemanticNode,
  );
  const entriesOf = (kind: SemanticNode['resourceType'], toEntry: (node: SemanticNode) => Config) =>
    Object.fromEntries(
      nodes
        .filter(({ resourceType }) => resourceType === kind)
        .map((one) => [one.id, toEntry(one)]),
    );
  const entry = (node: SemanticNode): Config => manifestSemantic(from, node, nodes);
  return {
    semantic_models: entriesOf('semantic_model', entry),
    metrics: entriesOf('metric', entry),
    saved_queries: entriesOf('saved_query', entry),
  };
}

/** `all` are those it may be made of. */
export function manifestSemantic(
  from: ManifestSources,
  node: SemanticNode,
  all: readonly SemanticNode[],
): Config {
  if (node.resourceType === 'metric') return manifestMetric(from, node, all);
  if (node.resourceType === 'saved_query') return manifestSavedQuery(from, node);
  return manifestSemanticModel(from, node);
}

/** What all three have. */
function headOf(from: ManifestSources, node: SemanticNode): Config {
  return {
    name: node.name,
    resource_type: node.resourceType,
    package_name: node.packageName,
    ...filePathOf(from.project, node, node.fqn.slice(1, -1)),
    unique_id: node.id,
    fqn: node.fqn,
    description: textOr(node.entry['description']),
    label: textOr(node.entry['label']),
    metadata: null,
    depends_on: { macros: [], nodes: node.dependsOn },
    refs: [],
    group: textOr(node.config['group']),
    unrendered_config: node.unrendered,
    created_at: from.createdAt,
  };
}

function configOf({ config }: SemanticNode): Config {
  return { enabled: true, group: null, ...config, meta: asConfig(config['meta']) };
}

function manifestSemanticModel(from: ManifestSources, node: SemanticNode): Config {
  const { entry, ref, config } = node;
  const model = from.project.nodes.get(node.dependsOn[0] ?? '');
  const meta = asConfig(config['meta']);
  const itemsOf = (key: string, toItem: (item: Config) => Config): Config[] =>
    asList(entry[key])
      .map(asConfig)
      .map((item) => ({
        name: item['name'],
        description: textOr(item['description']),
        label: textOr(item['label']),
        expr: item['expr'] === undefined ? null : String(item['expr']),
        config: { meta: { ...meta, ...asConfig(asConfig(item['config'])['meta']) } },
        ...toItem(item),
      }));
  const { tags: _, ...own } = configOf(node);
  return {
    ...headOf(from, node),
    model: entry['model'],
    node_relation: isModelNode(model)
      ? {
          alias: model.relation.name,
          schema_name: model.relation.schema,
          database: from.project.target.database,
          relation_name: relationNameOf(from.project, model),
        }
      : null,
    defaults: entry['defaults']
      ? { agg_time_dimension: orNull(asConfig(entry['defaults'])['agg_time_dimension']) }
      : null,
    entities: itemsOf('entities', ({ type, role }) => ({ type, role: orNull(role) })),
    measures: itemsOf('measures', measureOf),
    dimensions: itemsOf('dimensions', dimensionOf),
    refs: ref
      ? [{ name: ref.name, package: ref.packageName ?? null, version: versionOf(ref.version) }]
      : [],
    config: own,
    primary_entity: textOr(entry['primary_entity']),
  };
}

function measureOf(item: Config): Config {
  const params = mapOf(item['agg_params']);
  const additive = mapOf(item['non_additive_dimension']);
  return {
    agg: String(item['agg']).toLowerCase(),
    // A metric that follows from a measure has an entry of its own.
    create_metric: false,
    agg_params: params
      ? {
          percentile: orNull(params['percentile']),
          use_discrete_percentile: params['use_discrete_percentile'] ?? false,
          use_approximate_percentile: params['use_approximate_percentile'] ?? false,
        }
      : null,
    non_additive_dimension: additive
      ? {
          name: additive['name'],
          window_choice: additive['window_choice'] ?? 'min',
          window_groupings: asTexts(additive['window_groupings']),
        }
      : null,
    agg_time_dimension: orNull(item['agg_time_dimension']),
  };
}

function dimensionOf(item: Config): Config {
  const params = mapOf(item['type_params']);
  const validity = mapOf(params?.['validity_params']);
  return {
    type: item['type'],
    is_partition: item['is_partition'] ?? false,
    type_params: params
      ? {
          time_granularity: orNull(params['time_granularity']),
          validity_params: validity
            ? { is_start: validity['is_start'] ?? false, is_end: validity['is_end'] ?? false }
            : null,
        }
      : null,
    metadata: null,
  };
}

function manifestMetric(
  from: ManifestSources,
  node: SemanticNode,
  all: readonly SemanticNode[],
): Config {
  const { entry, config } = node;
  const isGenerated = entry['type_params'] !== undefined && !('tags' in config);
  return {
    ...headOf(from, node),
    description: textOr(entry['description']) ?? '',
    type: String(entry['type']).toLowerCase(),
    type_params: typeParamsOf(node, all),
    filter: filterOf(entry['filter']),
    time_granularity: orNull(entry['time_granularity']),
    meta: asConfig(config['meta']),
    tags: asTexts(entry['tags']),
    config: isGenerated ? configOf(node) : { ...configOf(node), tags: node.tags },
    sources: [],
    metrics: [],
  };
}

function typeParamsOf(node: SemanticNode, all: readonly SemanticNode[]): Config {
  const params = asConfig(node.entry['type_params']);
  const isOn = node.config['enabled'] !== false;
  const inputs = inputsOfMetric(node.entry).metrics.length > 0;
  const optional = (value: unknown, toValue: (value: unknown) => Config): Config | null =>
    value === undefined || value === null ? null : toValue(value);
  return {
    measure: optional(params['measure'], measureInput),
    // dbt follows what is on.
    input_measures: isOn ? uniqueOf(inputMeasures(node, all, new Set())) : [],
    numerator: optional(params['numerator'], metricInput),
    denominator: optional(params['denominator'], metricInput),
    expr: params['expr'] === undefined || params['expr'] === null ? null : String(params['expr']),
    window: windowOf(params['window']),
    grain_to_date: orNull(params['grain_to_date']),
    metrics: inputs ? asList(params['metrics']).map(metricInput) : [],
    conversion_type_params: optional(params['conversion_type_params'], conversionOf),
    cumulative_type_params:
      String(node.entry['type']).toLowerCase() === 'cumulative' ? cumulativeOf(params) : null,
    metric_aggregation_params: null,
  };
}

/** Of the metric and of all it is made of. */
function inputMeasures(
  node: SemanticNode,
  all: readonly SemanticNode[],
  seen: Set<string>,
): Config[] {
  if (seen.has(node.id)) return [];
  seen.add(node.id);
  const { measures, metrics } = inputsOfMetric(node.entry);
  const names = metrics.map((metric) => metricInput(metric)['name']);
  const made = names.flatMap(
    (name) => all.find((one) => one.resourceType === 'metric' && one.name === name) ?? [],
  );
  return [
    ...measures.filter((one) => one !== undefined && one !== null).map(measureInput),
    ...made.flatMap((one) => inputMeasures(one, all, seen)),
  ];
}

const uniqueOf = (inputs: readonly Config[]): Config[] => [
  ...new Map(inputs.map((input) => [JSON.stringify(input), input])).values(),
];

function measureInput(value: unknown): Config {
  const written: Config = typeof value === 'string' ? { name: value } : asConfig(value);
  return {
    name: written['name'],
    filter: filterOf(written['filter']),
    alias: orNull(written['alias']),
    join_to_timespine: written['join_to_timespine'] ?? false,
    fill_nulls_with: orNull(written['fill_nulls_with']),
  };
}

function metricInput(value: unknown): Config {
  const written: Config = typeof value === 'string' ? { name: value } : asConfig(value);
  return {
    name: written['name'],
    filter: filterOf(written['filter']),
    alias: orNull(written['alias']),
    offset_window: windowOf(written['offset_window']),
    offset_to_grain: orNull(written['offset_to_grain']),
  };
}

function filterOf(value: unknown): Config | null {
  if (value === undefined || value === null) return null;
  return {
    where_filters: asTexts(value).map((template) => ({ where_sql_template: template })),
  };
}

/** `7 days`, `1 month`: how many of what. */
function windowOf(value: unknown): Config | null {
  const [count, unit] = typeof value === 'string' ? value.trim().toLowerCase().split(/\s+/) : [];
  if (count === undefined || unit === undefined) return null;
  return { count: Number(count), granularity: unit.replace(/s$/, '') };
}

function cumulativeOf(params: Config): Config {
  const own = asConfig(params['cumulative_type_params']);
  const metric = own['metric'];
  return {
    window: windowOf(own['window'] ?? params['window']),
    grain_to_date: orNull(own['grain_to_date'] ?? params['grain_to_date']),
    period_agg: own['period_agg'] ?? 'first',
    metric: metric === undefined || metric === null ? null : metricInput(metric),
  };
}

function conversionOf(value: unknown): Config {
  const own = asConfig(value);
  const constants = asList(own['constant_properties']).map(asConfig);
  return {
    base_measure: measureInput(own['base_measure']),
    conversion_measure: measureInput(own['conversion_measure']),
    entity: own['entity'],
    calculation: own['calculation'] ?? 'conversion_rate',
    window: windowOf(own['window']),
    constant_properties:
      constants.length === 0
        ? null
        : constants.map(({ base_property, conversion_property }) => ({
            base_property,
            conversion_property,
          })),
  };
}

function manifestSavedQuery(from: ManifestSources, node: SemanticNode): Config {
  const { entry } = node;
  const params = asConfig(entry['query_params']);
  const own = configOf(node);
  const { schema, database } = from.project.target;
  return {
    ...headOf(from, node),
    query_params: {
      metrics: asTexts(params['metrics']),
      group_by: asTexts(params['group_by']),
      where: filterOf(params['where']),
      order_by: asTexts(params['order_by']),
      limit: orNull(params['limit']),
    },
    exports: asList(entry['exports'])
      .map(asConfig)
      .map(({ name, config }) => {
        const all: Config = { ...own, ...asConfig(config) };
        return {
          name,
          config: {
            export_as: all['export_as'],
            schema_name: all['schema_name'] ?? all['schema'] ?? schema,
            alias: all['alias'] ?? name,
            database,
          },
          unrendered_config: asConfig(config),
        };
      }),
    config: {
      export_as: null,
      schema: null,
      ...own,
      cache: { enabled: asConfig(own['cache'])['enabled'] ?? false },
    },
    tags: node.tags,
  };
}
