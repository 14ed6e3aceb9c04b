import { type RawBuilder, sql } from 'kysely';
import { runStepsTable, runsTable } from '../state/copy-runs.ts';
import { findCutoff, forgetBefore, keepRunsMsDefault } from '../state/retention.ts';
import type { StateDb } from '../state/state-db.ts';
import { batchesTable } from '../steps/land-tables.ts';
import { syncAttemptTable, syncPlanTable } from '../steps/sync-tables.ts';
import type { Clock } from '../words/clock.ts';
import { TerminalError, TransientError } from '../words/errors.ts';
import type { Log } from '../words/log.ts';
import type { Relation } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';

export interface ForgetRequest {
  readonly warehouse: Warehouse;
  readonly state: StateDb;
  readonly clock: Clock;
  readonly log: Log;
  /** How long runs are kept; default 90 days. */
  readonly keepRunsMs: number | undefined;
}

/** Tables that grow with every run, and which of their rows are old. */
function oldRows(cutoff: string): readonly (readonly [Relation, RawBuilder<unknown>])[] {
  const at = sql`cast(${cutoff} as timestamp)`;
  const runs = sql.id(runsTable.schema, runsTable.name);
  return [
    [runStepsTable, sql`run_id in (select run_id from ${runs} where started_at < ${at})`],
    [runsTable, sql`started_at < ${at}`],
    [syncPlanTable, sql`planned_at < ${at}`],
    [syncAttemptTable, sql`outcome_at < ${at} and status in ('written', 'rejected', 'deferred')`],
    // Rows of a raw table name the batch that brought them; the newest tells how fresh a stream is.
    [
      batchesTable,
      sql`observed_at < ${at} and inserted = 0 and exists (
        select 1 from ${sql.id(batchesTable.schema, batchesTable.name)} as newer
        where newer.connection = old.connection and newer.stream = old.stream
          and newer.observed_at > old.observed_at)`,
    ],
  ];
}

/**
 * Once a day, after a run: forgets what runs of long ago left in `tidemill` and in `state.db`. What
 * cannot be forgotten now (a full disk, say) is tried again by the next run.
 */
export async function forgetOldRuns(request: ForgetRequest): Promise<void> {
  const { warehouse, state, clock, log } = request;
  const nowMs = clock.now();
  const cutoff = findCutoff(state, nowMs, request.keepRunsMs ?? keepRunsMsDefault);
  if (cutoff === undefined) return;
  try {
    for (const [relation, isOld] of oldRows(cutoff)) {
      if (!(await warehouse.describe(relation))) continue;
      const table = sql.id(relation.schema, relation.name);
      await warehouse.execute(sql`delete from ${table} as old where ${isOld}`);
    }
  } catch (error) {
    if (!(error instanceof TerminalError || error instanceof TransientError)) throw error;
    log.warn('runs.not_forgotten', { code: error.code, message: error.message });
    return;
  }
  forgetBefore(state, cutoff, nowMs);
  log.info('runs.forgotten', { before: cutoff });
}
