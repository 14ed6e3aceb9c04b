import { type RawBuilder, sql } from 'kysely';
import type { SnapshotConfig, SnapshotStrategy } from '../words/node.ts';
import { flattenRelation, type Relation } from '../words/table.ts';
import { columnList, tableOf } from './relation-statements.ts';
import type { ComparedColumns } from './snapshot-shape.ts';

/* Temporary tables, so that a kill leaves nothing of them. */

/** Of the select's rows; it outlasts a transaction, so that it bears the snapshot's name. */
export function sourceTableOf(relation: Relation): RawBuilder<unknown> {
  return sql.id(`tidemill_source__${flattenRelation(relation)}`);
}
/** Rows of the source that are new or changed, and open rows that it has no more. */
export const changesTable = sql.id('tidemill_changes');
export const rowsTable = sql.id('tidemill_new_rows');
export const endsTable = sql.id('tidemill_ended_rows');

/** What every statement of one build of a snapshot is made from. */
export interface SnapshotBuild {
  readonly snapshot: SnapshotConfig;
  readonly sourceTable: RawBuilder<unknown>;
  /** Names of the select's columns, in order. */
  readonly selected: readonly string[];
  /** Those of them that the standing table has. */
  readonly kept: ReadonlySet<string>;
  readonly compared: ComparedColumns;
  /** The project's own way to tell rows apart, as SQL over `snapshotted_data` and `source_data`. */
  readonly strategy?: Pick<SnapshotStrategy, 'rowChanged' | 'scdId'>;
  /** The run's boundary as the warehouse reads it. */
  readonly now: RawBuilder<unknown>;
}

type Expression = RawBuilder<unknown>;

const expressionOf = (text: string): Expression => sql.raw(`(${text})`);

/** When the row changed, by the source or else by us. */
const clockOf = ({ snapshot, now }: SnapshotBuild): Expression =>
  snapshot.updatedAt === undefined ? now : expressionOf(snapshot.updatedAt);

/** dbt's id of one row: the digest of its texts, nulls as empty ones. */
function digestOf(parts: readonly Expression[]): Expression {
  const texts = parts.map((part) => sql`coalesce(cast(${part} as varchar), '')`);
  return sql`md5(${sql.join(texts, sql` || '|' || `)})`;
}

const scdIdOf = (build: SnapshotBuild): Expression =>
  build.strategy
    ? expressionOf(build.strategy.scdId)
    : digestOf([...build.snapshot.uniqueKey.map(expressionOf), clockOf(build)]);

/** Null, or what stands for it, in the clock's type. */
function openEndOf(build: SnapshotBuild, clock: Expression): Expression {
  const current = build.snapshot.validToCurrent;
  const end = current === undefined ? sql`null` : expressionOf(current);
  return sql`coalesce(nullif(${clock}, ${clock}), ${end})`;
}

/** The columns a snapshot adds to a row that is live. */
function addedColumns(
  build: SnapshotBuild,
  scdId: Expression,
  clock: Expression,
): RawBuilder<unknown> {
  const { columnNames, hardDeletes } = build.snapshot;
  const { dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to, dbt_is_deleted } = columnNames;
  return sql.join([
    sql`${scdId} as ${sql.id(dbt_scd_id)}`,
    sql`${clock} as ${sql.id(dbt_updated_at)}`,
    sql`${clock} as ${sql.id(dbt_valid_from)}`,
    sql`${openEndOf(build, clock)} as ${sql.id(dbt_valid_to)}`,
    ...(hardDeletes === 'new_record' ? [sql`'False' as ${sql.id(dbt_is_deleted)}`] : []),
  ]);
}

/** The first build: every row of the select, open. */
export function selectFirst(build: SnapshotBuild, select: Expression): Expression {
  return sql`
    select
      *,
      ${addedColumns(build, scdIdOf(build), clockOf(build))}
    from (
      ${select}
    ) as source`;
}

export function createSource({ sourceTable }: SnapshotBuild, select: Expression): Expression {
  return sql`
    create temporary table ${sourceTable} as
    ${select}`;
}

