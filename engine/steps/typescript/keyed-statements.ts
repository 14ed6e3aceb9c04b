import { type RawBuilder, sql } from 'kysely';
import type { ScriptInput } from '../../declare/typescript/script-definition.ts';
import { TerminalError } from '../../words/errors.ts';
import type { BuildNode } from '../../words/node.ts';
import { flattenRelation, type Relation } from '../../words/table.ts';
import type { Dialect, Session, Warehouse } from '../../words/warehouse.ts';
import type { BuildContext, ScriptSource } from '../build-context.ts';
import { columnList, selectOf, tableOf } from '../relation-statements.ts';
import { runScript, type ScriptStream } from './run-script.ts';
import { groupColumn } from './running-order.ts';
import { joinOn, type SpooledAnswers } from './spool-table.ts';

/** The keys a function is asked for, each with a number; gone once the build is over. */
export function keysOf(relation: Relation): Relation {
  return { schema: 'tidemill', name: `keys__${flattenRelation(relation)}` };
}

/** The digests of the keys as they are now; those of the last build stand under `digestsOf`. */
export function freshOf(relation: Relation): Relation {
  return { schema: 'tidemill', name: `fresh__${flattenRelation(relation)}` };
}

export const digestColumn = 'tidemill_digest';
const rowColumn = { name: 'tidemill_row', type: 'string', typeName: 'VARCHAR' } as const;
const goneColumn = 'tidemill_gone';

/**
 * One digest a key over the rows of all inputs, in any order: equal exactly when the rows are. It
 * holds nothing of a key but numbers, however many rows that has.
 */
export function selectKeyDigests(
  { script, inputs }: ScriptSource,
  dialect: Dialect,
): RawBuilder<unknown> {
  const { by } = script.definition;
  const rows = inputs.map(({ input, sql: text }) => {
    const parts = input.columns
      .filter(({ name }) => !by.includes(name))
      .map(({ name }) => {
        const value = sql`cast(${sql.id(name)} as varchar)`;
        // Each value with its length before it: no two different rows then make the same text.
        return sql`coalesce(cast(length(${value}) as varchar) || ':' || ${value}, '-')`;
      });
    const told = sql.join([sql.lit(`${input.name}:`), ...parts], sql` || `);
    return sql`
      select ${columnList(by)}, ${told} as ${sql.id(rowColumn.name)}
      from (${selectOf(text)}) as input`;
  });
  return sql`
    select ${columnList(by)}, ${dialect.bagDigest([rowColumn])} as ${sql.id(digestColumn)}
    from (${sql.join(rows, sql` union all `)}) as told
    group by ${columnList(by)}`;
}

/** Numbers every key of a table expression. */
export function createKeys(
  keys: Relation,
  by: readonly string[],
  from: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`
    create table ${tableOf(keys)} as
    select
      row_number() over () as ${sql.id(groupColumn)},
      ${columnList(by)},
      false as ${sql.id(goneColumn)}
    from ${from}`;
}

/** Numbers the keys whose digest is another than at the last build, those gone among them. */
export function createChangedKeys(
  keys: Relation,
  by: readonly string[],
  tables: { readonly fresh: Relation; readonly kept: Relation },
): RawBuilder<unknown> {
  const either = by.map(
    (name) => sql`coalesce(${sql.id('fresh', name)}, ${sql.id('kept', name)}) as ${sql.id(name)}`,
  );
  const digest = sql.id(digestColumn);
  return sql`
    create table ${tableOf(keys)} as
    select
      row_number() over () as ${sql.id(groupColumn)},
      ${sql.join(either)},
      fresh.${digest} is null as ${sql.id(goneColumn)}
    from ${tableOf(tables.fresh)} as fresh
    full join ${tableOf(tables.kept)} as kept on ${joinOn(by, 'fresh', 'kept')}
    where fresh.${digest} is null or kept.${digest} is null or fresh.${digest} <> kept.${digest}`;
}

/** A row without a key belongs to none, and silence would lose it. */
async function requireKeysOfRows(
  session: Session,
  node: BuildNode,
  keys: Relation,
  by: readonly string[],
): Promise<void> {
  const anyNull = sql.join(
    by.map((name) => sql`${sql.id(name)} is null`),
    sql` or `,
  );
  const [row] = await session.query<{ rows: unknown }>(sql`
    select count(*) as rows from ${tableOf(keys)} where ${anyNull}`);
  if (Number(row?.rows ?? 0) === 0) return;
  throw new TerminalError(
    `${node.file}: its inputs have rows without a value in ${by.join(', ')}`,
    {
      code: 'null-keys',
      hint: 'leave them out in a model in SQL before this one, or give them a value there',
      model: node.id,
    },
  );
}

/** Runs the function for every key in the table that is not gone. */
export async function answerKeys(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  work: { readonly source: ScriptSource; readonly spoolPath: string; readonly keys: Relation },
): Promise<SpooledAnswers> {
  const { source, spoolPath, keys } = work;
  const { definition } = source.script;
  await requireKeysOfRows(warehouse, node, keys, definition.by);
  const group = sql.id(groupColumn);
  const keyStream: ScriptStream = {
    names: [groupColumn, ...definition.by],
    read: () =>
      warehouse.stream(sql`
        select ${group}, ${columnList(definition.by)}
        from ${tableOf(keys)}
        where not ${sql.id(goneColumn)}
        order by ${group}`),
  };
  const streams = source.inputs.map(({ input, sql: text }): ScriptStream => {
    const select = selectGroups(input, text, { keys, by: definition.by });
    const names = [groupColumn, ...input.columns.map(({ name }) => name)];
    return { names, read: () => warehouse.stream(select) };
  });
  const { boundaryMs, signal } = context;
  const place = { script: source.script, file: node.file, nodeId: node.id };
  const all = { streams: [keyStream, ...streams], mayQuote: source.mayQuote ?? false };
  const rows = await runScript({ ...place, ...all, spoolPath, boundaryMs, signal });
  return { path: spoolPath, rows, definition, keys };
}

/** Also by all other columns: what a function answers must not hang on the order of storage. */
function selectGroups(
  input: ScriptInput,
  text: string,
  { keys, by }: { readonly keys: Relation; readonly by: readonly string[] },
): RawBuilder<unknown> {
  const names = input.columns.map(({ name }) => name);
  const rest = names.filter((name) => !by.includes(name) && !input.orderBy.includes(name));
  const order = [...input.orderBy, ...rest].map((name) => sql`${sql.id('input', name)} nulls last`);
  const group = sql.id('keys', groupColumn);
  return sql`
    select ${group}, ${columnList(names, 'input')}
    from (${selectOf(text)}) as input
    join ${tableOf(keys)} as keys on ${joinOn(by, 'keys', 'input')}
    where not keys.${sql.id(goneColumn)}
    order by ${sql.join([group, ...order])}`;
}
