import { type RawBuilder, sql } from 'kysely';
import type { ColumnType } from '../words/stream.ts';
import { decisions } from './diff-decision.ts';
import { canonicalText, type DiffContext, none } from './diff-link.ts';
import type { MappedField } from './sync-mapping.ts';

type Sql = RawBuilder<unknown>;

/**
 * What the diff says of one row. create, update, archive are sent. noop: the CRM holds it already,
 * only state moves. verified: observed anew and as settled. drift, conflict, not_held: left alone
 * and shown. rejected: never sent, with the reason. gone: the record was deleted in the CRM.
 * locked: an earlier push is in doubt. unmatched: no record, and the sync does not create.
 */
export const rowClasses = [
  'create',
  'update',
  'archive',
  'noop',
  'verified',
  'drift',
  'conflict',
  'not_held',
  'rejected',
  'gone',
  'locked',
  'unmatched',
] as const;
export type RowClass = (typeof rowClasses)[number];

/** From decided fields to judged rows, and the rows that no model row stands for. */
export function judgeExpressions(on: DiffContext): readonly Sql[] {
  const removes = on.mapping.spec.behavior === 'mirror' ? [removals(on)] : [];
  return [...takenExpressions(on), checked(on), judged(on), unkeyed(on), ...removes];
}

/** Everything `sync_plan`, the state and the counts are made from; one shape for all branches. */
export function outputColumns(on: DiffContext): readonly (readonly [string, ColumnType])[] {
  return [
    ['key', 'string'],
    ['crm_id', 'string'],
    ['class', 'string'],
    ['reason', 'string'],
    ['row_count', 'integer'],
    ['signature', 'string'],
    ['observed_at', 'timestamp'],
    ['is_pending', 'boolean'],
    ['any_reassert', 'boolean'],
    ['is_conflict', 'boolean'],
    ['is_drift', 'boolean'],
    ['any_move', 'boolean'],
    ['is_clean', 'boolean'],
    ...[
      ...on.mapping.fields.flatMap((_, index) =>
        ['d', 'km', 'kc', 'ka', 'before', 'after'].map((prefix) => `${prefix}${index}`),
      ),
      ...on.mapping.associations.flatMap((_, index) => [`xd${index}`, `xm${index}`, `xa${index}`]),
    ].map((name) => [name, 'string'] as const),
  ];
}

/** A select list of that shape: what a branch has, typed nulls for the rest. */
function outputList(on: DiffContext, have: Readonly<Record<string, Sql>>): Sql {
  const columns = outputColumns(on).map(([name, type]) => {
    const value = have[name] ?? sql`null`;
    return sql`cast(${value} as ${sql.raw(on.dialect.typeName(type))}) as ${sql.id(name)}`;
  });
  return sql.join(columns, sql`,\n      `);
}

const isNew = sql`presence in ('none', 'gone')`;

function sends(field: MappedField, index: number): Sql {
  const decision = sql.id(`d${index}`);
  const isCreated = field.destination.creatable
    ? sql`(${isNew} and ${sql.id(`km${index}`)} <> '')`
    : sql`false`;
  return sql`(coalesce(${decision} like 'send:%', false) or ${isCreated})`;
}

/** Rows whose value of a unique field another record or another row holds. */
function takenExpressions(on: DiffContext): readonly Sql[] {
  return uniqueFields(on).map(([field, index]) => {
    const value = sql.id(`km${index}`);
    const crm = canonicalText(on, field.kind, sql`c.${sql.id(`c${index}`)}`);
    return sql`${sql.id(`taken${index}`)} as (
    select d.key
    from decided as d
    join crm_rows as c on ${crm} = d.${value}
      and c.id is distinct from coalesce(d.id, d.crm_id)
    where d.${value} <> '' and ${sends(field, index)}
    union
    select key from (
      select key, count(*) over (partition by ${value}) as n
      from decided where ${value} <> '' and ${sends(field, index)}
    ) as shared
    where n > 1
  )`;
  });
}

function uniqueFields(on: DiffContext): (readonly [MappedField, number])[] {
  const keys = new Set(on.mapping.keys.map(({ field }) => field));
  return on.mapping.fields
    .map((field, index) => [field, index] as const)
    .filter(([field]) => field.destination.unique && !keys.has(field.field));
}

