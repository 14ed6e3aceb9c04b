import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readArtifact } from '../state-selection/read-artifact.ts';
import { type DbtFolder, dbtFolder, retryOf, troubles } from './dbt-project.ts';

const day = 86_400_000;

/** Two inputs of six days from the 28th of December, three rows each a day. */
const inputs = {
  'models/sources.yml': `sources:
  - name: raw
    schema: main
    tables: [{name: events, config: {event_time: tm}}, {name: plain}]`,
  'models/orders.sql': `{{ config(materialized='table', event_time='tm') }}
    select timestamp '2025-12-28' + to_hours(8 * i::int) as tm, i::int as n from range(18) t(i)`,
};

const source = `create or replace table events as
  select timestamp '2025-12-28' + to_hours(8 * i::int) as tm, i::int as n from range(18) t(i)`;

const micro = (more = '') => `{{ config(materialized='incremental',
  incremental_strategy='microbatch', event_time='tm', batch_size='day', begin='2025-12-28',
  lookback=1${more}) }}`;

async function column(project: DbtFolder, text: string): Promise<string> {
  return (await project.rows(text)).map((row) => Object.values(row).join(':')).join(' ');
}

describe('inputs that say what their time is', () => {
  test('are seen batch by batch: rows of two batches never meet', async () => {
    const project = dbtFolder({
      ...inputs,
      'models/pairs.sql': `${micro()}
        select e.tm, e.n, o.n as other from {{ source('raw', 'events') }} as e
        join {{ ref('orders') }} as o on abs(o.n - e.n) <= 1`,
      'models/counts.sql': `${micro()}
        select date_trunc('month', tm) as tm, count(*) as n from {{ ref('orders') }} group by 1`,
    });
    await project.run(source);
    expect(troubles(await project.build())).toEqual([]);
    // Row 2 and row 3 are of two days: only a join over all of them would bring them together.
    expect(await column(project, 'select n, other from pairs where n < 5 order by all')).toBe(
      '0:0 0:1 1:0 1:1 1:2 2:1 2:2 3:3 3:4 4:3 4:4 4:5',
    );
    // A month is counted by each of its days, and is of the first one's batch alone.
    expect(await column(project, 'select tm::date, n from counts order by all')).toBe(
      '2026-01-01:3',
    );
  });

  test('are seen whole by render(), and where they have no event_time', async () => {
    const project = dbtFolder({
      ...inputs,
      'models/all.sql': `${micro()}
        select tm, (select count(*) from {{ ref('orders') }}) as mine,
          (select count(*) from {{ ref('orders').render() }}) as whole,
          (select count(*) from {{ source('raw', 'plain') }}) as plain
        from {{ source('raw', 'events') }}`,
    });
    await project.run(source);
    await project.run('create table plain as from events');
    expect(troubles(await project.build())).toEqual([]);
    expect(await column(project, 'select distinct mine, whole, plain from "all"')).toBe('3:18:18');
  });

  test('may be ephemeral, a seed, a snapshot, dates or text, and have awkward names', async () => {
    const project = dbtFolder({
      'models/loose.sql': `{{ config(materialized='ephemeral', event_time='the time') }}
        select date '2025-12-28' + i::int as "the time" from range(6) t(i)`,
      'models/words.sql': `{{ config(event_time="cast(\\"order\\" as timestamp)") }}
        select (date '2025-12-28' + i::int)::text as "order" from range(6) t(i)`,
      'models/zoned.sql': `{{ config(event_time='at') }}
        select timestamptz '2025-12-28 00:00:00+00' + to_days(i::int) as "at" from range(6) t(i)`,
      'seeds/days.csv': 'order\n2025-12-28\n2025-12-29\n2025-12-30\n2025-12-31\n2026-01-01\n',
      'seeds/seeds.yml': 'seeds: [{name: days, config: {event_time: order}}]',
      'snapshots/snap.yml': `snapshots:
  - {name: snap, relation: ref('zoned'), config: {unique_key: '"at"', strategy: check,
     check_cols: all, event_time: at}}`,
      'models/all.sql': `${micro()}
        select z."at" as tm, (select count(*) from {{ ref('loose') }}) as loose,
          (select count(*) from {{ ref('days') }}) as days,
          (select count(*) from {{ ref('words') }}) as words,
          (select count(*) from {{ ref('snap') }}) as snap
        from {{ ref('zoned') }} as z`,
    });
    const first = await project.build();
    expect(troubles(first)).toEqual([]);
    expect(await column(project, 'select distinct loose, days, words, snap from "all"')).toBe(
      '1:1:1:1',
    );
  });

  test('are narrowed in an increment as in a first build, and a changed event_time is a change', async () => {
    const project = dbtFolder({
      ...inputs,
      'models/sums.sql': `${micro()}
        select min(tm) as tm, count(*) as n, {{ model.batch.event_time_start.day }} as d
        from {{ source('raw', 'events') }}`,
    });
    await project.run(source);
    await project.build();
    const sums = () => column(project, 'select d, n from sums order by tm');
    expect(await sums()).toBe('28:3 29:3 30:3 31:3 1:3');
    await project.run('insert into events select tm, n from events');
    project.pass(day);
    expect(troubles(await project.build())).toEqual([]);
    expect(await sums()).toBe('28:3 29:3 30:3 31:3 1:6 2:6');
  });

  test('tell of an event_time that they have no column of, before anything is built', async () => {
    const project = dbtFolder({
      'models/orders.sql': "{{ config(event_time='time') }} select timestamp '2025-12-28' as tm",
      'models/all.sql': `${micro()} select tm from {{ ref('orders') }}`,
    });
    const result = await project.build();
    expect(troubles(result).join()).toMatch(/all.*"?time"?/s);
  });
});

