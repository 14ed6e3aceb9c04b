import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { materialize } from '../../engine/steps/materialize.ts';
import type { NodeConfig } from '../../engine/words/node.ts';
import {
  addBatch,
  type Batch,
  batchArbitrary,
  buildWhole,
  type Cells,
  daysOf,
  keyNames,
  type Manner,
  type ModelTable,
  mannerOf,
  strategies,
} from './schema-model.ts';
import { contextOf, nodeOf, openWorkbench, type Workbench } from './workbench.ts';

const numRuns = Number(process.env['SCHEMA_RUNS'] ?? 12);

/** The batch as a select. */
function selectOf({ columns, rows }: Batch): string {
  const spell = (cells: Cells) =>
    columns
      .map(({ name, type }) =>
        type === 'untyped'
          ? `null as ${name}`
          : `cast(${cells[name] ?? 'null'} as ${type}) as ${name}`,
      )
      .join(', ');
  const none = `select ${spell({})} where false`;
  return [none, ...rows.map((cells) => `select ${spell(cells)}`)].join(' union all ');
}

const order = (rows: readonly Cells[]): string[] =>
  rows.map((cells) => JSON.stringify(Object.entries(cells).toSorted())).toSorted();

async function readTable(bench: Workbench): Promise<ModelTable> {
  const columns = await bench.warehouse.describe({ schema: 'mart', name: 'thing' });
  const list = (columns ?? []).map(({ name }) => `cast(${name} as double) as ${name}`).join(', ');
  const rows = await bench.rows(`select ${list} from mart.thing`);
  return {
    columns: (columns ?? []).map(({ name, typeName }) => ({ name, type: typeName })),
    rows,
  } as unknown as ModelTable;
}

const told = ({ columns, rows }: ModelTable) => ({ columns, rows: order(rows) });

function configOf(manner: Manner): Partial<NodeConfig> {
  const { strategy, policy, excluded, only, replaceable, lastBy } = manner;
  const isKeyed = strategy === 'delete+insert' || strategy === 'merge';
  const target = strategy === 'merge' ? 'DBT_INTERNAL_DEST' : 'DBT_INCREMENTAL_TARGET';
  return {
    materialization: 'incremental',
    incrementalStrategy: strategy,
    onSchemaChange: policy,
    ...(isKeyed ? { uniqueKey: keyNames } : {}),
    ...(lastBy ? { duplicateKeys: 'last', duplicateOrder: lastBy } : {}),
    raw: {
      ...(excluded ? { merge_exclude_columns: excluded } : {}),
      ...(only ? { merge_update_columns: only } : {}),
      ...(replaceable
        ? { incremental_predicates: [`cast(${target}.${replaceable} as double) >= 5`] }
        : {}),
    },
  };
}

const dayOf = (day: number): string => new Date(Date.UTC(2026, 0, 1 + day)).toISOString();

/** A row's day is a number in it. */
const batchesOf = (batch: Batch) => ({
  column: "(timestamp '2026-01-01' + to_days(cast(k1 as integer)))",
  spans: Array.from({ length: daysOf(batch) }, (_, day) => ({
    from: dayOf(day),
    to: dayOf(day + 1),
  })),
  left: [],
  isPart: false,
});

/** Builds the batch; answers the code of its error. */
async function build(bench: Workbench, batch: Batch, manner: Manner, fullRefresh = false) {
  const node = nodeOf(selectOf(batch), configOf(manner), { isIncremental: !fullRefresh });
  const batches = manner.strategy === 'microbatch' ? { batches: batchesOf(batch) } : {};
  return await materialize(bench.warehouse, node, contextOf({ fullRefresh, ...batches })).then(
    () => undefined,
    (error: { code?: string }) => error.code ?? error,
  );
}

/** Once a batch holds every key, nothing of how the table came about is left in its columns. */
async function checkAgainstWhole(bench: Workbench, last: Batch, manner: Manner): Promise<void> {
  const before = await readTable(bench);
  const rows = before.rows.map((cells, index) => ({
    ...cells,
    a: index,
    b: null,
  }));
  const whole = { columns: last.columns, rows };
  expect(await build(bench, whole, manner)).toBeUndefined();
  const grown = await readTable(bench);
  expect(await build(bench, whole, manner, true)).toBeUndefined();
  const made = await readTable(bench);
  const names = new Set(grown.columns.map(({ name }) => name));
  const common = made.columns.filter(({ name }) => names.has(name));
  const only = (cells: Cells) =>
    Object.fromEntries(common.map(({ name }) => [name, cells[name] ?? null]));
  expect(order(grown.rows.map(only))).toEqual(order(made.rows.map(only)));
  if (manner.policy !== 'sync_all_columns') return;
  const shape = ({ columns }: ModelTable) => columns.map((one) => JSON.stringify(one)).toSorted();
  expect(shape(grown)).toEqual(shape(made));
}

