import { type RawBuilder, sql } from 'kysely';
import { decideField, decisions, joinValues } from './diff-decision.ts';
import { judgeExpressions, outputColumns } from './diff-judgement.ts';
import {
  asText,
  canonicalText,
  type DiffContext,
  linkExpressions,
  none,
  sideExpressions,
} from './diff-link.ts';
import type { MappedField } from './sync-mapping.ts';
import { stateColumns } from './sync-tables.ts';

type Sql = RawBuilder<unknown>;

/**
 * The whole diff as one select: a row for each row of the model, and each record to archive, that
 * is not settled. Reads the model, the sync's state and the extracted view; writes nothing.
 *
 * `compared` lets most rows go by comparing values as they are. Only what is left is linked anew
 * where its record is not known (`joined`), brought into canonical form (`known`), decided field by
 * field (`decided`) and judged as a row (`judged`).
 */
export function diffStatement(on: DiffContext): Sql {
  const expressions = [
    ...sideExpressions(on),
    compared(on),
    ...linkExpressions(on),
    joined(on),
    known(on),
    decided(on),
    ...judgeExpressions(on),
  ];
  const columns = sql.join(outputColumns(on).map(([name]) => sql.id(name)));
  const removes = on.mapping.spec.behavior === 'mirror';
  return sql`with
  ${sql.join(expressions, sql`,\n  `)}
  select ${columns} from judged
  union all
  select ${columns} from unkeyed${removes ? sql`\n  union all\n  select ${columns} from removals` : sql``}`;
}

function carriedColumns({ mapping }: DiffContext) {
  const model = [
    'key',
    'model_at',
    ...mapping.fields.map((_, index) => `m${index}`),
    ...mapping.associations.map((_, index) => `xm${index}`),
  ];
  const state = [
    ...stateColumns.map(([name]) => name).filter((name) => name !== 'key' && name !== 'reason'),
    ...mapping.associations.map((_, index) => `xa${index}`),
  ];
  const crm = [
    'id',
    'observed_at',
    'modified_at',
    ...mapping.fields.map((_, index) => `c${index}`),
  ];
  const fields = mapping.fields.flatMap((_, index) => [`a${index}`, `s${index}`]);
  return { model, state, crm, fields };
}

function listOf(names: readonly string[], alias: string): Sql {
  return sql.join(names.map((name) => sql.id(alias, name)));
}

/** The one pass over all three sides in full: what it lets go is settled. */
function compared(on: DiffContext): Sql {
  const { mapping } = on;
  const { model, state, crm } = carriedColumns(on);
  const differs = [
    ...mapping.fields.map((field, index) => {
      const [m, c] = [sql`m.${sql.id(`m${index}`)}`, sql`c.${sql.id(`c${index}`)}`];
      return sql`not ${agrees(on, field, m, c)}`;
    }),
    ...mapping.associations.map((_, index) => {
      const link = sql.id(`xm${index}`);
      return sql`(m.${link} is not null and m.${link} is distinct from s.${sql.id(`xa${index}`)})`;
    }),
  ];
  const isOpen = createsOnly(on)
    ? sql`s.status = 'in_doubt'`
    : sql`s.status <> 'accepted' or s.reasserts > 0 or s.clean_at is distinct from c.observed_at
      or ${sql.join(differs, sql`\n      or `)}`;
  return sql`compared as materialized (
    select
      ${listOf(model, 'm')},
      s.key is not null as is_known,
      ${listOf(state, 's')},
      ${listOf(crm, 'c')}
    from model_rows as m
    left join state_rows as s on s.key = m.key
    left join crm_rows as c on c.id = s.crm_id
    where c.id is null
      or ${isOpen}
  )`;
}

function createsOnly({ mapping }: DiffContext): boolean {
  return mapping.spec.behavior === 'create_only' || mapping.spec.behavior === 'append';
}

function joined(on: DiffContext): Sql {
  const { model, state, crm, fields } = carriedColumns(on);
  const own = [...model, 'is_known', ...state];
  return sql`joined as materialized (
    select * from (
      select
        linked.*,
        ${listOf(fields, 'f')},
        case
          when status = 'in_doubt' then 'locked'
          when id is null and crm_id is not null and status <> 'removed' and not is_gone
            then 'unseen'
          when id is null and is_awaited then 'awaited'
          when match_count > 1 then 'ambiguous'
          when is_claimed then 'claimed'
          when id is not null then 'live'
          when crm_id is not null and status <> 'removed' then 'gone'
          else 'none'
        end as presence,
        -- what we wrote counts until the record is observed again
        written_at is not null and crm_id is not distinct from coalesce(id, crm_id)
          and (id is null or observed_at <= written_at) as is_pending
      from (
        select
          ${listOf(own, 'k')},
          ${listOf(crm, 'k')},
          0 as match_count, false as is_claimed, false as is_gone, false as is_awaited
        from compared as k
        where k.id is not null
        union all
        select
          ${listOf(own, 'k')},
          ${listOf(crm, 'c')},
          r.match_count, r.is_claimed, r.is_gone, r.is_awaited
        from compared as k
        join relinked as r on r.key = k.key
        left join (
          select * from crm_rows where id in (select id from relinked where id is not null)
        ) as c on c.id = r.id
      ) as linked
      left join (
        select * from state_fields where key in (select key from compared where key is not null)
      ) as f on f.key = linked.key
      where not exists (select 1 from bad_keys as b where b.key = linked.key)
    ) as present
    ${createsOnly(on) ? sql`where presence not in ('unseen', 'gone')` : sql``}
  )`;
}

/**
 * True where the two sides say the same as they stand, or the write rule asks for no more. A
 * canonical form is computed only where columns of different types leave no other way.
 */
