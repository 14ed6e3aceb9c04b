import { readColumnSet, type SetContext } from './column-set.ts';
import { computeReads, influence, nothing, type Reads, uniteReads } from './reads.ts';
import {
  fieldOf,
  findColumn,
  type OutColumn,
  orderOf,
  type Scope,
  type Value,
  wholeRow,
} from './scope.ts';
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
import type { StarList } from './star.ts';
import type { Env } from './statement-env.ts';

/** What an expression may name. */
export interface ExpressionContext {
  readonly scope: Scope;
  readonly env: Env;
  /** `window w as (…)`, by lower-case name. */
  readonly windows: ReadonlyMap<string, unknown>;
  /** What `*` stands for there. */
  readonly star?: StarList;
  /** The one of several columns that `columns(…)` stands for in this turn. */
  readonly chosen?: OutColumn;
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
  const name = found?.kind === 'dot' ? nameOf(found.body['field']) : partsOf(node)?.at(-1);
  return { ...readValue(node, context), name };
}

/** Everything that an expression's value follows from. */
export function readExpression(node: unknown, context: ExpressionContext): Reads {
  if (Array.isArray(node)) return uniteReads(node.map((one) => readExpression(one, context)));
  return isTree(node) ? readValue(node, context).reads : nothing;
}

/** An expression's value, and what its fields follow from where it packs a struct. */
function readValue(node: unknown, context: ExpressionContext): Value {
  if (!isTree(node)) return { reads: nothing };
  const parts = partsOf(node);
  if (parts) {
    if (parts[0]?.startsWith('#')) throw new LineageGap('a column is named by its position');
    return findColumn(context.scope, parts);
  }
  const query = queryIn(node);
  if (query) return { reads: readQuery(query, context) };
  const found = kindOf(node);
  const set = found?.kind === 'star' ? undefined : readColumnSet(found, setContext(context));
  if (set) {
    const isUnpacked = found?.kind === 'columns';
    const all = { reads: uniteReads(set.columns.map(({ reads }) => reads)) };
    return isUnpacked ? all : (context.chosen ?? all);
  }
  if (!found) return { reads: computeReads(readParts(node, context)) };
  return readStruct(found.kind, found.body, context) ?? computeValue(found, node, context);
}

/** What stands around `columns(…)`. */
export function setContext(context: ExpressionContext): SetContext {
  const { scope, star, env } = context;
  const isLoose = env.isLoose === true;
  return { scope, star, isLoose, resolve: (expression) => readItem(expression, context) };
}

function computeValue(
  { kind, body }: { readonly kind: string; readonly body: Tree },
  node: Tree,
  context: ExpressionContext,
): Value {
  const own = computeReads(readKind(kind, body, context) ?? readParts(node, context));
  const reads = uniteReads([own, takesPlaces(kind, body) ? orderOf(context.scope) : nothing]);
  return { reads, ...passStruct(kind, body, context) };
}

/** Structs in the making and their fields. */
function readStruct(kind: string, body: Tree, context: ExpressionContext): Value | undefined {
  const read = (node: unknown): Value => readValue(node, context);
  switch (kind) {
    case 'paren':
      return read(body['this']);
    case 'dot':
      return fieldOf(read(body['this']), nameOf(body['field']) ?? '');
    case 'subscript': {
      const index = kindOf(body['index']);
      const isText = index?.body['literal_type'] === 'string';
      return isText ? fieldOf(read(body['this']), String(index.body['value'])) : undefined;
    }
    case 'map_func': {
      const keys = listAt(body, 'keys').map((key) => kindOf(key)?.body['value']);
      const values = listAt(body, 'values');
      if (body['curly_brace_syntax'] !== true) return undefined;
      return packFields(values.map((value, index) => [String(keys[index]), read(value)]));
    }
    case 'function': {
      if (nameOf(body['name'])?.toLowerCase() !== 'struct_pack') return undefined;
      const fields = listAt(body, 'args').flatMap((one): (readonly [string, Value])[] => {
        const argument = kindOf(one);
        const name = nameOf(argument?.body['name']);
        if (argument?.kind !== 'named_argument' || name === undefined) return [];
        return [[name, read(argument.body['value'])]];
      });
      return fields.length === listAt(body, 'args').length ? packFields(fields) : undefined;
    }
    default:
      return undefined;
  }
}

function packFields(fields: readonly (readonly [string, Value])[]): Value {
  const reads = computeReads(uniteReads(fields.map(([, value]) => value.reads)));
  const named = new Map(fields.map(([name, value]) => [name.toLowerCase(), value]));
  return { reads, fields: named, presence: nothing };
}

/** Aggregates that depend on the order in which their rows come. */
const placed =
  /^(first|last|any_value|arbitrary|mode|list|array_agg|string_agg|group_concat|list_?agg|arg_?(min|max)|(min|max)_by)$/;