describe('model.batch', () => {
  test('names the batch in the template and its macros, and is none elsewhere', async () => {
    const project = dbtFolder({
      'macros/batch_name.sql': '{% macro its_id() %}{{ model.batch.id }}{% endmacro %}',
      'models/named.sql': `${micro()}
        select timestamp '{{ model.batch.event_time_start.strftime("%Y-%m-%d") }}' as tm,
          '{{ its_id() }}' as id, '{{ model.batch.event_time_end }}' as until,
          '{{ this.name }}' as name`,
      'models/hours.sql': `${micro().replace("'day'", "'hour'").replace('2025-12-28', '2025-12-31 22:30:00')}
        select timestamp '{{ model.batch.event_time_start.isoformat()[:19] }}' as tm,
          '{{ model.batch.id }}' as id`,
      'models/plain.sql': "select '{{ model.batch }}' as none",
    });
    expect(troubles(await project.build())).toEqual([]);
    expect(await column(project, 'select id, until from named order by tm limit 1')).toBe(
      '20251228:2025-12-29 00:00:00+00:00',
    );
    expect(await column(project, 'select id from hours order by tm')).toBe(
      '20251231T22 20251231T23 20260101T00',
    );
    expect(await column(project, 'select "none" from plain')).toBe('None');
  });

  test.each([
    ['its text', '{{ this }}'],
    ['a macro', '{{ standing() }}'],
  ])('a batch sees what those before it left in the table, named by %s', async (_, table) => {
    const project = dbtFolder({
      ...inputs,
      'macros/standing.sql': '{% macro standing() %}{{ this }}{% endmacro %}',
      'models/chain.sql': `${micro(', full_refresh=false').replace('lookback=1', 'lookback=0')}
        select min(tm) as tm, count(*) {% if is_incremental() %}
          + (select coalesce(max(total), 0) from ${table}) {% endif %} as total
        from {{ source('raw', 'events') }} having count(*) > 0`,
    });
    await project.run(source);
    await project.build();
    await project.run(
      "insert into events select timestamp '2026-01-02' + to_days(i::int), 1 from range(3) t(i)",
    );
    project.pass(4 * day);
    expect(troubles(await project.build())).toEqual([]);
    expect(
      await column(project, "select total from chain where tm >= '2026-01-02' order by tm"),
    ).toBe('22 23 24');
  });
});

