import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatFailure, runPublishedCheck } from '../../engine/steps/check.ts';
import type { Check } from '../../engine/words/node.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
  await bench.run(
    'create table parent as select range as id from range(3)',
    "create table child as select range as id, 'secret' as name from range(5)",
  );
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const orphans: Check = {
  id: 'test.p.orphans',
  name: 'orphans',
  severity: 'error',
  file: 'models/schema.yml',
  reads: ['model.p.child', 'model.p.parent'],
  sql: async (nameOf) =>
    `select name from ${nameOf('model.p.child')} where id not in (select id from ${nameOf('model.p.parent')})`,
};

const relationOf = (id: string) => {
  const name = id.split('.')[2];
  return name === 'parent' || name === 'child' ? { schema: 'main', name } : undefined;
};

const run = (changes: Partial<Check> = {}) =>
  runPublishedCheck(bench.warehouse, { ...orphans, ...changes }, relationOf);

describe('a check of published relations', () => {
  test('counts the rows that break it and gives the query to see them, not the rows', async () => {
    const failure = await run();
    expect(failure).toEqual({
      id: 'test.p.orphans',
      name: 'orphans',
      severity: 'error',
      file: 'models/schema.yml',
      rows: 2,
      query: 'select name from "main"."child" where id not in (select id from "main"."parent")',
    });
    expect(JSON.stringify(failure)).not.toContain('secret');
    expect(failure && formatFailure(failure)).toBe('2 rows break orphans (models/schema.yml)');
  });

  test('holds where its query answers nothing', async () => {
    expect(await run({ sql: async () => 'select 1 where false -- nothing' })).toBeUndefined();
  });

  test('is judged by its thresholds: warn below, error above', async () => {
    expect(await run({ errorIf: '> 2' })).toMatchObject({ severity: 'warn', rows: 2 });
    expect(await run({ errorIf: '> 1' })).toMatchObject({ severity: 'error' });
    expect(await run({ errorIf: '> 2', warnIf: '> 2' })).toBeUndefined();
    expect(await run({ severity: 'warn', errorIf: '> 1' })).toMatchObject({ severity: 'warn' });
  });

  test('counts what it is told to count, in as many rows as it is told to look at', async () => {
    expect(await run({ failCalc: 'count(distinct name)' })).toMatchObject({ rows: 1 });
    expect(await run({ limit: 1 })).toMatchObject({ rows: 1 });
  });

  test('says which node has no table', async () => {
    const check = {
      ...orphans,
      sql: async (nameOf: (id: string) => string) => nameOf('model.p.x'),
    };
    await expect(runPublishedCheck(bench.warehouse, check, relationOf)).rejects.toThrow(
      'models/schema.yml: orphans reads model.p.x, which has no table',
    );
  });
});
