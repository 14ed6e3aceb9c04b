import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readNodeState } from '../../engine/state/nodes.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import {
  checkOf,
  contextOf,
  nodeOf,
  openWorkbench,
  type Workbench,
} from '../materialize/workbench.ts';
import { appendLog, build, createLog, historyConfig, readHistory } from './history-bench.ts';
import { intervalsOf, type Version, version } from './oracle.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
  await createLog(bench);
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

async function learn(...versions: Version[]) {
  await appendLog(bench, versions);
  return build(bench);
}

/** `name valid_from..valid_to (recorded_from..recorded_to)`, in order. */
async function spell(): Promise<string[]> {
  const end = (value: number | null) => value ?? '';
  return (await readHistory(bench)).map(
    (row) =>
      `${row.name} ${row.valid_from}..${end(row.valid_to)} (${row.recorded_from}..${end(row.recorded_to)})`,
  );
}

describe('a history', () => {
  test('has its columns in a stated order', async () => {
    await learn(version(1, 1));
    const columns = await bench.warehouse.describe({ schema: 'mart', name: 'thing' });
    expect(columns?.map(({ name, typeName }) => `${name} ${typeName}`)).toEqual([
      'id VARCHAR',
      'name VARCHAR',
      'size INTEGER',
      'seen INTEGER',
      'valid_from INTEGER',
      'valid_to INTEGER',
      'valid_to_recorded_at INTEGER',
      'recorded_from INTEGER',
      'recorded_to INTEGER',
      'is_current BOOLEAN',
      'is_deleted BOOLEAN',
      'superseded_by VARCHAR',
    ]);
  });

  test('collapses versions that say the same, and keeps the newest untracked value', async () => {
    await learn(version(1, 1, { seen: 7 }), version(2, 2, { seen: 8 }), version(3, 3, { seen: 9 }));
    expect(await readHistory(bench)).toMatchObject([{ valid_from: 1, valid_to: null, seen: 9 }]);
  });

  test('ends a row when a successor is learned, and says when it was learned', async () => {
    await learn(version(1, 1));
    await learn(version(5, 9, { name: 'm' }));
    expect(await spell()).toEqual(['n 1..5 (1..)', 'm 5.. (9..)']);
    expect((await readHistory(bench))[0]?.valid_to_recorded_at).toBe(9);
  });

  test('takes back a belief when a late version arrives, and keeps it as what was believed', async () => {
    await learn(version(1, 1), version(5, 5, { name: 'm' }));
    await learn(version(3, 8, { name: 'late' }));
    expect(await spell()).toEqual([
      'n 1..5 (1..8)',
      'm 5.. (5..)',
      'n 1..3 (8..)',
      'late 3..5 (8..)',
    ]);
  });

  test('leaves beliefs alone that a late version does not touch', async () => {
    await learn(version(5, 1));
    await learn(version(2, 2, { name: 'early' }));
    expect(await spell()).toEqual(['n 5.. (1..)', 'early 2..5 (2..)']);
  });

  test('is closed by a delete and opened again by a restore', async () => {
    await learn(version(1, 1), version(3, 3, { gone: true }));
    expect(await readHistory(bench)).toMatchObject([
      { valid_to: 3, is_current: false, is_deleted: true, superseded_by: null },
    ]);
    await learn(version(6, 6));
    expect(await spell()).toEqual(['n 1..3 (1..)', 'n 6.. (6..)']);
  });

  test('names the survivor of a merge, also when it is learned after the delete', async () => {
    await learn(version(1, 1), version(3, 3, { gone: true }));
    await learn(version(3, 4, { gone: true, survivor: 'winner' }));
    await learn(version(3, 5, { gone: true }));
    expect(await readHistory(bench)).toMatchObject([
      { valid_to: 3, is_deleted: true, superseded_by: 'winner', recorded_to: null },
    ]);
  });

  test('has no row for a record that was never seen alive', async () => {
    expect(await learn(version(1, 1, { gone: true }))).toMatchObject({
      action: 'created',
      rows: 0,
    });
  });

  test('counts instants whose order the source does not tell, and not those that it does', async () => {
    const tied = await learn(version(1, 1, { size: 1 }), version(1, 1, { size: 2 }));
    expect(tied.ties).toBe(1);
    expect(await readHistory(bench)).toMatchObject([{ size: 2, valid_from: 1 }]);
    const told = await learn(
      version(2, 2, { size: 4, seq: 1 }),
      version(2, 2, { size: 3, seq: 2 }),
      version(2, 2, { size: 3, seq: 2 }),
    );
    expect(told.ties).toBe(1);
    expect((await readHistory(bench)).at(-1)?.size).toBe(3);
  });

  test('tracks only what it is told to', async () => {
    await appendLog(bench, [
      version(1, 1),
      version(2, 2, { name: 'm' }),
      version(3, 3, { size: 2 }),
    ]);
    const { untracked: _, ...rest } = historyConfig;
    const history = { ...rest, tracked: ['size'] };
    const node = nodeOf('select * from log', { materialization: 'history', history });
    await materialize(bench.warehouse, node, contextOf());
    expect(await readHistory(bench)).toMatchObject([
      { valid_from: 1, valid_to: 3, name: 'm' },
      { valid_from: 3, valid_to: null, name: 'n' },
    ]);
  });

  test('works on timestamps, several key columns and no optional part', async () => {
    const select = `
      select * from (values
        ('x', 1, timestamp '2026-01-01', timestamp '2026-01-01 00:00:00.000001', 10.50),
        ('x', 1, timestamp '2026-01-02', timestamp '2026-01-02', 11.00),
        ('x', 2, timestamp '2026-01-02', timestamp '2026-01-02', 12.00)
      ) as t (kind, id, valid, recorded, amount)`;
    const history = {
      uniqueKey: ['KIND', 'id'],
      validAt: 'valid',
      recordedAt: 'recorded',
      changedBy: 'recorded' as const,
    };
    const node = nodeOf(select, { materialization: 'history', history });
    await materialize(bench.warehouse, node, contextOf());
    expect(await materialize(bench.warehouse, node, contextOf())).toMatchObject({
      action: 'unchanged',
    });
    expect(await bench.rows('select * from mart.thing order by id, valid_from')).toMatchObject([
      {
        amount: '10.50',
        valid_to: '2026-01-02T00:00:00.000Z',
        recorded_from: '2026-01-01T00:00:00.000001Z',
      },
      { amount: '11.00', valid_to: null },
      { amount: '12.00', is_current: true },
    ]);
  });
});

