import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { snapshotColumns } from '../../engine/declare/snapshot-config.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import type { BuildNode, NodeConfig, SnapshotConfig } from '../../engine/words/node.ts';
import {
  checkOf,
  contextOf,
  nodeOf,
  openWorkbench,
  type Workbench,
} from '../materialize/workbench.ts';
import {
  type Rules,
  type SnapshotRow,
  type SourceRow,
  snapshotOnce,
  timeOf,
} from './dbt-snapshot.ts';

function snapshotNode(
  snapshot: Partial<SnapshotConfig> = {},
  rest: Partial<BuildNode> = {},
  config: Partial<NodeConfig> = {},
): BuildNode {
  const settings: SnapshotConfig = {
    uniqueKey: ['id'],
    strategy: 'timestamp',
    hardDeletes: 'ignore',
    columnNames: snapshotColumns,
    ...(snapshot.strategy === 'check' ? {} : { updatedAt: 'moved' }),
    ...snapshot,
  };
  return nodeOf(
    'select * from source',
    { materialization: 'snapshot', uniqueKey: ['id'], snapshot: settings, ...config },
    rest,
  );
}

const at = (second: number) => contextOf({ boundaryMs: Date.parse(timeOf(second)) });

async function writeSource(bench: Workbench, rows: readonly SourceRow[]): Promise<void> {
  const timestamp = (second: number | null) =>
    second === null ? 'null' : `timestamp '${timeOf(second).slice(0, 19)}'`;
  const values = rows.map(
    ({ id, name, at: second }) =>
      `('${id}', ${name === null ? 'null' : `'${name}'`}, ${timestamp(second)})`,
  );
  const all = ['(null, null, null)', ...values].join(', ');
  await bench.run(`create or replace table source as
    select id::varchar as id, name::varchar as name, moved::timestamp as moved
    from (values ${all}) as given (id, name, moved) where id is not null`);
}

const told = (second: number | null) => (second === null ? null : timeOf(second));

const ofReference = (rows: readonly SnapshotRow[], hasFlag: boolean) =>
  rows
    .map((row) => ({
      id: row.id,
      name: row.name,
      moved: told(row.at),
      dbt_scd_id: row.scdId,
      dbt_updated_at: told(row.from),
      dbt_valid_from: told(row.from),
      dbt_valid_to: told(row.to),
      ...(hasFlag ? { dbt_is_deleted: row.deleted } : {}),
    }))
    .map((row) => JSON.stringify(row))
    .toSorted();

const ofTable = async (bench: Workbench): Promise<string[]> =>
  (await bench.rows('select * from mart.thing')).map((row) => JSON.stringify(row)).toSorted();

const rowsArbitrary = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('a1', 'a2', 'b1', 'b2'),
    name: fc.constantFrom('x', 'y', null),
    // Runs are at 100 and later: rows come late, and from a clock that is ahead of ours.
    at: fc.option(fc.nat(150), { nil: null, freq: 8 }),
  }),
  { selector: ({ id }) => id },
);
const combinations: Rules[] = (['timestamp', 'check'] as const).flatMap((strategy) =>
  (['ignore', 'invalidate', 'new_record'] as const).map((hardDeletes) => ({
    strategy,
    hardDeletes,
    keyOf: ([first = '', second = '']) => [first, second],
  })),
);