function checked(on: DiffContext): Sql {
  const { fields, associations } = on.mapping;
  const refusals = fields.map((field, index) => refusal(on, field, index));
  const parts = [
    ...fields.map(
      ({ field }, index) => sql`case when ${sends(fields[index] as MappedField, index)}
        then ${sql.lit(`${field}=`)} || ${sql.id(`km${index}`)} || '|' else '' end`,
    ),
    ...associations.map(
      ({ object }, index) => sql`case when ${sql.id(`xd${index}`)} is not null or ${isNew}
        then ${sql.lit(`@${object}=`)} || coalesce(${sql.id(`xm${index}`)}, '') || '|' else '' end`,
    ),
  ];
  const any = (test: (name: Sql) => Sql, names: readonly Sql[]): Sql =>
    names.length === 0 ? sql`false` : sql`(${sql.join(names.map(test), sql` or `)})`;
  const all = fields.map((_, index) => sql.id(`d${index}`));
  const links = associations.map((_, index) => sql.id(`xd${index}`));
  const is = (decision: string) => (name: Sql) =>
    sql`coalesce(${name} = ${sql.lit(decision)}, false)`;
  return sql`checked as materialized (
    select
      *,
      coalesce(${sql.join([...refusals, none(on, 'string')], sql`,\n        `)}) as refusal,
      case when ${isNew} then 'create|' else 'update|' end
        || ${sql.join(parts, sql`\n        || `)} as signature,
      ${any((name) => sql`coalesce(${name} like 'send:%', false)`, [...all, ...links])} as any_send,
      ${any(is(decisions.review), all)} as any_review,
      ${any(is(decisions.notHeld), all)} as any_not_held,
      ${any(is(decisions.report), all)} as any_report,
      ${any((name) => sql`coalesce(${name} in ('move', 'adopt'), false)`, all)} as any_move,
      not is_pending
        and not ${any((name) => sql`coalesce(${name} <> 'move', false)`, [...all, ...links])}
        as is_clean,
      ${any(is(decisions.sendDrift), all)} as any_reassert,
      ${any((name) => sql`coalesce(${name} in ('send:conflict', 'report:review'), false)`, all)}
        as is_conflict,
      ${any((name) => sql`coalesce(${name} in ('send:drift', 'report:drift', 'report:not_held'), false)`, all)}
        as is_drift
    from decided
  )`;
}

/** `FIELD: why`, or null where the CRM has no reason to refuse the value. */
function refusal(on: DiffContext, field: MappedField, index: number): Sql {
  const { destination, kind } = field;
  const after = sql.id(`after${index}`);
  const say = (why: string): Sql => sql.lit(`${field.field}: ${why}`);
  const rules: Sql[] = [];
  const isForm = formTest(kind, sql.id(`km${index}`));
  if (isForm && field.model.type === 'string') {
    rules.push(sql`when not ${isForm} then ${say(`not a ${kind}`)}`);
  }
  if (destination.required) {
    rules.push(sql`when ${after} is null then ${say('required, and the model has none')}`);
  }
  const isText = kind === 'text' || kind === 'email' || kind === 'json' || kind === 'record_id';
  if (destination.lengthMax !== undefined && isText) {
    rules.push(sql`when length(${after}) > ${sql.lit(destination.lengthMax)}
          then ${say(`longer than ${destination.lengthMax} characters`)}`);
  }
  if (destination.values && kind !== 'multi_select') {
    rules.push(sql`when ${after} not in (${sql.join([...destination.values, ''].map((one) => sql.lit(one)))})
          then ${say('not one of the values the field allows')}`);
  }
  if (uniqueFields(on).some(([, taken]) => taken === index)) {
    rules.push(sql`when exists (select 1 from ${sql.id(`taken${index}`)} as t where t.key = decided.key)
          then ${say('another record or row holds this value')}`);
  }
  if (rules.length === 0) return none(on, 'string');
  const applies = destination.required
    ? sql`(${sends(field, index)} or ${isNew})`
    : sends(field, index);
  return sql`case when ${applies} then case
          ${sql.join(rules, sql`\n          `)}
        end end`;
}

/**
 * Whether a canonical text has its kind's form: a text that is none of the kind stays as it was.
 */
function formTest(kind: MappedField['kind'], canonical: Sql): Sql | undefined {
  switch (kind) {
    case 'number':
      return sql`(translate(${canonical}, '+-.0123456789eE', '') = '')`;
    case 'boolean':
      return sql`(${canonical} in ('', 'true', 'false'))`;
    case 'date':
      return sql`(${canonical} = '' or ${canonical} like '____-__-__')`;
    case 'datetime':
      // Milliseconds since the epoch.
      return sql`(translate(${canonical}, '-0123456789', '') = '' and ${canonical} not like '_%-%')`;
    default:
      return undefined;
  }
}

