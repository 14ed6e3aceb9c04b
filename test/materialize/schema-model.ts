import fc from 'fast-check';

/** dbt's semantics of increments whose columns change, in plain JavaScript: the reference. */

export const policies = ['ignore', 'fail', 'append_new_columns', 'sync_all_columns'] as const;
export type Policy = (typeof policies)[number];

const types = ['INTEGER', 'BIGINT', 'DOUBLE', 'VARCHAR'] as const;
type Type = (typeof types)[number];

/** `untyped`: a bare `null` in the select, of which a warehouse makes a column of integers. */
export interface BatchColumn {
  readonly name: string;
  readonly type: Type | 'untyped';
}

export type Cells = Readonly<Record<string, number | null>>;

export interface Batch {
  readonly columns: readonly BatchColumn[];
  /** Cells of other columns than those are not in the batch. */
  readonly rows: readonly Cells[];
}

export interface ModelTable {
  readonly columns: readonly { readonly name: string; readonly type: Type }[];
  readonly rows: readonly Cells[];
}

export const keyNames = ['k1', 'k2'];
const attributes = ['a', 'b', 'c'];

const cell = fc.option(fc.nat(9), { nil: null, freq: 4 });
const keyPart = fc.option(fc.constantFrom(0, 1, 7), { nil: null, freq: 100 });
const row: fc.Arbitrary<Cells> = fc.record({ k1: keyPart, k2: keyPart, a: cell, b: cell, c: cell });
const keyColumns = fc.tuple(
  fc.constantFrom<Type>('INTEGER', 'BIGINT', 'VARCHAR'),
  fc.constantFrom<Type>('INTEGER', 'VARCHAR'),
);
const attributeColumns = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom(...attributes),
    type: fc.constantFrom<Type | 'untyped'>(...types, ...types, 'untyped'),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 2 },
);

export const batchArbitrary: fc.Arbitrary<Batch> = fc
  .record({
    keys: keyColumns,
    others: attributeColumns,
    rows: fc.array(row, { minLength: 1, maxLength: 4 }),
  })
  .map(({ keys, others, rows }) => {
    const columns = [
      ...keyNames.map((name, index) => ({ name, type: keys[index] ?? 'INTEGER' })),
      ...others,
    ];
    return { columns, rows: rows.map((cells) => pick(cells, columns)) };
  });

export function keyOf(cells: Cells): string {
  return JSON.stringify(keyNames.map((name) => cells[name] ?? null));
}

function pick(cells: Cells, columns: readonly BatchColumn[]): Cells {
  const value = ({ name, type }: BatchColumn) =>
    type === 'untyped' ? null : (cells[name] ?? null);
  return Object.fromEntries(columns.map((column) => [column.name, value(column)]));
}

const standingType = ({ type }: BatchColumn): Type => (type === 'untyped' ? 'INTEGER' : type);

/** A table of the batch and nothing else. */
export function buildWhole({ columns, rows }: Batch): ModelTable {
  return {
    columns: columns.map((column) => ({ name: column.name, type: standingType(column) })),
    rows,
  };
}

export const strategies = ['append', 'delete+insert', 'merge', 'microbatch'] as const;
export type Strategy = (typeof strategies)[number];

export interface Manner {
  readonly strategy: Strategy;
  readonly policy: Policy;
  /** `merge_exclude_columns`. */
  readonly excluded?: readonly string[] | undefined;
  /** `merge_update_columns`. */
  readonly only?: readonly string[] | undefined;
  /** `incremental_predicates`: rows may be replaced where this column is 5 or more. */
  readonly replaceable?: 'k2' | 'a' | undefined;
  /** `duplicate_keys: last`, by this column first. */
  readonly lastBy?: 'a' | 'k1' | undefined;
}

const named = fc.subarray(attributes, { minLength: 1 });

/** Ways to add a batch by the strategy; each has parts of its own. */
export function mannerOf(strategy: Strategy): fc.Arbitrary<Manner> {
  const base = { strategy: fc.constant(strategy), policy: fc.constantFrom(...policies) };
  if (strategy === 'append' || strategy === 'microbatch') return fc.record(base);
  const keyed = {
    ...base,
    replaceable: fc.constantFrom(undefined, undefined, 'k2' as const, 'a' as const),
    lastBy: fc.constantFrom(undefined, 'a' as const, 'k1' as const),
  };
  if (strategy === 'delete+insert') return fc.record(keyed);
  return fc.oneof(
    fc.record(keyed),
    fc.record({ ...keyed, excluded: named }),
    fc.record({ ...keyed, only: named }),
  );
}

/** Of a column that is not there, who says? */
const cellOf = (cells: Cells, name: string): number => cells[name] ?? Number.NEGATIVE_INFINITY;

