import { type RawBuilder, sql } from 'kysely';
import type { Column } from '../words/table.ts';
import type { CanonicalKind, Dialect } from '../words/warehouse.ts';
import type { SyncMapping } from './sync-mapping.ts';
import { acceptedColumn, adoptedColumn, associationField, syncTables } from './sync-tables.ts';

type Sql = RawBuilder<unknown>;

/** What the statements of a diff are built from. */
export interface DiffContext {
  readonly dialect: Dialect;
  readonly mapping: SyncMapping;
  /** Columns of the sync's state table; undefined before its first run. */
  readonly state: readonly Column[] | undefined;
}

/** The common table expressions that resolve which record each row of the model means. */
export function linkExpressions(on: DiffContext): readonly Sql[] {
  return [
    modelRows(on),
    badKeys(),
    stateRows(on),
    crmRows(on),
    unlinked(),
    matched(on),
    claimed(),
    gone(on),
  ];
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
  return sql`model_rows as (
    select
      ${sql.join(columns, sql`,\n      `)}
    from ${sql.id(from.schema, from.name)} as m
  )`;
}

function badKeys(): Sql {
  return sql`bad_keys as (
    select key, count(*) as n
    from model_rows
    group by key
    having count(*) > 1 or key is null
  )`;
}

function stateRows(on: DiffContext): Sql {
  const { mapping } = on;
  const have = new Set(on.state?.map((column) => column.name));
  const text = (column: string, alias: string): Sql =>
    have.has(column)
      ? sql`s.${sql.id(column)} as ${sql.id(alias)}`
      : sql`${none(on, 'string')} as ${sql.id(alias)}`;
  const columns = [
    ...mapping.fields.flatMap(({ field }, index) => [
      text(acceptedColumn(field), `a${index}`),
      text(adoptedColumn(field), `s${index}`),
    ]),
    ...mapping.associations.map(({ object }, index) =>
      text(acceptedColumn(associationField(object)), `xa${index}`),
    ),
  ];
  const { state } = syncTables(mapping.spec.name);
  if (!on.state) {
    return sql`state_rows as (
    select
      ${none(on, 'string')} as key, ${none(on, 'string')} as crm_id, ${none(on, 'string')} as status,
      ${none(on, 'timestamp')} as written_at, ${none(on, 'string')} as sent, 0 as reasserts,
      ${none(on, 'string')} as rejected,
      ${sql.join(columns)}
    where false
  )`;
  }
  return sql`state_rows as (
    select
      s.key, s.crm_id, s.status, s.written_at, s.sent, s.reasserts, s.rejected,
      ${sql.join(columns)}
    from ${sql.id(state.schema, state.name)} as s
  )`;
}

function crmRows(on: DiffContext): Sql {
  const { mapping } = on;
  const columns = mapping.fields.map(
    ({ crm }, index) => sql`r.${sql.id(crm.name)} as ${sql.id(`c${index}`)}`,
  );
  const { current } = mapping.target;
  return sql`crm_rows as (
    select
      r._record_id as id,
      r._observed_at as observed_at,
      r._modified_at as modified_at,
      ${keyText(on, 'r', 'crm')} as crm_key,
      ${sql.join(columns)}
    from ${sql.id(current.schema, current.name)} as r
    -- a record we archived is gone, though the view shows it until the next extract
    where not exists (
      select 1 from state_rows as s
      where s.status = 'removed' and s.crm_id = r._record_id and s.written_at >= r._observed_at
    )
  )`;
}

function unlinked(): Sql {
  return sql`unlinked as (
    select m.key, s.crm_id as lost_id
    from model_rows as m
    left join state_rows as s on s.key = m.key
    left join crm_rows as c on c.id = s.crm_id
    where m.key is not null and c.id is null
  )`;
}

function matched(on: DiffContext): Sql {
  const isBlind = on.mapping.spec.behavior === 'append';
  return sql`matched as (
    select u.key, count(*) as n, min(c.id) as id
    from unlinked as u
    join crm_rows as c on c.crm_key = u.key
    ${isBlind ? sql`where false` : sql``}
    group by u.key
  )`;
}

/** Records that another row of the model is linked to already. */
function claimed(): Sql {
  return sql`claimed as (
    select distinct x.key
    from matched as x
    join state_rows as s on s.crm_id = x.id and s.key <> x.key and s.status <> 'removed'
    join model_rows as m on m.key = s.key
  )`;
}

/** Linked records that were seen once and are no longer: deleted or merged away in the CRM. */
function gone(on: DiffContext): Sql {
  const { log } = on.mapping.target;
  return sql`gone as (
    select distinct l._record_id as id
    from ${sql.id(log.schema, log.name)} as l
    where l._record_id in (select lost_id from unlinked where lost_id is not null)
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
