import { type RawBuilder, sql } from 'kysely';
import type { ColumnType } from '../words/stream.ts';
import type { Column } from '../words/table.ts';
import type { CanonicalKind, Dialect } from '../words/warehouse.ts';
import type { SyncMapping } from './sync-mapping.ts';
import {
  acceptedColumn,
  adoptedColumn,
  associationField,
  stateColumns,
  syncTables,
} from './sync-tables.ts';

type Sql = RawBuilder<unknown>;

/** What the statements of a diff are built from. */
export interface DiffContext {
  readonly dialect: Dialect;
  readonly mapping: SyncMapping;
  /** Columns of the sync's state table; undefined before its first run. */
  readonly state: readonly Column[] | undefined;
  /** Other syncs that match the same object by the same key; their creates may not be seen yet. */
  readonly siblings: readonly string[];
}

/** The three sides, each with one row a key or record, columns numbered as in the mapping. */
export function sideExpressions(on: DiffContext): readonly Sql[] {
  return [modelRows(on), stateRows(on), stateFields(on), crmRows(on)];
}

/**
 * Which record each row means whose link `compared` could not take from the state. Few rows as a
 * rule: everything here starts from them and only then touches the large tables.
 */
export function linkExpressions(on: DiffContext): readonly Sql[] {
  return [badKeys(), unlinked(), matched(on), claimed(), gone(on), awaited(on), relinked()];
}

/** Canonical text, '' for empty: never null, so that it compares by `=`. */
export function canonicalText(on: DiffContext, kind: CanonicalKind, value: Sql): Sql {
  return sql`coalesce(${on.dialect.canonical(kind, value)}, '')`;
}

export function asText(on: DiffContext, value: Sql): Sql {
  return sql`cast(${value} as ${sql.raw(on.dialect.typeName('string'))})`;
}

/** A model's value, numbers rounded to what the field can hold: more digits would never agree. */
function modelValue(field: SyncMapping['fields'][number]): Sql {
  const column = sql`m.${sql.id(field.model.name)}`;
  const { scale } = field.destination;
  const isFraction = field.model.type === 'double' || field.model.type.startsWith('decimal');
  return scale !== undefined && field.kind === 'number' && isFraction
    ? sql`round(${column}, ${sql.lit(scale)})`
    : column;
}

function modelRows(on: DiffContext): Sql {
  const { mapping } = on;
  const columns = [
    sql`${keyText(on, 'm', 'model')} as key`,
    ...mapping.fields.map((field, index) => sql`${modelValue(field)} as ${sql.id(`m${index}`)}`),
    ...mapping.associations.map(({ model }, index) => {
      const id = on.dialect.canonical('record_id', sql`m.${sql.id(model.name)}`);
      return sql`${id} as ${sql.id(`xm${index}`)}`;
    }),
    mapping.modifiedColumn === undefined
      ? sql`${none(on, 'timestamp')} as model_at`
      : sql`m.${sql.id(mapping.modifiedColumn)} as model_at`,
  ];
  const { from } = mapping.spec;
  return sql`model_rows as not materialized (
    select
      ${sql.join(columns, sql`,\n      `)}
    from ${sql.id(from.schema, from.name)} as m
  )`;
}

/** Keys of several rows. Rows that agree with the CRM and each other do no harm and are let go. */
function badKeys(): Sql {
  return sql`bad_keys as materialized (
    select m.key, count(*) as n
    from model_rows as m
    where m.key is null or m.key in (select key from compared where key is not null)
    group by m.key
    having count(*) > 1 or m.key is null
  )`;
}

/** The state without its fields: all that most rows are judged by. */
function stateRows(on: DiffContext): Sql {
  const links = on.mapping.associations.map(({ object }, index) =>
    stateText(on, acceptedColumn(associationField(object)), `xa${index}`),
  );
  const plain = stateColumns.map(([name, type]) => stateValue(on, name, name, type));
  return sql`state_rows as not materialized (
    select ${sql.join([...plain, ...links])}
    ${stateSource(on)}
  )`;
}

function stateFields(on: DiffContext): Sql {
  const columns = on.mapping.fields.flatMap(({ field }, index) => [
    stateText(on, acceptedColumn(field), `a${index}`),
    stateText(on, adoptedColumn(field), `s${index}`),
  ]);
  return sql`state_fields as not materialized (
    select
      ${sql.join([stateText(on, 'key', 'key'), ...columns], sql`,\n      `)}
    ${stateSource(on)}
  )`;
}

function stateText(on: DiffContext, column: string, alias: string): Sql {
  return stateValue(on, column, alias, 'string');
}

