import { type RawBuilder, sql } from 'kysely';
import type { MergeAction, MergeClause, MergeConfig } from '../words/merge.ts';
import { quoteIdentifier } from '../words/sql-name.ts';
import type { Relation } from '../words/table.ts';
import { conditionsOf } from './merge-statements.ts';
import { keysEqual, tableOf } from './relation-statements.ts';

interface MergeShape {
  /** Those of the batch. */
  readonly columns: readonly string[];
  readonly keys: readonly string[];
  readonly predicates: readonly string[];
}

const batchName = 'DBT_INTERNAL_SOURCE';
const tableName = 'DBT_INTERNAL_DEST';

/** A merge that does what the project's clauses say; conditions and expressions are its own SQL. */
export function mergeByClauses(
  target: Relation,
  batch: RawBuilder<unknown>,
  { columns, keys, predicates }: MergeShape,
  { clauses }: MergeConfig,
): RawBuilder<unknown> {
  const keyNames = keys.map((key) => key.toLowerCase());
  const updatable = columns.filter((name) => !keyNames.includes(name.toLowerCase()));
  return sql`
    merge into ${tableOf(target)} as ${sql.raw(tableName)}
    using ${batch} as ${sql.raw(batchName)}
    on ${keysEqual(keys, sql.id(batchName), sql.id(tableName))}${conditionsOf(predicates)}${sql.join(
      clauses.map((clause) => writeClause(clause, updatable)),
      sql``,
    )}`;
}

function writeClause(
  { when, conditions, action }: MergeClause,
  updatable: readonly string[],
): RawBuilder<unknown> {
  return sql`
    when ${sql.raw(when)}${conditionsOf(conditions)} then ${writeAction(action, updatable)}`;
}

const modes = { by_name: 'by name', by_position: 'by position', star: '*' } as const;

function writeAction(action: MergeAction, updatable: readonly string[]): RawBuilder<unknown> {
  switch (action.kind) {
    case 'update':
      return sql.raw(action.mode === 'star' ? 'update set *' : `update ${modes[action.mode]}`);
    case 'insert':
      return sql.raw(`insert ${modes[action.mode]}`);
    case 'update some':
      return writeSet([...action.set, ...copied(action, updatable)]);
    case 'set':
      return writeSet(action.set);
    case 'insert values': {
      const names = sql.join(action.columns.map((name) => sql.id(bare(name))));
      return sql`insert (${names}) values (${sql.raw(action.values.join(', '))})`;
    }
    case 'error':
      return action.message === '' ? sql.raw('error') : sql`error ${sql.lit(action.message)}`;
    case 'delete':
    case 'do nothing':
      return sql.raw(action.kind);
  }
}

/** Columns that take the batch's value, without those that have an expression. */
function copied(
  { include, exclude, set }: Extract<MergeAction, { kind: 'update some' }>,
  updatable: readonly string[],
): (readonly [string, string])[] {
  const named = (names: readonly string[]) =>
    new Set(names.map((name) => bare(name).toLowerCase()));
  const [only, never, written] = [named(include), named(exclude), named(set.map(([name]) => name))];
  return updatable
    .filter((name) => {
      const lower = name.toLowerCase();
      const isMeant = only.size === 0 || only.has(lower);
      return isMeant && !never.has(lower) && !written.has(lower);
    })
    .map((name) => [name, `${batchName}.${quoteIdentifier(name)}`]);
}

/** Names in config may stand in quotes. */
const bare = (name: string): string => name.replace(/^"(.*)"$/, '$1');

function writeSet(set: readonly (readonly [string, string])[]): RawBuilder<unknown> {
  if (set.length === 0) return sql.raw('do nothing');
  const pairs = set.map(([name, value]) => sql`${sql.id(bare(name))} = ${sql.raw(value)}`);
  return sql`update set ${sql.join(pairs)}`;
}
