import { readColumnSet } from './column-set.ts';
import { type ExpressionContext, readExpression, setContext } from './expression-reads.ts';
import { type FromPart, scopeOf } from './from-part.ts';
import { computeReads, influence, nothing, type Reads, readColumn, uniteReads } from './reads.ts';
import type { Answer, OutColumn } from './scope.ts';
import { kindOf, LineageGap, listAt, nameOf, type Tree, treeAt } from './sql-tree.ts';
import { openingOf } from './star.ts';
import type { Env } from './statement-env.ts';

/**
 * `pivot t on … using … group by …` and `t pivot (… for … in (…) group by …)`. The columns it makes
 * are named after values: each follows from what is aggregated and from what is spread.
 */
export function answerPivot(body: Tree, part: FromPart, env: Env): Answer {
  const isStatement = listAt(body, 'fields').length === 0;
  const spread = listAt(body, isStatement ? 'expressions' : 'fields');
  const made = listAt(body, isStatement ? 'using' : 'expressions');
  const groups = listAt(kindOf(body['group'])?.body ?? {}, 'expressions');
  const context = contextOf(part, env);
  const kept =
    groups.length > 0
      ? readGroups(groups, context)
      : columnsBeside([...spread, ...made], part, env);
  const reads = uniteReads([
    computeReads(readExpression(made, context)),
    ...spread.map((one) => {
      const values = readExpression(one, context);
      // Without a list of them the values themselves are in the names.
      return kindOf(one)?.kind === 'in' ? influence(values, 'filter') : computeReads(values);
    }),
  ]);
  const rest = openingOf(part.relations).open;
  const open = rest === undefined ? () => reads : (name: string) => uniteReads([reads, rest(name)]);
  const rows = uniteReads([part.rows, ...kept.map((one) => influence(one.reads, 'group'))]);
  return { columns: kept, rows, open, isPartial: true, hides: true };
}

/** `unpivot t on … into name … value …` and `t unpivot (… for … in (…))`. */
export function answerUnpivot(body: Tree, part: FromPart, env: Env): Answer {
  const isStatement = body['unpivot'] === true;
  const items = listAt(body, isStatement ? 'expressions' : 'columns');
  const context = contextOf(part, env);
  const sets = items.map((item) => readMembers(item, context));
  const all = uniteReads(sets.flat());
  const [label, ...values] = isStatement ? readInto(body) : readNames(body);
  const several = values.length > 1;
  const made = values.map((name, place): OutColumn => {
    const reads = sets.flatMap((set) => (several ? (set[place] ?? all) : set));
    return { name, reads: uniteReads(reads) };
  });
  // A null is left out unless it is asked for.
  const chosen = body['include_nulls'] === true ? nothing : influence(all, 'filter');
  return {
    columns: [...columnsBeside(items, part, env), { name: label, reads: nothing }, ...made],
    rows: uniteReads([part.rows, chosen]),
    ...openingOf(part.relations),
  };
}

function readInto(body: Tree): readonly (string | undefined)[] {
  const into = treeAt(treeAt(body, 'into') ?? {}, 'unpivot_columns') ?? {};
  const name = (node: unknown): string | undefined => nameOf(kindOf(node)?.body['this'] ?? node);
  const values = listAt(into, 'expressions').map(name);
  return [name(into['this']) ?? 'name', ...(values.length > 0 ? values : ['value'])];
}

function readNames(body: Tree): readonly (string | undefined)[] {
  const others = listAt(body, 'extra_value_columns');
  return [body['name_column'], body['value_column'], ...others].map(nameOf);
}

/** One entry of the list: a column, several as a tuple, or what `columns(…)` and `*` stand for. */
function readMembers(item: unknown, context: ExpressionContext): readonly Reads[] {
  const found = kindOf(item);
  const set = readColumnSet(found, setContext(context));
  if (set) return set.columns.map(({ reads }) => reads);
  const several = found?.kind === 'tuple' ? listAt(found.body, 'expressions') : [item];
  return several.map((one) => readExpression(one, context));
}

function readGroups(groups: readonly unknown[], context: ExpressionContext): OutColumn[] {
  return groups.map((node) => {
    const found = kindOf(node);
    const name = found?.kind === 'column' ? nameOf(found.body['name']) : undefined;
    if (name === undefined)
      throw new LineageGap('a "pivot" is grouped by something else than a column');
    return { name, reads: readExpression(node, context) };
  });
}

const probe = 'probe';

/** The columns that none of the expressions names: each is told by its place, whatever it reads. */
function columnsBeside(expressions: readonly unknown[], part: FromPart, env: Env): OutColumn[] {
  const star = part.star.map((one, index) => {
    const column = { name: one.column.name, reads: readColumn(probe, String(index)) };
    return { ...one, column };
  });
  const relations = part.relations.map((one) => ({
    ...one,
    columns: star.filter(({ aliases }) => aliases.includes(one.alias)).map(({ column }) => column),
  }));
  const context = contextOf({ ...part, star, relations, merged: new Map() }, env);
  const named = uniteReads(expressions.flatMap((one) => readMembers(one, context)));
  const places = new Set([...named.values()].map(({ column }) => column));
  return part.star.map(({ column }) => column).filter((_, index) => !places.has(String(index)));
}

function contextOf(part: FromPart, env: Env): ExpressionContext {
  return { scope: scopeOf(part, env), env, windows: new Map(), star: part.star };
}
