import { type RawBuilder, sql } from 'kysely';
import type { companionSuffixes, IdentityConfig, IdentityRule } from '../words/identity.ts';
import { type Column, flattenRelation, type Relation } from '../words/table.ts';
import type { Dialect } from '../words/warehouse.ts';
import { nextOf } from './publish.ts';

/** What an identity keeps: the model's own relation, what stands beside it, and its memory. */
export interface IdentityTables {
  /** Every record with its canonical id. */
  readonly identity: Relation;
  /** Every match and every decision, with its evidence. */
  readonly matches: Relation;
  /** What a person should look at. */
  readonly review: Relation;
  /** Every id there ever was, and the one it resolves to now. */
  readonly ids: Relation;
  /** How ids grew, merged, split. */
  readonly events: Relation;
  /** Blocks that were too large to be matched. */
  readonly oversize: Relation;
  /** The records as the last build saw them: what the next one compares with. */
  readonly records: Relation;
}

export function tablesOf(relation: Relation): IdentityTables {
  const { schema, name } = relation;
  const beside = (suffix: (typeof companionSuffixes)[number]): Relation => ({
    schema,
    name: `${name}_${suffix}`,
  });
  return {
    identity: relation,
    matches: beside('matches'),
    review: beside('review'),
    ids: beside('ids'),
    events: beside('events'),
    oversize: beside('oversize'),
    records: { schema: 'tidemill', name: `identity__${flattenRelation(relation)}` },
  };
}

export function nextTables(tables: IdentityTables): IdentityTables {
  return {
    identity: nextOf(tables.identity),
    matches: nextOf(tables.matches),
    review: nextOf(tables.review),
    ids: nextOf(tables.ids),
    events: nextOf(tables.events),
    oversize: nextOf(tables.oversize),
    records: nextOf(tables.records),
  };
}

export type IdentityColumns = { readonly [Table in keyof IdentityTables]: readonly Column[] };

/** The columns of every table, in order; `records` as its select has them. */
export function columnsOfIdentity(
  config: IdentityConfig,
  dialect: Pick<Dialect, 'typeName'>,
  records: readonly Column[],
): IdentityColumns {
  const column = (type: Column['type']) => (name: string) => ({
    name,
    type,
    typeName: dialect.typeName(type),
  });
  const [text, flag, number] = [column('string'), column('boolean'), column('integer')];
  const [share, time] = [column('double'), column('timestamp')];
  const pair = [text('left_record'), text('right_record')];
  return {
    identity: identityColumns(config, text, flag),
    matches: [...pair, ...['rule', 'evidence', 'block', 'outcome'].map(text), share('score')],
    review: [
      ...pair,
      ...['left_id', 'right_id', 'reason', 'rule', 'evidence'].map(text),
      share('score'),
    ],
    ids: [
      ...['canonical_id', 'born_from', 'founder', 'current_id'].map(text),
      time('first_seen_at'),
    ],
    events: [
      ...['event', 'from_id', 'to_id'].map(text),
      number('records'),
      time('happened_at'),
      text('run_id'),
    ],
    oversize: [text('rule'), text('block'), number('records')],
    records,
  };
}

function identityColumns(
  { canonicalId, system, recordId }: IdentityConfig,
  text: (name: string) => Column,
  flag: (name: string) => Column,
): readonly Column[] {
  const ids = [canonicalId, system, recordId].map(text);
  return [...ids, flag('is_primary'), text('record'), text('component')];
}

/** The identity relation's own columns; binding shows them to the models that read it. */
export function columnsOfIdentityTable(
  config: IdentityConfig,
  typeNames: { readonly text: string; readonly flag: string },
): readonly Column[] {
  return identityColumns(
    config,
    (name) => ({ name, type: 'string', typeName: typeNames.text }),
    (name) => ({ name, type: 'boolean', typeName: typeNames.flag }),
  );
}

/** Between the parts of a key: no text that people write holds it. */
export const keySeparator = '\u001f';

/** Where a rule's values stand in the table of records. */
export interface RuleColumns {
  /** The block's key; of a rule that refers, the ids it names. */
  readonly key: string;
  readonly value: string;
  readonly agree: readonly string[];
}