describe.each(strategies)('increments by %s', (strategy) => {
  test('in any manner, whose columns come, go and widen, leave what dbt’s would', {
    timeout: Math.max(60_000, numRuns * 1_000),
  }, async () => {
    await using bench = await openWorkbench();
    const batches = fc.array(batchArbitrary, { minLength: 3, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(mannerOf(strategy), batches, async (manner, all) => {
        await bench.run('drop table if exists mart.thing');
        let expected: ModelTable | undefined;
        let last: Batch | undefined;
        for (const batch of all) {
          const outcome = await build(bench, batch, manner);
          const after = expected ? addBatch(expected, batch, manner) : firstOf(batch, manner);
          expect(outcome).toBe(typeof after === 'string' ? after : undefined);
          if (typeof after !== 'string') {
            expected = after;
            last = batch;
          }
          if (expected) expect(told(await readTable(bench))).toEqual(told(expected));
        }
        const { excluded, only, replaceable } = manner;
        const isWhole = !excluded && !only && !replaceable && strategy !== 'append';
        if (last && isWhole && strategy !== 'microbatch') {
          await checkAgainstWhole(bench, last, manner);
        }
      }),
      { numRuns },
    );
  });
});

/** As a batch that meets an empty table of its own columns. */
function firstOf(batch: Batch, { strategy, lastBy }: Manner): ModelTable | string {
  const empty = { ...buildWhole(batch), rows: [] };
  return addBatch(empty, batch, { strategy, lastBy, policy: 'ignore' });
}

test.each(['delete+insert', 'merge'] as const)(
  'keys that are two in the batch and one in the table’s type are refused by %s',
  async (strategy) => {
    await using bench = await openWorkbench();
    const config = configOf({ strategy, policy: 'ignore' });
    const add = (text: string) =>
      materialize(bench.warehouse, nodeOf(text, config, { isIncremental: true }), contextOf());
    await add('select 1 as k1, 1 as k2, 5 as a');
    const doubled = "select '1' as k1, 1 as k2, 6 as a union all select '01', 1, 7";
    await expect(add(doubled)).rejects.toMatchObject({ code: 'duplicate-keys' });
    await add("select '01' as K1, 1 as k2, '8' as A");
    expect(await bench.rows('from mart.thing')).toEqual([{ k1: 1, k2: 1, a: 8 }]);
  },
);

test.each(['delete+insert', 'merge'] as const)(
  'standing rows that a narrower key would make one are refused by %s, and stay',
  async (strategy) => {
    await using bench = await openWorkbench();
    const config = configOf({ strategy, policy: 'sync_all_columns' });
    const add = (text: string) =>
      materialize(bench.warehouse, nodeOf(text, config, { isIncremental: true }), contextOf());
    await add("select '1' as k1, 1 as k2, 5 as a union all select '01', 1, 6");
    await expect(add('select 2 as k1, 1 as k2, 7 as a')).rejects.toMatchObject({
      code: 'duplicate-keys',
      message: expect.stringContaining(
        '1 values of the unique key (k1, k2) are on more than one row that stands',
      ),
      hint: expect.stringContaining('k1 from VARCHAR to INTEGER'),
    });
    expect(await bench.rows('from mart.thing order by a')).toEqual([
      { k1: '1', k2: 1, a: 5 },
      { k1: '01', k2: 1, a: 6 },
    ]);
    await bench.run("delete from mart.thing where k1 = '01'");
    await add('select 2 as k1, 1 as k2, 7 as a');
    expect(await bench.rows('from mart.thing order by a')).toEqual([
      { k1: 1, k2: 1, a: 5 },
      { k1: 2, k2: 1, a: 7 },
    ]);
  },
);

test('rows of one key that stand by predicates are no fault of a key that widens', async () => {
  await using bench = await openWorkbench();
  const add = (text: string) => {
    const config = configOf({
      strategy: 'merge',
      policy: 'sync_all_columns',
      replaceable: 'a',
    });
    return materialize(bench.warehouse, nodeOf(text, config, { isIncremental: true }), contextOf());
  };
  await add('select 1 as k1, 1 as k2, 3 as a');
  await add('select 1 as k1, 1 as k2, 4 as a');
  await add('select 2::bigint as k1, 1 as k2, 7 as a');
  expect(await bench.rows('from mart.thing order by all')).toEqual([
    { k1: 1, k2: 1, a: 3 },
    { k1: 1, k2: 1, a: 4 },
    { k1: 2, k2: 1, a: 7 },
  ]);
});