describe('is_incremental() of a first build', () => {
  const model = (select: string) => ({ ...inputs, 'models/turns.sql': `${micro()} ${select}` });
  const turns = (project: DbtFolder) =>
    column(project, 'select day(tm), turn from turns order by tm');

  test('is false in the batch that makes the table, and true in those after it', async () => {
    const project = dbtFolder(
      model(`select min(tm) as tm, '{{ is_incremental() }}/{{ should_full_refresh() }}' as turn
        from {{ source('raw', 'events') }}`),
    );
    await project.run(source);
    expect(troubles(await project.build())).toEqual([]);
    const first = '28:False/False 29:True/False 30:True/False 31:True/False 1:True/False';
    expect(await turns(project)).toBe(first);
    // Made anew it is as in dbt: false in each of them.
    await project.build({ fullRefresh: true });
    expect(await turns(project)).toBe(first.replaceAll(/(True|False).False/g, 'False/True'));
    await project.build({ withoutReuse: true });
    expect(await turns(project)).toContain('31:True/False 1:True/False');
  });

  test('a batch then finds those before it in `this`, also by what it asks the warehouse', async () => {
    const project = dbtFolder(
      model(`{% if is_incremental() %}
          {% set asked = run_query('select count(*) from ' ~ this).columns[0][0] %}
          {% set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | join %}
          select min(tm) as tm, '{{ asked }}/{{ columns }}/{{ this.name }}/' ||
            (select count(*) from {{ this }}) as turn
        {% else %} select min(tm) as tm, 'made' as turn {% endif %}
        from {{ source('raw', 'events') }}`),
    );
    await project.run(source);
    expect(troubles(await project.build())).toEqual([]);
    expect(await turns(project)).toBe(
      '28:made 29:1/tmturn/turns/1 30:2/tmturn/turns/2 31:3/tmturn/turns/3 1:4/tmturn/turns/4',
    );
  });

  test('where batches fail, the first that can be made makes the table', async () => {
    const project = dbtFolder(
      model(`select min(tm) as tm, {% if is_incremental() %}
          (select count(*) from {{ this }}) {% else %} min(cast(n as integer)) * 0 {% endif %} as turn
        from {{ source('raw', 'events') }} where n != '10' or error('the tenth')`),
    );
    await project.run(
      source.replace('i::int as n', "case when i = 1 then 'x' else i::text end as n"),
    );
    expect(troubles(await project.build())[0]).toContain('2 of 5 batches failed (2025-12-28');
    expect(await turns(project)).toBe('29:0 30:1 1:2');
  });
});

