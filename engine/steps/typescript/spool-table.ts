import { type RawBuilder, sql } from 'kysely';
import { formatColumnType, type ScriptColumn } from '../../declare/typescript/column-spec.ts';
import type { ScriptDefinition } from '../../declare/typescript/script-definition.ts';
import { TerminalError } from '../../words/errors.ts';
import type { BuildNode } from '../../words/node.ts';
import { plural } from '../../words/plural.ts';
import type { Stream } from '../../words/stream.ts';
import type { Relation } from '../../words/table.ts';
import type { Session, Warehouse } from '../../words/warehouse.ts';
import { columnList, keysEqual, tableOf } from '../relation-statements.ts';
import { groupColumn } from './running-order.ts';

/** What a function wrote, on its way into a table. */
export interface SpooledAnswers {
  readonly path: string;
  readonly rows: number;
  readonly definition: ScriptDefinition;
  /** `runKey` only: the table that tells a group's key. */
  readonly keys?: Relation;
}

/** `(name type, …)` of the model's table. */
export function declaredColumns(columns: readonly ScriptColumn[]): RawBuilder<unknown> {
  const list = columns.map((column) => sql`${sql.id(column.name)} ${typeOf(column)}`);
  return sql`(${sql.join(list)})`;
}

/** Inserts the answers into an empty table; every value was checked when it was written. */
export async function insertAnswers(
  warehouse: Warehouse,
  session: Session,
  target: RawBuilder<unknown>,
  answers: SpooledAnswers,
): Promise<void> {
  const { definition, keys, path } = answers;
  if (answers.rows === 0) return;
  const isFromKey = (name: string): boolean =>
    definition.mode === 'keyed' && definition.by.includes(name);
  const written = definition.columns.filter(({ name }) => !isFromKey(name));
  const columns = written.map(({ name }, index) => ({
    name,
    type: 'string' as const,
    path: [`c${index}`],
  }));
  const group = { name: groupColumn, type: 'string', path: [groupColumn] } as const;
  const stream: Stream = {
    name: 'answers',
    columns: keys ? [group, ...columns] : columns,
    primaryKey: [],
  };
  const pages = await warehouse.pages(session, [{ path, format: 'ndjson' }], stream);
  const values = definition.columns.map((column) =>
    isFromKey(column.name)
      ? sql`keys.${sql.id(column.name)}`
      : sql`cast(pages.${sql.id(column.name)} as ${typeOf(column)})`,
  );
  const joined = keys
    ? sql`
    join ${tableOf(keys)} as keys
      on keys.${sql.id(groupColumn)} = cast(pages.${sql.id(groupColumn)} as bigint)`
    : sql``;
  await session.execute(sql`
    insert into ${target} (${columnList(definition.columns.map(({ name }) => name))})
    select ${sql.join(values)}
    from ${pages} as pages${joined}`);
}

function typeOf(column: ScriptColumn): RawBuilder<unknown> {
  return sql.raw(formatColumnType(column));
}

/** Throws TerminalError `duplicate-keys` that shows one key which more than one row bears. */
export async function requireUnique(
  session: Session,
  node: BuildNode,
  table: RawBuilder<unknown>,
  key: readonly string[],
): Promise<void> {
  if (key.length === 0) return;
  const [found] = await session.query<Readonly<Record<string, unknown>>>(sql`
    select ${columnList(key)}, count(*) over () as tidemill_keys
    from ${table}
    group by ${columnList(key)}
    having count(*) > 1
    order by ${columnList(key)}
    limit 1`);
  if (!found) return;
  const shown = key.map((name) => `${name}=${String(found[name])}`).join(', ');
  throw new TerminalError(
    `${node.file}: ${plural(Number(found['tidemill_keys']), 'key')} on more than one row, such as ${shown.slice(0, shownMax)}`,
    {
      code: 'duplicate-keys',
      hint: 'answer each key once, or add what tells its rows apart to "key"',
      model: node.id,
    },
  );
}

const shownMax = 100;

export function joinOn(by: readonly string[], left: string, right: string): RawBuilder<unknown> {
  return keysEqual(by, sql.id(left), sql.id(right));
}
