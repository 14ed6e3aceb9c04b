import { type RawBuilder, sql } from 'kysely';
import { decisionRules, type IdentityRule } from '../words/identity.ts';
import type { Column, Relation } from '../words/table.ts';
import { blocksTable, foundTable, matchColumns } from './identity-pairs.ts';
import { changedTable, freshTable, nowTable, wasTable } from './identity-records.ts';
import { ruleColumns } from './identity-shape.ts';
import { columnList, columnTypes, tableOf } from './relation-statements.ts';

/** Blocks a changed record left or came into: (rule, block). */
export const affectedTable = sql.id('tidemill_affected');
/** The stored matches that were looked at again. */
export const lostTable = sql.id('tidemill_lost');
/** Records whose cluster may be another now. */
export const touchedTable = sql.id('tidemill_touched');

const names = columnList(matchColumns);

interface BlockRule {
  readonly rule: IdentityRule & { readonly blockRecordsMax: number };
  readonly key: RawBuilder<unknown>;
}

function blockRules(rules: readonly IdentityRule[]): BlockRule[] {
  return rules.flatMap((rule, index) =>
    rule.kind === 'refers' ? [] : [{ rule, key: sql.id(ruleColumns(rule, index).key) }],
  );
}

export function createAffected(rules: readonly IdentityRule[]): RawBuilder<unknown> {
  const branches = blockRules(rules).flatMap(({ rule, key }) =>
    [wasTable, nowTable].map(
      (table) => sql`
    select ${sql.lit(rule.name)} as rule, ${key} as block
    from ${table}
    where ${key} is not null`,
    ),
  );
  return sql`
    create temporary table ${affectedTable} as${unionOf(
      branches,
      sql`
    select record as rule, record as block from ${freshTable} where false`,
      'distinct',
    )}`;
}

export function createBlocks(
  rules: readonly IdentityRule[],
  records: Relation,
  scope: 'all' | 'changed',
): RawBuilder<unknown> {
  const branches = blockRules(rules).map(({ rule, key }) => {
    const narrowed =
      scope === 'all'
        ? sql``
        : sql`
      and ${key} in (select block from ${affectedTable} where rule = ${sql.lit(rule.name)})`;
    return sql`
    select ${sql.lit(rule.name)} as rule, ${key} as block, count(*) as records
    from ${tableOf(records)}
    where ${key} is not null${narrowed}
    group by ${key}
    having count(*) > 1`;
  });
  return sql`
    create temporary table ${blocksTable} as${unionOf(
      branches,
      sql`
    select record as rule, record as block, 0 as records from ${freshTable} where false`,
      'all',
    )}`;
}

function unionOf(
  branches: readonly RawBuilder<unknown>[],
  empty: RawBuilder<unknown>,
  kind: 'all' | 'distinct',
): RawBuilder<unknown> {
  if (branches.length === 0) return empty;
  return sql.join(
    branches,
    kind === 'all'
      ? sql`
    union all`
      : sql`
    union`,
  );
}

export function deleteOversize(oversize: Relation): RawBuilder<unknown> {
  return sql`
    delete from ${tableOf(oversize)}
    where exists (
      select 1
      from ${affectedTable} as affected
      where affected.rule = ${sql.id(oversize.name)}.rule
        and affected.block = ${sql.id(oversize.name)}.block
    )`;
}

export function insertOversize(
  rules: readonly IdentityRule[],
  oversize: Relation,
): RawBuilder<unknown> {
  const tooLarge = blockRules(rules).map(
    ({ rule }) => sql`(rule = ${sql.lit(rule.name)} and records > ${rule.blockRecordsMax})`,
  );
  return sql`
    insert into ${tableOf(oversize)} (rule, block, records)
    select rule, block, records
    from ${blocksTable}
    where ${tooLarge.length === 0 ? sql`false` : sql.join(tooLarge, sql` or `)}`;
}

export function createFound(columns: readonly Column[]): RawBuilder<unknown> {
  return sql`create temporary table ${foundTable} ${columnTypes(columns)}`;
}

/** What a person decided last of each pair of records that are there. */
export function insertDecisions(
  decisions: RawBuilder<unknown>,
  records: Relation,
  doubleType: string,
): RawBuilder<unknown> {
  return sql`
    insert into ${foundTable} (${names})
    select
      decided.left_record,
      decided.right_record,
      decided.decision,
      decided.why,
      null,
      case when decided.decision = 'same' then 'joins' else 'apart' end,
      cast(1 as ${sql.raw(doubleType)})
    from (
      ${decisions}
    ) as decided
    inner join ${tableOf(records)} as one on one.record = decided.left_record
    inner join ${tableOf(records)} as other on other.record = decided.right_record`;
}

export function createLost(rules: readonly IdentityRule[], matches: Relation): RawBuilder<unknown> {
  const table = tableOf(matches);
  const referring = rules.filter(({ kind }) => kind === 'refers').map(({ name }) => name);
  const byRefers =
    referring.length === 0
      ? sql``
      : sql`
    union all
    select ${names}
    from ${table}
    where rule in (${sql.join(referring)})
      and (
        left_record in (select record from ${changedTable})
        or right_record in (select record from ${changedTable})
      )`;
  return sql`
    create temporary table ${lostTable} as
    select ${names}
    from ${table} as matches
    where exists (
      select 1
      from ${affectedTable} as affected
      where affected.rule = matches.rule and affected.block = matches.block
    )
    union all
    select ${names}
    from ${table}
    where rule in (${sql.join([...decisionRules])})${byRefers}`;
}

const difference = (from: RawBuilder<unknown>, other: RawBuilder<unknown>) => sql`
      select ${names} from ${from}
      except
      select ${names} from ${other}`;

/** The ends of every match that came, went, or says something else now; and what changed. */
export function createTouched(): RawBuilder<unknown> {
  const endsOf = (end: string) => sql`
    union
    select ${sql.id(end)}
    from (${difference(lostTable, foundTable)}
    ) as went
    union
    select ${sql.id(end)}
    from (${difference(foundTable, lostTable)}
    ) as came`;
  return sql`
    create temporary table ${touchedTable} as
    select record
    from ${changedTable}${endsOf('left_record')}${endsOf('right_record')}`;
}

export function deleteLost(matches: Relation): RawBuilder<unknown> {
  const table = sql.id(matches.name);
  return sql`
    delete from ${tableOf(matches)}
    where exists (
      select 1
      from (${difference(lostTable, foundTable)}
      ) as went
      where went.left_record = ${table}.left_record
        and went.right_record = ${table}.right_record
        and went.rule = ${table}.rule
    )`;
}

export function insertFoundMatches(
  matches: Relation,
  scope: 'all' | 'changed',
): RawBuilder<unknown> {
  const rows =
    scope === 'all'
      ? sql`
    select ${names} from ${foundTable}`
      : sql`
    select ${names}
    from (${difference(foundTable, lostTable)}
    ) as came`;
  return sql`
    insert into ${tableOf(matches)} (${names})${rows}`;
}
