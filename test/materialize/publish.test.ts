import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readNodeStates, stateKeyOf } from '../../engine/state/nodes.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import { checkOf, contextOf, nodeOf, openWorkbench, type Workbench } from './workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const build = (...parameters: Parameters<typeof nodeOf>) =>
  materialize(bench.warehouse, nodeOf(...parameters), contextOf());

describe('tables', () => {
  test('are created, then replaced, and say how many rows they have', async () => {
    const first = await build('select 1 as a union all select 2 -- the end');
    expect(first).toMatchObject({ action: 'created', rows: 2, failures: [], warnings: [] });
    const second = await build('select 3 as a, 4 as b;\n');
    expect(second).toMatchObject({ action: 'replaced', rows: 1 });
    expect(await bench.rows('select * from mart.thing')).toEqual([{ a: 3, b: 4 }]);
    expect(await bench.relations('mart')).toEqual(['thing base table']);
  });

  test('may read the table that they replace', async () => {
    await build('select 1 as a');
    await build('select a + 1 as a from mart.thing');
    expect(await bench.rows('select * from mart.thing')).toEqual([{ a: 2 }]);
  });

  test('keep the views over them working when they are swapped', async () => {
    await build('select 1 as a');
    await bench.run('create view mart.over as select a * 10 as b from mart.thing');
    await build('select 2 as a');
    expect(await bench.rows('select * from mart.over')).toEqual([{ b: 20 }]);
  });

  test('are not published when a check of severity error fails', async () => {
    await build('select 1 as a');
    const result = await build('select -1 as a', {}, { checks: [checkOf('a < 0')] });
    expect(result).toMatchObject({ action: 'withheld', rows: 0, dataVersion: undefined });
    expect(result.failures).toEqual([
      {
        id: 'test.test.a < 0',
        name: 'a < 0',
        severity: 'error',
        file: 'models/schema.yml',
        rows: 1,
        query: 'select * from "mart"."thing" where a < 0',
      },
    ]);
    expect(await bench.rows('select * from mart.thing')).toEqual([{ a: 1 }]);
    expect(await bench.relations('mart')).toEqual(['thing base table']);
    const state = (await readNodeStates(bench.warehouse)).get('model.test.thing mart.thing');
    expect(state?.status).toBe('failed');
  });

  test('are published with a warning when a check of severity warn fails', async () => {
    const result = await build('select -1 as a', {}, { checks: [checkOf('a < 0', 'warn')] });
    expect(result.action).toBe('created');
    expect(result.failures.map((failure) => failure.rows)).toEqual([1]);
  });

  test('leave nothing behind when the select fails half-way', async () => {
    await build('select 1 as a');
    await expect(
      build("select cast('x' || range as integer) as a from range(3)"),
    ).rejects.toThrow();
    expect(await bench.relations('mart')).toEqual(['thing base table']);
    expect(await bench.rows('select * from mart.thing')).toEqual([{ a: 1 }]);
  });

  test('sweep away what a killed build left, whatever its kind', async () => {
    await bench.run('create schema mart', 'create view mart.thing__tidemill_next as select 1 as x');
    await build('select 1 as a');
    await bench.run('create table mart.thing__tidemill_next as select 1 as x');
    await build('select 2 as a');
    expect(await bench.relations('mart')).toEqual(['thing base table']);
  });

  test('have no memory of having been built until they have', async () => {
    await build('select 1 as a');
    const broken = nodeOf('select 2 as a', { postHooks: ['select * from nowhere'] });
    await expect(materialize(bench.warehouse, broken, contextOf())).rejects.toThrow();
    expect((await readNodeStates(bench.warehouse)).get(stateKeyOf(broken))?.status).toBe('failed');
  });

  test('have no memory of having been built where a kill or a broken warehouse comes before', async () => {
    await build('select 1 as a');
    const broken = nodeOf('select 2 as a', { postHooks: ['select * from nowhere'] });
    const mark = vi.spyOn(bench.warehouse, 'transaction').mockRejectedValue(new Error('gone'));
    await expect(materialize(bench.warehouse, broken, contextOf())).rejects.toThrow('nowhere');
    mark.mockRestore();
    expect((await readNodeStates(bench.warehouse)).get(stateKeyOf(broken))?.status).toBe('failed');
    const mended = nodeOf('select 2 as a', { postHooks: ['select 1'] });
    const { state } = await materialize(bench.warehouse, mended, contextOf());
    expect(state?.status).toBe('built');
    expect((await readNodeStates(bench.warehouse)).get(stateKeyOf(mended))).toEqual(state);
  });

  test('run again where the rows that break a test could not be kept', async () => {
    // Nothing can be written there: it is named when the rows are told of, and when they are kept.
    const store = { kind: 'table' as const, relation: async () => ({ schema: 'temp', name: '' }) };
    const checks = [{ ...checkOf('a = 1', 'warn'), store }];
    const node = nodeOf('select 1 as a', {}, { checks });
    await expect(materialize(bench.warehouse, node, contextOf())).rejects.toThrow();
    expect((await readNodeStates(bench.warehouse)).get(stateKeyOf(node))?.status).toBe('failed');
  });

  test('stop between statements when the run is asked to', async () => {
    const controller = new AbortController();
    const check = checkOf('false');
    const stopping = {
      ...check,
      sql: async (nameOf: (id: string) => string) => {
        controller.abort();
        return check.sql(nameOf);
      },
    };
    const node = nodeOf('select 1 as a', {}, { checks: [stopping] });
    const context = contextOf({ signal: controller.signal });
    await expect(materialize(bench.warehouse, node, context)).rejects.toThrow(/abort/);
    expect(await bench.relations('mart')).toEqual([]);
  });
});

