import { answerCoarsely } from './coarse-answer.ts';
import { fillColumns, nameColumns } from './name-columns.ts';
import { answerQuery } from './query-answer.ts';
import { nothing, readColumn } from './reads.ts';
import type { Answer } from './scope.ts';
import type { SqlParser } from './sql-parser.ts';
import { LineageGap } from './sql-tree.ts';
import { unknownStar } from './star.ts';
import type { Env } from './statement-env.ts';

/** A relation that a select may read: a key of the caller's choice and its columns. */
export interface ReadableTable {
  readonly relation: string;
  readonly columns: readonly string[];
  /** Called with a name that is none of `columns`, which then stands; absent: there is none. */
  assume?(name: string): void;
}

const hiddenColumns = 'its columns follow from rows or types that only the warehouse sees';

/**
 * Follows each column of a select to the columns of the relations it reads. `names` are its columns
 * as the warehouse sees them: given those, a part that is not understood is said of all the columns
 * that may come from it.
 *
 * @throws LineageGap with the reason where not even the tables that it reads are certain.
 */
export function readSelect(
  parser: SqlParser,
  sql: string,
  table: (schema: string | undefined, name: string) => ReadableTable | undefined,
  names?: readonly string[],
): Answer {
  const known = new Map<string, Answer>();
  const answerTable: Env['table'] = (schema, name) => {
    const found = table(schema, name);
    if (!found) return undefined;
    const { assume } = found;
    const open = (name: string) => {
      if (name === '*') throw new LineageGap('it takes a whole row whose columns nobody knows');
      assume?.(name);
      return readColumn(found.relation, name);
    };
    const answer: Answer = known.get(found.relation) ?? {
      ...(assume ? { open } : {}),
      columns: found.columns.map((column) => ({
        name: column,
        reads: readColumn(found.relation, column),
      })),
      rows: nothing,
    };
    known.set(found.relation, answer);
    return answer;
  };
  const tree = parser.parse(sql.replace(/[\s;]+$/, ''));
  const env = { table: answerTable, tables: new Map(), answer: answerQuery };
  if (!names) {
    const answer = answerQuery(tree, env);
    if (answer.isPartial) throw new LineageGap(answer.hides ? hiddenColumns : unknownStar);
    return answer;
  }
  const loose = { ...env, isLoose: true };
  const turns = [
    () => answerQuery(tree, env),
    () => answerQuery(tree, loose),
    (gap: LineageGap) => answerCoarsely(tree, loose, gap),
  ];
  return findFitting(turns, names);
}

/** The first answer that has the columns which the warehouse sees; each is less exact. */
function findFitting(
  turns: readonly ((gap: LineageGap) => Answer)[],
  names: readonly string[],
): Answer {
  let gap = new LineageGap('it has no columns');
  for (const turn of turns) {
    try {
      const { columns, rows, open, isPartial } = turn(gap);
      const isOpen = open !== undefined && isPartial === true;
      const named = isOpen
        ? fillColumns({ columns, rows, open }, names)
        : nameColumns(columns, names);
      return { columns: named, rows };
    } catch (error) {
      if (!(error instanceof LineageGap)) throw error;
      gap = error;
    }
  }
  throw gap;
}
