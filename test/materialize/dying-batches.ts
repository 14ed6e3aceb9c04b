import type { Span } from '../../engine/steps/batch-spans.ts';
import type { BuildContext } from '../../engine/steps/build-context.ts';
import type { BuildNode } from '../../engine/words/node.ts';
import { checkOf, contextOf, nodeOf } from './workbench.ts';

const dayOf = (day: number): string => new Date(Date.UTC(2026, 0, 1 + day)).toISOString();

/** Six days, as batches. */
export const days: readonly Span[] = [0, 1, 2, 3, 4, 5].map((day) => ({
  from: dayOf(day),
  to: dayOf(day + 1),
}));

/** Numbers by day; those that are texts fail their batch. */
export const batchesNode: BuildNode = nodeOf(
  'select day, cast(n as integer) as n from log',
  { materialization: 'incremental', incrementalStrategy: 'microbatch' },
  { isIncremental: true, checks: [checkOf('day is null')] },
);

export function batchesContext(spans: readonly Span[], runId: string): BuildContext {
  return contextOf({ runId, batches: { column: 'day', spans, left: [], isPart: false } });
}
