import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { materialize } from '../../engine/steps/materialize.ts';
import type { Warehouse } from '../../engine/words/warehouse.ts';
import { contextOf, openWorkbench, type Workbench } from '../materialize/workbench.ts';
import { appendLog, createLog, historyNode, readHistory } from './history-bench.ts';
import { replay, type Version } from './oracle.ts';

const blank = { seq: null, gone: null, survivor: null, size: 1, seen: null };
const versions: readonly Version[] = [
  { ...blank, id: 'in order', valid: 1, recorded: 1, name: 'a' },
  { ...blank, id: 'in order', valid: 3, recorded: 3, name: 'b' },
  { ...blank, id: 'late', valid: 1, recorded: 1, name: 'a' },
  { ...blank, id: 'late', valid: 5, recorded: 5, name: 'c' },
  { ...blank, id: 'late', valid: 3, recorded: 6, name: 'b' },
];

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
  await createLog(bench);
  await appendLog(bench, versions);
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

/** Temporary tables on the writing connection. */
function findScratch() {
  return bench.warehouse.transaction((session) =>
    session.query(sql`select table_name from duckdb_tables() where temporary`),
  );
}

/** Its transaction of that number fails before it begins. */
function failAt(warehouse: Warehouse, number: number): Warehouse {
  let begun = 0;
  return {
    ...warehouse,
    transaction(work) {
      begun += 1;
      return begun === number ? Promise.reject(new Error('torn')) : warehouse.transaction(work);
    },
  };
}

test('a full build that fails at any of its steps publishes nothing and is not in the way of the next', async () => {
  let failed = 0;
  for (let number = 1; ; number += 3) {
    await bench.run('drop schema if exists mart cascade', 'drop schema if exists tidemill cascade');
    const torn = materialize(failAt(bench.warehouse, number), historyNode(), contextOf());
    const error = await torn.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) break;
    failed += 1;
    expect(String(error)).toBe('Error: torn');
    expect(await findScratch()).toEqual([]);
    await materialize(bench.warehouse, historyNode(), contextOf());
    expect(await readHistory(bench)).toEqual(replay(versions));
    expect(await bench.relations('mart')).toEqual(['thing base table']);
  }
  expect(failed).toBeGreaterThan(3);
  expect(await findScratch()).toEqual([]);
});

test('histories that are built at once do not meet in their temporary tables', async () => {
  const names = ['thing', 'other', 'third'];
  const nodes = names.map((name) => ({
    ...historyNode(),
    id: `model.test.${name}`,
    relation: { schema: 'mart', name },
  }));
  const buildAll = () =>
    Promise.all(nodes.map((node) => materialize(bench.warehouse, node, contextOf())));
  await buildAll();
  const later = { ...blank, id: 'late', valid: 2, recorded: 7, name: 'd' };
  await appendLog(bench, [later]);
  await Promise.all([
    buildAll(),
    materialize(
      bench.warehouse,
      { ...historyNode(), id: 'model.test.fourth', relation: { schema: 'mart', name: 'fourth' } },
      contextOf(),
    ),
  ]);
  expect(await readHistory(bench)).toEqual(replay([...versions, later]));
  for (const name of ['other', 'third', 'fourth']) {
    const rows = sql`
      select count(*) as rows from (
        (from mart.thing except all from mart.${sql.id(name)})
        union all (from mart.${sql.id(name)} except all from mart.thing)
      ) as differing`;
    expect(await bench.warehouse.query(rows)).toEqual([{ rows: 0 }]);
  }
});