describe('a snapshot', () => {
  test.each(combinations)(
    'by $strategy that lets deleted rows $hardDeletes has the rows dbt would have, and a replay changes none',
    async (rules) => {
      await using bench = await openWorkbench();
      const checked = rules.strategy === 'check' ? { checkColumns: ['name'] } : {};
      const { strategy, hardDeletes } = rules;
      const node = snapshotNode({
        strategy,
        hardDeletes,
        ...checked,
        uniqueKey: ['id[1]', 'id[2]'],
      });
      await fc.assert(
        fc.asyncProperty(fc.array(rowsArbitrary, { minLength: 1, maxLength: 4 }), async (steps) => {
          await bench.run('drop table if exists mart.thing');
          let reference: SnapshotRow[] = [];
          for (const [index, source] of steps.entries()) {
            const now = 100 + index * 10;
            await writeSource(bench, source);
            const result = await materialize(bench.warehouse, node, at(now));
            const before = reference;
            reference = snapshotOnce(reference, source, now, rules);
            const wanted = ofReference(reference, rules.hardDeletes === 'new_record');
            expect(await ofTable(bench)).toEqual(wanted);
            if (index > 0) {
              const isSame = JSON.stringify(before) === JSON.stringify(reference);
              expect(result.action).toBe(isSame ? 'unchanged' : 'merged');
            }
            if (rules.strategy === 'check' || rules.hardDeletes !== 'new_record') {
              const again = await materialize(bench.warehouse, node, at(now + 5));
              expect(again.action).toBe('unchanged');
              expect(await ofTable(bench)).toEqual(wanted);
            }
          }
        }),
        { numRuns: Number(process.env['SNAPSHOT_RUNS'] ?? 8) },
      );
    },
  );

  test('keeps the past through a full refresh and a change of its own text', async () => {
    await using bench = await openWorkbench();
    await writeSource(bench, [{ id: 'a', name: 'x', at: 1 }]);
    await materialize(bench.warehouse, snapshotNode(), at(10));
    await writeSource(bench, [{ id: 'a', name: 'y', at: 2 }]);
    const node = snapshotNode({}, { fingerprint: 'other' });
    const result = await materialize(bench.warehouse, node, { ...at(20), fullRefresh: true });
    expect(result).toMatchObject({ action: 'merged', rows: 2 });
    expect(await bench.rows('select name from mart.thing order by dbt_valid_from')).toEqual([
      { name: 'x' },
      { name: 'y' },
    ]);
  });

  test('takes a new column in, keeps one that is gone, and counts all rows as changed', async () => {
    await using bench = await openWorkbench();
    const node = snapshotNode({ strategy: 'check', hardDeletes: 'new_record' });
    await bench.run("create table source as select 'a' as id, 'x' as name, 1 as old");
    await materialize(bench.warehouse, node, at(10));
    await bench.run("create or replace table source as select 'a' as id, 'x' as name, 2 as fresh");
    expect(await materialize(bench.warehouse, node, at(20))).toMatchObject({ action: 'merged' });
    await bench.run('delete from source');
    await materialize(bench.warehouse, node, at(30));
    expect(
      await bench.rows(
        'select old, fresh, dbt_is_deleted as gone, dbt_valid_to is null as open from mart.thing order by dbt_valid_from',
      ),
    ).toEqual([
      { old: 1, fresh: null, gone: 'False', open: false },
      { old: null, fresh: 2, gone: 'False', open: false },
      { old: null, fresh: 2, gone: 'True', open: true },
    ]);
    expect(await bench.relations('mart')).toEqual(['thing base table']);
  });

  test('has the names, keys of several columns and open end it is told to have', async () => {
    await using bench = await openWorkbench();
    const node = snapshotNode({
      uniqueKey: ['id', "coalesce(name, '')"],
      hardDeletes: 'invalidate',
      validToCurrent: "timestamp '9999-12-31'",
      columnNames: { ...snapshotColumns, dbt_valid_from: 'begins', dbt_valid_to: 'ends' },
    });
    await writeSource(bench, [
      { id: 'a', name: null, at: 1 },
      { id: 'a', name: 'x', at: 1 },
    ]);
    await materialize(bench.warehouse, node, at(10));
    await writeSource(bench, [{ id: 'a', name: null, at: 2 }]);
    await materialize(bench.warehouse, node, at(20));
    expect(
      await bench.rows('select name, begins, ends from mart.thing order by name, begins'),
    ).toEqual([
      { name: 'x', begins: timeOf(1), ends: timeOf(20) },
      { name: null, begins: timeOf(1), ends: timeOf(2) },
      { name: null, begins: timeOf(2), ends: '9999-12-31T00:00:00.000Z' },
    ]);
  });

  test.each(['invalidate', 'new_record'] as const)(
    'ends the row of a key and of no other, be their ids of one text: %s',
    async (hardDeletes) => {
      await using bench = await openWorkbench();
      const node = snapshotNode({ uniqueKey: ['id', 'name'], hardDeletes });
      const both = [
        { id: 'a|', name: 'b', at: 1 },
        { id: 'a', name: '|b', at: 1 },
      ];
      await writeSource(bench, both);
      await materialize(bench.warehouse, node, at(10));
      const open = () =>
        bench.rows('select id, moved from mart.thing where dbt_valid_to is null order by all');
      await writeSource(bench, [{ id: 'a|', name: 'b', at: 2 }, ...both.slice(1)]);
      await materialize(bench.warehouse, node, at(20));
      expect(await open()).toEqual([
        { id: 'a', moved: timeOf(1) },
        { id: 'a|', moved: timeOf(2) },
      ]);
      await writeSource(bench, both.slice(1));
      await materialize(bench.warehouse, node, at(30));
      expect((await open()).filter(({ id }) => id === 'a')).toEqual([
        { id: 'a', moved: timeOf(1) },
      ]);
    },
  );

  test.each([
    ["select * from source union all select 'a', 'z', timestamp '2026-01-01'", 'duplicate-keys'],
    ["select * from source union all select null, 'z', timestamp '2026-01-01'", 'null-keys'],
  ])('of rows whose key says nothing is refused: %s', async (text, code) => {
    await using bench = await openWorkbench();
    await writeSource(bench, [{ id: 'a', name: 'x', at: 1 }]);
    const bad = snapshotNode({}, { sql: text });
    await expect(materialize(bench.warehouse, bad, at(10))).rejects.toMatchObject({ code });
    expect(await bench.relations('mart')).toEqual([]);
    await materialize(bench.warehouse, snapshotNode(), at(10));
    const before = await ofTable(bench);
    await expect(materialize(bench.warehouse, bad, at(20))).rejects.toMatchObject({ code });
    expect(await ofTable(bench)).toEqual(before);
  });

  test.each([
    ['a column', ['id']],
    ['an expression', ["id || '-'"]],
  ])('keeps the last row of a key where that is wished: %s', async (_, uniqueKey) => {
    await using bench = await openWorkbench();
    const last = { duplicateKeys: 'last', duplicateOrder: 'moved', uniqueKey } as const;
    const build = (second: number) =>
      materialize(bench.warehouse, snapshotNode({ uniqueKey }, {}, last), at(second));
    const twice = (name: string, second: number) => [
      { id: 'a', name: 'older', at: second - 1 },
      { id: 'a', name, at: second },
    ];
    await writeSource(bench, twice('x', 2));
    await build(10);
    await writeSource(bench, twice('y', 4));
    await build(20);
    expect(
      await bench.rows('select name, dbt_valid_to from mart.thing order by dbt_valid_from'),
    ).toEqual([
      { name: 'x', dbt_valid_to: timeOf(4) },
      { name: 'y', dbt_valid_to: null },
    ]);
    await bench.run("insert into source values (null, 'lost', timestamp '2026-01-01')");
    await expect(build(30)).rejects.toMatchObject({ code: 'null-keys' });
  });

  test('whose test fails publishes nothing, and the change is found again', async () => {
    await using bench = await openWorkbench();
    await writeSource(bench, [{ id: 'a', name: 'x', at: 1 }]);
    const checks = [checkOf("name = 'y'")];
    await materialize(bench.warehouse, snapshotNode({}, { checks }), at(10));
    await writeSource(bench, [{ id: 'a', name: 'y', at: 2 }]);
    const before = await ofTable(bench);
    const held = await materialize(bench.warehouse, snapshotNode({}, { checks }), at(20));
    expect(held).toMatchObject({ action: 'withheld', failures: [{ rows: 1 }] });
    expect(await ofTable(bench)).toEqual(before);
    expect(await materialize(bench.warehouse, snapshotNode(), at(30))).toMatchObject({ rows: 2 });
  });

  test('over a table that is no snapshot, or of a column there is not, is refused', async () => {
    await using bench = await openWorkbench();
    await writeSource(bench, [{ id: 'a', name: 'x', at: 1 }]);
    await bench.run('create schema mart', 'create table mart.thing as select 1 as id');
    await expect(materialize(bench.warehouse, snapshotNode(), at(10))).rejects.toMatchObject({
      code: 'snapshot-target-foreign',
    });
    const node = snapshotNode({ strategy: 'check', checkColumns: ['nmae'] });
    await expect(materialize(bench.warehouse, node, at(10))).rejects.toThrow('name');
  });
});