/** Before the first run there is no table, and a field just mapped has no column in it. */
function stateValue(on: DiffContext, column: string, alias: string, type: ColumnType): Sql {
  const found = on.state?.some(({ name }) => name === column) === true;
  const value = found
    ? sql`s.${sql.id(column)}`
    : sql`cast(null as ${sql.raw(on.dialect.typeName(type))})`;
  return sql`${value} as ${sql.id(alias)}`;
}

function stateSource(on: DiffContext): Sql {
  const { state } = syncTables(on.mapping.spec.name);
  return on.state ? sql`from ${sql.id(state.schema, state.name)} as s` : sql`where false`;
}

function crmRows(on: DiffContext): Sql {
  const { mapping } = on;
  const columns = mapping.fields.map(
    ({ crm }, index) => sql`r.${sql.id(crm.name)} as ${sql.id(`c${index}`)}`,
  );
  const { current } = mapping.target;
  return sql`crm_rows as not materialized (
    select
      r._record_id as id,
      r._observed_at as observed_at,
      r._modified_at as modified_at,
      ${keyText(on, 'r', 'crm')} as crm_key,
      ${sql.join(columns)}
    from ${sql.id(current.schema, current.name)} as r
    -- a record we archived is gone, though the view shows it until the next extract
    left join state_rows as s on s.crm_id = r._record_id
      and s.status = 'removed' and s.written_at >= r._observed_at
    where s.crm_id is null
  )`;
}

function unlinked(): Sql {
  return sql`unlinked as materialized (
    select key, crm_id as lost_id, status
    from compared
    where id is null and key is not null
  )`;
}

function matched(on: DiffContext): Sql {
  const isBlind = on.mapping.spec.behavior === 'append';
  return sql`matched as materialized (
    select u.key, count(*) as n, min(c.id) as id
    from unlinked as u
    join (
      select id, crm_key from crm_rows where crm_key in (select key from unlinked)
    ) as c on c.crm_key = u.key
    ${isBlind ? sql`where false` : sql``}
    group by u.key
  )`;
}

/** Records that another row of the model is linked to already. */
function claimed(): Sql {
  return sql`claimed as materialized (
    select distinct x.key
    from state_rows as s
    join matched as x on x.id = s.crm_id and x.key <> s.key
    join model_rows as m on m.key = s.key
    where s.status <> 'removed'
  )`;
}

/** Linked records that were seen once and are no longer: deleted or merged away in the CRM. */
function gone(on: DiffContext): Sql {
  const { log } = on.mapping.target;
  return sql`gone as materialized (
    select distinct l._record_id as id
    from ${sql.id(log.schema, log.name)} as l
    where l._record_id in (select lost_id from unlinked where lost_id is not null)
  )`;
}

/** Keys for which another sync has made a record, or may have, that no extract has shown yet. */
function awaited(on: DiffContext): Sql {
  const { log } = on.mapping.target;
  const branches = on.siblings.map((name) => {
    const { state } = syncTables(name);
    return sql`select s.key
    from ${sql.id(state.schema, state.name)} as s
    where s.key in (select key from unlinked)
      and (s.status = 'in_doubt' or (s.status = 'accepted' and s.crm_id not in (
        select _record_id from ${sql.id(log.schema, log.name)}
      )))`;
  });
  const found = branches.length > 0 ? branches : [sql`select key from unlinked where false`];
  return sql`awaited as materialized (
    ${sql.join(found, sql`\n    union\n    `)}
  )`;
}

/** The records that rows are linked to anew, by key. A record not seen yet keeps its link. */
function relinked(): Sql {
  return sql`relinked as materialized (
    select
      u.key,
      coalesce(x.n, 0) as match_count,
      t.key is not null as is_claimed,
      g.id is not null as is_gone,
      w.key is not null as is_awaited,
      case when u.lost_id is null or u.status = 'removed' or g.id is not null then x.id end as id
    from unlinked as u
    left join matched as x on x.key = u.key
    left join claimed as t on t.key = u.key
    left join gone as g on g.id = u.lost_id
    left join awaited as w on w.key = u.key
  )`;
}

/** The sync key as one text; null where any part of it is empty. */
function keyText(on: DiffContext, alias: string, side: 'model' | 'crm'): Sql {
  const parts = on.mapping.keys.map((key) => {
    const column = side === 'model' ? key.model.name : (key.crm?.name ?? '_record_id');
    return on.dialect.canonical(key.kind, sql`${sql.id(alias)}.${sql.id(column)}`);
  });
  const [only] = parts;
  if (only && parts.length === 1) return only;
  // Escaped, so that no two different keys become one text.
  const escaped = parts.map((part) => sql`replace(replace(${part}, '~', '~0'), '|', '~1')`);
  return sql`(${sql.join(escaped, sql` || '|' || `)})`;
}

export function none(on: DiffContext, type: 'string' | 'timestamp'): Sql {
  return sql`cast(null as ${sql.raw(on.dialect.typeName(type))})`;
}
