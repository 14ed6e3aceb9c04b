import { type RawBuilder, sql } from 'kysely';
import { decideField, decisions, joinValues } from './diff-decision.ts';
import { judgeExpressions, outputColumns } from './diff-judgement.ts';
import { asText, canonicalText, type DiffContext, linkExpressions, none } from './diff-link.ts';
import type { MappedField } from './sync-mapping.ts';

type Sql = RawBuilder<unknown>;

/**
 * The whole diff as one select: a row for each row of the model, and each record to archive, that
 * is not settled. Reads the model, the sync's state and the extracted view; writes nothing.
 *
 * `joined` lets most rows go by comparing values as they are. Only what is left is brought into
 * canonical form (`known`), decided field by field (`decided`) and judged as a row (`judged`).
 */
export function diffStatement(on: DiffContext): Sql {
  const expressions = [
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

function joined(on: DiffContext): Sql {
  const { mapping } = on;
  const onlyNew = mapping.spec.behavior === 'create_only' || mapping.spec.behavior === 'append';
  const carried = [
    ...mapping.fields.flatMap((_, index) => [
      sql`s.${sql.id(`a${index}`)}`,
      sql`s.${sql.id(`s${index}`)}`,
      sql`c.${sql.id(`c${index}`)}`,
    ]),
    ...mapping.associations.map((_, index) => sql`s.${sql.id(`xa${index}`)}`),
  ];
  const differs = [
    ...mapping.fields.map((field, index) => sql`not ${isSettled(on, field, index)}`),
    ...mapping.associations.map((_, index) => {
      const model = sql.id(`xm${index}`);
      return sql`(m.${model} is not null and m.${model} is distinct from s.${sql.id(`xa${index}`)})`;
    }),
  ];
  return sql`joined as (
    select
      m.*,
      s.crm_id, s.status, s.written_at, s.sent, s.reasserts, s.rejected,
      c.id, c.observed_at, c.modified_at,
      ${sql.join(carried)},
      case
        when s.status = 'in_doubt' then 'locked'
        when c.id is null and s.crm_id is not null and s.status <> 'removed' and g.id is null
          then 'unseen'
        when x.n > 1 then 'ambiguous'
        when t.key is not null then 'claimed'
        when c.id is not null then 'live'
        when s.crm_id is not null and s.status <> 'removed' then 'gone'
        else 'none'
      end as presence,
      -- what we wrote counts until the record is observed again
      s.written_at is not null and s.crm_id is not distinct from coalesce(c.id, s.crm_id)
        and (c.id is null or c.observed_at <= s.written_at) as is_pending
    from model_rows as m
    left join state_rows as s on s.key = m.key
    left join matched as x on x.key = m.key
    left join claimed as t on t.key = m.key
    left join gone as g on g.id = s.crm_id
    left join crm_rows as c on c.id = case
      when x.id is not null and (s.crm_id is null or s.status = 'removed' or g.id is not null)
        then x.id
      else s.crm_id
    end
    where m.key is not null
      and not exists (select 1 from bad_keys as b where b.key = m.key)
      and ${
        onlyNew
          ? sql`(c.id is null and (s.crm_id is null or s.status = 'in_doubt') or x.n > 1)`
          : sql`(
        c.id is null or s.crm_id is distinct from c.id or s.status <> 'accepted'
        or s.reasserts > 0 or x.n > 1
        or ${sql.join(differs, sql`\n        or `)}
      )`
      }
  )`;
}

/** Lazily: `case` computes a canonical form only where the plain comparison fails. */
function isSettled(on: DiffContext, { model, crm, kind }: MappedField, index: number): Sql {
  const m = sql`m.${sql.id(`m${index}`)}`;
  const c = sql`c.${sql.id(`c${index}`)}`;
  const a = sql`s.${sql.id(`a${index}`)}`;
  const crmText = crm.type === 'string' ? c : asText(on, c);
  const sameSides =
    model.typeName === crm.typeName
      ? sql`${m} = ${c}`
      : sql`${on.dialect.canonical(kind, m)} = ${crmText}`;
  return sql`case
          when ${sameSides} and ${a} = ${crmText} then true
          else ${canonicalText(on, kind, m)} = ${canonicalText(on, kind, c)}
            and coalesce(${a} = ${canonicalText(on, kind, c)}, false)
            and s.${sql.id(`s${index}`)} is null
        end`;
}

function known(on: DiffContext): Sql {
  const { mapping } = on;
  const columns = mapping.fields.flatMap(({ kind, field }, index) => {
    const name = (prefix: string): Sql => sql.id(`${prefix}${index}`);
    const base = sql`case when is_linked then ${name('a')} end`;
    const adopted = sql`case when is_linked then ${name('s')} end`;
    const isOurs = sql`is_pending and ${name('a')} is not null
        and (presence = 'unseen' or ${contains(sql`sent`, sql.lit(`,${field},`))})`;
    return [
      sql`${base} as ${name('ka')}`,
      sql`${adopted} as ${name('ks')}`,
      sql`${canonicalText(on, kind, name('m'))} as ${name('km')}`,
      sql`case when ${isOurs} then coalesce(${name('s')}, ${name('a')})
        else ${canonicalText(on, kind, name('c'))} end as ${name('kc')}`,
      sql`case when ${isOurs} then nullif(coalesce(${name('s')}, ${name('a')}), '')
        else ${sendable(on, kind, name('c'))} end as ${name('before')}`,
      sql`${sendable(on, kind, name('m'))} as ${name('text')}`,
    ];
  });
  return sql`known as (
    select
      *,
      ${sql.join(columns, sql`,\n      `)}
    from (
      select *, presence = 'unseen' or crm_id is not distinct from id as is_linked
      from joined
    ) as linked
  )`;
}

/** A value as it is sent and shown: texts as people wrote them, all else in canonical form. */
function sendable(on: DiffContext, kind: MappedField['kind'], value: Sql): Sql {
  const canonical = on.dialect.canonical(kind, value);
  if (kind !== 'text' && kind !== 'email' && kind !== 'json') return canonical;
  return sql`case when ${canonical} is not null then ${asText(on, value)} end`;
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
    return [
      sql`case when presence in ('live', 'unseen') then ${decision} end as ${name('d')}`,
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
  return sql`decided as (
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
