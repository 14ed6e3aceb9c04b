import { computeReads, type Reads, uniteReads } from './reads.ts';
import { LineageGap } from './sql-tree.ts';

/** What a value follows from. */
export interface Value {
  readonly reads: Reads;
  /** Of a struct that the statement itself packs: its fields, by lower-case name. */
  readonly fields?: ReadonlyMap<string, Value> | undefined;
  /** Of such a struct: what decides whether there is one or null. */
  readonly presence?: Reads | undefined;
}

/** A column of a query's result. */
export interface OutColumn extends Value {
  /** Absent where the warehouse makes a name up. */
  readonly name: string | undefined;
  /** It stands behind columns nobody knows, and one of those may have its name. */
  readonly isLate?: boolean;
}

/** What a query or a table answers. */
export interface Answer {
  readonly columns: readonly OutColumn[];
  /** What decides which rows there are. */
  readonly rows: Reads;
  /** What puts the rows in order, for what takes the first of them or counts their places. */
  readonly order?: Reads;
  /**
   * What a name means that is none of `columns`, for a relation whose columns nobody knows whole: a
   * table function's follow from its arguments, a table's are taken as they are named.
   */
  readonly open?: (name: string) => Reads;
  /** A `*` of columns nobody knows is among them: only what is named is certain. */
  readonly isPartial?: boolean;
  /** Columns nobody knows are among its own: any name that is known further out may be theirs. */
  readonly hides?: boolean;
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
  readonly aliases: ReadonlyMap<string, Value>;
  readonly parent?: Scope | undefined;
}

/** What the rows in sight are ordered by. */
export const orderOf = ({ relations }: Pick<Scope, 'relations'>): Reads =>
  uniteReads(relations.flatMap(({ order }) => order ?? []));

export const emptyScope: Scope = { relations: [], merged: new Map(), aliases: new Map() };

const isNamed = (column: OutColumn, lower: string): boolean => column.name?.toLowerCase() === lower;

function findKnown(relation: Visible, name: string): Value | undefined {
  const lower = name.toLowerCase();
  const named = relation.columns.find((column) => isNamed(column, lower));
  if (named) return named;
  // A name the warehouse made up (`max(x)`) can only mean one of those that have none here.
  const unnamed = relation.columns.filter((column) => column.name === undefined);
  const isMadeUp = unnamed.length > 0 && /\W/.test(lower);
  return isMadeUp ? { reads: uniteReads(unnamed.map(({ reads }) => reads)) } : undefined;
}

function findIn(relation: Visible, name: string): Value | undefined {
  const known = findKnown(relation, name);
  return known ?? (relation.open && { reads: relation.open(name) });
}

export function wholeRow(relation: Answer): Value {
  if (relation.open && relation.columns.length === 0) return { reads: relation.open('*') };
  const reads = computeReads(uniteReads(relation.columns.map((column) => column.reads)));
  const named = relation.columns.filter(({ name }) => name !== undefined);
  const fields = new Map(named.map((column) => [column.name?.toLowerCase() ?? '', column]));
  return { reads, fields };
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
const nowhere: Value = { reads: new Map() };

/** `name` by itself: a column, a whole relation, an alias of the list; inner scopes first. */
function findPlain(scope: Scope, name: string): Value | undefined {
  const found = findMeant(scope, name);
  const isColumn =
    scope.merged.has(name.toLowerCase()) || scope.relations.some((one) => findKnown(one, name));
  if (!found || isColumn) return found;
  const hiding = scope.relations.flatMap(({ hides, open }) => (hides && open ? [open(name)] : []));
  if (hiding.length === 0) return found;
  return { reads: uniteReads([found.reads, ...hiding]) };
}

function findMeant(scope: Scope, name: string): Value | undefined {
  const lower = name.toLowerCase();
  const merged = scope.merged.get(lower);
  if (merged) return merged;
  for (const relation of scope.relations) {
    const found = findKnown(relation, name);
    if (found) return found;
  }
  const whole = findRelation(scope, name);
  if (whole) return wholeRow(whole);
  const alias = scope.aliases.get(lower);
  if (alias) return alias;
  const outer = scope.parent && findPlain(scope.parent, name);
  if (outer) return outer;
  const [open, ...others] = scope.relations.flatMap((relation) => relation.open ?? []);
  if (others.length > 0) {
    throw new LineageGap(`"${name}" may be of several tables whose columns nobody knows`);
  }
  if (open) return { reads: open(name) };
  return ownColumns.has(lower) && scope.relations.length > 0 ? nowhere : undefined;
}

/** `table.name`, which may also be a column and a field of its struct. */
function findQualified(scope: Scope, table: string, name: string): Value | undefined {
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const relation = findRelation(at, table);
    const found = relation && findIn(relation, name);
    if (found) return found;
    if (relation && ownColumns.has(name.toLowerCase())) return nowhere;
    // Before it is taken for a field of a column that bears the table's name.
    if (relation?.columns.some((column) => column.name === undefined)) {
      throw new LineageGap(
        `"${table}.${name}" may be a column whose name only the warehouse knows`,
      );
    }
  }
  return undefined;
}

/** `schema.table.name`. */
function findFull(scope: Scope, [schema = '', table = '', name = '']: readonly string[]) {
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const relation = findRelation(at, table, schema);
    const found = relation && findIn(relation, name);
    if (found) return found;
  }
  return undefined;
}

/** A field of a struct: of one that was packed in sight, else made of the whole. */
export function fieldOf(value: Value, name: string): Value {
  return value.fields?.get(name.toLowerCase()) ?? { reads: computeReads(value.reads) };
}

/**
 * Resolves `a`, `t.a`, `s.t.a`, and fields of structs behind any of them.
 *
 * @throws LineageGap where nothing of that name is in sight.
 */
export function findColumn(scope: Scope, parts: readonly string[]): Value {
  const [first = '', second = ''] = parts;
  const full = parts.length > 2 ? findFull(scope, parts) : undefined;
  if (full) return parts.slice(3).reduce(fieldOf, full);
  const qualified = parts.length > 1 ? findQualified(scope, first, second) : undefined;
  if (qualified) return parts.slice(2).reduce(fieldOf, qualified);
  const plain = findPlain(scope, first);
  if (plain) return parts.slice(1).reduce(fieldOf, plain);
  throw new LineageGap(`what "${parts.join('.')}" names is not in sight`);
}