function takesPlaces(kind: string, body: Tree): boolean {
  if (kind === 'window_function') return true;
  const isCall = kind === 'function' || kind === 'aggregate_function';
  return placed.test((isCall ? nameOf(body['name']) : kind)?.toLowerCase() ?? '');
}

/** Functions that answer one of the values they are given: a struct comes out as it went in. */
const choosers = new Set([
  'coalesce',
  'first_value',
  'last_value',
  'nth_value',
  'lag',
  'lead',
  'any_value',
  'first',
  'last',
]);

/** The values a chooser or a `case` chooses from. */
function choicesOf(kind: string, body: Tree): readonly unknown[] | undefined {
  if (kind === 'case') {
    const whens = listAt(body, 'whens').map((when) => (Array.isArray(when) ? when[1] : undefined));
    return [...whens, ...(isFilled(body['else_']) ? [body['else_']] : [])];
  }
  if (kind === 'coalesce') return listAt(body, 'expressions');
  const isCall = kind === 'function' || kind === 'aggregate_function';
  const name = isCall ? nameOf(body['name'])?.toLowerCase() : kind;
  if (name === undefined || !choosers.has(name)) return undefined;
  return [isCall ? listAt(body, 'args')[0] : body['this']];
}

/** What is left of a struct when it went through something. */
type Struct = Pick<Value, 'fields' | 'presence'>;

/**
 * A struct that is chosen among others. Each field follows from itself and from what chooses, not
 * from the fields beside it.
 */
function passStruct(kind: string, body: Tree, context: ExpressionContext): Struct {
  if (kind === 'window_function') {
    const inner = kindOf(body['this']);
    const passed = inner ? passStruct(inner.kind, inner.body, context) : {};
    return passed.fields ? besideAll(passed, readWindow(body['over'], context)) : {};
  }
  const choices = choicesOf(kind, body);
  if (!choices) return {};
  const values = choices.map((choice) => readValue(choice, context));
  const packed = values.flatMap(({ fields }) => fields ?? []);
  // A choice that follows from nothing is a null or a constant: it hides no column.
  const isWhole = values.every((value) => value.fields !== undefined || value.reads.size === 0);
  if (packed.length === 0 || !isWhole) return {};
  const fields = new Map<string, Value>();
  for (const [name, value] of packed.flatMap((one) => [...one])) {
    const known = fields.get(name);
    fields.set(name, known ? { reads: uniteReads([known.reads, value.reads]) } : value);
  }
  const presence = uniteReads(values.map((value) => value.presence ?? value.reads));
  return besideAll({ fields, presence }, chooserReads(kind, body, context));
}

/** What decides which of the choices is taken. */
function chooserReads(kind: string, body: Tree, context: ExpressionContext): Reads {
  if (kind === 'case') {
    const whens = listAt(body, 'whens').map((when) => (Array.isArray(when) ? when[0] : undefined));
    return computeReads(readExpression([body['operand'], ...whens], context));
  }
  const { this: _, args, expressions: __, ...rest } = body;
  const others = Array.isArray(args) ? args.slice(1) : [];
  const reads = [readParts(rest, context), computeReads(readExpression(others, context))];
  return uniteReads([...reads, takesPlaces(kind, body) ? orderOf(context.scope) : nothing]);
}

function besideAll({ fields, presence }: Struct, reads: Reads): Struct {
  const beside = (value: Reads): Reads => uniteReads([computeReads(value), reads]);
  return {
    fields:
      fields &&
      new Map(
        [...fields].map(([name, value]) => [
          name,
          { reads: beside(value.reads), ...besideAll(value, reads) },
        ]),
      ),
    presence: presence && beside(presence),
  };
}

function readQuery(query: Tree, { env, scope }: ExpressionContext): Reads {
  const { columns, rows, open, isPartial } = env.answer(query, { ...env, outer: scope });
  const unknown = isPartial && open ? open('*') : nothing;
  return uniteReads([...columns.map(({ reads }) => computeReads(reads)), unknown, rows]);
}

/** Kinds that name things of their own; undefined: its parts say it all. */
function readKind(kind: string, body: Tree, context: ExpressionContext): Reads | undefined {
  switch (kind) {
    case 'is_null': {
      const { reads, presence } = readValue(body['this'], context);
      return presence ?? reads;
    }
    case 'exists': {
      const query = queryIn(body['this']);
      return query && influence(readQuery(query, context), 'filter');
    }
    case 'lambda':
      return readExpression(body['body'], withNames(context, namesOf(listAt(body, 'parameters'))));
    case 'comprehension': {
      const names = [body['expression'], body['position']].flatMap((one) => partsOf(one) ?? []);
      const inner = withNames(context, names);
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
    case 'within_group':
      // `mode() within group (order by x)`: what is put in order is what it answers.
      return readExpression([body['this'], body['order_by']], context);
    case 'star':
      return uniteReads(context.scope.relations.map((one) => wholeRow(one).reads));
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
