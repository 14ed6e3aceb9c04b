import { type Reads, uniteReads } from './reads.ts';
import {
  type Answer,
  findRelation,
  type OutColumn,
  type Scope,
  type StarColumn,
  type Visible,
} from './scope.ts';
import { isTree, LineageGap, listAt, nameOf, namesOf, type Tree } from './sql-tree.ts';

/** What `*` stands for, in order: columns of a `using` once, at their first place. */
export type StarList = readonly StarColumn[];

/** What a list of columns stands for besides those that are known. */
export type Opening = Pick<Answer, 'open' | 'isPartial' | 'hides'>;

/** Said where columns matter that nobody knows. */
export const unknownStar = '"*" takes columns of a table or a function of which nobody knows them';

function relationOf(star: Tree, scope: Scope): Visible | undefined {
  const table = nameOf(star['table']);
  if (table === undefined) return undefined;
  const parts = table.split('.');
  const relation = findRelation(scope, parts.at(-1) ?? '', parts.at(-2));
  if (!relation) throw new LineageGap(`"${table}.*" is no table in sight`);
  return relation;
}

/** The parts of a struct's name in `packed.*`; undefined: it is a relation, or all of them. */
export function structStar(star: Tree, scope: Scope): readonly string[] | undefined {
  const parts = nameOf(star['table'])?.split('.');
  if (!parts) return undefined;
  return findRelation(scope, parts.at(-1) ?? '', parts.at(-2)) ? undefined : parts;
}

function starOf(star: Tree, scope: Scope, all: StarList): StarList {
  const relation = relationOf(star, scope);
  if (!relation) return all;
  return relation.columns.map((column) => ({ column, aliases: [relation.alias] }));
}

/** The relations that a `*` takes the columns of. */
export function starRelations(star: Tree, scope: Scope): readonly Visible[] {
  const relation = relationOf(star, scope);
  return relation ? [relation] : scope.relations;
}

/** What else a `*` over them brings into a query: columns that are known once they are named. */
export function openingOf(relations: readonly Visible[]): Opening {
  const covered = relations.filter(({ open }) => open);
  const [first, ...others] = covered;
  if (!first?.open) return {};
  const isPartial = covered.some((one) => one.columns.length === 0 || one.isPartial === true);
  const hides = covered.some((one) => one.hides === true);
  if (others.length === 0) return { open: first.open, isPartial, hides };
  const open = (): never => {
    throw new LineageGap(unknownStar);
  };
  return { open, isPartial, hides };
}

function isMeant({ column, aliases }: StarColumn, written: string): boolean {
  const parts = written.toLowerCase().split('.');
  const name = column.name?.toLowerCase();
  if (name === written.toLowerCase()) return true;
  return parts.length > 1 && name === parts.at(-1) && aliases.includes(parts.at(-2));
}

function replacedIn(star: Tree, resolve: (expression: unknown) => OutColumn) {
  const replaced = new Map<string, OutColumn>();
  for (const one of listAt(star, 'replace')) {
    const name = isTree(one) ? nameOf(one['alias']) : undefined;
    if (!isTree(one) || name === undefined) throw new LineageGap('"replace" without a name');
    replaced.set(name.toLowerCase(), { ...resolve(one['this']), name });
  }
  return replaced;
}

function renamedIn(star: Tree): Map<string, string> {
  const renamed = new Map<string, string>();
  for (const pair of listAt(star, 'rename')) {
    const [from, to] = Array.isArray(pair) ? pair.map(nameOf) : [];
    if (from !== undefined && to !== undefined) renamed.set(from.toLowerCase(), to);
  }
  return renamed;
}

/** `replace` and `rename` of columns that nobody knows before they are named. */
export function changeOpening(
  star: Tree,
  opening: Opening,
  resolve: (expression: unknown) => OutColumn,
): Opening {
  const { open } = opening;
  if (!open) return opening;
  const replaced = replacedIn(star, resolve);
  const before = new Map([...renamedIn(star)].map(([from, to]) => [to.toLowerCase(), from]));
  if (replaced.size + before.size === 0) return opening;
  const changed = (name: string): Reads => {
    const own = open(before.get(name.toLowerCase()) ?? name);
    const other = replaced.get(name.toLowerCase());
    return other ? uniteReads([own, other.reads]) : own;
  };
  return { ...opening, open: changed };
}

/** `*`, `t.*`, with `exclude`, `replace` and `rename`. */
export function expandStar(
  star: Tree,
  scope: Scope,
  all: StarList,
  resolve: (expression: unknown) => OutColumn,
): OutColumn[] {
  const excluded = namesOf(listAt(star, 'except'));
  const replaced = replacedIn(star, resolve);
  const renamed = renamedIn(star);
  const late = lateAliases(starRelations(star, scope));
  return starOf(star, scope, all)
    .filter((one) => !excluded.some((name) => isMeant(one, name)))
    .map(({ column: found, aliases }) => {
      const isLate = aliases.some((alias) => late.has(alias));
      const column = isLate ? { ...found, isLate } : found;
      const lower = column.name?.toLowerCase() ?? '';
      const other = replaced.get(lower);
      if (other) return { ...other, name: column.name };
      const name = renamed.get(lower);
      return name === undefined ? column : { ...column, name };
    });
}

/** Relations behind one whose columns nobody knows: one of those may hide what is theirs. */
function lateAliases(relations: readonly Visible[]): Set<string | undefined> {
  const first = relations.findIndex(({ hides }) => hides === true);
  return new Set(first < 0 ? [] : relations.slice(first + 1).map(({ alias }) => alias));
}

/** Several columns of one name in a query that is read: the warehouse numbers the later ones. */
export function numberNames(columns: readonly OutColumn[]): OutColumn[] {
  const seen = new Map<string, number>();
  return columns.map((column) => {
    if (column.name === undefined) return column;
    const lower = column.name.toLowerCase();
    const count = seen.get(lower) ?? 0;
    seen.set(lower, count + 1);
    return count === 0 ? column : { ...column, name: `${column.name}_${count}` };
  });
}

/** One column of what `using` names on both sides. */
export function mergeColumns(
  kind: string,
  left: OutColumn | undefined,
  right: OutColumn | undefined,
): OutColumn | undefined {
  if (!left || !right) return left ?? right;
  if (kind.startsWith('Right')) return right;
  if (!kind.startsWith('Full')) return left;
  return { name: left.name, reads: uniteReads([left.reads, right.reads]) };
}
