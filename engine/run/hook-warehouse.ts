import { sql } from 'kysely';
import type { TemplateWarehouse } from '../declare/adapter-value.ts';
import { queryRowsMax } from '../declare/query-value.ts';
import { firstWord, splitStatements } from '../declare/split-statements.ts';
import { findKind } from '../steps/relation-statements.ts';
import type { Warehouse } from '../words/warehouse.ts';

/** Statements about rows; all others change what stands. */
const rowChanges: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'merge']);
const asking: ReadonlySet<string> = new Set([
  ...['select', 'with', 'from', 'values', 'describe', 'show', 'summarize', 'explain'],
]);

/**
 * The warehouse as a hook's template sees it: what it writes is done at once, each statement a
 * transaction of its own, and what it asks next sees it.
 */
export function hookWarehouse(warehouse: Warehouse): TemplateWarehouse {
  return {
    describe: (relation) => warehouse.describe(relation),
    session: warehouse,
    writer: {
      isTransaction: false,
      execute: (statement) => change(warehouse, statement),
      query: async (statement) => {
        if (!asking.has(firstWord(statement))) {
          await change(warehouse, statement);
          return { names: [], rows: [] };
        }
        const rows = await warehouse.query(sql.raw(statement), queryRowsMax);
        const [first] = rows;
        if (first !== undefined) return { names: Object.keys(first), rows };
        const columns = await warehouse.describeQuery(sql.raw(statement));
        return { names: columns.map(({ name }) => name), rows };
      },
      findKind: (relation) => findKind(warehouse, relation),
    },
  };
}

/** The text that a hook was rendered to: one or more statements, in one transaction. */
export async function runHookText(warehouse: Warehouse, text: string): Promise<void> {
  const statements = splitStatements(text);
  if (statements.length === 0) return;
  if (statements.every((statement) => rowChanges.has(firstWord(statement)))) {
    await warehouse.transaction(async (session) => {
      for (const statement of statements) await session.execute(sql.raw(statement));
    });
  } else await warehouse.ddl(statements.map((statement) => sql.raw(statement)));
}

async function change(warehouse: Warehouse, statement: string): Promise<number> {
  const text = sql.raw(statement);
  if (rowChanges.has(firstWord(statement))) {
    return warehouse.transaction((session) => session.execute(text));
  }
  await warehouse.ddl([text]);
  return 0;
}
