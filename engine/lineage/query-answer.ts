import { answerCoarsely } from './coarse-answer.ts';
import { type ExpressionContext, readExpression, readItem } from './expression-reads.ts';
import { readFrom } from './from-scope.ts';
import { influence, nothing, type Reads, uniteReads } from './reads.ts';
import { type Answer, emptyScope, type OutColumn, orderOf } from './scope.ts';
import { opensList, readList } from './select-list.ts';
import {
  isFilled,
  isTree,
  kindOf,
  LineageGap,
  listAt,
  nameOf,
  namesOf,
  queryIn,
  type Tree,
  treeAt,
} from './sql-tree.ts';
import { numberNames, type Opening, unknownStar } from './star.ts';
import type { Env } from './statement-env.ts';

/** Rounds after which a recursive query must have met every column it can. */
const roundsMax = 20;

/** Parts of a select that would change what it answers and are not read. */
const unread = ['lateral_views', 'into', 'connect', 'distribute_by', 'cluster_by', 'sort_by'];

/**
 * What a query answers: its columns in order and what each follows from. Where `env` is loose, what
 * is not understood of it is said of all its columns.
 *
 * @throws LineageGap where a part of it is not understood: nothing is guessed.
 */
export function answerQuery(query: Tree, env: Env): Answer {
  if (!env.isLoose) return answerExactly(query, env);
  try {
    return answerExactly(query, env);
  } catch (error) {
    if (!(error instanceof LineageGap)) throw error;
    return answerCoarsely(query, env, error);
  }
}

function answerExactly(query: Tree, env: Env): Answer {
  const found = kindOf(query);
  if (!found) throw new LineageGap('the statement is no query');
  const { kind, body } = found;
  const inner = withTables(body, env);
  switch (kind) {
    case 'select':
      return answerSelect(body, inner);
    case 'union':
    case 'intersect':
    case 'except':
      return cutRows(answerSets(kind, body, inner), body, inner);
    case 'values':
      return cutRows(answerValues(body, inner), body, inner);
    case 'subquery':
    case 'paren': {
      const next = treeAt(body, 'this');
      if (next) return cutRows(answerQuery(next, inner), body, inner);
      throw new LineageGap('an empty pair of brackets');
    }
    case 'pivot': {
      const [turned] = readFrom({ from: { expressions: [query] } }, inner).relations;
      if (turned) return turned;
      throw new LineageGap('a "pivot" of nothing');
    }
    default:
      throw new LineageGap(`a statement of the kind "${kind}" is not read`);
  }
}

/** Common table expressions: each sees those before it, a recursive one itself as well. */
function withTables(body: Tree, env: Env): Env {
  const clause = treeAt(body, 'with');
  if (!clause) return env;
  const tables = new Map(env.tables);
  for (const one of listAt(clause, 'ctes')) {
    if (!isTree(one)) continue;
    const query = treeAt(one, 'this');
    const name = nameOf(one['alias'])?.toLowerCase();
    if (!query || name === undefined) throw new LineageGap('a common table expression is no query');
    const columns = namesOf(listAt(one, 'columns'));
    const rename = (answer: Answer) => renameColumns(answer, columns);
    const inner = { ...env, tables };
    const answer =
      clause['recursive'] === true
        ? answerRecursive(query, name, rename, inner)
        : rename(answerQuery(query, inner));
    tables.set(name, answer);
  }
  return { ...env, tables };
}

function renameColumns(answer: Answer, names: readonly string[]): Answer {
  const columns = numberNames(answer.columns).map((column, index) => ({
    ...column,
    name: names[index] ?? column.name,
  }));
  return { ...answer, columns };
}

