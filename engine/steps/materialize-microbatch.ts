import { assertThat, TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { mustWithhold } from './audit.ts';
import { type Batches, joinSpans, narrowToSpans, type Span, selectBatch } from './batch-spans.ts';
import type { BuildContext, CheckFailure, MaterializeResult } from './build-context.ts';
import { materializeIncremental } from './materialize-incremental.ts';

/** Batches that fail one after another before any is made: the others would fail as well. */
const failedFirstMax = 20;
/** Fewer are made sooner than it is found out whether they can be made at once. */
const rangeBatchesMin = 8;
/** Transactions of one build. */
const attemptsMax = 1_000;

/** Faults that one batch does not have alone: looking for it in the others would find nothing. */
const faultsOfAll: ReadonlySet<string> = new Set([
  'warehouse-failed',
  'warehouse-closed',
  'warehouse-read-only',
  'disk-full',
  'interrupted',
  'column-not-found',
  'relation-not-found',
  'ambiguous-schema',
  'schema-changed',
]);

/**
 * Makes all batches in one transaction. Where that fails, the batches that are at fault are found
 * by halving, and the others are published, each part in a transaction with what is still left:
 * after a kill, or at a retry, exactly those are made. Where no batch can be made, nothing is
 * published and the fault of the whole is thrown, or withheld.
 */
export async function materializeMicrobatch(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  batches: Batches,
): Promise<MaterializeResult> {
  const earlier = batches.made ? { earlier: batches.made } : {};
  const parts = createParts(warehouse, node, context, batches);
  const whole = await parts.make(batches.spans);
  if (whole.kind === 'built') {
    return { ...whole.result, batches: { successful: batches.spans, failed: [], ...earlier } };
  }
  await parts.search(batches.spans, whole);
  const { built, failed, failures, faults } = parts;
  const [first] = built;
  if (!first) {
    if (whole.fault) throw whole.fault;
    return { ...whole.result, batches: { successful: [], failed: batches.spans, ...earlier } };
  }
  const lost = new Set(failed);
  return {
    ...first,
    action: built.find(({ action }) => action !== 'unchanged')?.action ?? first.action,
    rows: built.reduce((sum, { rows }) => sum + rows, 0),
    dataVersion: built.at(-1)?.dataVersion,
    failures: [...failures.values()],
    warnings: [...new Set([...first.warnings, ...faults])],
    batches: {
      successful: batches.spans.filter((span) => !lost.has(span)),
      failed,
      ...earlier,
    },
  };
}

type Part =
  | { readonly kind: 'built'; readonly result: MaterializeResult }
  | { readonly kind: 'failed'; readonly result: MaterializeResult; readonly fault?: TerminalError };

const nothingMade: MaterializeResult = {
  action: 'withheld',
  rows: 0,
  dataVersion: undefined,
  failures: [],
  warnings: [],
};

function createParts(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  batches: Batches,
) {
  const built: MaterializeResult[] = [];
  const failed: Span[] = [];
  const made = new Set<Span>();
  const failures = new Map<string, CheckFailure>();
  const faults = new Set<string>();
  let attempts = 0;

  const make = async (spans: readonly Span[]): Promise<Part> => {
    attempts += 1;
    const mine = new Set(spans);
    const [first] = spans;
    assertThat(first, 'a part of a microbatch has batches');
    const { selectOf, selectRange, ...rest } = batches;
    const [stretch, ...apart] = joinSpans(spans);
    const isLong = spans.length >= rangeBatchesMin && apart.length === 0;
    const range = isLong && stretch ? await selectRange?.(stretch) : undefined;
    const part: Batches = {
      ...rest,
      ...(selectOf && range === undefined ? { selectOf } : {}),
      spans,
      left: [
        ...batches.left,
        ...batches.spans.filter((span) => !mine.has(span) && !made.has(span)),
      ],
      made: [...(batches.made ?? []), ...made, ...spans],
      isPart: spans !== batches.spans,
    };
    // Once a part stands, the others are added to it.
    const follows = built.length > 0;
    try {
      const result = await materializeIncremental(
        warehouse,
        {
          ...node,
          sql: part.selectOf
            ? await selectBatch(part, first, follows ? node.relation : undefined)
            : narrowToSpans(range ?? node.sql, part),
          isIncremental: node.isIncremental || follows,
        },
        { ...context, batches: part, fullRefresh: context.fullRefresh && !follows },
      );
      return { kind: result.action === 'withheld' ? 'failed' : 'built', result };
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof TerminalError) || faultsOfAll.has(error.code)) throw error;
      // Of a part it only says that the others are missing.
      if (error.code === 'rows-lost' && !part.isPart) throw error;
      return { kind: 'failed', result: nothingMade, fault: error };
    }
  };

  const giveUp = (): boolean =>
    attempts >= attemptsMax || (built.length === 0 && failed.length >= failedFirstMax);

  const note = (spans: readonly Span[], part: Part): void => {
    if (part.kind === 'built') {
      built.push(part.result);
      for (const span of spans) made.add(span);
      for (const failure of part.result.failures) {
        if (!failures.has(failure.id)) failures.set(failure.id, failure);
      }
      return;
    }
    failed.push(...spans);
    if (part.fault) faults.add(part.fault.message);
    if (!mustWithhold(part.result.failures)) return;
    for (const failure of part.result.failures) failures.set(failure.id, failure);
  };

  /**
   * The spans failed together as `whole` says: makes those that can be made, earlier ones first.
   */
  const search = async (spans: readonly Span[], whole: Part): Promise<void> => {
    if (spans.length === 1) return note(spans, whole);
    const middle = Math.ceil(spans.length / 2);
    for (const half of [spans.slice(0, middle), spans.slice(middle)]) {
      if (giveUp()) {
        failed.push(...half);
        continue;
      }
      const part = await make(half);
      if (part.kind === 'built') note(half, part);
      else await search(half, part);
    }
  };

  return { make, search, built, failed, failures, faults };
}