export function ruleColumns(rule: IdentityRule, index: number): RuleColumns {
  return {
    key: `key_${index + 1}`,
    value: `value_${index + 1}`,
    agree: rule.agree.map((_, at) => `agree_${index + 1}_${at + 1}`),
  };
}

/** SQL of the config and what it stands for, each bound by itself to tell which is wrong. */
export function expressionsOf(config: IdentityConfig): readonly string[] {
  const { system, recordId, createdAt, primaryBy, rules } = config;
  const ofRule = (rule: IdentityRule): readonly string[] => {
    const own = [...(rule.where === undefined ? [] : [rule.where]), ...rule.agree];
    if (rule.kind === 'exact') return [...rule.keys, ...own];
    return rule.kind === 'refers' ? [rule.names, ...own] : [rule.value, ...rule.block, ...own];
  };
  return [
    system,
    recordId,
    ...(createdAt ? [createdAt] : []),
    ...primaryBy,
    ...rules.flatMap(ofRule),
  ];
}

/**
 * A person's SQL as an expression: what is a plain name is quoted, and a last comment ends with its
 * line.
 */
export function expressionOf(text: string): RawBuilder<unknown> {
  return sql.raw(`(${text}\n)`);
}

/** The model's select reduced to what the resolution needs, one row a record. */
export function selectRecords(
  config: IdentityConfig,
  dialect: Dialect,
  select: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const textType = sql.raw(dialect.typeName('string'));
  const spell = (value: string) => sql`cast(${expressionOf(value)} as ${textType})`;
  const name = (value: string) => sql`nullif(${spell(value)}, '')`;
  // Blanks are no value that two records could share.
  const text = (value: string) =>
    sql`case when ${dialect.isBlank(spell(value))} then null else ${spell(value)} end`;
  const [system, recordId] = [name(config.system), name(config.recordId)];
  const timestamp = sql.raw(dialect.typeName('timestamp'));
  const created = config.createdAt
    ? expressionOf(config.createdAt)
    : sql`cast(null as ${timestamp})`;
  const columns = [
    sql`${system} || ':' || ${recordId} as record`,
    sql`${system} as system`,
    sql`${recordId} as record_id`,
    sql`${created} as created_at`,
    ...config.primaryBy.map(
      (order, index) => sql`${expressionOf(order)} as ${sql.id(`order_${index + 1}`)}`,
    ),
    ...config.rules.flatMap((rule, index) => ruleValues(rule, ruleColumns(rule, index), text)),
  ];
  return sql`
    select
      ${sql.join(
        columns,
        sql`,
      `,
      )}
    from (
      ${select}
    ) as records`;
}

function ruleValues(
  rule: IdentityRule,
  names: RuleColumns,
  text: (value: string) => RawBuilder<unknown>,
): RawBuilder<unknown>[] {
  const joined = (parts: readonly string[]) =>
    sql.join(parts.map(text), sql` || ${sql.lit(keySeparator)} || `);
  const agrees = rule.agree.map(
    (part, at) => sql`${text(part)} as ${sql.id(names.agree[at] ?? '')}`,
  );
  const narrowed = (key: RawBuilder<unknown>, extra?: RawBuilder<unknown>) => {
    const conditions = [
      ...(rule.where === undefined ? [] : [expressionOf(rule.where)]),
      ...(extra ? [sql`${extra} is not null`] : []),
    ];
    const narrow =
      conditions.length === 0
        ? key
        : sql`case when ${sql.join(conditions, sql` and `)} then ${key} end`;
    return sql`${narrow} as ${sql.id(names.key)}`;
  };
  switch (rule.kind) {
    case 'exact':
      return [narrowed(joined(rule.keys)), ...agrees];
    case 'refers':
      return [narrowed(text(rule.names)), ...agrees];
    case 'fuzzy': {
      const value = text(rule.value);
      return [
        narrowed(joined(rule.block), value),
        sql`${value} as ${sql.id(names.value)}`,
        ...agrees,
      ];
    }
  }
}
