import { sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { delimiterOf } from '../words/seed-delimiter.ts';
import type { Stream } from '../words/stream.ts';
import { formatRelation } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';
import type { BuildContext, MaterializeResult } from './build-context.ts';
import { clearTheWay, publishTable } from './publish.ts';
import { columnList, createSchema, createTable, tableOf } from './relation-statements.ts';

/**
 * Loads a CSV file through the warehouse's own reader, with the same write, audit and publish as a
 * table. `column_types` in its config names the warehouse's types and wins over what was read off.
 */
export async function materializeSeed(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  const seed = context.seed;
  if (!seed || seed.columns.length === 0) {
    throw new TerminalError(`${node.file}: the seed has no header row`, {
      code: 'seed-empty',
      hint: 'Write the column names in its first line, separated by commas.',
      model: node.id,
    });
  }
  const declared = declaredTypes(node);
  const columns = seed.columns.map((column) => {
    const written = declared.get(column.name.toLowerCase());
    // What is cast by us is read as text, so that leading zeros and scales survive.
    const type = written === undefined ? column.type : ('string' as const);
    const typeName = written ?? column.typeName ?? warehouse.dialect.typeName(type);
    return { name: column.name, type, typeName };
  });
  const live = await clearTheWay(warehouse, node.relation);
  return publishTable(warehouse, {
    node,
    context,
    live,
    async write(copy) {
      await warehouse.ddl([createSchema(copy.schema), createTable(copy, columns)]);
      const stream: Stream = { name: formatRelation(node.relation), columns, primaryKey: [] };
      const header = columns.map((column) => column.name);
      const delimiter = delimiterOf(node.config);
      const file = {
        path: seed.path,
        format: 'csv',
        header,
        ...(delimiter === undefined ? {} : { delimiter }),
      } as const;
      await warehouse.transaction(async (session) => {
        const pages = await warehouse.pages(session, [file], stream);
        const values = columns.map(
          ({ name, typeName }) => sql`cast(${sql.id(name)} as ${sql.raw(typeName)})`,
        );
        await session.execute(sql`
          insert into ${tableOf(copy)} (${columnList(header)})
          select ${sql.join(values)}
          from ${pages} as pages`);
      });
      return {};
    },
  });
}

function declaredTypes(node: BuildNode): Map<string, string> {
  const declared = node.config.raw['column_types'];
  if (declared === null || typeof declared !== 'object') return new Map();
  return new Map(
    Object.entries(declared).map(([name, type]) => [name.toLowerCase(), String(type)]),
  );
}