/** The key's expressions under their own text as names, for messages about them. */
export function selectKeys({ snapshot }: SnapshotBuild, from: Expression): Expression {
  const keys = snapshot.uniqueKey.map((key) => sql`${expressionOf(key)} as ${sql.id(key)}`);
  return sql`(select ${sql.join(keys)} from ${from} as source)`;
}

const keyName = (index: number): Expression => sql.id(`tidemill_key_${index + 1}`);

/** The key of an open row: two keys may make one id, whose texts dbt puts together as they are. */
const openKeyName = (index: number): Expression => sql.id(`tidemill_open_key_${index + 1}`);

function keyFields({ snapshot }: SnapshotBuild): Expression {
  return sql.join(
    snapshot.uniqueKey.map((key, index) => sql`${expressionOf(key)} as ${keyName(index)}`),
  );
}

function sourceRows(build: SnapshotBuild): Expression {
  return sql`(
      select *, ${keyFields(build)}, ${clockOf(build)} as tidemill_clock
      from ${build.sourceTable}
    ) as source_data`;
}

function isOpen({ snapshot }: SnapshotBuild, table: string): Expression {
  const end = sql.id(table, snapshot.columnNames.dbt_valid_to);
  if (snapshot.validToCurrent === undefined) return sql`${end} is null`;
  return sql`(${end} is null or ${end} = ${expressionOf(snapshot.validToCurrent)})`;
}

function openRows(build: SnapshotBuild, target: Relation): Expression {
  return sql`(
      select *, ${keyFields(build)}
      from ${tableOf(target)} as snapshotted_data
      where ${isOpen(build, 'snapshotted_data')}
    ) as snapshotted_data`;
}

function sameKey({ snapshot }: SnapshotBuild): Expression {
  const pairs = snapshot.uniqueKey.map(
    (_, index) => sql`snapshotted_data.${keyName(index)} = source_data.${keyName(index)}`,
  );
  return sql.join(pairs, sql` and `);
}

const isDeleted = ({ snapshot }: SnapshotBuild): Expression =>
  sql`${sql.id('snapshotted_data', snapshot.columnNames.dbt_is_deleted)} = 'True'`;

/** A row of the source differs from the open one of its key, or that one says it was deleted. */
function hasChanged(build: SnapshotBuild): Expression {
  const { snapshot, compared } = build;
  const back = snapshot.hardDeletes === 'new_record' ? sql` or ${isDeleted(build)}` : sql``;
  if (build.strategy) return sql`(${expressionOf(build.strategy.rowChanged)}${back})`;
  if (snapshot.strategy === 'timestamp') {
    const from = sql.id('snapshotted_data', snapshot.columnNames.dbt_valid_from);
    return sql`(${from} < source_data.tidemill_clock${back})`;
  }
  if (compared.hasNew) return sql`true`;
  const differences = compared.names.map(
    (name) =>
      sql`${sql.id('snapshotted_data', name)} is distinct from ${sql.id('source_data', name)}`,
  );
  return sql`(${sql.join([sql`false`, ...differences], sql` or `)}${back})`;
}

/**
 * The source beside the open rows, looked at once: `tidemill_scd_id` is the open row's, null for a
 * new key; the key is null where the source has it no more.
 */
export function createChanges(build: SnapshotBuild, target: Relation): Expression {
  const { columnNames, hardDeletes, uniqueKey } = build.snapshot;
  const openKeys = uniqueKey.map(
    (_, index) => sql`snapshotted_data.${keyName(index)} as ${openKeyName(index)}`,
  );
  const openId = sql.id('snapshotted_data', columnNames.dbt_scd_id);
  const isGone = sql`source_data.${keyName(0)} is null`;
  // Those that say so already are left alone.
  const isNewlyGone =
    hardDeletes === 'new_record' ? sql`${isGone} and (${isDeleted(build)}) is not true` : isGone;
  const gone =
    hardDeletes === 'ignore'
      ? sql``
      : sql`
      or (${isNewlyGone})`;
  return sql`
    create temporary table ${changesTable} as
    select source_data.*, ${sql.join([sql`${openId} as tidemill_scd_id`, ...openKeys])}
    from ${sourceRows(build)}
    ${sql.raw(hardDeletes === 'ignore' ? 'left' : 'full')} join ${openRows(build, target)}
      on ${sameKey(build)}
    where ${openId} is null
      or (not (${isGone}) and ${hasChanged(build)})${gone}`;
}

