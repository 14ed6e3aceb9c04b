import fc from 'fast-check';
import type { IncrementalStrategy } from '../../engine/words/node.ts';

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
const keyPart = fc.option(fc.nat(1), { nil: null, freq: 100 });
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
    rows: fc.uniqueArray(row, { selector: keyOf, minLength: 1, maxLength: 4 }),
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

export interface Manner {
  readonly strategy: Extract<IncrementalStrategy, 'append' | 'delete+insert' | 'merge'>;
  readonly policy: Policy;
  /** `merge_exclude_columns`. */
  readonly excluded?: readonly string[];
}

/** The table afterwards, or the code of the error that leaves it as it was. */
export function addBatch(
  table: ModelTable,
  batch: Batch,
  { strategy, policy, excluded = [] }: Manner,
): ModelTable | string {
  const fresh = new Map(batch.columns.map((column) => [column.name, standingType(column)]));
  const known = new Map(table.columns.map(({ name, type }) => [name, type]));
  const isSame =
    fresh.size === known.size && [...fresh].every(([name, type]) => known.get(name) === type);
  if (policy === 'fail' && !isSame) return 'schema-changed';
  if (
    strategy !== 'append' &&
    batch.rows.some((cells) => keyNames.some((key) => cells[key] === null))
  ) {
    return 'null-keys';
  }
  const syncs = policy === 'sync_all_columns';
  const kept = table.columns
    .filter(({ name }) => !syncs || fresh.has(name))
    .map(({ name, type }) => ({ name, type: (syncs ? fresh.get(name) : undefined) ?? type }));
  const isGrown = syncs || policy === 'append_new_columns';
  const added = [...fresh].filter(([name]) => isGrown && !known.has(name));
  const columns = [...kept, ...added.map(([name, type]) => ({ name, type }))];
  const shape = (cells: Cells): Cells =>
    Object.fromEntries(columns.map(({ name }) => [name, cells[name] ?? null]));
  let rows = table.rows.map(shape);
  for (const cells of batch.rows) {
    const isTwin = (one: Cells) => strategy !== 'append' && keyOf(one) === keyOf(cells);
    const isMerged = strategy === 'merge' && rows.some(isTwin);
    const changes = without(cells, excluded);
    rows = isMerged
      ? rows.map((one) => (isTwin(one) ? shape({ ...one, ...changes }) : one))
      : [...rows.filter((one) => !isTwin(one)), shape(cells)];
  }
  return { columns, rows };
}

function without(cells: Cells, names: readonly string[]): Cells {
  return Object.fromEntries(Object.entries(cells).filter(([name]) => !names.includes(name)));
}
