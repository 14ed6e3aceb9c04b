import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveHistory } from '../../engine/plan/bound-shape.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import type { HistoryConfig, NodeConfig } from '../../engine/words/node.ts';
import { contextOf, nodeOf, openWorkbench, type Workbench } from '../materialize/workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

describe('a log of any shape', () => {
  const made = async (select: string, history: HistoryConfig, rest: Partial<NodeConfig> = {}) => {
    const node = nodeOf(select, { materialization: 'history', history, ...rest });
    return materialize(bench.warehouse, node, contextOf());
  };
  const cdc = `
    select * from (values
      (7, 'I', 10, 1, 'Ann', timestamp '2026-01-01 00:00:01'),
      (7, 'U', 11, 1, 'Anne', timestamp '2026-01-01 00:00:01'),
      (7, 'D', 12, 2, null, timestamp '2026-01-01 00:00:03')
    ) as t (customer_no, op, lsn, committed, full_name, arrived)`;

  test('is read under the names it has: a change log with operations and a sequence', async () => {
    const config: HistoryConfig = {
      uniqueKey: ['customer_no'],
      validAt: 'committed',
      recordedAt: 'arrived',
      sequence: 'lsn',
      deleted: 'is_gone',
      changedBy: 'recorded',
    };
    const select = `select * exclude (op), op = 'D' as is_gone from (${cdc}) as log`;
    expect(await made(select, config)).toMatchObject({ ties: 0 });
    expect(await bench.rows('select * exclude (recorded_from) from mart.thing')).toMatchObject([
      { full_name: 'Anne', valid_from: 1, valid_to: 2, is_deleted: true, is_current: false },
    ]);
  });

  test('is read by its own words where it is a raw table of ours', async () => {
    const select = `
      select * from (values
        ('a', 'x', 1, 1, false, 'b1', 'h1'), ('a', 'x', 2, 2, false, 'b2', 'h2'),
        ('a', null, 3, 3, true, 'b3', 'h3')
      ) as t (id, name, _modified_at, _observed_at, _deleted, _batch_id, _hash)`;
    const log = await bench.warehouse.describeQuery(sql.raw(select));
    const written: HistoryConfig = {
      uniqueKey: ['id'],
      validAt: '_modified_at',
      changedBy: 'content',
    };
    await made(select, resolveHistory(written, log));
    expect(await bench.rows('select * from mart.thing')).toMatchObject([
      { name: 'x', valid_from: 1, valid_to: 3, is_deleted: true, _batch_id: 'b2', _hash: 'h2' },
    ]);
  });

  test('with one clock alone was learned of when it became true', async () => {
    const select = `
      select * from (values ('a', 1, 'x'), ('a', 5, 'z'), ('a', 3, 'y')) as t (id, updated_at, name)`;
    await made(select, { uniqueKey: ['id'], validAt: 'updated_at', changedBy: 'content' });
    expect(await bench.rows('select * from mart.thing order by valid_from')).toMatchObject([
      { name: 'x', valid_from: 1, valid_to: 3, recorded_from: 1, recorded_to: null },
      { name: 'y', valid_from: 3, valid_to: 5, recorded_from: 3, recorded_to: null },
      { name: 'z', valid_from: 5, valid_to: null, recorded_from: 5, recorded_to: null },
    ]);
  });

  test('in which a version came late by its one clock is derived again, whole or by content', async () => {
    const config = { uniqueKey: ['id'], validAt: 'day' } as const;
    const select = (more: string) =>
      `select * from (values ('a', 1, 'x'), ('a', 5, 'z')${more}) as t (id, day, name)`;
    await made(select(''), { ...config, changedBy: 'recorded' });
    const late = await made(select(", ('a', 3, 'y')"), { ...config, changedBy: 'recorded' });
    expect(late).toMatchObject({ action: 'replaced', rows: 3 });
    expect(late.warnings).toEqual([expect.stringContaining('changed_by: content')]);
  });

  test('may hold values of any make: arrays, maps and structs are compared like others', async () => {
    const select = `
      select id, day, [n, 1]::float[2] as embedding, map {'n': n} as labels, {'n': n} as place
      from (values ('a', 1, 1), ('a', 2, 1), ('a', 4, 2), ('a', 3, 1)) as t (id, day, n)`;
    await made(select, { uniqueKey: ['id'], validAt: 'day', changedBy: 'content' });
    expect(await bench.rows('select valid_from, valid_to from mart.thing order by 1')).toEqual([
      { valid_from: 1, valid_to: 4 },
      { valid_from: 4, valid_to: null },
    ]);
  });

  test('in which only the text of a nested JSON changed is derived again', async () => {
    const config = { uniqueKey: ['id'], validAt: 'day', changedBy: 'content' } as const;
    const values = [`{'a': '{"b": 1}'::json}`, `{'a': '{"b":1}'::json}`, "{'a': 'null'::json}"];
    for (const [index, value] of [...values, "{'a': null::json}"].entries()) {
      const result = await made(`select 1 as id, 1 as day, ${value} as body`, config);
      expect(result.action).toBe(index === 0 ? 'created' : 'merged');
    }
  });

  test('names the columns of time when the one for a clock is missing', async () => {
    const select = "select 1 as id, now() as loaded_at, date '2026-01-01' as day, 'x' as name";
    const wrong = made(select, {
      uniqueKey: ['id'],
      validAt: '_modified_at',
      changedBy: 'content',
    });
    await expect(wrong).rejects.toMatchObject({
      code: 'history-column-missing',
      message: expect.stringContaining('no column "_modified_at" for valid_at'),
      hint: expect.stringContaining('Set valid_at in its config to one of loaded_at, day'),
    });
    const keyless = made(select, { uniqueKey: ['idd'], validAt: 'day', changedBy: 'content' });
    await expect(keyless).rejects.toMatchObject({
      message: expect.stringContaining('for unique_key; did you mean "id"?'),
      hint: expect.stringContaining('one of id, loaded_at, day, name'),
    });
  });

  test('needs a condition where only a letter says that a record is gone', async () => {
    const config: HistoryConfig = {
      uniqueKey: ['customer_no'],
      validAt: 'committed',
      deleted: 'op',
      changedBy: 'content',
    };
    await expect(made(cdc, config)).rejects.toMatchObject({
      code: 'history-column-type',
      message: expect.stringContaining('"op" for deleted is a VARCHAR, not a boolean'),
      hint: expect.stringContaining("op = 'D' as is_gone"),
    });
  });

  test.each([
    ["'2026-1-9'", 'VARCHAR'],
    ['true', 'BOOLEAN'],
    ["cast('{}' as json)", 'JSON'],
  ])('needs times for its clocks, which have another order than %s', async (value, type) => {
    const select = `select 1 as id, ${value} as at, date '2026-01-01' as day, 'x' as name`;
    const of = (validAt: string, recordedAt: string): HistoryConfig => ({
      uniqueKey: ['id'],
      validAt,
      recordedAt,
      changedBy: 'content',
    });
    await expect(made(select, of('at', 'day'))).rejects.toMatchObject({
      code: 'history-column-type',
      message: expect.stringContaining(`"at" for valid_at is a ${type}, not a time`),
      hint: expect.stringContaining('Select cast(at as timestamp) as at'),
    });
    await expect(made(select, of('day', 'at'))).rejects.toMatchObject({
      message: expect.stringContaining(`"at" for recorded_at is a ${type}, not a time`),
    });
  });

  test('that orders some versions nowhere is refused where that is wished', async () => {
    const config: HistoryConfig = { uniqueKey: ['id'], validAt: 'day', changedBy: 'content' };
    const select = "select * from (values ('a', 1, 'x'), ('a', 1, 'y')) as t (id, day, name)";
    await expect(made(select, config, { duplicateKeys: 'error' })).rejects.toMatchObject({
      code: 'duplicate-keys',
      message: expect.stringContaining('1 place (id, day) at which two versions differ'),
    });
    expect(await bench.relations('mart')).not.toContain('thing base table');
    expect(await made(select, config, { duplicateKeys: 'last' })).toMatchObject({
      ties: 1,
      rows: 1,
    });
    const repeated = "select * from (values ('a', 1, 'x'), ('a', 1, 'x')) as t (id, day, name)";
    expect(await made(repeated, config, { duplicateKeys: 'error' })).toMatchObject({ ties: 0 });
  });
});
