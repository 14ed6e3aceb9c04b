import { sql } from 'kysely';
import { type CompileOptions, compileNode } from '../declare/compile-node.ts';
import { conditionOf } from '../declare/input-window.ts';
import type { ModelNode, SourceNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { readSelect } from '../lineage/select-lineage.ts';
import { loadSqlParser, type SqlParser } from '../lineage/sql-parser.ts';
import { LineageGap } from '../lineage/sql-tree.ts';
import { narrowToSpans } from '../steps/batch-spans.ts';
import { tableOf } from '../steps/relation-statements.ts';
import type { Span } from '../words/batch-time.ts';
import type { Column } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';

/** `planner`: asked whether batches can be made at once; absent: they cannot. */
export type BatchOptions = CompileOptions & { readonly planner?: Warehouse };

/**
 * The select of neighbouring batches at once, where it answers what they would one by one: one
 * input has a time, and is read once; each row is made of one row of it and bears its time, as it
 * is. Undefined where that is not certain.
 */
export async function selectRange(
  project: ModelProject,
  node: ModelNode,
  input: ModelNode | SourceNode,
  options: BatchOptions,
  span: Span,
): Promise<string | undefined> {
  const { planner: warehouse } = options;
  const time = input.config['event_time'];
  const own = node.nodeConfig.raw['event_time'];
  const { duplicateKeys } = node.nodeConfig;
  const isPlain = [time, own].every((name) => typeof name === 'string' && !/["(:.]/.test(name));
  // Of several rows of a key, one is kept in each batch.
  if (!warehouse || !isPlain || duplicateKeys === 'last') return undefined;
  const batch = { ...options.window, batch: span };
  const { sql: select, trace } = await compileNode(project, node, { ...options, window: batch });
  // What it was answered may have been asked of the batch's rows.
  if (trace.asksWarehouse) return undefined;
  const condition = conditionOf(batch, input.config);
  if (condition === undefined || select.split(condition).length !== 2) return undefined;
  const tables = await describeInputs(project, node, warehouse);
  const parser = await loadSqlParser(warehouse.dialect.name);
  const names = { input: input.id, time: String(time), own: String(own) };
  if (!copiesTime(parser, select, tables, names)) return undefined;
  const narrowed = narrowToSpans(select, {
    column: String(own),
    spans: [span],
    left: [],
    isPart: false,
  });
  const rows = sql`select * from ${tableOf(input.relation)} where ${sql.raw(condition)}`;
  return (await warehouse.makesRowByRow(sql.raw(narrowed), rows)) ? select : undefined;
}

interface Described {
  readonly id: string;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly Column[];
}

async function describeInputs(
  project: ModelProject,
  node: ModelNode,
  warehouse: Warehouse,
): Promise<Described[]> {
  const found: Described[] = [];
  for (const id of node.dependsOn) {
    const input = project.nodes.get(id);
    if (input === undefined || !('relation' in input)) continue;
    const columns = await warehouse.describe(input.relation);
    if (columns) found.push({ id, ...input.relation, columns });
  }
  return found;
}

/** Whether the select's own time is that of its input, untouched. */
function copiesTime(
  parser: SqlParser,
  select: string,
  tables: readonly Described[],
  { input, time, own }: { readonly input: string; readonly time: string; readonly own: string },
): boolean {
  const find = (schema: string | undefined, name: string) => {
    const table = tables.find(
      (one) =>
        one.name.toLowerCase() === name.toLowerCase() &&
        one.schema.toLowerCase() === schema?.toLowerCase(),
    );
    return table && { relation: table.id, columns: table.columns.map((column) => column.name) };
  };
  try {
    const { columns } = readSelect(parser, select, find);
    const named = columns.filter(({ name }) => name?.toLowerCase() === own.toLowerCase());
    const [first, ...others] = named.flatMap(({ reads }) => [...reads.values()]);
    if (named.length !== 1 || first === undefined || others.length > 0) return false;
    const isCopied = first.kinds.size === 1 && first.kinds.has('copied');
    return (
      isCopied && first.relation === input && first.column.toLowerCase() === time.toLowerCase()
    );
  } catch (error) {
    if (error instanceof LineageGap) return false;
    throw error;
  }
}
