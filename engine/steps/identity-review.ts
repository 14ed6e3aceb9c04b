import { type RawBuilder, sql } from 'kysely';
import { decisionRules } from '../words/identity.ts';
import type { Relation } from '../words/table.ts';
import { beforeTable, scopeTable } from './identity-clusters.ts';
import type { IdentityTables } from './identity-shape.ts';
import { tableOf } from './relation-statements.ts';

const inScope = (record: string): RawBuilder<unknown> => sql`(
        ${sql.id(record)} in (select record from ${scopeTable})
        or ${sql.id(record)} in (select record from ${beforeTable})
      )`;

export function deleteReview(review: Relation): RawBuilder<unknown> {
  return sql`
    delete from ${tableOf(review)}
    where ${inScope('left_record')}
      or ${inScope('right_record')}`;
}

/**
 * What a person should look at: pairs in a rule's band that nobody has decided and nothing else has
 * joined (`doubtful`), and matches that were cut to keep others apart (`cut`). One row a pair, by
 * its best score.
 */
export function insertReview(
  tables: IdentityTables,
  canonicalId: string,
  scope: 'all' | 'changed',
): RawBuilder<unknown> {
  const { matches, identity, review } = tables;
  const id = sql.id(canonicalId);
  const narrowed =
    scope === 'all'
      ? sql``
      : sql`
      and (${inScope('left_record')} or ${inScope('right_record')})`;
  const decided = sql.join([...decisionRules]);
  return sql`
    insert into ${tableOf(review)}
      (left_record, right_record, left_id, right_id, reason, rule, evidence, score)
    select left_record, right_record, left_id, right_id, reason, rule, evidence, score
    from (
      select
        matches.left_record,
        matches.right_record,
        one.${id} as left_id,
        other.${id} as right_id,
        case when matches.outcome = 'joins' then 'cut' else 'doubtful' end as reason,
        matches.rule,
        matches.evidence,
        matches.score,
        row_number() over (
          partition by matches.left_record, matches.right_record
          order by
            case when matches.outcome = 'joins' then 0 else 1 end,
            matches.score desc,
            matches.rule
        ) as rank_of_pair
      from (
        select *
        from ${tableOf(matches)}
        where outcome in ('joins', 'doubtful')${narrowed}
      ) as matches
      inner join ${tableOf(identity)} as one on one.record = matches.left_record
      inner join ${tableOf(identity)} as other on other.record = matches.right_record
      where not exists (
        select 1
        from ${tableOf(matches)} as decisions
        where decisions.rule in (${decided})
          and decisions.left_record = matches.left_record
          and decisions.right_record = matches.right_record
          and decisions.rule <> matches.rule
      )
    ) as ranked
    where rank_of_pair = 1 and left_id <> right_id`;
}
