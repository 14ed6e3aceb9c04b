import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type RawBuilder, sql } from 'kysely';
import type { BuildNode } from '../../words/node.ts';
import { quoteRelation } from '../../words/sql-name.ts';
import { flattenRelation, type Relation } from '../../words/table.ts';
import type { Warehouse } from '../../words/warehouse.ts';
import type { BuildContext, MaterializeResult, ScriptSource } from '../build-context.ts';
import { selectOf, tableOf } from '../relation-statements.ts';
import { dropAside, withAside } from './aside.ts';
import { answerKeys, createKeys, keysOf, selectKeyDigests } from './keyed-statements.ts';
import { materializeKeys } from './materialize-keys.ts';
import { runScript, type ScriptStream } from './run-script.ts';
import {
  declaredColumns,
  insertAnswers,
  requireUnique,
  type SpooledAnswers,
} from './spool-table.ts';

type Build = (
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
) => Promise<MaterializeResult>;

/**
 * Builds a model in TypeScript: its function's rows are gathered in a table aside, and from there
 * the materialization goes on as if they were the answer of a select. While the function runs
 * nothing is locked and nothing of the warehouse has changed.
 */
export async function materializeScript(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  source: ScriptSource,
  build: Build,
): Promise<MaterializeResult> {
  await mkdir(source.spoolFolder, { recursive: true });
  const spoolPath = join(source.spoolFolder, 'answers.ndjson');
  try {
    const isKeyed = source.script.definition.mode === 'keyed';
    if (isKeyed && node.config.materialization === 'incremental') {
      return await materializeKeys(warehouse, node, context, { source, spoolPath });
    }
    const staged = outputOf(node.relation);
    return await withAside(warehouse, [staged, keysOf(node.relation)], async () => {
      const answers = isKeyed
        ? await answerAllKeys(warehouse, node, context, source, spoolPath)
        : await answerSet(warehouse, node, context, source, spoolPath);
      const { columns, key } = source.script.definition;
      await dropAside(warehouse, [staged]);
      await warehouse.ddl([sql`create table ${tableOf(staged)} ${declaredColumns(columns)}`]);
      await warehouse.transaction((session) =>
        insertAnswers(warehouse, session, tableOf(staged), answers),
      );
      // A history's rows are versions: many have one key.
      const isUnique = node.config.materialization !== 'history';
      const isLast = node.config.duplicateKeys === 'last';
      if (isUnique && !isLast) await requireUnique(warehouse, node, tableOf(staged), key);
      const text = `select * from ${quoteRelation(staged)}`;
      return await build(warehouse, { ...node, sql: text }, context);
    });
  } finally {
    await rm(source.spoolFolder, { recursive: true, force: true });
  }
}

/** Where a function's rows stand until they are published. */
function outputOf(relation: Relation): Relation {
  return { schema: 'tidemill', name: `output__${flattenRelation(relation)}` };
}

async function answerSet(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  source: ScriptSource,
  spoolPath: string,
): Promise<SpooledAnswers> {
  const { definition } = source.script;
  const streams = source.inputs.map(({ input, sql: text }): ScriptStream => {
    const order = orderOf(input.orderBy);
    const select = sql`select * from (${selectOf(text)}) as input${order}`;
    const names = input.columns.map(({ name }) => name);
    return { names, read: () => warehouse.stream(select) };
  });
  const { boundaryMs, signal } = context;
  const place = { script: source.script, file: node.file, nodeId: node.id };
  const mayQuote = source.mayQuote ?? false;
  const rows = await runScript({ ...place, streams, spoolPath, boundaryMs, signal, mayQuote });
  return { path: spoolPath, rows, definition };
}

async function answerAllKeys(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  source: ScriptSource,
  spoolPath: string,
): Promise<SpooledAnswers> {
  const keys = keysOf(node.relation);
  await dropAside(warehouse, [keys]);
  const select = sql`(${selectKeyDigests(source, warehouse.dialect)}) as fresh`;
  await warehouse.ddl([createKeys(keys, source.script.definition.by, select)]);
  return answerKeys(warehouse, node, context, { source, spoolPath, keys });
}

function orderOf(names: readonly string[]): RawBuilder<unknown> {
  if (names.length === 0) return sql``;
  const list = names.map((name) => sql`${sql.id(name)} nulls last`);
  return sql` order by ${sql.join(list)}`;
}