test('attributes may bear any name that a statement might use for itself', async () => {
  const names = [
    'age',
    'chain',
    'rows',
    'named',
    'first_valid',
    'known',
    'log',
    'keys',
    'order',
    'late',
  ];
  const attributes = names.map((name, index) => `${index} + size as "${name}"`).join(', ');
  await appendLog(bench, [version(1, 1), version(5, 2), version(3, 3, { size: 2 })]);
  const select = `select log.* exclude (name), ${attributes} from log`;
  const node = nodeOf(select, { materialization: 'history', history: historyConfig });
  const result = await materialize(bench.warehouse, node, contextOf());
  expect(result).toMatchObject({ action: 'created', rows: 3 });
  await appendLog(bench, [version(2, 4, { size: 3 })]);
  expect(await materialize(bench.warehouse, node, contextOf())).toMatchObject({ action: 'merged' });
});

describe('what was believed', () => {
  test('is answered for every valid and every recorded time', async () => {
    const log = [
      version(1, 1),
      version(6, 2, { name: 'x' }),
      version(4, 4, { gone: true }),
      version(3, 5, { name: 'y' }),
      version(6, 6, { name: 'z' }),
      version(8, 6, { gone: true, survivor: 'w' }),
    ];
    await learn(...log);
    const found = await bench.rows(`
      select v.v as v, r.r as r, name
      from range(10) as v (v), range(10) as r (r), mart.thing
      where recorded_from <= r and (recorded_to is null or recorded_to > r)
        and valid_from <= v and (valid_to is null or valid_to > v or valid_to_recorded_at > r)
      order by v, r`);
    const expected = [...Array(10).keys()].flatMap((v) =>
      [...Array(10).keys()].flatMap((r) =>
        intervalsOf(log.filter(({ recorded }) => recorded <= r))
          .filter((row) => row.valid_from <= v && (row.valid_to === null || row.valid_to > v))
          .map(({ name }) => ({ v, r, name })),
      ),
    );
    expect(found).toEqual(expected);
  });
});