function agrees(on: DiffContext, field: MappedField, m: Sql, c: Sql): Sql {
  if (!field.destination.updatable) return sql`true`;
  if (field.write === 'append') return sql`false`;
  const isEqual = comparesAsIs(field)
    ? sql`${m} is not distinct from ${c}`
    : sql`${on.dialect.canonical(field.kind, m)}
        is not distinct from ${on.dialect.canonical(field.kind, c)}`;
  if (field.write === 'never_null') return sql`(${isEqual} or ${m} is null)`;
  return sql`(${isEqual})`;
}

function comparesAsIs({ model, crm }: MappedField): boolean {
  const isNumber = (type: string): boolean => /^(integer|double|decimal)/.test(type);
  return (
    model.typeName === crm.typeName ||
    (isNumber(model.type) && isNumber(crm.type)) ||
    (/^(date|timestamp)$/.test(model.type) && /^(date|timestamp)$/.test(crm.type))
  );
}

/** Canonical forms, once each, and only of fields that are not settled as they stand. */
function known(on: DiffContext): Sql {
  const { mapping } = on;
  const canonical = mapping.fields.flatMap((field, index) => {
    const name = (prefix: string): Sql => sql.id(`${prefix}${index}`);
    const isSame = sql`(is_clean_before and ${agrees(on, field, sql`${name('m')}`, sql`${name('c')}`)})`;
    const form = (side: 'm' | 'c'): Sql => sql`case when ${isSame} then null
        else ${canonicalText(on, field.kind, name(side))} end`;
    return [sql`${form('m')} as ${name('km')}`, sql`${form('c')} as ${name('fc')}`];
  });
  const columns = mapping.fields.flatMap(({ kind, field }, index) => {
    const name = (prefix: string): Sql => sql.id(`${prefix}${index}`);
    const isOurs = sql`is_pending and ${name('a')} is not null
        and (presence = 'unseen' or ${contains(sql`sent`, sql.lit(`,${field},`))})`;
    return [
      sql`case when is_linked then ${name('a')} end as ${name('ka')}`,
      sql`case when is_linked then ${name('s')} end as ${name('ks')}`,
      sql`case when ${isOurs} then coalesce(${name('s')}, ${name('a')})
        else ${name('fc')} end as ${name('kc')}`,
      sql`case when ${isOurs} then nullif(coalesce(${name('s')}, ${name('a')}), '')
        else ${sendable(on, kind, name('c'), name('fc'))} end as ${name('before')}`,
      sql`${sendable(on, kind, name('m'), name('km'))} as ${name('text')}`,
    ];
  });
  return sql`known as materialized (
    select
      *,
      ${sql.join(columns, sql`,\n      `)}
    from (
      select
        *,
        presence = 'unseen' or crm_id is not distinct from id as is_linked,
        ${sql.join(canonical, sql`,\n        `)}
      from (
        select *, is_known and presence = 'live' and clean_at = observed_at as is_clean_before
        from joined
      ) as flagged
    ) as formed
  )`;
}

/** A value as it is sent and shown: as people wrote it, numbers, flags and days in one form. */
function sendable(on: DiffContext, kind: MappedField['kind'], value: Sql, canonical: Sql): Sql {
  if (kind === 'number' || kind === 'boolean' || kind === 'date')
    return sql`nullif(${canonical}, '')`;
  return sql`case when ${canonical} <> '' then ${asText(on, value)} end`;
}

function decided(on: DiffContext): Sql {
  const { mapping } = on;
  const fields = mapping.fields.flatMap((field, index) => {
    const name = (prefix: string): Sql => sql.id(`${prefix}${index}`);
    const after = joinValues(field, name('before'), name('text'));
    const decision = decideField(mapping, field, {
      model: name('km'),
      crm: name('kc'),
      accepted: name('ka'),
      adopted: name('ks'),
      reasserts: sql`case when is_linked then reasserts else 0 end`,
      modelAt: sql`model_at`,
      crmAt: sql`modified_at`,
      joined: joinedText(on, field, index),
    });
    // A sync that only creates says nothing of records that are there.
    const decides = createsOnly(on) ? sql`false` : sql`presence in ('live', 'unseen')`;
    return [
      sql`case when ${decides} and ${name('km')} is not null then ${decision} end as ${name('d')}`,
      sql`case when presence in ('live', 'unseen') then ${after} else ${name('text')} end
        as ${name('after')}`,
    ];
  });
  const associations = mapping.associations.map((_, index) => {
    const model = sql.id(`xm${index}`);
    const accepted = sql`case when is_linked then ${sql.id(`xa${index}`)} end`;
    return sql`case when presence in ('live', 'unseen') and ${model} is not null
        and ${model} is distinct from ${accepted} then ${sql.lit(decisions.sendModel)} end
        as ${sql.id(`xd${index}`)}`;
  });
  return sql`decided as materialized (
    select
      *,
      ${sql.join([...fields, ...associations], sql`,\n      `)}
    from known
  )`;
}

/** For `append`: equal to the CRM's canonical value where the CRM holds the model's already. */
function joinedText(on: DiffContext, field: MappedField, index: number): Sql {
  if (field.write !== 'append') return none(on, 'string');
  const crm = sql.id(`kc${index}`);
  const model = sql.id(`km${index}`);
  if (field.kind === 'multi_select') {
    return canonicalText(on, field.kind, sql`${crm} || ';' || ${model}`);
  }
  return sql`case when ${contains(crm, model)} then ${crm} else ${crm} || ${model} end`;
}

/** `position(… in …)` is the one spelling every warehouse knows. */
function contains(text: Sql, part: Sql): Sql {
  return sql`coalesce(position(${part} in ${text}), 0) > 0`;
}
