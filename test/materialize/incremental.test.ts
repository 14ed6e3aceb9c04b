import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readNodeStates } from '../../engine/state/nodes.ts';
import type { Batches } from '../../engine/steps/batch-spans.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import type { BuildNode, NodeConfig } from '../../engine/words/node.ts';
import { checkOf, contextOf, nodeOf, openWorkbench, type Workbench } from './workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const keyed: Partial<NodeConfig> = { materialization: 'incremental', uniqueKey: ['id'] };

function start(text: string, config: Partial<NodeConfig> = keyed) {
  return materialize(bench.warehouse, nodeOf(text, config), contextOf());
}

function add(text: string, config: Partial<NodeConfig> = keyed, rest: Partial<BuildNode> = {}) {
  const node = nodeOf(text, config, { isIncremental: true, ...rest });
  return materialize(bench.warehouse, node, contextOf());
}

const thing = () => bench.rows('select * from mart.thing order by all');

/** The second of January as the one batch. */
const secondOf = (column: string): Batches => ({
  column,
  spans: [{ from: '2026-01-02T00:00:00.000Z', to: '2026-01-03T00:00:00.000Z' }],
  left: [],
  isPart: false,
});

describe('an incremental table', () => {
  test('is built whole where none stands, whatever the run decided', async () => {
    expect(await add('select 1 as id, 2 as a')).toMatchObject({ action: 'created', rows: 1 });
  });

  test('takes new rows and replaces those of the same key', async () => {
    await start('select range as id, 0 as a from range(3)');
    const result = await add('select 2 as id, 7 as a union all select 3, 8');
    expect(result).toMatchObject({ action: 'merged', rows: 2 });
    expect(await thing()).toEqual([
      { id: 0, a: 0 },
      { id: 1, a: 0 },
      { id: 2, a: 7 },
      { id: 3, a: 8 },
    ]);
  });

  test('may be written with common table expressions', async () => {
    await start('with x as (select 1 as id) select id, 2 as a from x');
    await add('with x as (select 1 as id) select id, 3 as a from x');
    expect(await thing()).toEqual([{ id: 1, a: 3 }]);
  });

  test('appends where it has no key', async () => {
    const plain: Partial<NodeConfig> = { materialization: 'incremental' };
    await start('select 1 as id', plain);
    expect(await add('select 1 as id', plain)).toMatchObject({ action: 'appended', rows: 1 });
    expect(await thing()).toEqual([{ id: 1 }, { id: 1 }]);
  });

  test('keeps its data version when the batch is empty, so that dependants are reused', async () => {
    const first = await start('select 1 as id, 2 as a');
    const second = await add('select 1 as id, 2 as a where false');
    expect(second).toMatchObject({ action: 'unchanged', rows: 0 });
    expect(second.dataVersion).toBe(first.dataVersion);
  });

  test('is built from nothing on a full refresh', async () => {
    await start('select 1 as id, 2 as a');
    const node = nodeOf('select 5 as id, 6 as a', keyed, { isIncremental: true });
    await materialize(bench.warehouse, node, contextOf({ fullRefresh: true }));
    expect(await thing()).toEqual([{ id: 5, a: 6 }]);
  });

  test('is built whole where a view stood', async () => {
    await start('select 1 as id', { materialization: 'view' });
    expect(await add('select 2 as id')).toMatchObject({ action: 'replaced' });
    expect(await thing()).toEqual([{ id: 2 }]);
  });

  test('is audited as it would be after the merge, and left as it was when that fails', async () => {
    await start('select 1 as id, 60 as a');
    const before = (await readNodeStates(bench.warehouse)).get('model.test.thing mart.thing');
    const check = {
      ...checkOf('sum'),
      sql: async (nameOf: (id: string) => string) =>
        `select sum(a) as total from ${nameOf('model.test.thing')} having sum(a) > 100`,
    };
    const result = await add('select 2 as id, 60 as a', keyed, { checks: [check] });
    expect(result).toMatchObject({ action: 'withheld', failures: [{ rows: 1 }] });
    expect(await thing()).toEqual([{ id: 1, a: 60 }]);
    const after = (await readNodeStates(bench.warehouse)).get('model.test.thing mart.thing');
    expect(after).toEqual({ ...before, status: 'failed' });
  });

  test.each(['id', 'ID'])('merges alike, however the key %s is spelled', async (key) => {
    const config = { ...keyed, uniqueKey: [key], incrementalStrategy: 'merge' } as const;
    await start('select 1 as id, 1 as a');
    // As somebody's hand, or an earlier config, may have left it.
    await bench.run('insert into mart.thing values (1, 2)');
    await add('select 1 as id, 3 as a', config);
    expect(await thing()).toEqual([{ id: 1, a: 3 }]);
  });

  test('of a microbatch is refused where a key is on a row of another batch', async () => {
    const config = { ...keyed, incrementalStrategy: 'microbatch' } as const;
    const dayOf = (day: number) => new Date(Date.UTC(2026, 0, day)).toISOString();
    const add = (day: number, text: string) => {
      const spans = [{ from: dayOf(day), to: dayOf(day + 1) }];
      const batches = { column: 'day', spans, left: [], isPart: false };
      const node = nodeOf(text, config, { isIncremental: true });
      return materialize(bench.warehouse, node, contextOf({ batches }));
    };
    await add(
      1,
      "select 1 as id, timestamp '2026-01-01' as day union all select 2, timestamp '2026-01-01'",
    );
    await expect(
      add(
        3,
        "select 1 as id, timestamp '2026-01-03' as day union all select 3, timestamp '2026-01-03'",
      ),
    ).rejects.toMatchObject({
      code: 'duplicate-keys',
      message: expect.stringContaining('1 values of the unique key (id) are on more than one row'),
      hint: expect.stringContaining('lookback'),
    });
    expect(await bench.rows('select id from mart.thing order by id')).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
    await add(3, "select 3 as id, timestamp '2026-01-03' as day");
    expect(await bench.rows('from mart.thing')).toHaveLength(3);
  });

  test('replaces the window of a microbatch', async () => {
    const micro: Partial<NodeConfig> = {
      materialization: 'incremental',
      incrementalStrategy: 'microbatch',
    };
    const days = (value: number) =>
      `select cast(d as timestamp) as at, ${value} as a from (values ('2026-01-01'), ('2026-01-02')) as t (d)`;
    await start(days(1), micro);
    const node = nodeOf(`${days(2)} where d = '2026-01-02'`, micro, { isIncremental: true });
    await materialize(bench.warehouse, node, contextOf({ batches: secondOf('at') }));
    expect((await thing()).map((row) => row['a'])).toEqual([1, 2]);
    await expect(add(days(3), micro)).rejects.toMatchObject({ code: 'microbatch-window-missing' });
  });
});