describe('views', () => {
  const view = { materialization: 'view' } as const;

  test('are created, then replaced', async () => {
    expect((await build('select 1 as a', view)).action).toBe('created');
    expect((await build('select 2 as a', view)).action).toBe('replaced');
    expect(await bench.rows('select * from mart.thing')).toEqual([{ a: 2 }]);
  });

  test('are not published when a check of severity error fails', async () => {
    await build('select 1 as a', view);
    const result = await build('select -1 as a', view, { checks: [checkOf('a < 0')] });
    expect(result.action).toBe('withheld');
    expect(await bench.rows('select * from mart.thing')).toEqual([{ a: 1 }]);
    expect(await bench.relations('mart')).toEqual(['thing view']);
  });

  test('take the place of tables, and tables of views', async () => {
    await build('select 1 as a');
    await build('select 2 as a', view, { checks: [checkOf('a < 0')] });
    expect(await bench.relations('mart')).toEqual(['thing view']);
    await build('select 3 as a');
    expect(await bench.relations('mart')).toEqual(['thing base table']);
    expect(await bench.rows('select * from mart.thing')).toEqual([{ a: 3 }]);
  });
});

describe('other nodes', () => {
  test('that are ephemeral leave no trace', async () => {
    const result = await build('select 1 as a', { materialization: 'ephemeral' });
    expect(result).toMatchObject({ action: 'none', dataVersion: undefined });
    expect(await bench.relations('mart')).toEqual([]);
  });

  test('run their hooks before and after', async () => {
    await bench.run('create table log (entry varchar)');
    await build('select count(*) as seen from log', {
      preHooks: ["insert into log values ('before')"],
      postHooks: ["insert into log select 'after ' || seen from mart.thing"],
    });
    expect(await bench.rows('select entry from log order by entry')).toEqual([
      { entry: 'after 1' },
      { entry: 'before' },
    ]);
  });

  test('bear names that need quotes', async () => {
    const relation = { schema: 'My "mart"', name: 'order by' };
    await build('select 1 as a', {}, { relation, checks: [checkOf('a < 0')] });
    expect(
      await bench.warehouse.query(sql`select a from ${sql.id(relation.schema, relation.name)}`),
    ).toEqual([{ a: 1 }]);
  });
});
