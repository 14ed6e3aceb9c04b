import { randomUUID } from 'node:crypto';
import { insertRows, typeColumns } from '../state/insert-rows.ts';
import type { Push } from '../state/ledger.ts';
import { TerminalError } from '../words/errors.ts';
import type { CanonicalKind } from '../words/warehouse.ts';
import type { SyncRequest } from './sync.ts';
import { foldLedger } from './sync-fold.ts';
import type { PlanHeader } from './sync-plan.ts';
import { emptyTally, type SendTally, sendPlan } from './sync-send.ts';
import { canonicalFields, pagesOf } from './sync-settle.ts';
import { ensureSyncTables, planColumns, syncPlanTable } from './sync-tables.ts';

export interface UndoRequest extends SyncRequest {
  /** The run whose changes are taken back; `runId` names the new run that does it. */
  readonly undoes: string;
}

export interface UndoResult {
  readonly planId: string;
  readonly tally: SendTally;
  /** Records or fields that were edited since, or are gone: left as they are. */
  readonly editedSince: number;
  /** Archived records: no destination can bring them back; a person can, in the CRM's bin. */
  readonly notRestorable: number;
}

const pageMax = 100;

/** What an undo does about one field, or about a whole record where `field` is null. */
export interface UndoRow {
  readonly push: Push;
  /** edited: the CRM no longer holds what was written. not_restorable: it was archived. */
  readonly action: 'update' | 'archive' | 'edited' | 'not_restorable';
  readonly field: string | null;
  readonly kind: CanonicalKind | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly accepts: string | null;
}

/**
 * Takes back what one run of one sync wrote: values of before where the CRM still holds what was
 * written, and the records it created are archived. It is a plan and a run like any other, with its
 * own rows in `sync_plan` and the ledger. The model still says what it said: correct it first, or
 * the next run writes it again. Nothing is undone twice: an undone value is no longer held.
 *
 * @throws TerminalError `nothing-to-undo` where the run wrote nothing through this sync.
 */
export async function undoRun(request: UndoRequest): Promise<UndoResult> {
  const { warehouse, ledger, mapping, clock, runId } = request;
  await ensureSyncTables(warehouse, mapping);
  await foldLedger(warehouse, ledger, mapping);
  const rows = await judgeUndo(request);
  if (rows.length === 0) {
    throw new TerminalError(`run ${request.undoes} wrote nothing through ${mapping.spec.name}`, {
      code: 'nothing-to-undo',
      hint: 'List the runs and take one that wrote something.',
      sync: mapping.spec.name,
      runId,
    });
  }
  const header: PlanHeader = {
    planId: `${runId}:undo:${mapping.spec.name}:${randomUUID().slice(0, 8)}`,
    runId,
    plannedAt: new Date(clock.now()).toISOString(),
  };
  await writeUndo(request, header, rows);
  let tally: SendTally = emptyTally();
  try {
    tally = await sendPlan(request, header);
  } finally {
    await foldLedger(warehouse, ledger, mapping);
  }
  const keys = (action: UndoRow['action']): number =>
    new Set(rows.filter((row) => row.action === action).map(({ push }) => push.key)).size;
  return {
    planId: header.planId,
    tally,
    editedSince: keys('edited'),
    notRestorable: keys('not_restorable'),
  };
}

/**
 * What an undo would do, by reading the CRM: nothing is written anywhere. Empty where the run wrote
 * nothing through this sync.
 */
export async function judgeUndo(request: JudgeRequest): Promise<readonly UndoRow[]> {
  const rows: UndoRow[] = [];
  for (const page of pagesOf(writtenBy(request), pageMax))
    rows.push(...(await judge(request, page)));
  return rows;
}

export type JudgeRequest = Pick<
  UndoRequest,
  'warehouse' | 'ledger' | 'mapping' | 'destination' | 'signal' | 'undoes'
>;

/** What the run wrote, newest first: later changes are taken back before earlier ones. */
function writtenBy({ ledger, mapping, undoes }: JudgeRequest): Push[] {
  const found: Push[] = [];
  let after = 0;
  for (;;) {
    const page = ledger.pushesOf(undoes, after, 1_000);
    const last = page.at(-1);
    if (!last) break;
    after = last.seq;
    const own = page.filter(
      ({ sync, status }) => sync === mapping.spec.name && status === 'written',
    );
    found.push(...own);
  }
  return found.reverse();
}

async function judge(request: JudgeRequest, pushes: readonly Push[]): Promise<UndoRow[]> {
  const { warehouse, destination, signal } = request;
  const kinds = new Map<string, CanonicalKind>();
  for (const { payload } of pushes) {
    for (const [field, { kind }] of Object.entries(payload.fields)) kinds.set(field, kind);
  }
  const ids = [...new Set(pushes.map(idOf))];
  const found = await destination.find('id', ids, [...kinds.keys()], signal);
  const on = { session: warehouse, dialect: warehouse.dialect };
  const held = await canonicalFields(on, found, kinds);
  const sent = await canonicalFields(on, textsOf(pushes, 'after'), kinds);
  const before = await canonicalFields(on, textsOf(pushes, 'before'), kinds);
  return pushes.flatMap((push, index) => {
    const place = found.findIndex(({ id }) => id === idOf(push));
    const record = place < 0 ? undefined : held[place];
    const isHeld = (field: string): boolean =>
      record !== undefined && record.get(field) === sent[index]?.get(field);
    return judgePush(push, isHeld, before[index] ?? new Map());
  });
}

function judgePush(
  push: Push,
  isHeld: (field: string) => boolean,
  before: ReadonlyMap<string, string>,
): UndoRow[] {
  const plain = { push, field: null, kind: null, before: null, after: null, accepts: null };
  const fields = Object.entries(push.payload.fields);
  if (push.action === 'archive') return [{ ...plain, action: 'not_restorable' }];
  if (push.action === 'create') {
    const isAsCreated = fields.every(([field]) => isHeld(field));
    return [{ ...plain, action: isAsCreated ? 'archive' : 'edited' }];
  }
  return fields.map(([field, { kind, after, before: text }]) => ({
    push,
    action: isHeld(field) ? 'update' : 'edited',
    field,
    kind,
    before: after,
    after: text ?? null,
    accepts: before.get(field) ?? '',
  }));
}

function idOf(push: Push): string {
  return push.resultId ?? push.crmId ?? '';
}

function textsOf(pushes: readonly Push[], side: 'before' | 'after') {
  return pushes.map(({ payload }) => ({
    fields: Object.fromEntries(
      Object.entries(payload.fields).map(([field, value]) => [field, value[side] ?? null]),
    ),
  }));
}

async function writeUndo(
  { warehouse, mapping }: UndoRequest,
  header: PlanHeader,
  rows: readonly UndoRow[],
): Promise<void> {
  const { dialect } = warehouse;
  const cells = rows.map(({ push, action, field, kind, before, after, accepts }) => [
    header.planId,
    header.runId,
    header.plannedAt,
    mapping.spec.name,
    push.key,
    idOf(push),
    action,
    field,
    kind,
    before,
    null,
    after,
    accepts,
    action === 'edited' ? 'edited since, left alone' : `undo ${push.runId}`,
    push.payload.observedAt,
    `undo|${push.seq}`,
  ]);
  await warehouse.transaction((session) =>
    insertRows(session, dialect, syncPlanTable, typeColumns(dialect, planColumns), cells),
  );
}
