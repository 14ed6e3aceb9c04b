import { shapeHistory } from '../steps/history-shape.ts';
import { messageOf, TerminalError } from '../words/errors.ts';
import type { HistoryConfig, NodeConfig } from '../words/node.ts';
import type { Column, Relation } from '../words/table.ts';
import { historyReads, identityReads, snapshotReads } from './added-columns.ts';
import { gapLineage, type NodeLineage, toEdges } from './node-lineage.ts';
import { composeReads, type Reads, uniteReads } from './reads.ts';
import type { OutColumn } from './scope.ts';
import { type ReadableTable, readSelect } from './select-lineage.ts';
import type { SqlParser } from './sql-parser.ts';
import { LineageGap } from './sql-tree.ts';
import { numberNames } from './star.ts';

/** A node as it is compiled, and what the warehouse says of it. */
export interface TracedNode {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly relation: Relation;
  readonly config: NodeConfig;
  /** With what its select decides filled in. */
  readonly history?: HistoryConfig;
  /** The compiled selects: that of a whole build, and that of an increment where there is one. */
  readonly selects: readonly string[];
  /** The relation's columns as the warehouse bound them; absent: nobody could bind it. */
  readonly columns?: readonly string[];
}

export type FindTable = (schema: string | undefined, name: string) => ReadableTable | undefined;

/** Follows a node's columns. What is not understood whole is a gap with its reason, no guess. */
export function traceNode(parser: SqlParser, node: TracedNode, find: FindTable): NodeLineage {
  try {
    const answers = node.selects.map((sql) => readSelect(parser, sql, find));
    const [first, ...others] = answers;
    if (!first) throw new LineageGap('it has no select');
    const selected = mergeColumns(
      numberNames(first.columns),
      others.map(({ columns }) => numberNames(columns)),
    );
    const made = withAddedColumns(parser, node, selected);
    const columns = nameColumns(made, node.columns);
    const rows = uniteReads(answers.map((answer) => answer.rows));
    return {
      columns: columns.map(({ name, reads }) => ({ name, from: toEdges(reads, node.id) })),
      rows: toEdges(rows, node.id),
    };
  } catch (error) {
    if (!(error instanceof LineageGap)) throw error;
    return gapLineage(node.columns ?? [], error.message);
  }
}

/** An increment adds rows to the columns of the first build, by name. */
function mergeColumns(
  first: readonly OutColumn[],
  others: readonly (readonly OutColumn[])[],
): OutColumn[] {
  return first.map((column) => {
    const same = others.flatMap((columns) =>
      columns.filter(({ name }) => name?.toLowerCase() === column.name?.toLowerCase()),
    );
    return { ...column, reads: uniteReads([column.reads, ...same.map(({ reads }) => reads)]) };
  });
}

function withAddedColumns(
  parser: SqlParser,
  node: TracedNode,
  selected: readonly OutColumn[],
): readonly OutColumn[] {
  const { snapshot, identity } = node.config;
  const read = (sql: string): Reads => readText(parser, sql, selected);
  if (identity) return identityReads(identity, read);
  if (node.history) {
    const log = selected.map(({ name }): Column => {
      if (name === undefined) throw new LineageGap('a column of its log has no name');
      return { name, type: 'string', typeName: '' };
    });
    try {
      const build = { ...node, sql: '', isIncremental: false, checks: [], fingerprint: '' };
      return historyReads(shapeHistory(build, node.history, log), selected);
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      throw new LineageGap(messageOf(error));
    }
  }
  if (!snapshot) return selected;
  return snapshotReads(snapshot, selected, read);
}

const ownSelect = 'tidemill_selected';

/** An expression over the node's own select: a snapshot's key or clock. */
function readText(parser: SqlParser, sql: string, selected: readonly OutColumn[]): Reads {
  const columns = selected.flatMap(({ name }) => name ?? []);
  const statement = `select ${sql} as tidemill_value from ${ownSelect}`;
  const table = { relation: ownSelect, columns };
  const answer = readSelect(parser, statement, (_, name) =>
    name === ownSelect ? table : undefined,
  );
  const sources = new Map(selected.map(({ name, reads }) => [name, reads]));
  return composeReads(answer.columns[0]?.reads ?? new Map(), ({ column }) => sources.get(column));
}

/** The warehouse is the authority for names: where it sees other columns, we read it wrongly. */
function nameColumns(
  made: readonly OutColumn[],
  bound: readonly string[] | undefined,
): { name: string; reads: Reads }[] {
  if (bound === undefined) {
    return made.map(({ name, reads }, index) => ({ name: name ?? `column ${index + 1}`, reads }));
  }
  if (made.length !== bound.length) {
    throw new LineageGap(`the warehouse sees ${bound.length} columns, the parser ${made.length}`);
  }
  return made.map(({ name, reads }, index) => {
    const said = bound[index] ?? '';
    if (name !== undefined && name.toLowerCase() !== said.toLowerCase()) {
      throw new LineageGap(`the warehouse sees a column "${said}" where the parser has "${name}"`);
    }
    return { name: said, reads };
  });
}
