import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../engine/run/run-plan.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { dbtFolder, retryOf, troubles } from '../dbt/dbt-project.ts';

const told = (result: RunResult): string[] =>
  result.steps.map(({ id, status }) => `${id.replace(/^(model|test)\.shop\./, '')} ${status}`);

const chain = {
  'models/good.sql': 'select 1 as id',
  'models/bad.sql': "{{ config(materialized='table') }}select {{ var('n') }} as id",
  'models/after.sql': "{{ config(materialized='table') }}select * from {{ ref('bad') }}",
  'models/both.sql': "select g.id from {{ ref('good') }} g, {{ ref('bad') }} b",
  'models/schema.yml': `models:
  - name: bad
    columns: [{name: id, data_tests: [{accepted_values: {arguments: {values: [1], quote: false}}}]}]
  - name: good
    columns: [{name: id, data_tests: [unique]}]
`,
  'tests/together.sql': "select 1 from {{ ref('good') }} g join {{ ref('bad') }} b on g.id <> b.id",
};

describe('retry', () => {
  test('does exactly what failed and what was skipped, with the flags of the run', async () => {
    const project = dbtFolder(chain);
    const first = await project.build(
      { fullRefresh: true, exclude: ['both'], projectFlags: { vars: '{n: 2}' } },
      { vars: { n: 2 } },
    );
    expect(told(first).sort()).toEqual([
      'after skipped',
      'bad failed',
      'good success',
      'together skipped',
    ]);
    const options = retryOf(project);
    expect(options).toMatchObject({ fullRefresh: true, exclude: ['both'] });
    expect(options.projectFlags).toEqual({ vars: '{n: 2}' });
    expect(told(await project.build(options, { vars: { n: 2 } })).sort()).toEqual([
      'after skipped',
      'bad failed',
      'together skipped',
    ]);
    // A retry can be retried, and the gate it failed at is judged again.
    const second = await project.build(retryOf(project), { vars: { n: 1 } });
    expect(told(second).sort()).toEqual(['after success', 'bad success', 'together success']);
    expect(() => retryOf(project)).toThrow('nothing to retry: no step failed in the last run');
  });

  test('of tests alone runs the tests that failed', async () => {
    const project = dbtFolder(chain);
    await project.build({}, { vars: { n: 1 } });
    await project.run('create or replace table bad as select 7 as id');
    const failed = await project.build({ kinds: new Set(['check']) }, { vars: { n: 1 } });
    expect(troubles(failed)).toHaveLength(2);
    const again = await project.build(retryOf(project), { vars: { n: 1 } });
    expect(again.steps.map(({ id }) => id).sort()).toEqual(
      failed.steps
        .filter(({ status }) => status === 'failed')
        .map(({ id }) => id)
        .sort(),
    );
  });

  test('of a run that ended before its first step does all of it', async () => {
    const project = dbtFolder({
      ...chain,
      'dbt_project.yml': 'name: shop\non-run-start: "no sql"',
    });
    await expect(project.build({ select: ['good'], exclude: ['together'] })).rejects.toThrow(
      'on-run-start',
    );
    writeFileSync(join(project.folder, 'dbt_project.yml'), 'name: shop');
    expect(told(await project.build(retryOf(project)))).toEqual(['good success']);
  });

  test('makes the batches that the run would have made, and no later ones; the next run the others', async () => {
    const day = 24 * 60 * 60 * 1_000;
    const project = dbtFolder({
      'models/sources.yml': 'sources: [{name: raw, schema: main, tables: [{name: events}]}]',
      'models/days.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch',
        event_time='day', batch_size='day', begin='2025-12-30', lookback=0) }}
        select day, n from {{ source('raw', 'events') }}`,
      'models/schema.yml':
        'models:\n  - name: days\n    columns: [{name: n, data_tests: [not_null]}]\n',
    });
    const events = (nulls: string) => `create or replace table events as
      select timestamp '2025-12-30' + to_days(i::int) as day, ${nulls} as n from range(8) t(i)`;
    const days = async () =>
      (await project.rows('select count(*) as n, max(day) as last from days'))[0];
    await project.run(events('i'));
    expect(troubles(await project.build())).toEqual([]);
    expect(await days()).toEqual({ n: 3, last: '2026-01-01T00:00:00.000Z' });
    project.pass(day);
    await project.run(events('null'));
    expect(troubles(await project.build())).toHaveLength(1);
    project.pass(3 * day);
    await project.run(events('i + 10'));
    expect(troubles(await project.build(retryOf(project)))).toEqual([]);
    expect(await days()).toEqual({ n: 4, last: '2026-01-02T00:00:00.000Z' });
    expect(troubles(await project.build())).toEqual([]);
    expect(await days()).toEqual({ n: 7, last: '2026-01-05T00:00:00.000Z' });
    expect(await project.rows('select n from days order by day')).toEqual(
      [0, 1, 12, 13, 14, 15, 16].map((n) => ({ n })),
    );
  });

  test('on the command line takes the flags along, and says where there is nothing to do', async () => {
    const { folder } = dbtFolder(chain);
    const call = async (...args: string[]) => {
      const { code, out, err } = await tidemill(folder, ...args);
      return { code, text: [...out, err].join('\n') };
    };
    expect((await call('retry')).text).toContain('nothing to retry: no run is on record');
    const first = ['--vars', '{n: 2}', 'build', '--select', 'bad', '--exclude', 'together'];
    expect((await call(...first)).code).toBe(1);
    const again = await call('retry');
    expect(again.code).toBe(1);
    expect(again.text).toMatch(/retrying 1 step of .*build --select bad --exclude together/);
    expect(again.text).toContain('1 row breaks');
    expect((await call('--vars', '{n: 1}', 'retry')).code).toBe(0);
    expect((await call('retry')).text).toContain('no step failed in the last run');
  });
});
