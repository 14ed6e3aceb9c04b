import { readExpression } from './expression-reads.ts';
import { computeReads, influence, nothing, type Reads, uniteReads } from './reads.ts';
import { type Answer, emptyScope, type OutColumn, type Scope, type Visible } from './scope.ts';
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
import { mergeColumns, numberNames, type StarList } from './star.ts';
import type { Env } from './statement-env.ts';

/** What a `from` puts in sight. */
export interface FromPart {
  readonly relations: readonly Visible[];
  readonly star: StarList;
  readonly merged: ReadonlyMap<string, OutColumn>;
  readonly rows: Reads;
}

const noPart: FromPart = { relations: [], star: [], merged: new Map(), rows: nothing };

function scopeOf(part: FromPart, env: Env): Scope {
  const { relations, merged } = part;
  return { ...emptyScope, relations, merged, parent: env.outer };
}

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

function besides(left: FromPart, right: FromPart): FromPart {
  return {
    relations: [...left.relations, ...right.relations],
    star: [...left.star, ...right.star],
    merged: new Map([...left.merged, ...right.merged]),
    rows: uniteReads([left.rows, right.rows]),
  };
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
  const context = { scope, env, windows: new Map<string, unknown>() };
  const condition = influence(readExpression(join['on'], context), 'join');
  const names = kind.startsWith('Natural')
    ? sharedNames(left, right)
    : namesOf(listAt(join, 'using'));
  const pairs = names.map((name) => {
    const lower = name.toLowerCase();
    return { lower, one: findOne(left, lower), other: findOne(right, lower) };
  });
  const keys = pairs.flatMap(({ one, other }) => [one?.reads ?? nothing, other?.reads ?? nothing]);
  const rows = uniteReads([both.rows, condition, ...keys.map((reads) => influence(reads, 'join'))]);
  if (/Semi|Anti/.test(kind)) return { ...left, rows };
  const made = new Map(
    pairs.flatMap(({ lower, one, other }) => {
      const column = mergeColumns(kind.replace(/^Natural/, ''), one, other);
      return column ? [[lower, column] as const] : [];
    }),
  );
  const isMade = (name: string | undefined): boolean => made.has(name?.toLowerCase() ?? '');
  const star = [
    ...left.star.map((one) => {
      const column = made.get(one.column.name?.toLowerCase() ?? '');
      return column ? { ...one, column: { ...column, name: one.column.name } } : one;
    }),
    ...right.star.filter(({ column }) => !isMade(column.name)),
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
  return undefined;
}

function sharedNames(left: FromPart, right: FromPart): string[] {
  const known = new Set(right.star.map(({ column }) => column.name?.toLowerCase()));
  return left.star.flatMap(({ column: { name } }) =>
    name !== undefined && known.has(name.toLowerCase()) ? [name] : [],
  );
}

/** One relation: what it answers under the name it is given. */
function asPart(answer: Answer, naming: Naming): FromPart {
  const columns = numberNames(answer.columns).map((column, index) => {
    const name = naming.columns[index];
    return name === undefined ? column : { ...column, name };
  });
  const alias = naming.alias?.toLowerCase();
  const visible: Visible = { ...answer, columns, alias, schema: naming.schema?.toLowerCase() };
  return {
    relations: [visible],
    star: columns.map((column) => ({ column, aliases: [alias] })),
    merged: new Map(),
    rows: answer.rows,
  };
}

interface Naming {
  readonly alias: string | undefined;
  readonly schema?: string | undefined;
  readonly columns: readonly string[];
}

function namingOf(body: Tree): Naming {
  return { alias: nameOf(body['alias']), columns: namesOf(listAt(body, 'column_aliases')) };
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
      if (!isFilled(body['alias'])) return joined;
      const columns = joined.star.map(({ column }) => column);
      return asPart({ columns, rows: joined.rows }, namingOf(body));
    }
    case 'pivot':
    case 'unpivot':
      throw new LineageGap(`the columns of "${kind}" follow from the rows`);
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
  return asPart({ columns: part.star.map(({ column }) => column), rows: part.rows }, naming);
}

/** A table function: its columns are known where they are named, else only to the warehouse. */
function readFunction(node: unknown, naming: Naming, before: FromPart, env: Env): FromPart {
  const scope = scopeOf(before, env);
  const reads = computeReads(readExpression(node, { scope, env, windows: new Map() }));
  const columns = naming.columns.map((name) => ({ name, reads }));
  // How many rows a list opens into follows from it as well.
  const part = asPart({ columns, rows: influence(reads, 'join') }, naming);
  if (columns.length > 0) return part;
  return { ...part, relations: part.relations.map((one) => ({ ...one, open: () => reads })) };
}
