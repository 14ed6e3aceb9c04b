import { type RawBuilder, sql } from 'kysely';
import type { Stream } from '../words/stream.ts';
import { type Relation, rawColumns } from '../words/table.ts';
import type { Dialect } from '../words/warehouse.ts';
import type { Target } from './land-schema.ts';
import { named } from './land-tables.ts';

/** What every statement of a landing needs to know of its table. */
export interface LandTable {
  readonly stream: Stream;
  readonly raw: Relation;
  readonly view: Relation;
  readonly targets: readonly Target[];
  /** Every column the source has or had, `_extra` included, in the raw table's order. */
  readonly columns: readonly string[];
  readonly hasExtra: boolean;
  readonly dialect: Dialect;
}

/** When and by which batch rows are seen. */
export interface Observation {
  readonly observedAt: Date;
  readonly batchId: string;
}

export const stage = sql.id('tidemill_stage');
export const goneStage = sql.id('tidemill_gone');

const commaLine = sql`,\n    `;

function ids(names: readonly string[], prefix?: string): RawBuilder<unknown> {
  return sql.join(
    names.map((name) =>
      prefix === undefined ? sql`${sql.id(name)}` : sql`${sql.id(prefix, name)}`,
    ),
    commaLine,
  );
}

/** The order in which versions of a record win: newest by the source, then by us; deleted last. */
const newestFirst = sql`_modified_at desc nulls last, _observed_at desc, _deleted desc, _hash desc`;

/** A record's id from its primary key; null when any part is missing. */
function recordId(stream: Stream, typeName: string): RawBuilder<unknown> {
  const parts = stream.primaryKey.map((name) => sql`cast(${sql.id(name)} as ${sql.raw(typeName)})`);
  return sql.join(parts, sql` || '|' || `);
}

/**
 * A version's content as one digest. Fields are tagged and sorted by name and nulls left out, so
 * that neither a new field nor another order of fields changes what was stored before.
 */
function contentHash(table: LandTable): RawBuilder<unknown> {
  const text = sql.raw(table.dialect.typeName('string'));
  const texts = sourceNames(table)
    .toSorted()
    .map((name) => sql`${sql.lit(`${name}=`)} || cast(${sql.id(name)} as ${text})`);
  return table.dialect.digest(texts);
}

/** Pages parsed, typed, keyed and digested. */
function readRecords(table: LandTable, pages: RawBuilder<unknown>): RawBuilder<unknown> {
  const { stream, targets, dialect } = table;
  const values = targets.map(({ source, name, type }) =>
    source.type === type
      ? sql`${sql.id(source.name)} as ${sql.id(name)}`
      : sql`cast(${sql.id(source.name)} as ${sql.raw(dialect.typeName(type))}) as ${sql.id(name)}`,
  );
  if (table.hasExtra) values.push(sql.id('_extra'));
  const stampType = sql.raw(dialect.typeName('timestamp'));
  const modified =
    stream.modifiedField === undefined
      ? sql`cast(null as ${stampType})`
      : sql`cast(${sql.id(stream.modifiedField)} as ${stampType})`;
  const deleted =
    stream.deletedField === undefined
      ? sql`false`
      : sql`coalesce(${sql.id(stream.deletedField)}, false)`;
  return sql`select
    *,
    ${contentHash(table)} as _hash
from (
  select
    ${recordId(stream, dialect.typeName('string'))} as _record_id,
    ${modified} as _modified_at,
    ${deleted} as _deleted,
    ${sql.join(values, commaLine)}
  from ${pages} as page
) as record`;
}

/** Parses, types and digests pages into a temporary table. */
export function stageRecords(table: LandTable, pages: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
create temporary table ${stage} as
${readRecords(table, pages)}`;
}

/** What staged rows, or those of one batch, hold: from narrow columns only. */
export function countRecords(source: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
select
  count(*) as records,
  count(_record_id) as identified,
  count(distinct _hash) as versions
from ${source}`;
}

