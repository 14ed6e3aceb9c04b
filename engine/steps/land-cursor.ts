import { sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { Cursor } from '../words/stream.ts';
import type { Session } from '../words/warehouse.ts';
import { cursorsTable, named, streamsTable } from './land-tables.ts';

export interface StreamKey {
  readonly connection: string;
  readonly stream: string;
}

/** The place saved with the last committed rows; undefined where nothing was read before. */
export async function readCursor(session: Session, key: StreamKey): Promise<Cursor | undefined> {
  if ((await session.describe(cursorsTable)) === undefined) return undefined;
  const [row] = await session.query<{ cursor: string }>(sql`
    select cursor from ${named(cursorsTable)}
    where connection = ${key.connection} and stream = ${key.stream}`);
  return row && parseCursor(row.cursor, key);
}

/**
 * The saved place of every stream, by `connection.stream`: a plan asks for all of them. One that
 * cannot be read is left out: its own step says so, and no other is held back.
 */
export async function readCursors(session: Session): Promise<ReadonlyMap<string, Cursor>> {
  if ((await session.describe(cursorsTable)) === undefined) return new Map();
  const rows = await session.query<StreamKey & { cursor: string }>(sql`
    select connection, stream, cursor from ${named(cursorsTable)}`);
  const cursors = new Map<string, Cursor>();
  for (const row of rows) {
    try {
      cursors.set(`${row.connection}.${row.stream}`, parseCursor(row.cursor, row));
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
    }
  }
  return cursors;
}

function parseCursor(text: string, { connection, stream }: StreamKey): Cursor {
  try {
    return JSON.parse(text) as Cursor;
  } catch (cause) {
    throw new TerminalError(`the saved cursor of ${connection}.${stream} is not JSON`, {
      code: 'cursor-unreadable',
      hint: 'Run with --full-refresh for this stream.',
      connection,
      stream,
      cause,
    });
  }
}

/** Saves a cursor: call it in the transaction that commits the rows it stands for. */
export async function saveCursor(
  session: Session,
  key: StreamKey,
  cursor: Cursor,
  batch: { readonly batchId: string; readonly at: Date },
): Promise<void> {
  const text = JSON.stringify(cursor);
  const changed = await session.execute(sql`
    update ${named(cursorsTable)}
    set cursor = ${text}, batch_id = ${batch.batchId}, updated_at = ${batch.at}
    where connection = ${key.connection} and stream = ${key.stream}`);
  if (changed > 0) return;
  await session.execute(sql`
    insert into ${named(cursorsTable)} (connection, stream, cursor, batch_id, updated_at)
    values (${key.connection}, ${key.stream}, ${text}, ${batch.batchId}, ${batch.at})`);
}

/**
 * The id of the last batch that put rows into each stream's table, by `connection.stream`: a model
 * whose inputs show the same versions as at its last build has nothing new to read.
 */
export async function readDataVersions(session: Session): Promise<ReadonlyMap<string, string>> {
  if ((await session.describe(streamsTable)) === undefined) return new Map();
  const rows = await session.query<{ name: string; version: string }>(sql`
    select connection || '.' || stream as name, data_version as version
    from ${named(streamsTable)}
    where data_version is not null`);
  return new Map(rows.map(({ name, version }) => [name, version]));
}
