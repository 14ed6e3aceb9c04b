import type { Ledger, Outcome, PushIntent, PushPayload, PushTicket } from '../state/ledger.ts';
import type { ChangeAction, Destination, RowChange, WriteResult } from '../words/destination.ts';
import { assertThat, BudgetExhausted, messageOf } from '../words/errors.ts';
import type { JsonValue } from '../words/json.ts';
import type { Warehouse } from '../words/warehouse.ts';
import type { SyncMapping } from './sync-mapping.ts';
import {
  type AppliedAction,
  appliedActions,
  countPlan,
  type PlanHeader,
  type PlannedChange,
  readPlan,
  toJsonValue,
} from './sync-plan.ts';

export interface SendRequest {
  readonly warehouse: Warehouse;
  readonly ledger: Ledger;
  readonly mapping: SyncMapping;
  readonly destination: Destination;
  readonly signal: AbortSignal;
  readonly runId: string;
  onProgress?(sent: number, total: number): void;
}

/** Changes by their answers. deferred: left for the next run, certainly not applied. */
export type SendTally = {
  readonly [K in 'created' | 'updated' | 'archived' | 'rejected' | 'in_doubt' | 'deferred']: number;
};

export function emptyTally(): { -readonly [K in keyof SendTally]: number } {
  return { created: 0, updated: 0, archived: 0, rejected: 0, in_doubt: 0, deferred: 0 };
}

/**
 * Sends a written plan: creates, then updates, then associations, archives at the very end. Each
 * group is one intent: on disk before the call, its answers on disk before the next.
 */
export async function sendPlan(request: SendRequest, header: PlanHeader): Promise<SendTally> {
  const { warehouse, destination, signal } = request;
  const totals = await countPlan(warehouse, header.planId);
  const total = Object.values(totals).reduce((sum, count) => sum + count, 0);
  const tally = emptyTally();
  let sent = 0;
  for (const action of appliedActions) {
    const waiting = totals[action];
    if (waiting === 0) continue;
    const size = destination.groupSize(actionOf(action), waiting);
    assertThat(size >= 1, 'a group holds at least one change');
    for await (const group of groupsOf(readPlan(warehouse, header.planId, action), size)) {
      signal.throwIfAborted();
      const results = await sendGroup(request, header, action, group);
      for (const result of results) tally[tallyName(action, result)] += 1;
      sent += group.length;
      request.onProgress?.(sent, total);
      // What ended this group will end the next: leave the rest for the next run.
      if (results.every(({ status }) => status === 'deferred')) {
        tally.deferred += total - sent;
        return tally;
      }
    }
  }
  return tally;
}

async function sendGroup(
  request: SendRequest,
  header: PlanHeader,
  action: AppliedAction,
  group: readonly PlannedChange[],
): Promise<readonly WriteResult[]> {
  const { ledger, destination, signal } = request;
  const changes = group.map((change) => toRowChange(change));
  const intents = group.map((change) => toIntent(request, header, action, change));
  const tickets = ledger.intend(intents);
  let results: readonly WriteResult[];
  try {
    results = await destination.write(changes, signal);
  } catch (error) {
    settleThrown(ledger, tickets, error);
    if (error instanceof BudgetExhausted) {
      return changes.map(() => ({ status: 'deferred', reason: error.message }));
    }
    throw error;
  }
  assertThat(results.length === changes.length, 'every change is answered for');
  ledger.settle(outcomesOf(tickets, results));
  for (const result of results) {
    if (result.status === 'deferred' && result.stop !== undefined) throw result.stop;
  }
  return results;
}

function outcomesOf(tickets: readonly PushTicket[], results: readonly WriteResult[]): Outcome[] {
  return results.map((result, index) => {
    const ticket = tickets[index];
    assertThat(ticket, 'every change has a ticket');
    return { ticket, result };
  });
}

/** A budget stops before the call; after any other error nobody knows what the CRM did. */
function settleThrown(ledger: Ledger, tickets: readonly PushTicket[], error: unknown): void {
  const reason = messageOf(error);
  const status = error instanceof BudgetExhausted ? 'deferred' : 'in_doubt';
  ledger.settle(tickets.map((ticket) => ({ ticket, result: { status, reason } })));
}

function tallyName(action: AppliedAction, result: WriteResult): keyof SendTally {
  if (result.status !== 'written') return result.status;
  if (action === 'archive') return 'archived';
  return action === 'create' ? 'created' : 'updated';
}

function actionOf(action: AppliedAction): ChangeAction {
  return action === 'associate' ? 'update' : action;
}

function toRowChange(change: PlannedChange): RowChange {
  const fields: Record<string, JsonValue> = {};
  if (change.action !== 'archive') {
    for (const one of change.fields) {
      if (!isAssociation(one.field)) fields[one.field] = toJsonValue(one.kind, one.after);
    }
  }
  const associations = associationsOf(change);
  return {
    key: change.key,
    action: actionOf(change.action),
    ...(change.crmId === undefined ? {} : { id: change.crmId }),
    fields,
    ...(associations.length === 0 ? {} : { associations }),
  };
}

function isAssociation(field: string): boolean {
  return field.startsWith('@');
}

function associationsOf(change: PlannedChange) {
  return change.fields
    .filter(({ field, after }) => isAssociation(field) && after !== null)
    .map(({ field, after }) => ({ to: field.slice(1), id: after ?? '' }));
}

function toIntent(
  { runId, mapping }: SendRequest,
  header: PlanHeader,
  action: AppliedAction,
  change: PlannedChange,
): PushIntent {
  const { spec } = mapping;
  const fields: Record<string, PushPayload['fields'][string]> = {};
  for (const one of change.fields) {
    if (isAssociation(one.field)) continue;
    const before = action === 'create' ? {} : { before: one.before };
    fields[one.field] = { kind: one.kind, after: one.after, ...before, accepts: one.accepts };
  }
  return {
    runId,
    planId: header.planId,
    sync: spec.name,
    connection: spec.connection,
    object: spec.object,
    key: change.key,
    action: actionOf(action),
    phase: appliedActions.indexOf(action),
    crmId: change.crmId,
    payload: {
      fields,
      associations: associationsOf(change),
      observedAt: change.observedAt,
      signature: change.signature,
      reasserts: change.reasserts,
      match: matchParts(mapping, change.key),
    },
  };
}

/** The key's text taken apart again, a value for each matched field. */
function matchParts(mapping: SyncMapping, key: string): PushPayload['match'] {
  const { keys } = mapping;
  const texts = keys.length === 1 ? [key] : key.split('|').map(unescapeKey);
  assertThat(texts.length === keys.length, 'the sync key has a part for each matched field');
  return keys.map(({ field, kind }, index) => ({ field, kind, value: texts[index] ?? '' }));
}

function unescapeKey(text: string): string {
  return text.replaceAll('~1', '|').replaceAll('~0', '~');
}

async function* groupsOf<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
