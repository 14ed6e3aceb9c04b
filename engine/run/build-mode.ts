import { type InputWindow, isMicrobatch } from '../declare/input-window.ts';
import type { ModelNode } from '../declare/model-node.ts';
import { isUnedited, type NodeDecision } from '../plan/decide-node.ts';
import { printOf } from '../plan/fingerprint-change.ts';
import { mayForget } from '../plan/may-forget.ts';
import { sampleOf } from '../plan/sample.ts';
import type { Standing } from '../plan/standing.ts';
import type { Work } from '../plan/work.ts';
import { type InputVersions, type NodeState, stateKeyOf } from '../state/nodes.ts';
import { type Batches, readSpansLeft, readSpansMade } from '../steps/batch-spans.ts';
import { parseMoment } from '../words/batch-time.ts';
import { cutAgain, findBatches } from './microbatch.ts';

/** How a build of a node goes about it, by what stands of it. */
export interface BuildMode {
  /** Nothing of the rows that stand is kept. */
  readonly fullRefresh: boolean;
  /** Nobody asked for it to be made anew: rows that its inputs may have forgotten must stay. */
  readonly keepsRows: boolean;
  readonly isIncremental: boolean;
  /** What the rows are remembered to be made of. */
  readonly fingerprint: string;
  readonly inputs: InputVersions;
  /** The moment that the rows are remembered to be of. */
  readonly boundaryMs: number;
  readonly batches?: Batches;
  /** What of its inputs it sees; absent: all. */
  readonly window?: InputWindow;
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
  const print = work.fingerprints.get(id);
  const fingerprint = print?.fingerprint ?? '';
  const state = standing.states.get(stateKeyOf(node));
  const isSame = state !== undefined && state.fingerprint === printOf(state, print);
  const isCurrent = isSame || isUnedited(nodeConfig, state, print);
  const stands = standing.catalog.columnsOf(node.relation) !== undefined;
  // `full_refresh: false` is dbt's word for a table that no change makes anew.
  const isKept =
    stands && nodeConfig.fullRefresh === false && nodeConfig.materialization === 'incremental';
  const window = sampleOf(scope, node);
  const base = { work, node, asked, state, isCurrent, isKept, stands, fingerprint };
  const isAnew = nodeConfig.materialization === 'incremental' && stands && !asked && !isCurrent;
  const keepsRows = isAnew && mayForget(work, id);
  const chosen = isMicrobatch(nodeConfig) ? chooseBatches(base, decision, window) : undefined;
  if (chosen) return { keepsRows, ...chosen, ...(window && { ...sampled, window }) };
  // Rows made by another text are not added to: the table is built again whole. A materialization
  // of the project's own decides for itself.
  const isAddedTo = !asked && decision.kind !== 'missing_table';
  const isIncremental =
    isAddedTo &&
    (nodeConfig.materialization === 'custom'
      ? nodeConfig.raw['materialized'] === 'incremental'
      : nodeConfig.materialization === 'incremental' &&
        (isCurrent || isKept || window !== undefined));
  const fullRefresh = asked || !(isCurrent || isKept);
  const { inputs } = decision;
  const mode = { keepsRows, isIncremental, boundaryMs };
  if (!window) return { ...mode, fullRefresh, fingerprint, inputs };
  return { ...mode, fullRefresh: !isIncremental, ...sampled, window };
}

/** Rows of a sample are nothing that the next build may keep. */
const sampled = { fingerprint: '', inputs: {} } as const;

interface ModeBase {
  readonly work: Work;
  readonly node: ModelNode;
  readonly asked: boolean;
  readonly state: NodeState | undefined;
  readonly isCurrent: boolean;
  readonly isKept: boolean;
  readonly stands: boolean;
  readonly fingerprint: string;
}

function chooseBatches(
  { work, node, asked, state, isCurrent, isKept, stands, fingerprint }: ModeBase,
  decision: NodeDecision,
  sample: InputWindow | undefined,
): Omit<BuildMode, 'keepsRows'> | undefined {
  const { boundaryMs, scope } = work.request;
  // A retry makes the batches of the run it retries, and no later ones.
  const untilMs = scope.retry?.batchesUntilMs ?? boundaryMs;
  const window = scope.sample ?? scope.eventTime;
  const left = readSpansLeft(state?.watermark);
  const made = cutAgain(node.nodeConfig, readSpansMade(state?.watermark));
  const moment = { boundaryMs: untilMs, ...(window ? { window } : {}) };
  const isLeftOver =
    left.length > 0 && (window !== undefined || (state?.builtAtMs ?? 0) >= untilMs);
  // The other rows are of what the first run read; rows of two texts are no node's: the next run
  // builds them again.
  const mixed = isCurrent ? fingerprint : '';
  if (scope.retry && state && stands && isLeftOver) {
    const { inputs, builtAtMs } = state;
    const batches = findBatches(node.nodeConfig, { ...moment, builtAtMs, left, onlyLeft: true });
    if (batches && batches.spans.length > 0) {
      const kept = { fingerprint: mixed, inputs, boundaryMs: builtAtMs };
      return { fullRefresh: false, isIncremental: true, ...kept, batches: { ...batches, made } };
    }
  }
  const isPatched = isKept || window !== undefined || sample !== undefined;
  const isIncremental = !asked && stands && (isCurrent || isPatched);
  const batches = findBatches(node.nodeConfig, {
    ...moment,
    builtAtMs: isIncremental ? state?.builtAtMs : undefined,
    ...(isIncremental ? { left } : {}),
  });
  if (!batches) return undefined;
  const shared = { fullRefresh: !isIncremental, isIncremental, batches };
  if (window) {
    const before = isIncremental ? state?.builtAtMs : undefined;
    const builtAtMs = reachOf(window, before, untilMs);
    const print = isIncremental ? mixed : fingerprint;
    return { ...shared, fingerprint: print, inputs: {}, boundaryMs: builtAtMs };
  }
  return {
    ...shared,
    fingerprint,
    // Of what came in since the run that is retried, nothing was looked at.
    inputs: untilMs < boundaryMs ? {} : decision.inputs,
    boundaryMs: untilMs,
  };
}

/** Up to when the table is made without a hole, once the batches of a window are. */
function reachOf(
  window: { readonly from: string; readonly to: string },
  beforeMs: number | undefined,
  untilMs: number,
): number {
  const [fromMs, toMs] = [parseMoment(window.from), Math.min(parseMoment(window.to), untilMs)];
  if (beforeMs === undefined) return toMs;
  return fromMs <= beforeMs ? Math.max(beforeMs, toMs) : beforeMs;
}
