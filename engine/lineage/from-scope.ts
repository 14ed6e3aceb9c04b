import { readExpression } from './expression-reads.ts';
import {
  asPart,
  besides,
  type FromPart,
  joinNamed,
  type Naming,
  namingOf,
  noPart,
  scopeOf,
} from './from-part.ts';
import { answerPivot, answerUnpivot } from './pivot.ts';
import { computeReads, influence, nothing, uniteReads } from './reads.ts';
import { type OutColumn, orderOf } from './scope.ts';
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
import { mergeColumns, unknownStar } from './star.ts';
import type { Env } from './statement-env.ts';
import { findStranger } from './table-function.ts';

/** The `from` and the joins of a select. */
export function readFrom(select: Tree, env: Env): FromPart {
  let part = noPart;
  const items = isTree(select['from']) ? listAt(select['from'], 'expressions') : [];
  const last = items.length - 1;
  for (const item of items.slice(0, Math.max(last, 0))) {
    part = besides(part, readItem(item, part, env));
  }
  if (last < 0) return part;
  // Joins bind tighter than commas: they belong to the last item.
  const joined = readJoins(readItem(items[last], part, env), listAt(select, 'joins'), part, env);
  return besides(part, joined);
}

function readJoins(
  first: FromPart,
  joins: readonly unknown[],
  before: FromPart,
  env: Env,
): FromPart {
  let left = first;
  for (const join of joins) {
    if (!isTree(join)) continue;
    const right = readItem(join['this'], besides(before, left), env);
    left = joinParts(left, right, join, before, env);
  }
  return left;
}

function joinParts(
  left: FromPart,
  right: FromPart,
  join: Tree,
  before: FromPart,
  env: Env,
): FromPart {
  const kind = String(join['kind']);
  const both = besides(left, right);
  const scope = scopeOf(besides(before, both), env);
  const context = { scope, env, windows: new Map<string, unknown>(), star: both.star };
  const condition = influence(readExpression(join['on'], context), 'join');
  const names = kind.startsWith('Natural')
    ? sharedNames(left, right)
    : namesOf(listAt(join, 'using'));
  const pairs = names.map((name) => {
    const lower = name.toLowerCase();
    return { lower, one: findOne(left, lower), other: findOne(right, lower) };
  });
  const keys = pairs.flatMap(({ one, other }) => [one?.reads ?? nothing, other?.reads ?? nothing]);
  const places = kind === 'Positional' ? orderOf(both) : nothing;
  const rows = uniteReads([
    both.rows,
    condition,
    places,
    ...keys.map((reads) => influence(reads, 'join')),
  ]);
  if (/Semi|Anti/.test(kind)) return { ...left, rows };
  const made = new Map(
    pairs.flatMap(({ lower, one, other }) => {
      const column = mergeColumns(kind.replace(/^Natural/, ''), one, other);
      return column ? [[lower, column] as const] : [];
    }),
  );
  // On the left it may stand among columns that only the warehouse can name.
  const shown = new Set(left.star.map(({ column }) => column.name?.toLowerCase()));
  const isShown = (name: string | undefined): boolean => shown.has(name?.toLowerCase());
  const star = [
    ...left.star.map((one) => {
      const column = made.get(one.column.name?.toLowerCase() ?? '');
      return column ? { ...one, column: { ...column, name: one.column.name } } : one;
    }),
    ...right.star.flatMap((one) => {
      const column = made.get(one.column.name?.toLowerCase() ?? '');
      if (!column) return [one];
      return isShown(one.column.name)
        ? []
        : [{ ...one, column: { ...column, name: one.column.name } }];
    }),
  ];
  return { relations: both.relations, star, rows, merged: new Map([...both.merged, ...made]) };
}

function findOne(part: FromPart, lower: string): OutColumn | undefined {
  const merged = part.merged.get(lower);
  if (merged) return merged;
  for (const { columns } of part.relations) {
    const found = columns.find(({ name }) => name?.toLowerCase() === lower);
    if (found) return found;
  }
  const hiding = part.relations.flatMap(({ hides, open }) => (hides && open ? [open(lower)] : []));
  return hiding.length === 0 ? undefined : { name: lower, reads: uniteReads(hiding) };
}

