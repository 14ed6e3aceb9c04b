import { type RawBuilder, sql } from 'kysely';
import type { Ledger, Outcome, Push } from '../state/ledger.ts';
import type { Clock } from '../words/clock.ts';
import type { Destination, FoundRecord, WriteResult } from '../words/destination.ts';
import type { JsonValue } from '../words/json.ts';
import type { CanonicalKind, Dialect, Session } from '../words/warehouse.ts';

export interface SettleRequest {
  readonly session: Session;
  readonly dialect: Dialect;
  readonly ledger: Ledger;
  readonly sync: string;
  readonly destination: Destination;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** False: creates that may yet appear stay in doubt until the next run. */
  readonly waits: boolean;
  /** Fields of which no two records can hold the same value. */
  readonly uniqueFields: ReadonlySet<string>;
}

/**
 * How long after a create was sent its absence is believed: a request whose reply was lost may
 * still be at work. Not waited for where the CRM itself keeps the key unique.
 */
const quietMs = 10_000;

/** Values asked for in one `find`. */
const findMax = 100;

/**
 * Settles pushes whose outcome is unknown by reading the CRM: a create by the sync key, everything
 * else by id. Found as sent: written. Not found, or not as sent: deferred, the next diff decides
 * anew. Answers how many are still in doubt.
 */
export async function settleInDoubt(request: SettleRequest): Promise<number> {
  const { ledger, sync } = request;
  const pushes = ledger.inDoubt(sync);
  const creates = pushes.filter(({ action }) => action === 'create' || action === 'upsert');
  const others = pushes.filter(({ action }) => action === 'update' || action === 'archive');
  for (const page of pagesOf(others, findMax)) ledger.settle(await settleById(request, page));
  await settleCreates(request, creates);
  return ledger.inDoubt(sync).length;
}

async function settleCreates(request: SettleRequest, creates: readonly Push[]): Promise<void> {
  const { ledger, clock, signal } = request;
  const missing: Push[] = [];
  for (const page of pagesOf(creates, findMax)) missing.push(...(await settleFound(request, page)));
  const mayAppear = missing.filter((push) => !isKeptUnique(request, push));
  const last = Math.max(...mayAppear.map((push) => Date.parse(sentAt(push))), 0);
  const waitMs = last + quietMs - clock.now();
  if (mayAppear.length > 0 && waitMs > 0) {
    settleMissing(
      ledger,
      missing.filter((push) => isKeptUnique(request, push)),
    );
    if (!request.waits) return;
    await clock.sleep(waitMs, signal);
    await settleCreates(request, mayAppear);
    return;
  }
  settleMissing(ledger, missing);
}

function settleMissing(ledger: Ledger, pushes: readonly Push[]): void {
  const result: WriteResult = { status: 'deferred', reason: 'the CRM does not hold it' };
  ledger.settle(pushes.map((ticket) => ({ ticket, result })));
}

function isKeptUnique(request: SettleRequest, push: Push): boolean {
  return push.payload.match.some(({ field }) => request.uniqueFields.has(field));
}

/** A call that was cut off with its process was made right after its intent. */
function sentAt(push: Push): string {
  return push.code === 'process-ended' ? push.intendedAt : (push.outcomeAt ?? push.intendedAt);
}

/** Settles the creates that are found and answers those that are not. */
async function settleFound(request: SettleRequest, pushes: readonly Push[]): Promise<Push[]> {
  const { destination, signal, ledger } = request;
  const field = pushes[0]?.payload.match[0]?.field;
  if (field === undefined) return [];
  const fields = [...new Set(pushes.flatMap(({ payload }) => payload.match.map((m) => m.field)))];
  const values = [...new Set(pushes.map(({ payload }) => payload.match[0]?.value ?? ''))];
  const found = await destination.find(field, values, fields, signal);
  const kinds = new Map(
    pushes.flatMap(({ payload }) => payload.match.map((m) => [m.field, m.kind])),
  );
  const canonical = await canonicalFields(request, found, kinds);
  const outcomes: Outcome[] = [];
  const missing: Push[] = [];
  for (const push of pushes) {
    const matches = found.filter((_, index) =>
      push.payload.match.every((m) => canonical[index]?.get(m.field) === m.value),
    );
    const [only] = matches;
    if (!only) missing.push(push);
    else outcomes.push({ ticket: push, result: foundResult(only, matches.length) });
  }
  ledger.settle(outcomes);
  return missing;
}

function foundResult(record: FoundRecord, count: number): WriteResult {
  if (count === 1) return { status: 'written', id: record.id, created: true };
  const message = `${count} records in the CRM hold the sync key`;
  return { status: 'rejected', code: 'several-records', message };
}

async function settleById(request: SettleRequest, pushes: readonly Push[]): Promise<Outcome[]> {
  const ids = [...new Set(pushes.map(({ crmId }) => crmId ?? ''))];
  const kinds = new Map<string, CanonicalKind>(
    pushes.flatMap(({ payload }) =>
      Object.entries(payload.fields).map(([field, { kind }]) => [field, kind] as const),
    ),
  );
  const found = await request.destination.find('id', ids, [...kinds.keys()], request.signal);
  const canonical = await canonicalFields(request, found, kinds);
  const sent = await canonicalSent(request, pushes);
  return pushes.map((push, at) => {
    const index = found.findIndex(({ id }) => id === push.crmId);
    const held = canonical[index];
    const isAsSent =
      push.action === 'archive'
        ? index < 0
        : held !== undefined &&
          push.payload.associations.length === 0 &&
          [...(sent[at] ?? [])].every(([field, value]) => held.get(field) === value);
    const result: WriteResult = isAsSent
      ? { status: 'written', id: push.crmId ?? '', created: false }
      : { status: 'deferred', reason: 'the CRM does not hold what was sent' };
    return { ticket: push, result };
  });
}

function canonicalSent(request: SettleRequest, pushes: readonly Push[]) {
  const kinds = new Map<string, CanonicalKind>();
  const rows = pushes.map(({ payload }) => {
    const entries = Object.entries(payload.fields);
    for (const [field, { kind }] of entries) kinds.set(field, kind);
    return { fields: Object.fromEntries(entries.map(([field, { after }]) => [field, after])) };
  });
  return canonicalFields(request, rows, kinds);
}

/** Each record's values in canonical form ('' for empty), computed where the diff computes it. */
export async function canonicalFields(
  { session, dialect }: Pick<SettleRequest, 'session' | 'dialect'>,
  records: readonly { readonly fields: Readonly<Record<string, JsonValue>> }[],
  kinds: ReadonlyMap<string, CanonicalKind>,
): Promise<ReadonlyMap<string, string>[]> {
  const answers = records.map(() => new Map<string, string>());
  for (const [field, kind] of kinds) {
    const cells = records.flatMap((record, index) =>
      field in record.fields ? [[index, asText(record.fields[field])] as const] : [],
    );
    for (const page of pagesOf(cells, findMax)) {
      const text = sql.raw(dialect.typeName('string'));
      const branches: RawBuilder<unknown>[] = page.map(
        ([index, value]) => sql`select ${index} as place, cast(${value} as ${text}) as value`,
      );
      const canonical = dialect.canonical(kind, sql`cells.value`);
      const rows = await session.query<{ place: number; value: string }>(sql`
        select place, coalesce(${canonical}, '') as value
        from (${sql.join(branches, sql` union all `)}) as cells`);
      for (const row of rows) answers[Number(row.place)]?.set(field, row.value);
    }
  }
  return answers;
}

function asText(value: JsonValue | undefined): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function* pagesOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}