/** What the first half answers goes into the second, until nothing more follows from anything. */
function answerRecursive(
  query: Tree,
  name: string,
  rename: (answer: Answer) => Answer,
  env: Env,
): Answer {
  const found = kindOf(query);
  const base = found?.kind === 'union' ? treeAt(found.body, 'left') : undefined;
  if (!base) return rename(answerQuery(query, env));
  let known = rename(answerQuery(base, env));
  for (let round = 0; round < roundsMax; round += 1) {
    const tables = new Map([...env.tables, [name, known]]);
    const next = rename(answerQuery(query, { ...env, tables }));
    if (sizeOf(next) === sizeOf(known)) return next;
    known = next;
  }
  throw new LineageGap(`a recursion that is not done after ${roundsMax} rounds`);
}

function sizeOf({ columns, rows }: Answer): number {
  const all = [...columns.map(({ reads }) => reads), rows];
  return all
    .flatMap((reads) => [...reads.values()])
    .reduce((sum, { kinds }) => sum + kinds.size, 0);
}

function answerSelect(select: Tree, env: Env): Answer {
  const odd = unread.find((key) => isFilled(select[key]));
  if (odd !== undefined) throw new LineageGap(`"${odd.replaceAll('_', ' ')}" is not read`);
  const from = readFrom(select, env);
  const { columns, opening, context } = readList(select, from, env);
  const rows = uniteReads([from.rows, ...readClauses(select, columns, opening, context)]);
  const order = orderReads(select, withHidden(columns, opening), context);
  return { columns, rows, order, ...opening };
}

/** What decides which rows there are. */
function readClauses(
  select: Tree,
  known: readonly OutColumn[],
  opening: Opening,
  context: ExpressionContext,
): Reads[] {
  const columns = withHidden(known, opening);
  const read = (node: unknown): Reads => readExpression(node, context);
  const filters = ['where_clause', 'having', 'qualify'].map((key) =>
    influence(read(select[key]), 'filter'),
  );
  const group = treeAt(select, 'group_by') ?? {};
  const items = listAt(select, 'expressions');
  const grouped = listAt(group, 'expressions').map((one) => ordinal(one, columns) ?? read(one));
  if (group['all'] === true) grouped.push(...items.filter((one) => !aggregates(one)).map(read));
  const distinct = listAt(select, 'distinct_on').map(read);
  if (select['distinct'] === true && distinct.length === 0) {
    distinct.push(...columns.map(({ reads }) => reads));
  }
  const opened = items.filter(opensList).map(read);
  return [
    ...filters,
    ...opened.map((reads) => influence(reads, 'join')),
    ...[...grouped, ...distinct].map((reads) => influence(reads, 'group')),
    readCuts(select, columns, context),
  ];
}

const aggregateKinds =
  /^(aggregate_function|count|sum|avg|min|max|median|first|last|any_value|(array|string|list)_agg)$/;

/** Whether an item surely is none of those that `group by all` groups by. */
function aggregates(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(aggregates);
  if (!isTree(node) || queryIn(node)) return false;
  const kind = kindOf(node)?.kind;
  if (kind === 'window_function') return false;
  return aggregateKinds.test(kind ?? '') || Object.values(node).some(aggregates);
}

/** For what counts places or means all of them: columns nobody knows may stand anywhere. */
function withHidden(columns: readonly OutColumn[], { hides, open }: Opening) {
  if (!hides || !open) return columns;
  const hidden: OutColumn = { name: undefined, reads: open('*') };
  const known = columns.map((one) => ({ ...one, reads: uniteReads([one.reads, hidden.reads]) }));
  return [...known, hidden];
}

/** Where only some of the rows are taken, their order and what counts them decide which. */
function readCuts(body: Tree, columns: readonly OutColumn[], context: ExpressionContext): Reads {
  const cuts = ['limit', 'offset', 'fetch'].map((key) => body[key]);
  const decides = [...cuts, body['distinct_on']].some(isFilled);
  const counted = cuts.map((one) => influence(readExpression(one, context), 'filter'));
  return uniteReads([decides ? orderReads(body, columns, context) : nothing, ...counted]);
}

/** What the rows are ordered by; where that says nothing of two rows, they stay as they came. */
function orderReads(body: Tree, columns: readonly OutColumn[], context: ExpressionContext): Reads {
  const items = listAt(treeAt(body, 'order_by') ?? {}, 'expressions');
  const own = items.map((one) => influence(readOrder(one, columns, context), 'order'));
  return uniteReads([orderOf(context.scope), ...own]);
}

