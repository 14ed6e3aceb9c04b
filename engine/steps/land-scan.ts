import { type RawBuilder, sql } from 'kysely';
import type { Page } from '../words/stream.ts';
import type { Session } from '../words/warehouse.ts';
import type { StreamKey } from './land-cursor.ts';
import {
  goneStage,
  insertTombstones,
  type LandTable,
  type Observation,
  stageAbsent,
} from './land-statements.ts';
import { named, scanKeysTable, scansTable } from './land-tables.ts';

type Scan = NonNullable<Page['scan']>;

function ofStream(key: StreamKey) {
  return sql`connection = ${key.connection} and stream = ${key.stream}`;
}

async function forgetScans(session: Session, key: StreamKey): Promise<void> {
  await session.execute(sql`delete from ${named(scanKeysTable)} where ${ofStream(key)}`);
  await session.execute(sql`delete from ${named(scansTable)} where ${ofStream(key)}`);
}

/** Opens the scan when it is new; one that was never completed is forgotten. */
export async function openScan(
  session: Session,
  key: StreamKey,
  scan: Scan,
  observation: Observation,
): Promise<void> {
  const [open] = await session.query<{ scan_id: string }>(sql`
    select scan_id from ${named(scansTable)} where ${ofStream(key)}`);
  if (open?.scan_id === scan.id) return;
  await forgetScans(session, key);
  await session.execute(sql`
    insert into ${named(scansTable)} (connection, stream, scan_id, started_at)
    values (${key.connection}, ${key.stream}, ${scan.id}, ${observation.observedAt})`);
}

/** Remembers the ids of landed rows as met by the scan. */
export async function addScanKeys(
  session: Session,
  key: StreamKey,
  scan: Scan,
  rows: RawBuilder<unknown>,
): Promise<void> {
  await session.execute(sql`
    insert into ${named(scanKeysTable)} (connection, stream, scan_id, record_id)
    select distinct ${key.connection}, ${key.stream}, ${scan.id}, _record_id
    from (select _record_id from ${rows}) as met
    where _record_id not in (
      select record_id from ${named(scanKeysTable)} where ${ofStream(key)}
    )`);
}

export interface ScanOutcome {
  readonly deleted: number;
  readonly warning?: string;
}

async function countOf(session: Session, from: ReturnType<typeof sql>): Promise<number> {
  const [row] = await session.query<{ n: number }>(sql`select count(*) as n from ${from}`);
  return Number(row?.n ?? 0);
}

/**
 * A complete scan met every live record, so what it did not meet is gone: unless so much is missing
 * that a fault of the source is likelier. A single missing record is believed whatever its share,
 * else a short list could never lose one.
 */
export async function completeScan(
  session: Session,
  key: StreamKey,
  table: LandTable,
  observation: Observation,
  guardRatio: number,
): Promise<ScanOutcome> {
  const live = await countOf(session, named(table.view));
  const seen = await countOf(session, sql`${named(scanKeysTable)} where ${ofStream(key)}`);
  await session.execute(
    stageAbsent(table, {
      keys: sql`select record_id from ${named(scanKeysTable)} where ${ofStream(key)}`,
      startedAt: sql`select max(started_at) from ${named(scansTable)} where ${ofStream(key)}`,
    }),
  );
  const absent = await countOf(session, goneStage);
  const isBelieved = absent <= live * guardRatio || (absent === 1 && seen > 0);
  const deleted =
    absent > 0 && isBelieved ? await session.execute(insertTombstones(table, observation)) : 0;
  await session.execute(sql`drop table ${goneStage}`);
  await forgetScans(session, key);
  if (isBelieved) return { deleted };
  const percent = Math.round(guardRatio * 100);
  return {
    deleted: 0,
    warning:
      `${key.connection}.${key.stream}: a complete scan met ${seen} records and missed ${absent} of ` +
      `${live} live ones, more than ${percent} %: none was marked as deleted`,
  };
}
