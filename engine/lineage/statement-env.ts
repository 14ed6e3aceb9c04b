import type { Answer, Scope } from './scope.ts';
import type { Tree } from './sql-tree.ts';

/** What surrounds a piece of a statement. */
export interface Env {
  /** A table or view by the name that is written; undefined where nobody knows it. */
  readonly table: (schema: string | undefined, name: string) => Answer | undefined;
  /** Common table expressions in sight, by lower-case name. */
  readonly tables: ReadonlyMap<string, Answer>;
  /** Names of the statement around a subquery. */
  readonly outer?: Scope | undefined;
  /** What is not understood whole may be said of all columns together: the warehouse names them. */
  readonly isLoose?: boolean;
  /** Answers a query inside this one; handed along, since queries and expressions nest. */
  readonly answer: (query: Tree, env: Env) => Answer;
}
