import { computeReads, type Reads, uniteReads } from './reads.ts';
import { LineageGap } from './sql-tree.ts';

/** A column of a query's result. */
export interface OutColumn {
  /** Absent where the warehouse makes a name up. */
  readonly name: string | undefined;
  readonly reads: Reads;
}

/** What a query or a table answers. */
export interface Answer {
  readonly columns: readonly OutColumn[];
  /** What decides which rows there are. */
  readonly rows: Reads;
  /** A table function: what columns it has only the warehouse knows; all follow from this. */
  readonly open?: Reads;
}

/** A relation as a `from` shows it. */
export interface Visible extends Answer {
  /** Lower case. */
  readonly alias: string | undefined;
  readonly schema?: string | undefined;
}

/** A column of `*`, and the relation it is of: `exclude (t.id)` names one. */
export interface StarColumn {
  readonly column: OutColumn;
  readonly aliases: readonly (string | undefined)[];
}

/** What names mean at one place of a statement. */
export interface Scope {
  readonly relations: readonly Visible[];
  /** Columns that `using` made one, by lower-case name. */
  readonly merged: ReadonlyMap<string, OutColumn>;
  /** Aliases of the select list, for what may name them. */
  readonly aliases: ReadonlyMap<string, Reads>;
  readonly parent?: Scope | undefined;
}

export const emptyScope: Scope = { relations: [], merged: new Map(), aliases: new Map() };

const isNamed = (column: OutColumn, lower: string): boolean => column.name?.toLowerCase() === lower;

function findIn(relation: Visible, lower: string): Reads | undefined {
  const named = relation.columns.find((column) => isNamed(column, lower));
  if (named) return named.reads;
  if (relation.open) return relation.open;
  // A name the warehouse made up (`max(x)`) can only mean one of those that have none here.
  const unnamed = relation.columns.filter(({ name }) => name === undefined);
  const isMadeUp = unnamed.length > 0 && /\W/.test(lower);
  return isMadeUp ? uniteReads(unnamed.map(({ reads }) => reads)) : undefined;
}

export function wholeRow(relation: Answer): Reads {
  return uniteReads([...relation.columns.map(({ reads }) => reads), relation.open ?? new Map()]);
}

export function findRelation(scope: Scope, alias: string, schema?: string): Visible | undefined {
  const lower = alias.toLowerCase();
  return scope.relations.find(
    (relation) =>
      relation.alias === lower &&
      (schema === undefined || relation.schema === schema.toLowerCase()),
  );
}

/** Columns that the engine of the warehouse adds to every table. */
const ownColumns = new Set(['rowid', 'ctid', 'tableoid']);

/** `name` by itself: a column, an alias of the list, a whole relation; inner scopes first. */
function findPlain(scope: Scope, name: string): Reads | undefined {
  const lower = name.toLowerCase();
  const merged = scope.merged.get(lower);
  if (merged) return merged.reads;
  const closed = scope.relations.filter(({ open }) => open === undefined);
  for (const relation of closed) {
    const found = findIn(relation, lower);
    if (found) return found;
  }
  const alias = scope.aliases.get(lower);
  if (alias) return alias;
  const whole = findRelation(scope, name);
  if (whole) return computeReads(wholeRow(whole));
  for (const relation of scope.relations) {
    if (relation.open) return relation.open;
  }
  if (ownColumns.has(lower) && scope.relations.length > 0) return new Map();
  return scope.parent && findPlain(scope.parent, name);
}

/** `table.name`, which may also be a column and a field of its struct. */
function findQualified(scope: Scope, table: string, name: string): Reads | undefined {
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const relation = findRelation(at, table);
    const found = relation && findIn(relation, name.toLowerCase());
    if (found) return found;
    if (relation && ownColumns.has(name.toLowerCase())) return new Map();
  }
  return undefined;
}

/** What a reference of several parts follows from, and whether it is the column as it is. */
export interface Found {
  readonly reads: Reads;
  readonly isWhole: boolean;
}

/**
 * Resolves `a`, `t.a`, `s.t.a`, and fields of structs behind any of them.
 *
 * @throws LineageGap where nothing of that name is in sight.
 */
export function findColumn(scope: Scope, parts: readonly string[]): Found {
  const [first = '', second, third] = parts;
  if (second === undefined) {
    const reads = findPlain(scope, first);
    if (reads) return { reads, isWhole: true };
  } else {
    if (third !== undefined) {
      for (let at: Scope | undefined = scope; at; at = at.parent) {
        const relation = findRelation(at, second, first);
        const reads = relation && findIn(relation, third.toLowerCase());
        if (reads) return { reads, isWhole: parts.length === 3 };
      }
    }
    const qualified = findQualified(scope, first, second);
    if (qualified) return { reads: qualified, isWhole: parts.length === 2 };
    const struct = findPlain(scope, first);
    if (struct) return { reads: struct, isWhole: false };
  }
  throw new LineageGap(`what "${parts.join('.')}" names is not in sight`);
}
