import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { DiffSummary } from './diff.ts';
import { diffStatement } from './diff-statement.ts';
import { applySync, type SyncRequest, type SyncResult } from './sync.ts';
import { syncRestTable } from './sync-tables.ts';

/** Versions of the rows that a diff is taken of; equal versions are equal rows. */
export interface DiffInputs {
  readonly model: string;
  readonly crm: string;
}

/** An answer without a diff: the same inputs left nothing to do the last time. */
export interface AtRest {
  /** Rows left alone on purpose, in words; empty where there are none. */
  readonly left: string;
}

const table = sql.id(syncRestTable.schema, syncRestTable.name);

/**
 * `applySync`, left out where its diff would say again that there is nothing to do. `inputs`
 * undefined: nobody can tell whether the rows are as they were, so the diff is taken.
 */
export async function applyUnlessAtRest(
  request: SyncRequest,
  inputs: DiffInputs | undefined,
): Promise<SyncResult | AtRest> {
  if (!inputs) return applySync(request);
  const print = fingerprintDiff(request, inputs);
  const rest = await readRest(request, print);
  if (rest) return rest;
  const result = await applySync(request);
  if (leftNothing(result)) await saveRest(request, print, describeLeft(result.summary));
  return result;
}

/** What a diff leaves alone and a person may want to look at, in words. */
export function describeLeft({ counts }: DiffSummary): string {
  return (['conflict', 'drift', 'not_held', 'gone', 'locked'] as const)
    .filter((name) => counts[name] > 0)
    .map((name) => `${counts[name].toLocaleString('en-US')} ${name.replace('_', ' ')}`)
    .join(', ');
}

/**
 * One text for all that decides a diff but the states: the statement, the rules of each field and
 * the versions of the rows. The states need no version: whoever writes one forgets every sync's
 * rest in the same transaction.
 */
function fingerprintDiff({ warehouse, mapping }: SyncRequest, inputs: DiffInputs): string {
  const { dialect } = warehouse;
  const statement = diffStatement({ dialect, mapping, state: undefined, siblings: [] });
  const parts = [statement.toOperationNode(), mapping, inputs.model, inputs.crm];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function readRest(
  { warehouse, ledger, mapping }: SyncRequest,
  print: string,
): Promise<AtRest | undefined> {
  const { name } = mapping.spec;
  if (ledger.inDoubt(name).length > 0) return undefined;
  if (!(await warehouse.describe(syncRestTable))) return undefined;
  const [rest] = await warehouse.query<{ left_alone: string; outcome: number }>(sql`
    select left_alone, outcome from ${table} where sync = ${name} and inputs = ${print}`);
  if (!rest) return undefined;
  const outcome = Number(rest.outcome);
  // Outcomes the state has not taken in yet; or a younger ledger, of which nothing is known.
  const isBehind = ledger.outcomesAfter(name, outcome, 1).length > 0;
  return isBehind || ledger.newestOutcome() < outcome ? undefined : { left: rest.left_alone };
}

function leftNothing({ summary, tally, moved, inDoubt }: SyncResult): boolean {
  const isSent = Object.values(tally).some((count) => count > 0);
  return !summary.hasWork && summary.stop === undefined && !isSent && moved === 0 && inDoubt === 0;
}

async function saveRest(
  { warehouse, ledger, mapping }: SyncRequest,
  print: string,
  left: string,
): Promise<void> {
  const { name } = mapping.spec;
  await warehouse.transaction(async (session) => {
    await session.execute(sql`delete from ${table} where sync = ${name}`);
    await session.execute(
      sql`insert into ${table} values (${name}, ${print}, ${left}, ${ledger.newestOutcome()})`,
    );
  });
}
