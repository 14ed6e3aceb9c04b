import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readNodeState } from '../../engine/state/nodes.ts';
import { readSpansLeft } from '../../engine/steps/batch-spans.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { batchesContext, batchesNode, days } from './dying-batches.ts';
import { killAtEachPoint } from './kill-points.ts';
import { openWorkbench } from './workbench.ts';

test('killed between batches, each is there or is left, and what is left completes the table', async () => {
  await using bench = await openWorkbench();
  await bench.run(
    `create table log as
      select timestamp '2026-01-01' + to_days(range::int) as day, '1' as n from range(6)`,
  );
  await materialize(bench.warehouse, batchesNode, batchesContext(days, 'first'));
  await bench.run(
    "update log set n = case when day in ('2026-01-02', '2026-01-05') then 'x' else '2' end",
  );
  await bench.warehouse[Symbol.asyncDispose]();
  const seen = new Set<string>();
  await killAtEachPoint(bench.path, 'microbatch', async (path) => {
    await using warehouse = await openDuckDb({ path, log: silentLog });
    const read = async () => {
      const rows = await warehouse.query<{ n: number }>(sql`select n from mart.thing order by day`);
      return rows.map(({ n }) => n).join('');
    };
    const state = await readNodeState(warehouse, batchesNode);
    const left = state?.watermark === undefined ? days : readSpansLeft(state.watermark);
    const isLeft = new Set(left.map(({ from }) => from));
    const expected = days.map(({ from }) => (isLeft.has(from) ? '1' : '2')).join('');
    expect(await read()).toBe(expected);
    seen.add(expected);
    await warehouse.execute(sql`update log set n = '2'`);
    await materialize(warehouse, batchesNode, batchesContext(left, 'third'));
    expect(await read()).toBe('222222');
    expect((await readNodeState(warehouse, batchesNode))?.watermark).toBeUndefined();
  });
  // Each part that is published is one more.
  expect([...seen].toSorted()).toEqual(['211111', '212111', '212211', '212212']);
});
