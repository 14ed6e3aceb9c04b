import { shapeHistory } from '../steps/history-shape.ts';
import { addedNames } from '../steps/snapshot-shape.ts';
import { messageOf, TerminalError } from '../words/errors.ts';
import type { HistoryConfig, NodeConfig } from '../words/node.ts';
import type { Column, Relation } from '../words/table.ts';
import { historyReads, identityReads, snapshotReads } from './added-columns.ts';
import { type NamedColumn, nameColumns } from './name-columns.ts';
import { gapLineage, type NodeLineage, toEdges } from './node-lineage.ts';
import { composeReads, nothing, type Read, type Reads, uniteReads } from './reads.ts';
import type { Answer, OutColumn } from './scope.ts';
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
    const [select, ...increments] = node.selects;
    if (select === undefined) throw new LineageGap('it has no select');
    const names = selectedNames(node);
    const first = readSelect(parser, select, find, names);
    const others = increments.map((sql) => readIncrement(parser, sql, find, names));
    const selected = mergeColumns(
      numberNames(first.columns),
      others.map(({ columns }) => numberNames(columns)),
    );
    const made = withAddedColumns(parser, node, selected);
    const columns = resolveOwn(
      node.columns ? nameColumns(made, node.columns) : inventNames(made),
      node.id,
    );
    const rows = uniteReads([first, ...others].map((answer) => answer.rows));
    return {
      columns: columns.map(({ name, reads }) => ({ name, from: toEdges(reads, node.id) })),
      rows: toEdges(rows, node.id),
    };
  } catch (error) {
    if (!(error instanceof LineageGap)) throw error;
    return gapLineage(node.columns ?? [], error.message);
  }
}

/** The columns of the select as they are bound; those of a log that nobody keeps are not known. */
function selectedNames({ config, columns, history }: TracedNode): readonly string[] | undefined {
  const { snapshot, identity } = config;
  if (!columns || history || identity) return undefined;
  return snapshot ? columns.slice(0, columns.length - addedNames(snapshot).length) : columns;
}

/** It may have other columns than the table, whose names are used only where it must be. */
function readIncrement(
  parser: SqlParser,
  sql: string,
  find: FindTable,
  names: readonly string[] | undefined,
): Answer {
  try {
    return readSelect(parser, sql, find);
  } catch (error) {
    if (!names || !(error instanceof LineageGap)) throw error;
    return readSelect(parser, sql, find, names);
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

/**
 * A node that reads the rows it has (`this`): what one of its columns takes from another follows
 * from what that one does.
 */
function resolveOwn(columns: readonly NamedColumn[], id: string): readonly NamedColumn[] {
  const isOwn = ({ reads }: NamedColumn): boolean =>
    [...reads.values()].some(({ relation }) => relation === id);
  if (!columns.some(isOwn)) return columns;
  let known = new Map<string, Reads>();
  // A chain through all of them is the longest there is.
  for (let round = 0; round <= columns.length; round += 1) {
    const before = known;
    const sourceOf = ({ relation, column }: Read): Reads | undefined =>
      relation === id ? (before.get(column.toLowerCase()) ?? nothing) : undefined;
    known = new Map(
      columns.map(({ name, reads }) => [name.toLowerCase(), composeReads(reads, sourceOf)]),
    );
  }
  return columns.map((column) => ({
    ...column,
    reads: known.get(column.name.toLowerCase()) ?? nothing,
  }));
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

function inventNames(made: readonly OutColumn[]): NamedColumn[] {
  return made.map((one, index) => ({ ...one, name: one.name ?? `column ${index + 1}` }));
}