describe('the keys of a batch', () => {
  test('must be there: a null one stops the build before anything is touched', async () => {
    await start('select 1 as id, 2 as a');
    const nulls =
      'select null::integer as id, 3 as a union all select 1, 9 union all select null, 4';
    await expect(add(nulls)).rejects.toMatchObject({ code: 'null-keys' });
    await expect(add(nulls)).rejects.toThrow('mart.thing: 2 rows have no value');
    expect(await thing()).toEqual([{ id: 1, a: 2 }]);
    await expect(start(nulls)).rejects.toMatchObject({ code: 'null-keys' });
    expect(await thing()).toEqual([{ id: 1, a: 2 }]);
  });

  test('must be there once', async () => {
    await start('select 1 as id, 2 as a');
    const twice = 'select 1 as id, 3 as a union all select 1, 4';
    await expect(add(twice)).rejects.toMatchObject({ code: 'duplicate-keys' });
    await expect(start(twice)).rejects.toMatchObject({ code: 'duplicate-keys' });
    expect(await thing()).toEqual([{ id: 1, a: 2 }]);
    expect(await bench.relations('mart')).toEqual(['thing base table']);
  });

  test('may repeat where the last one wins, by the order given and then by the row itself', async () => {
    const last: Partial<NodeConfig> = { ...keyed, duplicateKeys: 'last', duplicateOrder: 'seen' };
    await start('select 1 as id, 0 as seen, 0 as a where false', last);
    await add(
      `select * from (values (1, 5, 1), (1, 9, 2), (2, 5, 3), (2, 5, 4)) as t (id, seen, a)`,
      last,
    );
    expect(await thing()).toEqual([
      { id: 1, seen: 9, a: 2 },
      { id: 2, seen: 5, a: 4 },
    ]);
    const nulls = 'select null::integer as id, 1 as seen, 1 as a union all select null, 1, 1';
    await expect(add(nulls, last)).rejects.toThrow('2 rows have no value');
  });

  test.each(['delete+insert', 'merge', 'microbatch', 'append'] as const)(
    'are checked under the strategy %s, with the choice of the last',
    async (incrementalStrategy) => {
      const config: Partial<NodeConfig> = { ...keyed, incrementalStrategy };
      const grow = (select: string, more: Partial<NodeConfig>) => {
        const node = nodeOf(select, { ...config, ...more }, { isIncremental: true });
        return materialize(bench.warehouse, node, contextOf({ batches: secondOf('day') }));
      };
      const rows = (values: string) =>
        `select * from (values ${values}) as t (id, day, a)`.replaceAll(
          '@',
          "timestamp '2026-01-0",
        );
      await start(rows("(1, @1', 1)"), config);
      const twice = rows("(2, @2', 1), (2, @2', 2)");
      await expect(grow(twice, {})).rejects.toMatchObject({ code: 'duplicate-keys' });
      const none = rows("(null, @2', 1), (3, @2', 2)");
      await expect(grow(none, {})).rejects.toMatchObject({ code: 'null-keys' });
      await grow(twice, { duplicateKeys: 'last', duplicateOrder: 'a' });
      expect(await thing()).toMatchObject([
        { id: 1, a: 1 },
        { id: 2, a: 2 },
      ]);
    },
  );

  test('may have several columns', async () => {
    const two: Partial<NodeConfig> = { ...keyed, uniqueKey: ['id', 'kind'] };
    await start("select 1 as id, 'a' as kind, 1 as n union all select 1, 'b', 2", two);
    await add("select 1 as id, 'b' as kind, 3 as n", two);
    expect((await thing()).map((row) => row['n'])).toEqual([1, 3]);
  });
});