/** Rows to add: of new keys, of changed ones, and under `new_record` of deleted ones. */
export function createRows(build: SnapshotBuild, target: Relation): Expression {
  const deletions =
    build.snapshot.hardDeletes === 'new_record'
      ? sql`
    union all
    ${selectDeletions(build, target)}`
      : sql``;
  return sql`
    create temporary table ${rowsTable} as
    select
      ${columnList(build.selected)},
      ${addedColumns(build, scdIdOf(build), sql`tidemill_clock`)}
    from ${changesTable} as source_data
    where ${keyName(0)} is not null${deletions}`;
}

function selectDeletions(build: SnapshotBuild, target: Relation): Expression {
  const { dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to, dbt_is_deleted } =
    build.snapshot.columnNames;
  const last = build.selected.map((name) =>
    build.kept.has(name) ? sql.id('snapshotted_data', name) : sql`null as ${sql.id(name)}`,
  );
  const openId = sql.id('snapshotted_data', dbt_scd_id);
  return sql`
    select
      ${sql.join(last)},
      ${digestOf([openId, build.now])} as ${sql.id(dbt_scd_id)},
      ${build.now} as ${sql.id(dbt_updated_at)},
      ${build.now} as ${sql.id(dbt_valid_from)},
      ${sql.id('snapshotted_data', dbt_valid_to)},
      'True' as ${sql.id(dbt_is_deleted)}
    from ${openRows(build, target)}
    where exists (
      select 1
      from ${changesTable} as gone
      where gone.tidemill_scd_id = ${openId}
        and ${isOpenKey(build, 'gone', (index) => sql`snapshotted_data.${keyName(index)}`)}
        and gone.${keyName(0)} is null
    )`;
}

function isOpenKey(
  { snapshot }: SnapshotBuild,
  table: string,
  keyOf: (index: number) => Expression,
): Expression {
  const pairs = snapshot.uniqueKey.map(
    (_, index) => sql`${sql.id(table)}.${openKeyName(index)} = ${keyOf(index)}`,
  );
  return sql.join(pairs, sql` and `);
}

/** Rows to end, by dbt's id and their key, each with its end. */
export function createEnds({ snapshot, now }: SnapshotBuild): Expression {
  return sql`
    create temporary table ${endsTable} as
    select
      tidemill_scd_id,
      ${sql.join(snapshot.uniqueKey.map((_, index) => openKeyName(index)))},
      case when ${keyName(0)} is null then ${now} else tidemill_clock end as tidemill_end
    from ${changesTable}
    where tidemill_scd_id is not null`;
}

export function endRows(build: SnapshotBuild, target: Relation): Expression {
  const { columnNames, uniqueKey } = build.snapshot;
  const { dbt_scd_id, dbt_valid_to } = columnNames;
  const keyOf = (index: number): Expression => expressionOf(uniqueKey[index] ?? '');
  return sql`
    update ${tableOf(target)} as snapshotted_data
    set ${sql.id(dbt_valid_to)} = ended.tidemill_end
    from ${endsTable} as ended
    where ${sql.id('snapshotted_data', dbt_scd_id)} = ended.tidemill_scd_id
      and ${isOpenKey(build, 'ended', keyOf)}
      and ${isOpen(build, 'snapshotted_data')}`;
}

export function insertRows(target: Relation, columns: readonly string[]): Expression {
  return sql`
    insert into ${tableOf(target)} (${columnList(columns)})
    select ${columnList(columns)}
    from ${rowsTable}`;
}