/** Rows of one batch in the raw table. */
export function rowsOfBatch(table: LandTable, batchId: string): RawBuilder<unknown> {
  return sql`${named(table.raw)} where _batch_id = ${batchId}`;
}

/** Of a batch's rows, those that another batch has as well. */
export function countRepeats(table: LandTable, batchId: string): RawBuilder<unknown> {
  return sql`
select count(*) as repeats
from ${rowsOfBatch(table, batchId)}
  and _hash in (select _hash from ${named(table.raw)} where _batch_id <> ${batchId})`;
}

/** Appends all versions of the pages at once: for a table that knew nothing before this landing. */
export function appendRecords(
  table: LandTable,
  observation: Observation,
  pages: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const names = sourceNames(table);
  return sql`
insert into ${named(table.raw)} (
    ${ids(names)},
    _record_id, _modified_at, _deleted, _observed_at, _batch_id, _hash
)
select
    ${ids(names)},
    _record_id, _modified_at, _deleted, ${observation.observedAt}, ${observation.batchId}, _hash
from (
${readRecords(table, pages)}
) as version`;
}

function sourceNames(table: LandTable): readonly string[] {
  const names = table.targets.map(({ name }) => name);
  return table.hasExtra ? [...names, '_extra'] : names;
}

/**
 * Versions that need no row. Of what earlier runs saw under one stamp only the last one counts: if
 * a value goes from A to B and back to A under one stamp, the second A is a version of its own. Of
 * what this run saw everything counts, so that the order of its pages does not matter.
 */
function settledVersions(
  raw: Relation,
  staged: RawBuilder<unknown>,
  observedAt: Date,
): RawBuilder<unknown> {
  return sql`known as (
  select _record_id, _modified_at, _observed_at, _deleted, _hash
  from ${named(raw)}
  where _record_id in (select _record_id from ${staged})
),

ranked as (
  select
    *,
    row_number() over (
      partition by _record_id, _modified_at
      order by _observed_at desc, _deleted desc, _hash desc
    ) as _place
  from known
  where _observed_at < ${observedAt}
),

settled as (
  select _record_id, _modified_at, _hash from ranked where _place = 1
  union all
  select _record_id, _modified_at, _hash from known where _observed_at >= ${observedAt}
)`;
}

const isNotSettled = sql`not exists (
  select 1
  from settled
  where settled._hash = version._hash
    and settled._record_id = version._record_id
    and settled._modified_at is not distinct from version._modified_at
)`;

/** Appends the staged versions that are new. */
export function insertRecords(
  table: LandTable,
  observation: Observation,
  hasDuplicates: boolean,
): RawBuilder<unknown> {
  const names = sourceNames(table);
  const source = hasDuplicates
    ? sql`(
  select * from (
    select *, row_number() over (partition by _record_id, _modified_at, _hash order by _hash) as _copy
    from ${stage}
  ) as numbered
  where _copy = 1
)`
    : stage;
  return sql`
insert into ${named(table.raw)} (
    ${ids(names)},
    _record_id, _modified_at, _deleted, _observed_at, _batch_id, _hash
)
with ${settledVersions(table.raw, stage, observation.observedAt)}

select
    ${ids(names)},
    _record_id, _modified_at, _deleted, ${observation.observedAt}, ${observation.batchId}, _hash
from ${source} as version
where ${isNotSettled}`;
}

/** Ids that are gone, from tombstone pages: the key, and the stamp where the source says one. */
export function stageTombstones(table: LandTable, pages: RawBuilder<unknown>): RawBuilder<unknown> {
  const { stream, dialect } = table;
  const stampType = sql.raw(dialect.typeName('timestamp'));
  const modified =
    stream.modifiedField === undefined
      ? sql`cast(null as ${stampType})`
      : sql`cast(${sql.id(stream.modifiedField)} as ${stampType})`;
  return sql`
create temporary table ${goneStage} as
select distinct
    ${recordId(stream, dialect.typeName('string'))} as _record_id,
    ${modified} as _modified_at,
    ${ids(stream.primaryKey)}
from ${pages} as page`;
}

