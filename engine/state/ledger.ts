import type { Clock } from '../words/clock.ts';
import type { ChangeAction, WriteResult } from '../words/destination.ts';
import { assertThat } from '../words/errors.ts';
import type { CanonicalKind } from '../words/warehouse.ts';
import { nextNumber, optionalText, type StateDb, type StateRow } from './state-db.ts';

/** One field of a push: enough to settle, fold and undo it without the plan's table. */
export interface PushField {
  readonly kind: CanonicalKind;
  /** What was sent; null clears. */
  readonly after: string | null;
  /** What the CRM held before; absent for creates. */
  readonly before?: string | null;
  /** The model's value in canonical form ('' is empty), accepted once the push is written. */
  readonly accepts: string;
}

export interface PushPayload {
  readonly fields: Readonly<Record<string, PushField>>;
  readonly associations: readonly { readonly to: string; readonly id: string }[];
  /** When the CRM's record was last observed before the push; null: never. */
  readonly observedAt: string | null;
  /** What would be sent, as one text: the same text is not sent again after a rejection. */
  readonly signature: string;
  /** True when an edit made in the CRM is being overwritten with an unchanged model's value. */
  readonly reasserts: boolean;
  /** The sync key's parts, by which a create in doubt is found. */
  readonly match: readonly {
    readonly field: string;
    readonly kind: CanonicalKind;
    readonly value: string;
  }[];
}

export interface PushIntent {
  readonly runId: string;
  readonly planId: string;
  readonly sync: string;
  readonly connection: string;
  readonly object: string;
  readonly key: string;
  readonly action: ChangeAction;
  readonly phase: number;
  readonly crmId: string | undefined;
  readonly payload: PushPayload;
}

/** intent: the call may be under way; after a restart it is in_doubt. */
const pushStatuses = ['intent', 'written', 'rejected', 'in_doubt', 'deferred'] as const;
export type PushStatus = (typeof pushStatuses)[number];

