import { asConfig, type Config } from '../declare/config.ts';
import { isSourceNode, type ProjectNode, type SourceNode } from '../declare/model-node.ts';
import {
  type Freshness,
  type FreshnessLimits,
  type LoadedAt,
  measureFreshness,
} from '../steps/freshness.ts';
import { messageOf } from '../words/errors.ts';
import type { Session } from '../words/warehouse.ts';

export interface SourceFreshness {
  readonly node: SourceNode;
  readonly limits: FreshnessLimits;
  /** As written, for the artifact. */
  readonly criteria: Config;
  readonly result: Freshness | { readonly status: 'runtime error'; readonly message: string };
}

const periodsMs: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

function durationOf(value: unknown): number | undefined {
  const { count, period } = asConfig(value);
  const unitMs = periodsMs[String(period).replace(/s$/, '')];
  const number = Number(count ?? Number.NaN);
  return Number.isFinite(number) && unitMs !== undefined ? number * unitMs : undefined;
}

/** A source that says how fresh it must be. */
export type FreshSource = Pick<SourceFreshness, 'node' | 'limits' | 'criteria'>;

/** Sources that say how fresh they must be; all other nodes are passed by. */
export function freshSources(nodes: Iterable<ProjectNode | undefined>): FreshSource[] {
  return [...nodes].filter(isSourceNode).flatMap((node) => {
    const criteria = asConfig(node.config['freshness']);
    const warnAfterMs = durationOf(criteria['warn_after']);
    const errorAfterMs = durationOf(criteria['error_after']);
    if (warnAfterMs === undefined && errorAfterMs === undefined) return [];
    const limits = {
      ...(warnAfterMs === undefined ? {} : { warnAfterMs }),
      ...(errorAfterMs === undefined ? {} : { errorAfterMs }),
    };
    return [{ node, limits, criteria }];
  });
}

export async function checkFreshness(
  sources: readonly FreshSource[],
  session: Session,
  nowMs: number,
): Promise<SourceFreshness[]> {
  const found: SourceFreshness[] = [];
  for (const source of sources) {
    const { node, limits, criteria } = source;
    const result = await measure(node, criteria, limits, session, nowMs);
    found.push({ ...source, result });
  }
  return found;
}

async function measure(
  node: SourceNode,
  criteria: Config,
  limits: FreshnessLimits,
  session: Session,
  nowMs: number,
): Promise<SourceFreshness['result']> {
  const loadedAt = loadedAtOf(node, criteria);
  if (!loadedAt) {
    const message =
      'it has no loaded_at_field or loaded_at_query, and no stream of ours lands in it';
    return { status: 'runtime error', message };
  }
  try {
    return await measureFreshness(session, loadedAt, limits, nowMs);
  } catch (error) {
    return { status: 'runtime error', message: messageOf(error).split('\n')[0] ?? '' };
  }
}

function loadedAtOf(node: SourceNode, criteria: Config): LoadedAt | undefined {
  const query = node.config['loaded_at_query'];
  if (typeof query === 'string') return { kind: 'query', query };
  const written = node.config['loaded_at_field'];
  if (typeof written === 'string') {
    const { filter } = criteria;
    return {
      kind: 'column',
      relation: node.relation,
      ...(node.external === undefined ? {} : { external: node.external }),
      expression: written,
      ...(typeof filter === 'string' ? { filter } : {}),
    };
  }
  if (node.streamId === undefined) return undefined;
  const [, connection = '', ...stream] = node.streamId.split('.');
  return { kind: 'stream', connection, stream: stream.join('.') };
}
