import { asConfig, asList, type Config } from './config.ts';
import type { GraphNode } from './graph.ts';
import type { Place } from './model-fault.ts';
import type { RefCall } from './model-node.ts';

const semanticKinds = ['semantic_model', 'metric', 'saved_query'] as const;
export type SemanticKind = (typeof semanticKinds)[number];

/** dbt's semantic layer: what is said of models for those who ask for metrics. Nothing is built. */
export interface SemanticNode extends GraphNode {
  readonly resourceType: SemanticKind;
  /** As written, its description rendered. */
  readonly entry: Config;
  /** Of a semantic model: the model it tells of. */
  readonly ref?: RefCall;
  /** What `config:` of the entry itself says. */
  readonly unrendered: Config;
  readonly place: Place;
}

export function isSemanticNode(node: GraphNode | undefined): node is SemanticNode {
  return semanticKinds.some((kind) => kind === node?.resourceType);
}

/** A name, or a map that has it: how a measure or a metric is named by another. */
export function nameOfInput(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const { name } = asConfig(value);
  return typeof name === 'string' ? name : undefined;
}

/** The measures that a metric names itself, and the metrics it is made of. */
export function inputsOfMetric(entry: Config): {
  readonly measures: readonly unknown[];
  readonly metrics: readonly unknown[];
} {
  const params = asConfig(entry['type_params']);
  const conversion = asConfig(params['conversion_type_params']);
  switch (String(entry['type']).toLowerCase()) {
    case 'ratio':
      return { measures: [], metrics: [params['numerator'], params['denominator']] };
    case 'derived':
      return { measures: [], metrics: asList(params['metrics']) };
    case 'conversion':
      return {
        measures: [conversion['base_measure'], conversion['conversion_measure']],
        metrics: [],
      };
    default:
      return { measures: [params['measure']], metrics: [] };
  }
}
