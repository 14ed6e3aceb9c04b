import type { OutColumn, Scope } from './scope.ts';
import { isTree, kindOf, LineageGap, listAt, nameOf, queryIn } from './sql-tree.ts';
import { expandStar, openingOf, type StarList, starRelations, unknownStar } from './star.ts';

/** `columns(…)`: an expression that names several columns at once. */
export interface ColumnSet {
  readonly columns: readonly OutColumn[];
  /** Where they are chosen by a pattern: an alias may hold its groups. */
  readonly pattern?: RegExp;
  /** Only the warehouse knows which of them are meant. */
  readonly isUnsure?: boolean;
}

/** Where `*` is in sight, and what an expression in it follows from. */
export interface SetContext {
  readonly scope: Scope;
  readonly star: StarList | undefined;
  readonly isLoose: boolean;
  resolve(expression: unknown): OutColumn;
}

type Found = ReturnType<typeof kindOf>;

/** What chooses the columns: `columns('x')` as a function, `*columns('x')` as a node of its own. */
function choiceOf(found: Found): unknown {
  if (found?.kind === 'columns') return found.body['this'];
  if (found?.kind !== 'function' || nameOf(found.body['name'])?.toLowerCase() !== 'columns') {
    return undefined;
  }
  return listAt(found.body, 'args')[0];
}

/** @throws LineageGap where only the warehouse can say which columns are meant. */
export function readColumnSet(found: Found, context: SetContext): ColumnSet | undefined {
  const chosen = found?.kind === 'star' ? { star: found.body } : choiceOf(found);
  if (chosen === undefined) return undefined;
  const { scope, star } = context;
  const choice = kindOf(chosen);
  const isStar = choice?.kind === 'star';
  if (!star || openingOf(isStar ? starRelations(choice.body, scope) : scope.relations).open) {
    throw new LineageGap(unknownStar);
  }
  if (isStar) return { columns: expandStar(choice.body, scope, star, context.resolve) };
  const columns = star.map(({ column }) => column);
  const isKnown = columns.every(({ name }) => name !== undefined);
  const set = choice && isKnown ? chooseColumns(choice, columns) : undefined;
  if (set) return set;
  if (context.isLoose) return { columns, isUnsure: true };
  throw new LineageGap('which columns "columns(…)" takes could not be read');
}

/** By a pattern or by a list of names, in the order of the table. */
function chooseColumns(
  choice: NonNullable<Found>,
  all: readonly OutColumn[],
): ColumnSet | undefined {
  const text = textOf(choice);
  const pattern = text === undefined ? undefined : readPattern(text);
  if (pattern) {
    return { columns: all.filter(({ name }) => name !== undefined && pattern.test(name)), pattern };
  }
  const names = choice.kind === 'array_func' ? listAt(choice.body, 'expressions') : [];
  const written = names.map((one) => textOf(kindOf(one)) ?? nameOf(kindOf(one)?.body['name']));
  const columns = all.filter((one) => written.some((name) => isNamed(one, name)));
  return columns.length > 0 && columns.length === names.length ? { columns } : undefined;
}

const isNamed = (column: OutColumn, name: string | undefined): boolean =>
  name !== undefined && column.name?.toLowerCase() === name.toLowerCase();

function textOf(found: Found): string | undefined {
  const isText = found?.kind === 'literal' && found.body['literal_type'] === 'string';
  return isText ? String(found.body['value']) : undefined;
}

/** Patterns longer than this, and those that repeat a repetition, are left to the warehouse. */
const patternMax = 200;

function readPattern(text: string): RegExp | undefined {
  const [, flags = '', rest = text] = /^\(\?(i)\)(.*)$/s.exec(text) ?? [];
  const mayTakeLong = /[*+}]\)*[*+{]|\)[*+{]/.test(rest);
  try {
    return rest.length <= patternMax && !mayTakeLong ? new RegExp(rest, flags) : undefined;
  } catch {
    return undefined;
  }
}

/** The set that an item of a select list stands for; it is told once for each of its columns. */
export function findColumnSet(node: unknown, context: SetContext): ColumnSet | undefined {
  if (Array.isArray(node)) {
    for (const one of node) {
      const set = findColumnSet(one, context);
      if (set) return set;
    }
    return undefined;
  }
  if (!isTree(node) || queryIn(node)) return undefined;
  const found = kindOf(node);
  if (found?.kind === 'columns' || found?.kind === 'star') return undefined;
  const set = readColumnSet(found, context);
  return set ?? findColumnSet(Object.values(node), context);
}

/** The name that a column of the set gets: an alias may name groups of the pattern, `\1`. */
export function nameInSet(
  { pattern }: ColumnSet,
  alias: string | undefined,
  { name }: OutColumn,
): string | undefined {
  if (alias === undefined || name === undefined) return alias ?? name;
  const groups = pattern?.exec(name) ?? [];
  return alias.replace(/\\(\d)/g, (_, number: string) => groups[Number(number)] ?? '');
}
