import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DbtFolder, dbtFolder, retryOf, troubles } from '../dbt/dbt-project.ts';
import { readArtifact } from './read-artifact.ts';

const day = 86_400_000;

/** Its rows say which text they were made by. */
const textOf = (made: string): string => `{{ config(materialized='incremental',
    incremental_strategy='microbatch', event_time='day', batch_size='day', begin='2025-12-28',
    lookback=1) }}
    select day, cast(n as integer) as n, '${made}' as made from {{ source('raw', 'events') }}`;

const files = {
  'models/sources.yml': 'sources: [{name: raw, schema: main, tables: [{name: events}]}]',
  'models/days.sql': textOf('first'),
  'models/after.sql': "{{ config(materialized='table') }}select * from {{ ref('days') }}",
};

/** Texts of eight days from the 28th of December; those of `bad` are no numbers. */
const events = (...bad: number[]): string => `create or replace table events as
  select timestamp '2025-12-28' + to_days(i::int) as day,
    case when i in (${[-1, ...bad].join(', ')}) then 'x' else i::text end as n
  from range(20) t(i)`;

async function days(project: DbtFolder): Promise<string> {
  const rows = await project.rows('select n, made from days order by day');
  return rows.map(({ n, made }) => `${n}${made === 'first' ? '' : `:${made}`}`).join(' ');
}

function rewrite({ folder }: DbtFolder, made: string): void {
  writeFileSync(join(folder, 'models/days.sql'), textOf(made));
}

describe('a batch that fails', () => {
  test('is told and retried alone; the others are published and stay as they are', async () => {
    const project = dbtFolder(files);
    await project.run(events(1, 3));
    const first = await project.build();
    expect(troubles(first)).toEqual([
      expect.stringContaining('days failed: 2 of 5 batches failed (2025-12-29, 2025-12-31): '),
      expect.stringContaining('after skipped'),
    ]);
    expect(first.steps[0]?.counts).toMatchObject({ batches: 3, batches_failed: 2, rows: 3 });
    expect(await days(project)).toBe('0 2 4');
    const [result] = readArtifact(project.folder, 'run_results.json').results;
    expect(result).toMatchObject({
      status: 'partial success',
      batch_results: {
        successful: [
          ['2025-12-28T00:00:00.000Z', '2025-12-29T00:00:00.000Z'],
          ['2025-12-30T00:00:00.000Z', '2025-12-31T00:00:00.000Z'],
          ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'],
        ],
        failed: [
          ['2025-12-29T00:00:00.000Z', '2025-12-30T00:00:00.000Z'],
          ['2025-12-31T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
        ],
      },
    });
    // One of two is mended, by other text: what stands keeps the text it was made of.
    await project.run(events(3));
    project.pass(3 * day);
    rewrite(project, 'second');
    const second = await project.build(retryOf(project));
    expect(troubles(second)[0]).toContain('1 of 2 batches failed (2025-12-31)');
    expect(await days(project)).toBe('0 1:second 2 4');
    await project.run(events());
    rewrite(project, 'third');
    const third = await project.build(retryOf(project));
    expect(troubles(third)).toEqual([]);
    expect(third.steps.map(({ status }) => status)).toEqual(['success', 'success']);
    expect(await days(project)).toBe('0 1:second 2 3:third 4');
    expect(() => retryOf(project)).toThrow('nothing to retry');
    rewrite(project, 'first');
    // Rows of several texts are no table of the project: the next build makes it whole.
    expect(troubles(await project.build())).toEqual([]);
    expect(await days(project)).toBe('0 1 2 3 4 5 6 7');
  });

  test('is made by the next build as well, together with what came since', async () => {
    const project = dbtFolder(files);
    await project.run(events(1));
    await project.build();
    await project.run(events());
    project.pass(day);
    expect(troubles(await project.build())).toEqual([]);
    expect(await days(project)).toBe('0 1 2 3 4 5');
  });

  test('of a full refresh is retried as a batch, not as a full refresh', async () => {
    const project = dbtFolder(files);
    await project.run(events());
    await project.build();
    await project.run(events(4));
    rewrite(project, 'second');
    await project.build({ fullRefresh: true });
    expect(await days(project)).toBe('0:second 1:second 2:second 3:second');
    await project.run(events());
    rewrite(project, 'third');
    expect(troubles(await project.build(retryOf(project)))).toEqual([]);
    expect(await days(project)).toBe('0:second 1:second 2:second 3:second 4:third');
  });

  test('of an increment leaves what stood in its place', async () => {
    const project = dbtFolder(files);
    await project.run(events());
    await project.build();
    await project.run(events(4));
    await project.run("update events set n = '50' where n = '5'");
    project.pass(day);
    expect(troubles(await project.build())[0]).toContain('1 of 2 batches failed (2026-01-01)');
    expect(await days(project)).toBe('0 1 2 3 4 50');
  });

  test('fails the model like any other where no batch can be made', async () => {
    const project = dbtFolder(files);
    await project.run(events());
    await project.build();
    await project.run(events(4, 5));
    project.pass(day);
    expect(troubles(await project.build())[0]).toContain('the warehouse refused a statement');
    const [result] = readArtifact(project.folder, 'run_results.json').results;
    expect(result).toMatchObject({ status: 'error', batch_results: { successful: [] } });
    expect(result?.batch_results?.failed).toHaveLength(2);
    expect(await days(project)).toBe('0 1 2 3 4');
    await project.run(events());
    expect(troubles(await project.build(retryOf(project)))).toEqual([]);
    expect(await days(project)).toBe('0 1 2 3 4 5');
  });

  test('of a gate is withheld alone, and a key in two batches is seen', async () => {
    const project = dbtFolder({
      ...files,
      'models/days.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch',
        event_time='day', batch_size='day', begin='2025-12-28', unique_key='n') }}
        select day, n from {{ source('raw', 'events') }}`,
      'models/schema.yml':
        'models:\n  - name: days\n    columns: [{name: n, data_tests: [not_null]}]\n',
    });
    await project.run(events());
    await project.run("update events set n = null where n = '2'");
    expect(troubles(await project.build())[0]).toContain('1 of 5 batches failed (2025-12-30)');
    await project.run(events());
    await project.run("update events set n = '1' where n = '3'");
    const second = await project.build({ fullRefresh: true });
    expect(troubles(second)[0]).toContain('1 of 5 batches failed (2025-12-31)');
    expect(await project.rows('select n from days order by day')).toEqual(
      ['0', '1', '2', '4'].map((n) => ({ n })),
    );
  });
});