/** The last of each key; of rows without a key all, since they are refused. */
function lastOfKeys(batch: Batch, by: string): readonly Cells[] {
  const names = batch.columns.map(({ name }) => name).filter((name) => !keyNames.includes(name));
  const order = [by, ...names.filter((name) => name !== by)];
  const isBefore = (left: Cells, right: Cells): boolean => {
    const name = order.find((one) => cellOf(left, one) !== cellOf(right, one));
    return name !== undefined && cellOf(left, name) < cellOf(right, name);
  };
  const last = new Map<string, Cells>();
  for (const cells of batch.rows) {
    const before = last.get(keyOf(cells));
    if (!before || isBefore(before, cells)) last.set(keyOf(cells), cells);
  }
  return [...last.values()];
}

/** Days from the first one on that a microbatch is of; the day of a row is its `k1`. */
export const daysOf = (batch: Batch): number => (batch.columns.length % 2) + 1;

const isDue = (cells: Cells, batch: Batch): boolean => {
  const day = cells['k1'] ?? null;
  return day !== null && day < daysOf(batch);
};

/** The table afterwards, or the code of the error that leaves it as it was. */
export function addBatch(table: ModelTable, batch: Batch, manner: Manner): ModelTable | string {
  const { strategy, policy, lastBy } = manner;
  const fresh = new Map(batch.columns.map((column) => [column.name, standingType(column)]));
  const known = new Map(table.columns.map(({ name, type }) => [name, type]));
  const isSame =
    fresh.size === known.size && [...fresh].every(([name, type]) => known.get(name) === type);
  if (policy === 'fail' && !isSame) return 'schema-changed';
  if (lastBy && !fresh.has(lastBy)) return 'column-not-found';
  const isKeyed = strategy === 'delete+insert' || strategy === 'merge';
  const given = isKeyed && lastBy ? lastOfKeys(batch, lastBy) : batch.rows;
  if (isKeyed && given.some((cells) => keyNames.some((key) => cells[key] === null))) {
    return 'null-keys';
  }
  if (isKeyed && new Set(given.map(keyOf)).size < given.length) return 'duplicate-keys';
  const syncs = policy === 'sync_all_columns';
  const kept = table.columns
    .filter(({ name }) => !syncs || fresh.has(name))
    .map(({ name, type }) => ({ name, type: (syncs ? fresh.get(name) : undefined) ?? type }));
  const isGrown = syncs || policy === 'append_new_columns';
  const added = [...fresh].filter(([name]) => isGrown && !known.has(name));
  const columns = [...kept, ...added.map(([name, type]) => ({ name, type }))];
  const { replaceable } = manner;
  if (replaceable && !columns.some(({ name }) => name === replaceable)) return 'column-not-found';
  const shape = (cells: Cells): Cells =>
    Object.fromEntries(columns.map(({ name }) => [name, cells[name] ?? null]));
  const rows = writeRows(table.rows.map(shape), { ...batch, rows: given }, manner, shape);
  return { columns, rows };
}

function writeRows(
  standing: readonly Cells[],
  batch: Batch,
  { strategy, excluded = [], only, replaceable }: Manner,
  shape: (cells: Cells) => Cells,
): readonly Cells[] {
  const given = batch.rows.map(shape);
  if (strategy === 'append') return [...standing, ...given];
  if (strategy === 'microbatch') {
    const due = given.filter((cells) => isDue(cells, batch));
    return [...standing.filter((cells) => !isDue(cells, batch)), ...due];
  }
  const mayReplace = (one: Cells): boolean => !replaceable || cellOf(one, replaceable) >= 5;
  const matches = (one: Cells, cells: Cells): boolean =>
    keyOf(one) === keyOf(cells) && mayReplace(one);
  if (strategy === 'delete+insert') {
    const isReplaced = (one: Cells) => given.some((cells) => matches(one, cells));
    return [...standing.filter((one) => !isReplaced(one)), ...given];
  }
  const merged = standing.map((one) => {
    const cells = batch.rows.find((row) => matches(one, row));
    if (!cells) return one;
    const written = only ? pickNames(cells, only) : without(cells, excluded);
    return shape({ ...one, ...written });
  });
  const isNew = (cells: Cells) => !standing.some((one) => matches(one, cells));
  return [...merged, ...given.filter(isNew)];
}

function pickNames(cells: Cells, names: readonly string[]): Cells {
  return Object.fromEntries(Object.entries(cells).filter(([name]) => names.includes(name)));
}

function without(cells: Cells, names: readonly string[]): Cells {
  return Object.fromEntries(Object.entries(cells).filter(([name]) => !names.includes(name)));
}
