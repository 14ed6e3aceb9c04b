import { findLastInvocation } from './invocations.ts';
import type { StateDb } from './state-db.ts';

const dayMs = 86_400_000;

/** How long runs, plans and answers are kept where `keep_runs` says nothing. */
export const keepRunsMsDefault = 90 * dayMs;
/** Runs that are kept however old they are. */
const runsKeptMin = 100;
/** How often what is old is looked for: a pass reads the whole ledger once. */
const pruneEveryMs = dayMs;
/** Runs forgotten in one pass; what is left goes with the next. */
const runsPrunedMax = 10_000;

/**
 * The moment before which a run may be forgotten now, ISO 8601; undefined where a pass is not due,
 * or where nothing is old enough.
 */
export function findCutoff(db: StateDb, nowMs: number, keepMs: number): string | undefined {
  const last = Number(db.get("select value from meta where name = 'pruned_ms'")?.['value'] ?? 0);
  if (nowMs - last < pruneEveryMs) return undefined;
  const kept = db.get(
    'select started_at from runs order by started_at desc limit 1 offset ?',
    runsKeptMin - 1,
  );
  const oldest = db.get('select min(started_at) as at from runs')?.['at'];
  if (kept === undefined) return undefined;
  const byAge = new Date(nowMs - keepMs).toISOString();
  const newestKept = String(kept['started_at']);
  const cutoff = byAge < newestKept ? byAge : newestKept;
  return String(oldest) < cutoff ? cutoff : undefined;
}

/**
 * Forgets runs that began before the cutoff, and of the ledger what a later push made meaningless.
 * Call it after the warehouse has forgotten its copies: killed in between, the next pass repeats
 * both.
 */
export function forgetBefore(db: StateDb, cutoff: string, nowMs: number): void {
  db.transaction(() => {
    const old = db.all(
      `select run_id from runs
       where started_at < ? and status <> 'running' and run_id <> ?
       order by started_at limit ?`,
      cutoff,
      findLastInvocation(db)?.runId ?? '',
      runsPrunedMax,
    );
    for (const { run_id: runId } of old) {
      for (const table of ['invocations', 'run_steps', 'runs']) {
        db.run(`delete from ${table} where run_id = ?`, String(runId));
      }
    }
    db.run('delete from calls where day < ?', cutoff.slice(0, 10));
    db.run(forgetPushes, cutoff);
    db.run("insert or replace into meta values ('pruned_ms', ?)", nowMs);
  });
}

/**
 * The ledger is what the states of syncs are folded from, also after a warehouse is lost: of each
 * key the last value written of every field stays, and so does what is not settled. A push goes
 * where later ones wrote all of its fields into the same record.
 */
const forgetPushes = `
  delete from push as old
  where old.outcome_at < ?
    and old.status in ('written', 'rejected', 'deferred')
    and json_array_length(old.payload, '$.associations') = 0
    and exists (
      select 1 from push as later
      where later.sync = old.sync and later.key = old.key and later.outcome > old.outcome
        and later.status = 'written' and later.action <> 'archive'
        and coalesce(later.result_id, later.crm_id)
          = coalesce(old.result_id, old.crm_id, later.result_id, later.crm_id)
    )
    and not exists (
      select 1 from json_each(old.payload, '$.fields') as field
      where old.status = 'written' and not exists (
        select 1
        from push as later, json_each(later.payload, '$.fields') as newer
        where later.sync = old.sync and later.key = old.key and later.outcome > old.outcome
          and later.status = 'written' and later.action <> 'archive' and newer.key = field.key
          and coalesce(later.result_id, later.crm_id) = coalesce(old.result_id, old.crm_id)
      )
    )`;
