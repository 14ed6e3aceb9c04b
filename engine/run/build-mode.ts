import type { ModelNode } from '../declare/model-node.ts';
import type { NodeDecision } from '../plan/decide-node.ts';
import type { Standing } from '../plan/standing.ts';
import type { Work } from '../plan/work.ts';
import type { InputVersions } from '../state/nodes.ts';
import { type Batches, readSpansLeft } from '../steps/batch-spans.ts';
import { findBatches } from './microbatch.ts';

/** How a build of a node goes about it, by what stands of it. */
export interface BuildMode {
  /** Nothing of the rows that stand is kept. */
  readonly fullRefresh: boolean;
  readonly isIncremental: boolean;
  /** What the rows are remembered to be made of. */
  readonly fingerprint: string;
  readonly inputs: InputVersions;
  /** The moment that the rows are remembered to be of. */
  readonly boundaryMs: number;
  readonly batches?: Batches;
}

export function chooseBuildMode(
  work: Work,
  node: ModelNode,
  standing: Standing,
  decision: NodeDecision,
): BuildMode {
  const { boundaryMs, scope } = work.request;
  const { nodeConfig, id } = node;
  const asked = nodeConfig.fullRefresh ?? scope.fullRefresh ?? false;
  const fingerprint = work.fingerprints.get(id)?.fingerprint ?? '';
  const state = standing.states.get(id);
  const isCurrent = state?.fingerprint === fingerprint;
  // A retry makes the batches of the run it retries, and no later ones.
  const untilMs = scope.retry?.batchesUntilMs ?? boundaryMs;
  const left = readSpansLeft(state?.watermark);
  const stands = standing.catalog.columnsOf(node.relation) !== undefined;
  if (scope.retry && state && left.length > 0 && stands && state.builtAtMs >= untilMs) {
    const batches = findBatches(nodeConfig, {
      ...{ boundaryMs: untilMs, builtAtMs: state.builtAtMs },
      ...{ left, onlyLeft: true },
    });
    // The other rows are of what the first run read; rows of two texts are no node's: the next run
    // builds them again.
    if (batches) {
      const { inputs, builtAtMs } = state;
      const kept = { fingerprint: isCurrent ? fingerprint : '', inputs, boundaryMs: builtAtMs };
      return { fullRefresh: false, isIncremental: true, ...kept, batches };
    }
  }
  // Rows made by another text are not added to: the table is built again whole. A materialization
  // of the project's own decides for itself.
  const isAddedTo = !asked && decision.kind !== 'missing_table';
  const isIncremental =
    isAddedTo &&
    (nodeConfig.materialization === 'custom'
      ? nodeConfig.raw['materialized'] === 'incremental'
      : nodeConfig.materialization === 'incremental' && isCurrent);
  const batches = findBatches(nodeConfig, {
    boundaryMs: untilMs,
    builtAtMs: isIncremental ? state?.builtAtMs : undefined,
    ...(isIncremental ? { left } : {}),
  });
  return {
    fullRefresh: asked || !isCurrent,
    isIncremental,
    fingerprint,
    // Of what came in since the run that is retried, nothing was looked at.
    inputs: batches && untilMs < boundaryMs ? {} : decision.inputs,
    boundaryMs: batches ? untilMs : boundaryMs,
    ...(batches ? { batches } : {}),
  };
}
