import { computeReads, influence, nothing, type Reads, uniteReads } from './reads.ts';
import { findColumn, type OutColumn, type Scope, wholeRow } from './scope.ts';
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
} from './sql-tree.ts';
import type { Env } from './statement-env.ts';

/** What an expression may name. */
export interface ExpressionContext {
  readonly scope: Scope;
  readonly env: Env;
  /** `window w as (…)`, by lower-case name. */
  readonly windows: ReadonlyMap<string, unknown>;
}

/** `t.a.b` as its parts; undefined where something else than a column is at its root. */
function partsOf(node: unknown): string[] | undefined {
  const found = kindOf(node);
  if (found?.kind === 'column') return namesOf([found.body['table'], found.body['name']]);
  if (found?.kind !== 'dot') return undefined;
  const before = partsOf(found.body['this']);
  const field = nameOf(found.body['field']);
  return before && field !== undefined ? [...before, field] : undefined;
}

/** An item of a select list: copied where it is a column as it stands, else computed. */
export function readItem(node: unknown, context: ExpressionContext): OutColumn {
  const found = kindOf(node);
  if (found?.kind === 'alias') {
    const name = nameOf(found.body['alias']);
    return { ...readItem(found.body['this'], context), name };
  }
  if (found?.kind === 'paren') return readItem(found.body['this'], context);
  const parts = partsOf(node);
  if (parts) {
    const { reads, isWhole } = findColumn(context.scope, parts);
    return { name: parts.at(-1), reads: isWhole ? reads : computeReads(reads) };
  }
  const name = found?.kind === 'dot' ? nameOf(found.body['field']) : undefined;
  return { name, reads: computeReads(readExpression(node, context)) };
}

/** Everything that an expression's value follows from. */
export function readExpression(node: unknown, context: ExpressionContext): Reads {
  if (Array.isArray(node)) return uniteReads(node.map((one) => readExpression(one, context)));
  if (!isTree(node)) return nothing;
  const parts = partsOf(node);
  if (parts) {
    if (parts[0]?.startsWith('#')) throw new LineageGap('a column is named by its position');
    return findColumn(context.scope, parts).reads;
  }
  const query = queryIn(node);
  if (query) return readQuery(query, context);
  const found = kindOf(node);
  return (found && readKind(found.kind, found.body, context)) ?? readParts(node, context);
}

function readQuery(query: Tree, { env, scope }: ExpressionContext): Reads {
  const { columns, rows } = env.answer(query, { ...env, outer: scope });
  return uniteReads([...columns.map(({ reads }) => computeReads(reads)), rows]);
}

/** Kinds that name things of their own; undefined: its parts say it all. */
function readKind(kind: string, body: Tree, context: ExpressionContext): Reads | undefined {
  switch (kind) {
    case 'exists': {
      const query = queryIn(body['this']);
      return query && influence(readQuery(query, context), 'filter');
    }
    case 'lambda':
      return readExpression(body['body'], withNames(context, namesOf(listAt(body, 'parameters'))));
    case 'comprehension': {
      const variable = partsOf(body['expression']) ?? [];
      const inner = withNames(context, variable);
      const { iterator, this: value, condition } = body;
      return uniteReads([
        readExpression(iterator, context),
        readExpression([value, condition], inner),
      ]);
    }
    case 'named_argument':
      return readExpression(body['value'], context);
    case 'window_function':
      return uniteReads([
        readExpression(body['this'], context),
        readWindow(body['over'], context),
        influence(readExpression(body['filter'], context), 'filter'),
      ]);
    case 'function':
      if (nameOf(body['name'])?.toLowerCase() === 'columns') {
        throw new LineageGap('"columns(…)" stands for several columns');
      }
      return undefined;
    case 'star':
      return uniteReads(context.scope.relations.map(wholeRow));
    case 'raw':
    case 'command':
      throw new LineageGap('a part of the statement could not be read');
    default:
      return undefined;
  }
}

/** A node's parts; what filters or orders an aggregate decides on its rows only. */
function readParts(node: Tree, context: ExpressionContext): Reads {
  const parts = Object.entries(node).flatMap(([key, value]) => {
    if (key === 'data_type' || !isFilled(value) || typeof value !== 'object') return [];
    const reads = readExpression(value, context);
    if (key === 'filter') return [influence(reads, 'filter')];
    return [key === 'order_by' ? influence(reads, 'order') : reads];
  });
  return uniteReads(parts);
}

function readWindow(over: unknown, context: ExpressionContext): Reads {
  if (!isTree(over)) return nothing;
  const name = nameOf(over['window_name']);
  const named = name === undefined ? undefined : context.windows.get(name.toLowerCase());
  if (name !== undefined && named === undefined) throw new LineageGap(`no window "${name}"`);
  const { window_name: _, ...spec } = over;
  return uniteReads([
    influence(readParts(spec, context), 'window'),
    ...(named === undefined ? [] : [readWindow(named, context)]),
  ]);
}

/** Names that a lambda binds: they hide columns and follow from nothing themselves. */
function withNames(context: ExpressionContext, names: readonly string[]): ExpressionContext {
  const columns = names.map((name) => ({ name, reads: nothing }));
  const bound = { alias: undefined, columns, rows: nothing };
  const scope = { relations: [bound], merged: new Map(), aliases: new Map() };
  return { ...context, scope: { ...scope, parent: context.scope } };
}
