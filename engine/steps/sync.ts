import { randomUUID } from 'node:crypto';
import type { RawBuilder } from 'kysely';
import type { Ledger } from '../state/ledger.ts';
import type { Clock } from '../words/clock.ts';
import type { Destination } from '../words/destination.ts';
import { TerminalError } from '../words/errors.ts';
import type { Log } from '../words/log.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { type DiffSummary, openDiff, summarizeDiff } from './diff.ts';
import { rowClasses } from './diff-judgement.ts';
import { foldLedger } from './sync-fold.ts';
import type { SyncMapping } from './sync-mapping.ts';
import { keepDiff, moveState, type PlanHeader, writePlan } from './sync-plan.ts';
import { emptyTally, type SendTally, sendPlan } from './sync-send.ts';
import { settleInDoubt } from './sync-settle.ts';
import { ensureSyncTables } from './sync-tables.ts';

export interface SyncRequest {
  readonly warehouse: Warehouse;
  readonly ledger: Ledger;
  readonly mapping: SyncMapping;
  readonly destination: Destination;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly runId: string;
  /** Called after each group, for progress. */
  onProgress?(sent: number, total: number): void;
}

export interface SyncResult {
  readonly planId: string;
  readonly summary: DiffSummary;
  readonly tally: SendTally;
  /** State rows moved without a call. */
  readonly moved: number;
  /** Rows whose outcome is unknown, locked until the CRM can be asked. */
  readonly inDoubt: number;
}

/**
 * Settles what an earlier run left in doubt, takes the diff, writes it down as a plan, and sends
 * exactly that plan. May be killed at any moment and run again: what was sent is in the ledger.
 *
 * @throws TerminalError `limit-exceeded` before anything is sent or moved; the plan is written.
 */
export async function applySync(request: SyncRequest): Promise<SyncResult> {
  const { warehouse, ledger, mapping, destination, clock, log } = request;
  const { name } = mapping.spec;
  await ensureSyncTables(warehouse, mapping);
  await foldLedger(warehouse, ledger, mapping);
  await settle(true);
  const rows = await keepDiff(warehouse, await openDiff(warehouse, warehouse.dialect, mapping));
  const price = destination.price.bind(destination);
  const summary = await summarizeDiff(warehouse, mapping, rows, price);
  const header = openPlan(request);
  // Nothing to plan and no state to move: a dozen statements over no rows are left out.
  const isEmpty = rowClasses.every((name) => summary.counts[name] === 0);
  const moved = isEmpty ? 0 : await commitPlan(request, rows, header, summary);
  if (summary.stop !== undefined) throw limitError(summary.stop, request);
  const { counts } = summary;
  let tally = emptyTally();
  try {
    if (counts.create + counts.update + counts.archive > 0) {
      tally = await sendPlan(request, header);
    }
  } finally {
    // Also when sending ended in an error: the ledger knows more than the state.
    await foldLedger(warehouse, ledger, mapping);
  }
  const inDoubt = await settle(false);
  log.info('sync.applied', { sync: name, ...tally, moved, inDoubt });
  return { planId: header.planId, summary, tally, moved, inDoubt };

  async function settle(waits: boolean): Promise<number> {
    if (ledger.inDoubt(name).length === 0) return 0;
    const uniqueFields = mapping.target.fields.filter((one) => one.unique).map((one) => one.name);
    const left = await settleInDoubt({
      session: warehouse,
      dialect: warehouse.dialect,
      ledger,
      sync: name,
      destination,
      clock,
      signal: request.signal,
      waits,
      uniqueFields: new Set(uniqueFields),
    });
    await foldLedger(warehouse, ledger, mapping);
    return left;
  }
}

function openPlan({ runId, clock, mapping }: SyncRequest): PlanHeader {
  return {
    planId: `${runId}:${mapping.spec.name}:${randomUUID().slice(0, 8)}`,
    runId,
    plannedAt: new Date(clock.now()).toISOString(),
  };
}

async function commitPlan(
  { warehouse, mapping }: SyncRequest,
  rows: RawBuilder<unknown>,
  header: PlanHeader,
  summary: DiffSummary,
): Promise<number> {
  return warehouse.transaction(async (session) => {
    await writePlan(session, mapping, rows, header);
    return summary.stop === undefined ? moveState(session, mapping, rows) : 0;
  });
}

function limitError(stop: string, { mapping, runId }: SyncRequest): TerminalError {
  return new TerminalError(stop, {
    code: 'limit-exceeded',
    hint: `Look at tidemill.sync_plan, then raise the limit under syncs.${mapping.spec.name}.limits.`,
    sync: mapping.spec.name,
    runId,
  });
}
