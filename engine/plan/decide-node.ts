import { readsOf } from '../declare/checks.ts';
import { isMicrobatch } from '../declare/input-window.ts';
import { isModelNode, isSourceNode, type ModelNode } from '../declare/model-node.ts';
import { decideReuse, type NodeState, type ReuseReason, stateKeyOf } from '../state/nodes.ts';
import { readSpansLeft } from '../steps/batch-spans.ts';
import { formatDuration } from '../words/duration.ts';
import type { NodeConfig } from '../words/node.ts';
import { plural } from '../words/plural.ts';
import type { NodeFingerprint } from './fingerprint.ts';
import { explainChange, isWrittenAs, printOf } from './fingerprint-change.ts';
import { sampleOf } from './sample.ts';
import type { Standing } from './standing.ts';
import type { Work, WorkScope } from './work.ts';

/** What a decision is taken on, as it stands when it is taken. */
export interface DecisionContext {
  readonly standing: Standing;
  readonly fullRefresh: boolean;
  readonly boundaryMs: number;
}

export interface NodeDecision {
  readonly run: boolean;
  readonly reasons: readonly string[];
  readonly kind: ReuseReason['kind'];
  /** Each parent's data version, as the build will read it. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** A source nobody lands for us has no version: what reads it is built at every run. */
const unversioned = 'unknown';

function versionOf(work: Work, id: string, context: DecisionContext): string | undefined {
  // What stands in another environment has no version here.
  if (work.deferred.has(id)) return undefined;
  const node = work.models?.nodes.get(id);
  if (isModelNode(node)) return context.standing.states.get(stateKeyOf(node))?.dataVersion;
  if (!isSourceNode(node)) return undefined;
  if (node.streamId === undefined) return undefined;
  return context.standing.sources.get(node.streamId.replace(/^extract\./, '')) ?? unversioned;
}

/** Whether a node must be built now, and why. */
export function decideNode(work: Work, node: ModelNode, context: DecisionContext): NodeDecision {
  const reads = work.models ? readsOf(work.models, node) : [];
  const inputs = Object.fromEntries(reads.map((id) => [id, versionOf(work, id, context)]));
  const print = work.fingerprints.get(node.id);
  const state = context.standing.states.get(stateKeyOf(node));
  const decision = decideReuse({
    state,
    fingerprint: printOf(state, print),
    inputs,
    relationExists: context.standing.catalog.columnsOf(node.relation) !== undefined,
    fullRefresh: node.nodeConfig.fullRefresh ?? context.fullRefresh,
    refreshEveryMs: node.nodeConfig.refreshEveryMs,
    nowMs: context.boundaryMs,
  });
  const again =
    askedOf(work.request.scope, node) ??
    (node.nodeConfig.refreshEveryMs === undefined ? whyAgain(work, node, print) : undefined);
  const known = Object.entries(inputs).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    run: decision.run || again !== undefined,
    kind: decision.reason.kind,
    reasons:
      again !== undefined && !decision.run
        ? [again]
        : describeReason(decision.reason, state, print, node),
    inputs: Object.fromEntries(known),
  };
}

/** What was asked for that no comparison with the last build may leave out. */
function askedOf(scope: WorkScope, node: ModelNode): string | undefined {
  if (sampleOf(scope, node)) return scope.isEmpty ? 'it is built empty' : 'it is built of a sample';
  if (scope.withoutReuse) return 'nothing was to be reused';
  const isWindow = scope.eventTime && isMicrobatch(node.nodeConfig);
  return isWindow ? 'batches of it were asked for' : undefined;
}

/** Why a node is built though nothing of it and nothing it reads has changed. */
function whyAgain(
  work: Work,
  node: ModelNode,
  print: NodeFingerprint | undefined,
): string | undefined {
  // Text that follows from the clock or the warehouse's answers is only known by rendering it.
  if (print?.readsClock || print?.asksWarehouse) {
    return 'it reads the run’s clock or asks the warehouse';
  }
  if (work.outside.has(node.id))
    return 'it names tables or functions that no file of the project makes';
  // A view answers anew whenever it is read.
  if (print?.volatile === undefined || node.nodeConfig.materialization === 'view') return undefined;
  return `its SQL answers differently each time: ${print.volatile}`;
}

/** Whether only variables and the environment say something else of a table that is added to. */
export function isUnedited(
  { materialization }: NodeConfig,
  state: NodeState | undefined,
  print: NodeFingerprint | undefined,
): boolean {
  return materialization === 'incremental' && isWrittenAs(state, print);
}

const nameOf = (id: string): string => id.split('.').slice(-2).join('.');

function describeFailure(state: NodeState | undefined): string {
  const { length } = readSpansLeft(state?.watermark);
  return length === 0
    ? 'it failed last time'
    : `${plural(length, 'batch', 'batches')} of it failed last time`;
}

function describeReason(
  reason: ReuseReason,
  state: NodeState | undefined,
  print: NodeFingerprint | undefined,
  { nodeConfig }: ModelNode,
): string[] {
  const [before, after] = [state?.fingerprint, print?.fingerprint];
  switch (reason.kind) {
    case 'full_refresh':
      return ['a full refresh was asked for'];
    case 'new':
      return [reason.stands ? 'what stands was not built here' : 'it was never built'];
    case 'missing_table':
      return ['its table is not there'];
    case 'failed_last_time':
      return [describeFailure(state)];
    case 'fingerprint_changed':
      if (before === '') return ['it holds a sample, or batches of other texts'];
      if (!before || !after) return ['it changed'];
      return [
        ...explainChange(before, after, [state?.told, print?.told]),
        ...(isUnedited(nodeConfig, state, print) ? ['rows that stand are kept'] : []),
      ];
    case 'input_has_new_rows':
      return [`new rows in ${reason.ids.map(nameOf).join(', ')}`];
    case 'refresh_due':
      return [`last built ${formatDuration(reason.ageMs)} ago`];
    case 'unchanged':
      return ['nothing it reads has changed'];
  }
}