function judged(on: DiffContext): Sql {
  const names = outputColumns(on).map(([name]) => name);
  const plain = names.filter((name) => !['crm_id', 'class', 'reason', 'row_count'].includes(name));
  return sql`judged as (
    select * from (
      select
        ${sql.join(plain.map((name) => sql.id(name)))},
        case when presence in ('none', 'gone') then null else coalesce(id, crm_id) end as crm_id,
        ${rowClass(on)} as class,
        ${rowReason(on)} as reason,
        1 as row_count
      from checked
    ) as named
    where class is not null
  )`;
}

const repeatsRefusal = sql`((${isNew} or any_send) and status = 'rejected' and rejected = signature)`;

function rowClass(on: DiffContext): Sql {
  const { mapping } = on;
  return sql`case
          when presence in ('locked', 'awaited') then 'locked'
          when presence in ('ambiguous', 'claimed') then 'rejected'
          when presence = 'gone' and not ${revives(on)} then 'gone'
          when ${isNew} and not ${sql.lit(mapping.canCreate)} then 'unmatched'
          when (${isNew} or any_send) and refusal is not null then 'rejected'
          when ${repeatsRefusal} then 'rejected'
          when ${isNew} then 'create'
          when any_send then 'update'
          when any_review then 'conflict'
          when any_not_held then 'not_held'
          when any_report then 'drift'
          when any_move or not is_known or crm_id is distinct from coalesce(id, crm_id)
            or status <> 'accepted' then 'noop'
          when not is_pending and clean_at is distinct from observed_at then 'verified'
        end`;
}

function rowReason(on: DiffContext): Sql {
  return sql`case
          when presence = 'locked' then 'an earlier push is in doubt'
          when presence = 'awaited' then 'another sync made the record; it is not extracted yet'
          when presence = 'ambiguous' then 'several records in the CRM match the key'
          when presence = 'claimed' then 'another row is linked to the record already'
          when presence = 'gone' and not ${revives(on)} then 'the record was deleted in the CRM'
          when ${isNew} and not ${sql.lit(on.mapping.canCreate)}
            then 'no record in the CRM matches the key'
          when (${isNew} or any_send) and refusal is not null then refusal
          when ${repeatsRefusal} then 'the CRM refused the same values before'
          when presence = 'gone' then 'the record was deleted in the CRM'
          when ${isNew} then 'no record in the CRM matches the key'
        end`;
}

/** A mirror makes again what somebody deleted in the CRM; every other sync leaves it deleted. */
function revives({ mapping }: DiffContext): Sql {
  return sql.lit(mapping.canCreate && mapping.spec.behavior === 'mirror');
}

/** Rows that have no key, or one key for several rows. */
function unkeyed(on: DiffContext): Sql {
  const columns = outputList(on, {
    key: sql`coalesce(key, '')`,
    class: sql`'rejected'`,
    reason: sql`case when key is null then 'the row has no sync key'
        else 'several rows of the model have this key' end`,
    row_count: sql`n`,
  });
  return sql`unkeyed as (
    select
      ${columns}
    from bad_keys
  )`;
}

function removals(on: DiffContext): Sql {
  const { mapping } = on;
  const fields = mapping.fields.flatMap(({ kind }, index) => [
    [`before${index}`, on.dialect.canonical(kind, sql`c.${sql.id(`c${index}`)}`)] as const,
    [`ka${index}`, sql`f.${sql.id(`a${index}`)}`] as const,
  ]);
  const wasRefused = sql`(s.status = 'rejected' and s.rejected = 'archive|')`;
  const columns = outputList(on, {
    key: sql`s.key`,
    crm_id: sql`c.id`,
    class: sql`case when ${wasRefused} then 'rejected' else 'archive' end`,
    reason: sql`case when ${wasRefused} then 'the CRM refused to archive it before'
        else 'the row left the model' end`,
    row_count: sql`1`,
    signature: sql`'archive|'`,
    observed_at: sql`c.observed_at`,
    ...Object.fromEntries(fields),
  });
  return sql`removals as (
    select
      ${columns}
    from state_rows as s
    join crm_rows as c on c.id = s.crm_id
    join state_fields as f on f.key = s.key
    where s.status in ('accepted', 'rejected')
      and not exists (select 1 from model_rows as m where m.key = s.key)
      and not exists (select 1 from matched as x where x.id = c.id)
  )`;
}