/** The same around a whole query, whose columns are all that an order can name. */
function cutRows(answer: Answer, body: Tree, env: Env): Answer {
  const relations = [{ ...answer, alias: undefined }];
  const scope = { ...emptyScope, relations, parent: env.outer };
  const context = { scope, env, windows: new Map<string, unknown>() };
  const columns = withHidden(answer.columns, answer);
  const rows = uniteReads([answer.rows, readCuts(body, columns, context)]);
  return { ...answer, rows, order: orderReads(body, columns, context) };
}

/** `group by 2`: the column at that place; behind those that are known stands what is hidden. */
function ordinal(node: unknown, columns: readonly OutColumn[]): Reads | undefined {
  const found = kindOf(node);
  if (found?.kind !== 'literal' || found.body['literal_type'] !== 'number') return undefined;
  return (columns[Number(found.body['value']) - 1] ?? columns.at(-1))?.reads;
}

function readOrder(
  node: unknown,
  columns: readonly OutColumn[],
  context: ExpressionContext,
): Reads {
  if (!isTree(node)) return nothing;
  const name = nameOf(kindOf(node['this'])?.body['name'])?.toLowerCase();
  if (name === 'all') return uniteReads(columns.map(({ reads }) => reads));
  return ordinal(node['this'], columns) ?? readExpression(node['this'], context);
}

function answerSets(kind: string, body: Tree, env: Env): Answer {
  const [left, right] = [treeAt(body, 'left'), treeAt(body, 'right')];
  if (!left || !right) throw new LineageGap(`a "${kind}" of one part`);
  const one = answerQuery(left, env);
  const other = answerQuery(right, env);
  if (one.isPartial || other.isPartial) throw new LineageGap(unknownStar);
  const rows = uniteReads([one.rows, other.rows]);
  const order = uniteReads([one.order ?? nothing, other.order ?? nothing]);
  if (kind !== 'union') {
    const both = [...one.columns, ...other.columns];
    const compared = both.map(({ reads }) => influence(reads, 'filter'));
    return { columns: one.columns, rows: uniteReads([rows, ...compared]), order };
  }
  const columns = body['by_name'] === true ? uniteByName(one, other) : uniteByPlace(one, other);
  if (body['all'] === true) return { columns, rows, order };
  return {
    columns,
    order,
    rows: uniteReads([rows, ...columns.map(({ reads }) => influence(reads, 'group'))]),
  };
}

function uniteByPlace(one: Answer, other: Answer): OutColumn[] {
  if (one.columns.length !== other.columns.length) {
    throw new LineageGap('the parts of a "union" have different numbers of columns');
  }
  return one.columns.map(({ name, reads }, index) => ({
    name,
    reads: uniteReads([reads, other.columns[index]?.reads ?? nothing]),
  }));
}

function uniteByName(one: Answer, other: Answer): OutColumn[] {
  const columns = new Map<string, OutColumn>();
  for (const column of [...one.columns, ...other.columns]) {
    if (column.name === undefined) throw new LineageGap('a "union by name" without names');
    const lower = column.name.toLowerCase();
    const known = columns.get(lower);
    const reads = uniteReads([known?.reads ?? nothing, column.reads]);
    columns.set(lower, { name: known?.name ?? column.name, reads });
  }
  return [...columns.values()];
}

function answerValues(body: Tree, env: Env): Answer {
  const context = { scope: env.outer ?? emptyScope, env, windows: new Map<string, unknown>() };
  const rows = listAt(body, 'expressions').map((row) =>
    isTree(row) ? listAt(row, 'expressions') : [],
  );
  const columns = (rows[0] ?? []).map((_, index) => ({
    name: `col${index}`,
    reads: uniteReads(rows.map((row) => readItem(row[index], context).reads)),
  }));
  return { columns, rows: nothing };
}