describe('merge', () => {
  const merge: Partial<NodeConfig> = { ...keyed, incrementalStrategy: 'merge' };

  test('writes only the columns it is told to', async () => {
    await start('select 1 as id, 2 as a, 3 as b', merge);
    const only = { ...merge, raw: { merge_update_columns: ['A'] } };
    await add('select 1 as id, 20 as a, 30 as b union all select 2, 21, 31', only);
    expect(await thing()).toEqual([
      { id: 1, a: 20, b: 3 },
      { id: 2, a: 21, b: 31 },
    ]);
    const not = { ...merge, raw: { merge_exclude_columns: 'a' } };
    await add('select 1 as id, 200 as a, 300 as b', not);
    expect((await thing())[0]).toEqual({ id: 1, a: 20, b: 300 });
  });

  test('leaves alone the columns that the batch lacks', async () => {
    await start('select 1 as id, 2 as a, 3 as b', merge);
    await add('select 1 as id, 9 as b', merge);
    expect(await thing()).toEqual([{ id: 1, a: 2, b: 9 }]);
  });
});

describe('incremental_predicates say which rows a batch may replace', () => {
  const first = "select 1 as id, 'a' as kind, 1 as n union all select 2, 'b', 2";
  const batch = "select 1 as id, 'a' as kind, 10 as n union all select 2, 'b', 20";
  const all = async () => (await thing()).map((row) => row['n']).sort();

  test('deleting by key, and by several under the name that dbt has for the table', async () => {
    const raw = { incremental_predicates: ['n > 1'] };
    await start(first, { ...keyed, raw });
    await add(batch, { ...keyed, raw });
    expect(await all()).toEqual([1, 10, 20]);
    const two: Partial<NodeConfig> = { ...keyed, uniqueKey: ['id', 'kind'] };
    await start(first, two);
    await add(batch, {
      ...two,
      raw: { incremental_predicates: 'DBT_INCREMENTAL_TARGET.n < 2' },
    });
    expect(await all()).toEqual([10, 2, 20]);
  });

  test('merging, under the names of both', async () => {
    const predicates = ['DBT_INTERNAL_DEST.n > 1 or DBT_INTERNAL_SOURCE.n = 10'];
    const merge: Partial<NodeConfig> = {
      ...keyed,
      incrementalStrategy: 'merge',
      raw: { incremental_predicates: predicates },
    };
    await start(first, merge);
    await add(batch, merge);
    expect(await all()).toEqual([10, 20]);
    await add("select 2 as id, 'c' as kind, 0 as n", {
      ...merge,
      raw: { incremental_predicates: ['DBT_INTERNAL_DEST.n < 20'] },
    });
    expect(await all()).toEqual([0, 10, 20]);
  });
});

describe('a changed select', () => {
  const changing = (onSchemaChange: NonNullable<NodeConfig['onSchemaChange']>) => ({
    ...keyed,
    onSchemaChange,
  });
  const changed = "select 2 as id, 'x' as b";

  test('keeps the columns of the table by default, and says so', async () => {
    await start('select 1 as id, 2 as a');
    const result = await add(changed);
    expect(result.warnings).toEqual([
      'mart.thing: new columns are not in the table: b (set on_schema_change, or --full-refresh)',
    ]);
    expect(await thing()).toEqual([
      { id: 1, a: 2 },
      { id: 2, a: null },
    ]);
  });

  test('is refused under "fail", naming what changed', async () => {
    await start('select 1 as id, 2 as a');
    await expect(add(changed, changing('fail'))).rejects.toThrow(
      'mart.thing: its columns changed (new: b; gone: a)',
    );
    await expect(add('select 1 as id, 2.5 as a', changing('fail'))).rejects.toThrow(
      'other type: a',
    );
  });

  test('adds columns under "append_new_columns"', async () => {
    await start('select 1 as id, 2 as a');
    await add(changed, changing('append_new_columns'));
    expect(await thing()).toEqual([
      { id: 1, a: 2, b: null },
      { id: 2, a: null, b: 'x' },
    ]);
    expect(await bench.relations('mart')).toEqual(['thing base table']);
  });

  test('has the columns and types of the select under "sync_all_columns"', async () => {
    await start('select 1 as id, 2 as a, 3 as c');
    await add("select 2 as id, 2.5 as c, 'x' as b", changing('sync_all_columns'));
    expect(await thing()).toEqual([
      { id: 1, c: '3.0', b: null },
      { id: 2, c: '2.5', b: 'x' },
    ]);
  });

  test('leaves the table in its old shape when a check fails afterwards', async () => {
    await start('select 1 as id, 2 as a');
    const checks = [checkOf("b = 'x'")];
    const result = await add(changed, changing('append_new_columns'), { checks });
    expect(result.action).toBe('withheld');
    expect(await thing()).toEqual([{ id: 1, a: 2 }]);
    expect(await bench.relations('mart')).toEqual(['thing base table']);
  });
});
