import { isModelNode } from '../declare/model-node.ts';
import { operationsOf } from '../declare/operation.ts';
import { prepareSync } from '../plan/prepare-sync.ts';
import type { StandingReader } from '../plan/standing.ts';
import type { SyncNode } from '../plan/sync-nodes.ts';
import type { Work } from '../plan/work.ts';
import type { Ledger } from '../state/ledger.ts';
import { stateKeyOf } from '../state/nodes.ts';
import {
  type AtRest,
  applyUnlessAtRest,
  type DiffInputs,
  describeLeft,
} from '../steps/sync-rest.ts';
import type { Clock } from '../words/clock.ts';
import { assertThat, TerminalError } from '../words/errors.ts';
import type { Materialization } from '../words/node.ts';
import type { SyncStep } from '../words/step.ts';
import { formatRelation } from '../words/table.ts';
import type { StepOutcome } from './run-steps.ts';

export interface SyncStepRequest {
  readonly work: Work;
  readonly step: SyncStep;
  readonly ledger: Ledger;
  readonly standing: StandingReader;
  readonly clock: Clock;
  readonly runId: string;
  onProgress(sent: number, total: number): void;
}

/** Their rows change in builds and nowhere else: what a view answers may follow from the clock. */
const kept: ReadonlySet<Materialization> = new Set([
  'table',
  'incremental',
  'history',
  'identity',
  'snapshot',
  'seed',
]);

/** A project's own statements may change rows of any table, and no version tells. */
function mayWriteElsewhere({ models }: Work): boolean {
  if (!models) return false;
  const hasRunHooks = (['start', 'end'] as const).some(
    (when) => operationsOf(models, when).length > 0,
  );
  const nodes = [...models.nodes.values()].filter(isModelNode);
  return (
    hasRunHooks ||
    nodes.some(
      ({ nodeConfig: { materialization, preHooks, postHooks } }) =>
        materialization === 'custom' || preHooks.length + postHooks.length > 0,
    )
  );
}

/** What the diff will be taken of; undefined where nobody can tell that it is as it was. */
async function findInputs(
  { work, standing }: SyncStepRequest,
  { graphNode, spec }: SyncNode,
): Promise<DiffInputs | undefined> {
  const [modelId = ''] = graphNode.dependsOn;
  const node = work.models?.nodes.get(modelId);
  if (!spec || !isModelNode(node) || !kept.has(node.nodeConfig.materialization)) return undefined;
  if (mayWriteElsewhere(work)) return undefined;
  const { states, sources } = await standing.read();
  const state = states.get(stateKeyOf(node));
  const stream = work.request.connectors.streamOf(spec.connection, spec.object);
  const crm = sources.get(`${spec.connection}.${stream}`);
  if (state?.status !== 'built' || crm === undefined) return undefined;
  return { model: state.dataVersion, crm };
}

const describeRest = ({ left }: AtRest): string =>
  ['nothing it compares has changed', ...(left === '' ? [] : [`left alone: ${left}`])].join('; ');

/** Takes the diff, writes the plan, sends exactly that. */
export async function syncStep(request: SyncStepRequest): Promise<StepOutcome> {
  const { work, step, ledger, clock, runId } = request;
  const node = work.syncs.find(({ id }) => id === step.id);
  assertThat(node?.spec, `${step.id} is a sync of the project`);
  const prepared = await prepareSync(work.request, node);
  if (!prepared) {
    throw new TerminalError(
      `sync ${step.sync} has nothing to compare: ${formatRelation(node.spec.from)} or the extracted ${step.target} is not in the warehouse`,
      {
        code: 'sync-not-ready',
        sync: step.sync,
        hint: 'run `tidemill run` once, or select what it depends on',
      },
    );
  }
  const { warehouse, signal, log } = work.request;
  const result = await applyUnlessAtRest(
    {
      warehouse,
      ledger,
      ...prepared,
      clock,
      log,
      signal,
      runId,
      onProgress: request.onProgress,
    },
    await findInputs(request, node),
  );
  if ('left' in result) return { status: 'reused', message: describeRest(result) };
  const { tally, summary } = result;
  const parts = Object.entries({ ...tally, moved: result.moved, in_doubt: result.inDoubt })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count.toLocaleString('en-US')} ${name.replace('_', ' ')}`);
  const left = describeLeft(summary);
  const message = [...parts, ...(left === '' ? [] : [left])].join(', ') || 'nothing to send';
  const isWarned = tally.rejected > 0 || result.inDoubt > 0 || tally.deferred > 0;
  return {
    status: isWarned ? 'warn' : 'success',
    message,
    counts: { ...tally, moved: result.moved, inDoubt: result.inDoubt },
    ...(isWarned
      ? { hint: `tidemill query "select * from tidemill.sync_attempt where sync = '${step.sync}'"` }
      : {}),
  };
}
