import { computeReads, influence, type Reads, uniteReads } from './reads.ts';
import { type Answer, findColumn } from './scope.ts';
import {
  isTree,
  kindOf,
  LineageGap,
  listAt,
  nameOf,
  namesOf,
  type Tree,
  treeAt,
} from './sql-tree.ts';
import type { Env } from './statement-env.ts';
import { findStranger } from './table-function.ts';

/**
 * A query that is not understood: each of its columns, whatever they are, may follow from every
 * column of every table that it names, and so may its rows.
 *
 * @throws LineageGap the one that is given, where not even its tables are certain.
 */
export function answerCoarsely(query: Tree, env: Env, gap: LineageGap): Answer {
  const gathering = { env, gap, own: namesWithin(query) };
  const reads = computeReads(uniteReads(gather(query, gathering)));
  const open = (): Reads => reads;
  return { columns: [], rows: influence(reads, 'filter'), open, isPartial: true, hides: true };
}

interface Gathering {
  readonly env: Env;
  readonly gap: LineageGap;
  /** Names of common table expressions somewhere in it. */
  readonly own: ReadonlySet<string>;
}

function namesWithin(node: unknown): Set<string> {
  const found = new Set<string>();
  const waiting = [node];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (Array.isArray(one)) waiting.push(...one.filter(isFilled));
    if (!isTree(one)) continue;
    for (const cte of listAt(one, 'ctes')) {
      const name = isTree(cte) ? nameOf(cte['alias']) : undefined;
      if (name !== undefined) found.add(name.toLowerCase());
    }
    waiting.push(...Object.values(one).filter(isFilled));
  }
  return found;
}

const isFilled = (value: unknown): boolean => value !== null && typeof value === 'object';

function gather(node: unknown, gathering: Gathering): Reads[] {
  if (Array.isArray(node)) return node.flatMap((one) => gather(one, gathering));
  if (!isTree(node)) return [];
  const found = kindOf(node);
  const inner = Object.values(node).flatMap((one) => gather(one, gathering));
  switch (found?.kind) {
    case 'raw':
    case 'command':
      throw gathering.gap;
    case 'table':
      return [...inner, ...readNamed(found.body, 'schema', gathering)];
    case 'pivot': {
      if (findStranger(found.body['this']) !== undefined) throw gathering.gap;
      const written = kindOf(found.body['this']);
      const isTable = written?.kind === 'column';
      return isTable ? [...inner, ...readNamed(written.body, 'table', gathering)] : inner;
    }
    case 'column':
      return readOuter(found.body, gathering);
    case 'select':
      if (itemsOf(found.body).some((one) => findStranger(one) !== undefined)) throw gathering.gap;
      return inner;
    default:
      return inner;
  }
}

/** What its `from` and its joins take rows from. */
function itemsOf(select: Tree): readonly unknown[] {
  const joins = listAt(select, 'joins').map((join) => isTree(join) && join['this']);
  return [...listAt(treeAt(select, 'from') ?? {}, 'expressions'), ...joins];
}

function readNamed(body: Tree, schemaKey: string, { env, gap, own }: Gathering): Reads[] {
  const name = nameOf(body['name']) ?? '';
  const schema = nameOf(body[schemaKey]);
  const lower = name.toLowerCase();
  const isPlain = schema === undefined || schema === 'recurring';
  const common = isPlain ? env.tables.get(lower) : undefined;
  const table = common ?? env.table(schema, name);
  if (table) return readWhole(table);
  if (isPlain && own.has(lower)) return [];
  throw gap;
}

function readWhole({ columns, rows, open, hides }: Answer): Reads[] {
  const hidden = open && (hides || columns.length === 0) ? [open('*')] : [];
  return [rows, ...columns.map(({ reads }) => reads), ...hidden];
}

/** A name may be one of the statement around it. */
function readOuter(body: Tree, { env: { outer } }: Gathering): Reads[] {
  if (!outer) return [];
  try {
    return [findColumn(outer, namesOf([body['table'], body['name']])).reads];
  } catch (error) {
    if (error instanceof LineageGap) return [];
    throw error;
  }
}