function sharedNames(left: FromPart, right: FromPart): string[] {
  if ([...left.relations, ...right.relations].some(({ hides }) => hides)) {
    throw new LineageGap(unknownStar);
  }
  const known = new Set(right.star.map(({ column }) => column.name?.toLowerCase()));
  return left.star.flatMap(({ column: { name } }) =>
    name !== undefined && known.has(name.toLowerCase()) ? [name] : [],
  );
}

function readItem(item: unknown, before: FromPart, env: Env): FromPart {
  const found = kindOf(item);
  if (!found) throw new LineageGap('a part of "from" could not be read');
  const { kind, body } = found;
  switch (kind) {
    case 'table':
      return readTable(body, env);
    case 'subquery':
    case 'alias':
    case 'lateral':
    case 'paren':
      return readNamed(body, before, env);
    case 'joined_table': {
      const first = readItem(body['left'], before, env);
      const joined = readJoins(first, listAt(body, 'joins'), before, env);
      return isFilled(body['alias']) ? joinNamed(joined, namingOf(body)) : joined;
    }
    case 'pivot':
    case 'unpivot':
      return readTurned(kind, body, before, env);
    case 'values':
      return asPart(env.answer({ values: body }, env), { alias: undefined, columns: [] });
    case 'unnest':
    case 'function':
      return readFunction(item, { alias: nameOf(body['name']) ?? kind, columns: [] }, before, env);
    default:
      throw new LineageGap(`"${kind}" in "from" is not read`);
  }
}

function readTable(body: Tree, env: Env): FromPart {
  const name = nameOf(body['name']) ?? '';
  const schema = nameOf(body['schema']);
  const { alias = name, columns } = namingOf(body);
  // `recurring.x` is all that a recursion with keys has gathered so far.
  const isPlain =
    (schema === undefined || schema === 'recurring') && nameOf(body['catalog']) === undefined;
  const common = isPlain ? env.tables.get(name.toLowerCase()) : undefined;
  const answer = common ?? env.table(schema, name);
  if (!answer) {
    const written = schema === undefined ? name : `${schema}.${name}`;
    throw new LineageGap(`nothing is known of the columns of "${written}"`);
  }
  const hasOwnName = alias === name;
  return asPart(answer, { alias, columns, schema: hasOwnName ? schema : undefined });
}

function readNamed(body: Tree, before: FromPart, env: Env): FromPart {
  const naming = namingOf(body);
  const inner = body['this'];
  const query = queryIn(inner);
  if (query) {
    const answer = env.answer(query, { ...env, outer: scopeOf(before, env) });
    return asPart(answer, naming);
  }
  const kind = kindOf(inner)?.kind;
  if (kind === 'unnest' || kind === 'function') return readFunction(inner, naming, before, env);
  const part = readItem(inner, before, env);
  if (naming.alias === undefined) return part;
  return joinNamed(part, naming);
}

/** A table that is pivoted; where a statement begins with it the parser takes it for a column. */
function readTurned(kind: string, body: Tree, before: FromPart, env: Env): FromPart {
  const written = kindOf(body['this']);
  const isColumn = written?.kind === 'column';
  const { name, table: schema } = isColumn ? written.body : {};
  const part = readItem(isColumn ? { table: { name, schema } } : body['this'], before, env);
  const isUnpivot = kind === 'unpivot' || body['unpivot'] === true;
  const answer = isUnpivot ? answerUnpivot(body, part, env) : answerPivot(body, part, env);
  return asPart(answer, namingOf(body));
}

/** A table function: its columns are known where they are named, else only to the warehouse. */
function readFunction(node: unknown, naming: Naming, before: FromPart, env: Env): FromPart {
  const stranger = findStranger(node);
  if (stranger !== undefined) {
    throw new LineageGap(`nobody knows which tables "${stranger}(…)" reads`);
  }
  const scope = scopeOf(before, env);
  const reads = computeReads(readExpression(node, { scope, env, windows: new Map() }));
  const columns = naming.columns.map((name) => ({ name, reads }));
  // How many rows a list opens into follows from it as well.
  const part = asPart({ columns, rows: influence(reads, 'join') }, naming);
  if (columns.length > 0) return part;
  return { ...part, relations: part.relations.map((one) => ({ ...one, open: () => reads })) };
}
