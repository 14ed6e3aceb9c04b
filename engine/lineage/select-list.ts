import { findColumnSet, nameInSet } from './column-set.ts';
import {
  type ExpressionContext,
  readExpression,
  readItem,
  setContext,
} from './expression-reads.ts';
import type { FromPart } from './from-part.ts';
import { computeReads, type Reads, uniteReads } from './reads.ts';
import { emptyScope, findColumn, type OutColumn, type Value } from './scope.ts';
import { isTree, kindOf, LineageGap, listAt, nameOf, queryIn, type Tree } from './sql-tree.ts';
import {
  changeOpening,
  expandStar,
  type Opening,
  openingOf,
  starRelations,
  structStar,
  unknownStar,
} from './star.ts';
import type { Env } from './statement-env.ts';

/** What one item of a select list stands for. */
interface Listed {
  readonly columns: readonly OutColumn[];
  readonly opening?: Opening;
}

/** The select list, left to right: what stands further left may be named by its alias. */
export function readList(select: Tree, from: FromPart, env: Env) {
  const aliases = new Map<string, Value>();
  const windows = new Map<string, unknown>();
  for (const one of listAt(select, 'windows')) {
    const name = isTree(one) ? nameOf(one['name']) : undefined;
    if (isTree(one) && name !== undefined) windows.set(name.toLowerCase(), one['spec']);
  }
  const { relations, merged, star } = from;
  const scope = { ...emptyScope, relations, merged, aliases, parent: env.outer };
  const context: ExpressionContext = { scope, env, windows, star };
  const columns: OutColumn[] = [];
  let opening: Opening = {};
  for (const node of listAt(select, 'expressions')) {
    const listed = readListed(node, context);
    const isLate = opening.hides === true;
    columns.push(...(isLate ? listed.columns.map((one) => ({ ...one, isLate })) : listed.columns));
    opening = uniteOpenings(opening, listed.opening ?? {});
    const found = kindOf(node);
    const alias = found?.kind === 'alias' ? nameOf(found.body['alias'])?.toLowerCase() : undefined;
    const [first] = listed.columns;
    if (alias === undefined || !first) continue;
    const reads = uniteReads(listed.columns.map((one) => one.reads));
    aliases.set(alias, listed.columns.length > 1 ? { reads } : first);
  }
  return { columns, opening, context };
}

function readListed(node: unknown, context: ExpressionContext): Listed {
  const found = kindOf(node);
  if (found?.kind === 'star') return readStar(found.body, context);
  const isAlias = found?.kind === 'alias';
  if (isUnnest(isAlias ? found.body['this'] : node)) {
    const opening = openTo(readExpression(node, context));
    if (context.env.isLoose) return { columns: [], opening };
    // Of a struct it is a column for each field.
    if (!isAlias) throw new LineageGap(unknownStar);
  }
  const set = findColumnSet(node, setContext(context));
  if (!set) return { columns: [readItem(node, context)] };
  if (set.isUnsure) return { columns: [], opening: openTo(readExpression(node, context)) };
  const alias = isAlias ? nameOf(found.body['alias']) : undefined;
  const columns = set.columns.map((chosen) => ({
    ...readItem(node, { ...context, chosen }),
    name: nameInSet(set, alias, chosen),
  }));
  return { columns };
}

function readStar(star: Tree, context: ExpressionContext): Listed {
  const { scope } = context;
  const struct = structStar(star, scope);
  if (struct) return openStruct(findColumn(scope, struct));
  const all = context.star ?? [];
  const resolve = (expression: unknown) => readItem(expression, context);
  const opening = openingOf(starRelations(star, scope));
  return {
    columns: expandStar(star, scope, all, resolve),
    opening: changeOpening(star, opening, resolve),
  };
}

/** `packed.*`: the fields that the statement packed, else whatever the warehouse says they are. */
function openStruct(value: Value): Listed {
  if (!value.fields) return { columns: [], opening: openTo(value.reads) };
  return { columns: [...value.fields].map(([name, field]) => ({ ...field, name })) };
}

function openTo(reads: Reads): Opening {
  const computed = computeReads(reads);
  return { open: () => computed, isPartial: true, hides: true };
}

function uniteOpenings(one: Opening, other: Opening): Opening {
  const [left, right] = [one.open, other.open];
  if (!left || !right) return left ? one : other;
  const hides = one.hides === true || other.hides === true;
  const open = (name: string): Reads => {
    if (!hides) throw new LineageGap(unknownStar);
    return uniteReads([left(name), right(name)]);
  };
  return { open, hides, isPartial: one.isPartial === true || other.isPartial === true };
}

function isUnnest(node: unknown): boolean {
  const found = kindOf(node);
  const name = found?.kind === 'function' ? nameOf(found.body['name']) : found?.kind;
  return name?.toLowerCase() === 'unnest';
}

/** `unnest(…)` in a select list makes rows; one in a subquery makes rows there. */
export function opensList(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(opensList);
  if (!isTree(node) || queryIn(node)) return false;
  return isUnnest(node) || Object.values(node).some(opensList);
}