describe('a stretch of event time', () => {
  const files = {
    ...inputs,
    'models/days.sql': `${micro()} select tm, n, '{{ var("made", "a") }}' as made
      from {{ source('raw', 'events') }}`,
  };
  const days = (project: DbtFolder) =>
    column(
      project,
      'select day(tm), any_value(made), count(*) from days group by tm::date, 1 order by tm::date',
    );
  const stretch = (from: string, to: string) => ({ eventTime: { from, to } });

  test('is made whole batches of, and the others stay', async () => {
    const project = dbtFolder(files);
    await project.run(source);
    await project.build();
    expect(await days(project)).toBe('28:a:3 29:a:3 30:a:3 31:a:3 1:a:3');
    await project.run('delete from events where n > 2');
    const some = stretch('2025-12-30T10:00:00Z', '2025-12-31T01:00:00Z');
    expect(troubles(await project.build(some))).toEqual([]);
    expect(await days(project)).toBe('28:a:3 29:a:3 1:a:3');
    const [result] = readArtifact(project.folder, 'run_results.json').results.filter(
      ({ unique_id: id }) => id.endsWith('.days'),
    );
    expect(result?.batch_results?.successful).toHaveLength(2);
  });

  test('leaves no hole behind it: the next build goes on from where it was', async () => {
    const project = dbtFolder(files);
    await project.run(source);
    // Only the first two days: the rest is made by the next build.
    await project.build(stretch('2025-12-28', '2025-12-30'));
    expect(await days(project)).toBe('28:a:3 29:a:3');
    await project.build();
    expect(await days(project)).toBe('28:a:3 29:a:3 30:a:3 31:a:3 1:a:3');
    await project.run('insert into events select tm + to_days(6), n from events');
    project.pass(5 * day);
    // The 5th, while the 2nd to the 4th were never made.
    await project.build(stretch('2026-01-05', '2026-01-06'));
    expect(await days(project)).toBe('28:a:3 29:a:3 30:a:3 31:a:3 1:a:3 5:a:3');
    await project.build();
    expect(await days(project)).toBe(
      '28:a:3 29:a:3 30:a:3 31:a:3 1:a:3 2:a:3 3:a:3 4:a:3 5:a:3 6:a:3',
    );
  });

  test('of a changed text is replaced alone, and the next build makes the table whole', async () => {
    const project = dbtFolder(files);
    const write = (made: string): void =>
      writeFileSync(
        `${project.folder}/models/days.sql`,
        files['models/days.sql'].replace('{{ var("made", "a") }}', made),
      );
    await project.run(source);
    await project.build();
    write('b');
    await project.build(stretch('2025-12-29', '2025-12-30'));
    expect(await days(project)).toBe('28:a:3 29:b:3 30:a:3 31:a:3 1:a:3');
    await project.build();
    expect(await days(project)).toBe('28:b:3 29:b:3 30:b:3 31:b:3 1:b:3');
    write('c');
    await project.build({ ...stretch('2025-12-29', '2025-12-30'), fullRefresh: true });
    expect(await days(project)).toBe('29:c:3');
  });

  test('is retried as the batches of it that failed; earlier successes are told', async () => {
    const project = dbtFolder({
      ...files,
      'models/days.sql': `${micro()} select tm, cast(n as integer) as n, 'a' as made
        from {{ source('raw', 'events') }}`,
    });
    await project.run(
      source.replace('i::int as n', "case when i = 4 then 'x' else i::text end as n"),
    );
    const first = await project.build(stretch('2025-12-28', '2025-12-31'));
    expect(troubles(first)[0]).toContain('1 of 3 batches failed (2025-12-29)');
    await project.run("update events set n = '4' where n = 'x'");
    expect(troubles(await project.build(retryOf(project)))).toEqual([]);
    const results = readArtifact(project.folder, 'run_results.json').results;
    const told = results.find(({ unique_id: id }) => id.endsWith('.days'));
    expect(told?.batch_results).toEqual({
      successful: ['29', '28', '30'].map((one) => [
        `2025-12-${one}T00:00:00.000Z`,
        `2025-12-${Number(one) + 1}T00:00:00.000Z`,
      ]),
      failed: [],
    });
    await project.build();
    expect(await days(project)).toBe('28:a:3 29:a:3 30:a:3 31:a:3 1:a:3');
  });
});

test('a batch that asks its own table is answered with the batches before it', async () => {
  const counts = `${micro(', full_refresh=false').replace('lookback=1', 'lookback=3')}
    {% set before = run_query('select count(*) from ' ~ this) if is_incremental() else none %}
    select tm, {{ before.columns[0].values()[0] if before else 0 }} as before
    from {{ ref('orders') }}`;
  const project = dbtFolder({ ...inputs, 'models/counts.sql': counts });
  expect(troubles(await project.build())).toEqual([]);
  const before = () => column(project, 'select distinct tm::date, before from counts order by all');
  const days = (...counts: number[]) =>
    ['2025-12-28', '2025-12-29', '2025-12-30', '2025-12-31', '2026-01-01']
      .map((date, index) => `${date}:${counts[index]}`)
      .join(' ');
  expect(await before()).toBe(days(0, 3, 6, 9, 12));
  await project.run("delete from counts where tm >= timestamp '2025-12-30'");
  writeFileSync(`${project.folder}/models/counts.sql`, `${counts} where true`);
  expect(troubles(await project.build())).toEqual([]);
  // The rows that the 29th had are there when it is its turn.
  expect(await before()).toBe(days(0, 6, 6, 9, 12));
});
