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

/**
 * Follows each column of a select to the columns of the relations it reads.
 *
 * @throws LineageGap with the reason where the statement is not understood whole.
 */
export function readSelect(
  parser: SqlParser,
  sql: string,
  table: (schema: string | undefined, name: string) => ReadableTable | undefined,
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
  const answer = answerQuery(tree, env);
  if (answer.isPartial) throw new LineageGap(unknownStar);
  return answer;
}
