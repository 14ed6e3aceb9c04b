import { describe, expect, test } from 'vitest';
import { toTimes } from '../../cli/commands/time-flags.ts';
import { type DbtFolder, dbtFolder, troubles } from './dbt-project.ts';

const files = {
  'models/events.sql': `{{ config(materialized='table', event_time='tm') }}
    select timestamp '2025-12-28' + to_days(i::int) as tm, i::int as n from range(5) t(i)`,
  'models/whole.sql':
    "{{ config(materialized='table') }} select n from {{ ref('events').render() }}",
  'models/copy.sql': "{{ config(materialized='table') }} select n from {{ ref('events') }}",
  'models/shown.sql': "select n from {{ ref('copy') }}",
  'models/added.sql': `{{ config(materialized='incremental', unique_key='n') }}
    select n, '{{ var("made", "a") }}' as made from {{ ref('events') }}`,
  'models/daily.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch',
    event_time='tm', batch_size='day', begin='2025-12-28') }} select tm, n from {{ ref('events') }}`,
  'snapshots/kept.yml': `snapshots:
  - {name: kept, relation: ref('events'), config: {unique_key: n, strategy: check,
     check_cols: all, hard_deletes: invalidate}}`,
};

const sample = { sample: { from: '2025-12-29T12:00:00.000Z', to: '2025-12-31T12:00:00.000Z' } };

async function held(project: DbtFolder): Promise<string> {
  const list = (table: string, column = 'n') =>
    `(select string_agg(${column}::text, '' order by n) from ${table}) as ${table}`;
  const tables = ['whole', 'copy', 'shown', 'daily'].map((one) => list(one)).join(', ');
  const [row = {}] = await project.rows(
    `select ${tables}, ${list('added', 'n::text || made')},
      (select count(*)::int from kept where dbt_valid_to is null) as kept`,
  );
  return Object.entries(row)
    .map(([name, value]) => `${name}:${value}`)
    .join(' ');
}

const all = 'whole:01234 copy:01234 shown:01234 daily:01234 added:0a1a2a3a4a kept:5';

describe('--sample', () => {
  test('narrows what says its time; the next build makes everything whole again', async () => {
    const project = dbtFolder(files);
    expect(troubles(await project.build(sample))).toEqual([]);
    // The snapshot would take rows out of the sample for deleted ones: it sees all.
    expect(await held(project)).toBe('whole:01234 copy:23 shown:23 daily:23 added:2a3a kept:5');
    expect(troubles(await project.build())).toEqual([]);
    expect(await held(project)).toBe(all);
    const third = await project.build();
    expect(new Set(third.steps.map(({ status }) => status))).toEqual(new Set(['reused']));
  });

  test('adds to an incremental table that stands, and keeps none of it in the next build', async () => {
    const project = dbtFolder(files);
    await project.build();
    await project.build(sample, { vars: { made: 'b' } });
    expect(await held(project)).toBe(
      'whole:01234 copy:23 shown:23 daily:0234 added:0a1a2b3b4a kept:5',
    );
    await project.build();
    expect(await held(project)).toBe(all);
  });
});

test('--empty builds everything without rows, and the next build makes it whole', async () => {
  const project = dbtFolder(files);
  expect(troubles(await project.build({ isEmpty: true }))).toEqual([]);
  expect(await held(project)).toBe('whole:01234 copy:null shown:null daily:null added:null kept:5');
  await project.build();
  expect(await held(project)).toBe(all);
});

describe('the flags', () => {
  const nowMs = Date.UTC(2025, 2, 31, 12);
  const read = (flags: Parameters<typeof toTimes>[0]) => toTimes(flags, nowMs);

  test.each([
    ['3 days', '2025-03-28T12:00:00.000Z'],
    ['1 month', '2025-02-28T12:00:00.000Z'],
    ['2 Years', '2023-03-31T12:00:00.000Z'],
    ['5 hour', '2025-03-31T07:00:00.000Z'],
  ])('a sample of %s begins at %s', async (text, from) => {
    expect(await read({ sample: text })).toEqual({
      sample: { from, to: '2025-03-31T12:00:00.000Z' },
    });
  });

  test('a stretch is two times in UTC, whatever the process’s zone', async () => {
    expect(
      await read({ eventTimeStart: '2025-01-01', eventTimeEnd: '2025-01-02 07:00:00' }),
    ).toEqual({ eventTime: { from: '2025-01-01T00:00:00.000Z', to: '2025-01-02T07:00:00.000Z' } });
    expect(await read({ sample: '{start: 2025-01-01, end: "2025-01-02T00:00:00"}' })).toEqual({
      sample: { from: '2025-01-01T00:00:00.000Z', to: '2025-01-02T00:00:00.000Z' },
    });
  });

  test.each([
    [{ eventTimeStart: '2025-01-01' }, 'give both'],
    [{ eventTimeEnd: '2025-01-01' }, 'give both'],
    [{ eventTimeStart: '2025-01-02', eventTimeEnd: '2025-01-01' }, 'swap'],
    [{ sample: '3 weeks' }, "write '3 days'"],
    [{ sample: '{start: 2025-01-01}' }, "write '3 days'"],
  ])('%j is refused with what to do', async (flags, hint) => {
    await expect(read(flags)).rejects.toMatchObject({ hint: expect.stringContaining(hint) });
  });
});