describe('a build of a history', () => {
  test('does nothing when the log has nothing new, and dependants see no new version', async () => {
    const first = await learn(version(1, 1));
    const second = await learn();
    expect(second).toMatchObject({ action: 'unchanged', rows: 0, dataVersion: first.dataVersion });
  });

  test('touches the changed keys only', async () => {
    await learn(version(1, 1), version(1, 1, { id: 'b' }));
    await bench.run("update mart.thing set name = 'untouched' where id = 'b'");
    expect(await learn(version(2, 2, { name: 'm' }))).toMatchObject({ action: 'merged', rows: 2 });
    expect(await spell()).toEqual(['n 1..2 (1..)', 'm 2.. (2..)', 'untouched 1.. (1..)']);
  });

  test('derives all when the log was rewritten below its mark, and says so', async () => {
    await learn(version(5, 5));
    const result = await learn(version(1, 3, { name: 'old' }));
    expect(result.action).toBe('replaced');
    expect(result.warnings).toEqual([expect.stringContaining('recorded says are old')]);
    expect(await spell()).toEqual(['old 1..5 (3..)', 'n 5.. (5..)']);
  });

  test('derives all when the model changed', async () => {
    await learn(version(1, 1));
    const history = { ...historyConfig, tracked: ['size'] };
    const config = { materialization: 'history', history } as const;
    const node = nodeOf('select * from log', config, { fingerprint: 'f2' });
    expect((await materialize(bench.warehouse, node, contextOf())).action).toBe('replaced');
  });

  test('by content finds rows that changed in place, came or went', async () => {
    const content = { changedBy: 'content' } as const;
    await appendLog(
      bench,
      ['a', 'b', 'c'].map((id) => version(1, 1, { id })),
    );
    await build(bench, content);
    await bench.run("update log set name = 'm' where id = 'a'", "delete from log where id = 'b'");
    expect(await build(bench, content)).toMatchObject({ action: 'merged', rows: 1 });
    expect(await spell()).toEqual(['m 1.. (1..)', 'n 1.. (1..)']);
    expect(await build(bench, content)).toMatchObject({ action: 'unchanged' });
  });

  test('that fails its checks leaves the table, its mark and its digests as they were', async () => {
    const config = {
      materialization: 'history',
      history: { ...historyConfig, changedBy: 'content' },
    } as const;
    const attempt = (condition: string) => {
      const node = nodeOf('select * from log', config, { checks: [checkOf(condition)] });
      return materialize(bench.warehouse, node, contextOf());
    };
    await appendLog(bench, [version(1, 1)]);
    await attempt('false');
    await appendLog(bench, [version(2, 2, { name: 'bad' })]);
    expect((await attempt("name = 'bad'")).action).toBe('withheld');
    expect(await spell()).toEqual(['n 1.. (1..)']);
    expect((await readNodeState(bench.warehouse, nodeOf('', config)))?.status).toBe('failed');
    expect(await attempt('false')).toMatchObject({ action: 'merged', rows: 2 });
    expect(await bench.relations('tidemill')).toEqual([
      'digests__mart__thing base table',
      'nodes base table',
    ]);
  });

  test('refuses rows that have no place, before anything is published', async () => {
    await learn(version(1, 1));
    await bench.run("insert into log (id, recorded) values ('b', 2)");
    await expect(learn()).rejects.toThrow(
      'mart.thing: 1 row of its log without a value in one of id, valid, recorded',
    );
    await bench.run("update log set recorded = null, valid = 1 where id = 'b'");
    await expect(learn()).rejects.toMatchObject({ code: 'history-unplaced' });
    await bench.run("update log set recorded = 2, id = null where id = 'b'");
    await expect(learn()).rejects.toMatchObject({ code: 'history-unplaced' });
    await expect(build(bench, { changedBy: 'content' })).rejects.toMatchObject({
      code: 'history-unplaced',
    });
    expect(await spell()).toEqual(['n 1.. (1..)']);
    expect(await bench.relations('mart')).toEqual(['thing base table']);
  });

  test('names columns that are missing or taken', async () => {
    await expect(build(bench, { validAt: 'valud' })).rejects.toThrow(
      'mart.thing: its select has no column "valud" for valid_at; did you mean "valid"?',
    );
    const taken = nodeOf('select *, 1 as Valid_To from log', {
      materialization: 'history',
      history: historyConfig,
    });
    await expect(materialize(bench.warehouse, taken, contextOf())).rejects.toMatchObject({
      code: 'history-column-taken',
    });
  });
});
