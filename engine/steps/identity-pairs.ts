import { type RawBuilder, sql } from 'kysely';
import type { ExactRule, FuzzyRule, IdentityRule, RefersRule } from '../words/identity.ts';
import type { Relation } from '../words/table.ts';
import type { Dialect } from '../words/warehouse.ts';
import { changedTable } from './identity-records.ts';
import { keySeparator, type RuleColumns, ruleColumns } from './identity-shape.ts';
import { tableOf } from './relation-statements.ts';

/** The matches that hold now, as far as they were looked at. */
export const foundTable = sql.id('tidemill_found');
/** Blocks of more than one record: (rule, block, records). */
export const blocksTable = sql.id('tidemill_blocks');

export const matchColumns = [
  'left_record',
  'right_record',
  'rule',
  'evidence',
  'block',
  'outcome',
  'score',
] as const;

export interface PairContext {
  readonly rules: readonly IdentityRule[];
  readonly records: Relation;
  readonly dialect: Dialect;
  readonly scope: 'all' | 'changed';
}

/** The statement that adds a rule's matches to `foundTable`. */
export function insertPairs(
  rule: IdentityRule,
  index: number,
  context: PairContext,
): RawBuilder<unknown> {
  const names = ruleColumns(rule, index);
  switch (rule.kind) {
    case 'exact':
      return insertFound(exactPairs(rule, names, context));
    case 'fuzzy':
      return insertFound(fuzzyPairs(rule, names, context));
    case 'refers':
      return insertFound(referredPairs(rule, names, context));
  }
}

function insertFound(select: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into ${foundTable}
      (left_record, right_record, rule, evidence, block, outcome, score)
    ${select}`;
}

/** The records of a rule's blocks that are small enough, and the values a pair is judged by. */
function membersOf(
  rule: ExactRule | FuzzyRule,
  names: RuleColumns,
  { records }: PairContext,
): RawBuilder<unknown> {
  const value = rule.kind === 'fuzzy' ? [sql`records.${sql.id(names.value)} as value`] : [];
  const agrees = names.agree.map((name) => sql`records.${sql.id(name)}`);
  const key = sql.id(names.key);
  return sql`
    select ${sql.join([
      sql`records.record`,
      sql`records.system`,
      sql`records.${key} as block`,
      ...value,
      ...agrees,
    ])}
    from ${tableOf(records)} as records
    inner join ${blocksTable} as blocks
      on blocks.rule = ${sql.lit(rule.name)}
      and blocks.records <= ${rule.blockRecordsMax}
      and blocks.block = records.${key}`;
}

/** What a pair must meet besides sharing a block. */
function guardsOf(rule: IdentityRule, names: RuleColumns): RawBuilder<unknown> {
  const guards = [
    ...(rule.acrossSystems ? [sql`one.system <> other.system`] : []),
    ...names.agree.map((name) => sql`coalesce(one.${sql.id(name)} = other.${sql.id(name)}, true)`),
  ];
  return guards.length === 0
    ? sql``
    : sql`
      and ${sql.join(
        guards,
        sql`
      and `,
      )}`;
}

/** A block's key as people read it. */
const spokenBlock = sql`replace(one.block, ${sql.lit(keySeparator)}, ' / ')`;

function exactPairs(rule: ExactRule, names: RuleColumns, context: PairContext) {
  return sql`
    with members as (
      ${membersOf(rule, names, context)}
    )

    select
      one.record,
      other.record,
      ${sql.lit(rule.name)},
      ${spokenBlock},
      one.block,
      'joins',
      ${scoreOf(rule.score, context)}
    from members as one
    inner join members as other
      on other.block = one.block
      and other.record > one.record${guardsOf(rule, names)}`;
}

function fuzzyPairs(rule: FuzzyRule, names: RuleColumns, context: PairContext) {
  const least = rule.review ?? rule.threshold;
  return sql`
    with members as (
      ${membersOf(rule, names, context)}
    ),

    pairs as (
      select
        one.record as left_record,
        other.record as right_record,
        one.value || ' ~ ' || other.value || ' (' || ${spokenBlock} || ')' as evidence,
        one.block,
        ${context.dialect.similarity(sql`one.value`, sql`other.value`)} as score
      from members as one
      inner join members as other
        on other.block = one.block
        and other.record > one.record${guardsOf(rule, names)}
    )

    select
      left_record,
      right_record,
      ${sql.lit(rule.name)},
      evidence,
      block,
      case when score >= ${scoreOf(rule.threshold, context)} then 'joins' else 'doubtful' end,
      score
    from pairs
    where score >= ${scoreOf(least, context)}`;
}

function scoreOf(score: number, { dialect }: PairContext): RawBuilder<unknown> {
  return sql`cast(${sql.lit(score)} as ${sql.raw(dialect.typeName('double'))})`;
}

/** Both ends may be the changed one: the record that names, and the record that is named. */
function referredPairs(rule: RefersRule, names: RuleColumns, context: PairContext) {
  const { records, scope } = context;
  const changed = (side: string) => sql`
      and ${sql.id(side)}.record in (select record from ${changedTable})`;
  const ends = scope === 'all' ? [sql``] : [changed('one'), changed('other')];
  const ways = ends.map(
    (narrowed) => sql`
      select one.record as naming, one.named, other.record as found
      from naming as one
      inner join ${tableOf(records)} as other
        on other.record = one.named
        and other.record <> one.record${narrowed}${guardsOf(rule, names)}`,
  );
  return sql`
    with naming as (
      ${namingRecords(rule, names, context)}
    ),

    named as (${sql.join(
      ways,
      sql`
      union`,
    )}
    )

    select
      least(naming, found),
      greatest(naming, found),
      ${sql.lit(rule.name)},
      min(naming || ' names ' || named),
      null,
      'joins',
      ${scoreOf(rule.score, context)}
    from named
    group by least(naming, found), greatest(naming, found)`;
}

function namingRecords(
  rule: RefersRule,
  names: RuleColumns,
  { records, dialect }: PairContext,
): RawBuilder<unknown> {
  const key = sql.id(names.key);
  const one = rule.separator === undefined ? key : dialect.splitText(key, rule.separator);
  const system = rule.to === undefined ? sql`system` : sql`${sql.lit(rule.to)}`;
  const agrees = names.agree.map((name) => sql.id(name));
  return sql`
    select ${sql.join([
      sql`record`,
      sql`system`,
      ...agrees,
      sql`${system} || ':' || trim(reference) as named`,
    ])}
    from (
      select ${sql.join([sql`record`, sql`system`, ...agrees, sql`${one} as reference`])}
      from ${tableOf(records)} as records
      where ${key} is not null
    ) as references_of_records`;
}
