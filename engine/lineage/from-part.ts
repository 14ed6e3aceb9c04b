import { nothing, type Reads, uniteReads } from './reads.ts';
import {
  type Answer,
  emptyScope,
  type OutColumn,
  orderOf,
  type Scope,
  type Visible,
} from './scope.ts';
import { listAt, nameOf, namesOf, type Tree } from './sql-tree.ts';
import { numberNames, openingOf, type StarList } from './star.ts';
import type { Env } from './statement-env.ts';

/** What a `from` puts in sight. */
export interface FromPart {
  readonly relations: readonly Visible[];
  readonly star: StarList;
  readonly merged: ReadonlyMap<string, OutColumn>;
  readonly rows: Reads;
}

export const noPart: FromPart = { relations: [], star: [], merged: new Map(), rows: nothing };

export function scopeOf(part: FromPart, env: Env): Scope {
  const { relations, merged } = part;
  return { ...emptyScope, relations, merged, parent: env.outer };
}

export function besides(left: FromPart, right: FromPart): FromPart {
  return {
    relations: [...left.relations, ...right.relations],
    star: [...left.star, ...right.star],
    merged: new Map([...left.merged, ...right.merged]),
    rows: uniteReads([left.rows, right.rows]),
  };
}

/** The name that a relation is given, and those of its columns. */
export interface Naming {
  readonly alias: string | undefined;
  readonly schema?: string | undefined;
  readonly columns: readonly string[];
}

export function namingOf(body: Tree): Naming {
  return { alias: nameOf(body['alias']), columns: namesOf(listAt(body, 'column_aliases')) };
}

/** One relation: what it answers under the name it is given. */
export function asPart(answer: Answer, naming: Naming): FromPart {
  const { open } = answer;
  const columns = numberNames(answer.columns).map((column, index): OutColumn => {
    const name = naming.columns[index] ?? column.name;
    // Its name may also be that of a column nobody knows, which is the one meant then.
    if (!column.isLate || !open) return { ...column, name };
    const reads = uniteReads([column.reads, open(column.name ?? '*')]);
    return { name, reads };
  });
  const alias = naming.alias?.toLowerCase();
  const visible: Visible = { ...answer, columns, alias, schema: naming.schema?.toLowerCase() };
  return {
    relations: [visible],
    star: columns.map((column) => ({ column, aliases: [alias] })),
    merged: new Map(),
    rows: answer.rows,
  };
}

/** All that a `from` shows as one relation. */
export function joinNamed(part: FromPart, naming: Naming): FromPart {
  const columns = part.star.map(({ column }) => column);
  const order = orderOf(part);
  return asPart({ columns, rows: part.rows, order, ...openingOf(part.relations) }, naming);
}