export interface Push extends PushIntent {
  readonly seq: number;
  readonly attempt: number;
  readonly epoch: number;
  readonly status: PushStatus;
  readonly intendedAt: string;
  /** Grows with every outcome; an outcome that is settled later gets a new one. */
  readonly outcome: number | undefined;
  readonly outcomeAt: string | undefined;
  readonly resultId: string | undefined;
  readonly created: boolean;
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/** What names one attempt: an answer is only taken by the attempt it belongs to. */
export interface PushTicket {
  readonly seq: number;
  readonly attempt: number;
  readonly epoch: number;
}

export interface Outcome {
  readonly ticket: PushTicket;
  readonly result: WriteResult;
}

/** Every change sent to a CRM: intent committed, then the call, then its outcome committed. */
export interface Ledger {
  readonly epoch: number;
  /** On disk when it returns: only then may the call be made. Tickets in the order given. */
  intend(intents: readonly PushIntent[]): readonly PushTicket[];
  /** Settles intents, or pushes in doubt. An answer whose attempt is settled already is a fault. */
  settle(outcomes: readonly Outcome[]): void;
  inDoubt(sync: string): Push[];
  /** Settled pushes of one sync, doubts included, in the order in which they were settled. */
  outcomesAfter(sync: string, outcome: number, limit: number): Push[];
  /** What one run sent, oldest first. */
  pushesOf(runId: string, afterSeq: number, limit: number): Push[];
  /** The number of the last outcome: an offset beyond it belongs to another `state.db`. */
  newestOutcome(): number;
  /** Pushes without a final outcome, of all syncs. */
  countOpen(): number;
}

/**
 * Opens the ledger for writing under a new epoch; the caller holds the process lock. Intents that
 * an earlier epoch left without an outcome become in_doubt: nobody knows whether they were applied.
 */
export function openLedger(db: StateDb, clock: Clock): Ledger {
  const now = (): string => new Date(clock.now()).toISOString();
  const epoch = db.transaction(() => nextNumber(db, 'epoch'));
  recover(db, now());
  return {
    epoch,
    intend: (intents) => db.transaction(() => intents.map((one) => intend(db, one, epoch, now()))),
    settle: (outcomes) =>
      db.transaction(() => {
        for (const { ticket, result } of outcomes) settle(db, ticket, result, now());
      }),
    inDoubt: (sync) =>
      db
        .all("select * from push where status = 'in_doubt' and sync = ? order by seq", sync)
        .map(toPush),
    outcomesAfter: (sync, outcome, limit) =>
      db
        .all(
          'select * from push where sync = ? and outcome > ? order by outcome limit ?',
          sync,
          outcome,
          limit,
        )
        .map(toPush),
    pushesOf: (runId, afterSeq, limit) =>
      db
        .all(
          'select * from push where run_id = ? and seq > ? order by seq limit ?',
          runId,
          afterSeq,
          limit,
        )
        .map(toPush),
    newestOutcome: () =>
      Number(db.get("select value from meta where name = 'outcome'")?.['value'] ?? 0),
    countOpen: () =>
      Number(
        db.get("select count(*) as n from push where status in ('intent', 'in_doubt')")?.['n'],
      ),
  };
}

function recover(db: StateDb, now: string): void {
  db.transaction(() => {
    for (const { seq } of db.all("select seq from push where status = 'intent' order by seq")) {
      db.run(
        `update push set status = 'in_doubt', outcome = ?, outcome_at = ?, code = 'process-ended',
           message = 'the process ended before the answer was recorded'
         where seq = ?`,
        nextNumber(db, 'outcome'),
        now,
        Number(seq),
      );
    }
  });
}

function intend(db: StateDb, intent: PushIntent, epoch: number, now: string): PushTicket {
  const row = db.get(
    `insert into push (run_id, plan_id, sync, connection, object, key, action, phase, attempt,
       epoch, crm_id, payload, intended_at, status)
     values (?, ?, ?, ?, ?, ?, ?, ?,
       1 + (select count(*) from push p where p.sync = ? and p.key = ? and p.plan_id = ?),
       ?, ?, ?, ?, 'intent')
     returning seq, attempt`,
    intent.runId,
    intent.planId,
    intent.sync,
    intent.connection,
    intent.object,
    intent.key,
    intent.action,
    intent.phase,
    intent.sync,
    intent.key,
    intent.planId,
    epoch,
    intent.crmId ?? null,
    JSON.stringify(intent.payload),
    now,
  );
  return { seq: Number(row?.['seq']), attempt: Number(row?.['attempt']), epoch };
}

function settle(db: StateDb, ticket: PushTicket, result: WriteResult, now: string): void {
  const isWritten = result.status === 'written';
  const changed = db.run(
    `update push set status = ?, outcome = ?, outcome_at = ?, result_id = ?, created = ?,
       code = ?, message = ?
     where seq = ? and attempt = ? and epoch = ? and status in ('intent', 'in_doubt')`,
    result.status,
    nextNumber(db, 'outcome'),
    now,
    isWritten ? result.id : null,
    isWritten && result.created ? 1 : 0,
    result.status === 'rejected' ? result.code : null,
    messageOfResult(result),
    ticket.seq,
    ticket.attempt,
    ticket.epoch,
  );
  assertThat(changed === 1, `push ${ticket.seq} was open when its outcome came`);
}

function messageOfResult(result: WriteResult): string | null {
  if (result.status === 'written') return null;
  return result.status === 'rejected' ? result.message : result.reason;
}

function toPush(row: StateRow): Push {
  return {
    seq: Number(row['seq']),
    runId: String(row['run_id']),
    planId: String(row['plan_id']),
    sync: String(row['sync']),
    connection: String(row['connection']),
    object: String(row['object']),
    key: String(row['key']),
    action: row['action'] as ChangeAction,
    phase: Number(row['phase']),
    attempt: Number(row['attempt']),
    epoch: Number(row['epoch']),
    crmId: optionalText(row['crm_id']),
    payload: JSON.parse(String(row['payload'])) as PushPayload,
    intendedAt: String(row['intended_at']),
    status: row['status'] as PushStatus,
    outcome: row['outcome'] === null ? undefined : Number(row['outcome']),
    outcomeAt: optionalText(row['outcome_at']),
    resultId: optionalText(row['result_id']),
    created: row['created'] === 1,
    code: optionalText(row['code']),
    message: optionalText(row['message']),
  };
}
