import { sql } from 'kysely';
import type { Log } from '../words/log.ts';
import type { Stream, StreamSettings } from '../words/stream.ts';
import type { Session, Warehouse } from '../words/warehouse.ts';
import type { StreamKey } from './land-cursor.ts';
import { planSchema, schemaStatements } from './land-schema.ts';
import { createCurrentView, type LandTable } from './land-statements.ts';
import { currentView, ensureLandingTables, named, rawTable, streamsTable } from './land-tables.ts';

export interface PreparedTable {
  readonly table: LandTable;
  readonly columnsAdded: readonly string[];
  readonly warnings: readonly string[];
  /** When rows of this landing are seen: later than any seen before, whatever the clock says. */
  readonly observedAt: Date;
  /** No batch has ever been committed for the stream. */
  readonly isFirstLoad: boolean;
}

interface RegistryRow {
  readonly shape: string;
  readonly observed_at: string | null;
}

async function readRegistry(session: Session, key: StreamKey): Promise<RegistryRow | undefined> {
  const rows = await session.query<RegistryRow>(sql`
    select shape, observed_at from ${named(streamsTable)}
    where connection = ${key.connection} and stream = ${key.stream}`);
  return rows[0];
}

async function saveShape(session: Session, key: StreamKey, shape: string): Promise<void> {
  const changed = await session.execute(sql`
    update ${named(streamsTable)} set shape = ${shape}
    where connection = ${key.connection} and stream = ${key.stream}`);
  if (changed > 0) return;
  await session.execute(sql`
    insert into ${named(streamsTable)} (connection, stream, shape)
    values (${key.connection}, ${key.stream}, ${shape})`);
}

/**
 * Makes the raw table and its view fit the stream, before and apart from any landing transaction.
 * Nothing is written where nothing changed.
 */
export async function prepareTable(
  warehouse: Warehouse,
  options: {
    readonly connection: string;
    readonly stream: Stream;
    readonly settings: StreamSettings;
    readonly boundaryMs: number;
    readonly log: Log;
  },
): Promise<PreparedTable> {
  const { stream, connection, log } = options;
  const key = { connection, stream: stream.name };
  const raw = rawTable(connection, stream.name);
  const view = currentView(connection, stream.name);
  await ensureLandingTables(warehouse);

  const existing = await warehouse.describe(raw);
  const plan = planSchema(existing, stream, options.settings);
  const exists = existing !== undefined;
  const hasExtra = existing?.some(({ name }) => name === '_extra') ?? false;
  const wantsExtra = stream.extraPath !== undefined;
  const columns = plan.columns.map(({ name }) => name);
  if (hasExtra || wantsExtra) columns.push('_extra');
  const table: LandTable = {
    stream,
    raw,
    view,
    targets: plan.targets,
    columns,
    hasExtra: wantsExtra,
    dialect: warehouse.dialect,
  };

  const shape = JSON.stringify([
    plan.columns.map(({ name, type }) => [name, type]),
    columns.length,
  ]);
  const registry = await readRegistry(warehouse, key);
  const changes = schemaStatements(raw, plan, warehouse.dialect, { exists, hasExtra, wantsExtra });
  const isViewStanding = (await warehouse.describe(view)) !== undefined;
  if (changes.length > 0 || registry?.shape !== shape || !isViewStanding) {
    await warehouse.ddl([
      ...changes,
      sql`create schema if not exists ${sql.id(view.schema)}`,
      createCurrentView(table),
    ]);
    await warehouse.transaction((session) => saveShape(session, key, shape));
  }
  const columnsAdded = exists ? plan.added : [];
  for (const column of columnsAdded) log.info('land.column_added', { ...key, column });
  for (const column of plan.widened) log.info('land.column_widened', { ...key, column });

  const lastMs = registry?.observed_at
    ? Date.parse(registry.observed_at)
    : Number.NEGATIVE_INFINITY;
  const observedAt = new Date(Math.max(options.boundaryMs, lastMs + 1));
  const isFirstLoad = !registry?.observed_at;
  return { table, columnsAdded, warnings: plan.warnings, observedAt, isFirstLoad };
}