/** Live records that a complete scan did not meet and nobody saw since it began. */
export function stageAbsent(
  table: LandTable,
  scan: { readonly keys: RawBuilder<unknown>; readonly startedAt: RawBuilder<unknown> },
): RawBuilder<unknown> {
  const stampType = sql.raw(table.dialect.typeName('timestamp'));
  const keys = table.stream.primaryKey.map((key) => targetName(table, key));
  return sql`
create temporary table ${goneStage} as
select
    _record_id,
    cast(null as ${stampType}) as _modified_at,
    ${sql.join(
      table.stream.primaryKey.map(
        (key, index) => sql`${sql.id(keys[index] ?? key)} as ${sql.id(key)}`,
      ),
      commaLine,
    )}
from ${named(table.view)} as live
where _observed_at < (${scan.startedAt})
  and not exists (
    select 1 from (${scan.keys}) as seen where seen.record_id = live._record_id
  )`;
}

function targetName(table: LandTable, sourceName: string): string {
  return table.targets.find(({ source }) => source.name === sourceName)?.name ?? sourceName;
}

/**
 * Appends a deleted version for each id that is gone, with the last known values. Without a stamp
 * of its own it takes the last known one, so that the record, restored under any stamp, is newer.
 */
export function insertTombstones(table: LandTable, observation: Observation): RawBuilder<unknown> {
  const { stream, dialect, columns } = table;
  const keyOf = new Map(stream.primaryKey.map((key) => [targetName(table, key), key]));
  const values = columns.map((name) => {
    const key = keyOf.get(name);
    const last = sql.id('last_known', name);
    return key === undefined
      ? sql`${last} as ${sql.id(name)}`
      : sql`coalesce(${last}, ${sql.id('gone', key)}) as ${sql.id(name)}`;
  });
  const hash = dialect.digest([sql`'_deleted'`, sql`gone._record_id`]);
  return sql`
insert into ${named(table.raw)} (
    ${ids(columns)},
    _record_id, _modified_at, _deleted, _observed_at, _batch_id, _hash
)
with ${settledVersions(table.raw, goneStage, observation.observedAt)},

placed as (
  select
    *,
    row_number() over (partition by _record_id order by ${newestFirst}) as _place
  from ${named(table.raw)}
  where _record_id in (select _record_id from ${goneStage})
),

version as (
  select
    ${sql.join(values, commaLine)},
    gone._record_id,
    coalesce(gone._modified_at, last_known._modified_at, ${observation.observedAt}) as _modified_at,
    ${hash} as _hash
  from ${goneStage} as gone
  left join placed as last_known
    on last_known._record_id = gone._record_id and last_known._place = 1
  where gone._modified_at is not null or not coalesce(last_known._deleted, false)
)

select
    ${ids(columns)},
    _record_id, _modified_at, true, ${observation.observedAt}, ${observation.batchId}, _hash
from version
where ${isNotSettled}`;
}

/**
 * The newest version of each record, where that one is not deleted: those that no other one beats,
 * by the order of `newestFirst`. Said without a window, filters on the view reach the table.
 */
export function createCurrentView(table: LandTable): RawBuilder<unknown> {
  const names = ids([...table.columns, ...rawColumns]);
  return sql`
create or replace view ${named(table.view)} as
select
    ${names}
from ${named(table.raw)} as version
where not version._deleted
  and not exists (
    select 1
    from ${named(table.raw)} as newer
    where newer._record_id = version._record_id
      and (
        newer._modified_at > version._modified_at
        or (newer._modified_at is not null and version._modified_at is null)
        or (
          newer._modified_at is not distinct from version._modified_at
          and (newer._observed_at, newer._deleted, newer._hash)
            > (version._observed_at, version._deleted, version._hash)
        )
      )
  )`;
}
