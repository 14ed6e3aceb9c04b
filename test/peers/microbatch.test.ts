import { type Round, testRounds } from './twin-rounds.ts';

// dbt waits forever where more models than it has threads each wait for batches of their own.
const micro = (size = 'day'): string => `{{ config(materialized='incremental',
  incremental_strategy='microbatch', event_time='happened', batch_size='${size}',
  begin='2025-01-01', concurrent_batches=false) }}`;

const events = "{{ source('raw', 'events') }}";

/**
 * What a batch sees shows in each of them: rows that meet, counts, names and times of the batch.
 */
const models: Readonly<Record<string, string>> = {
  copied: `${micro()} select * from ${events}`,
  joined: `${micro()} select e.happened, e.id, o.id as other from ${events} as e
    join {{ ref('orders') }} as o on abs(o.id - e.id) <= 2`,
  counted: `${micro()} select min(happened) as happened, count(*) as n,
    (select count(*) from {{ ref('orders') }}) as seen,
    (select count(*) from {{ ref('orders').render() }}) as whole,
    (select count(*) from {{ source('raw', 'untimed') }}) as untimed from ${events} having count(*) > 0`,
  of_month: `${micro()} select date_trunc('month', happened) as happened, count(*) as n
    from ${events} group by 1`,
  named: `${micro()} select happened, id, '{{ model.batch.id }}' as batch,
    '{{ model.batch.event_time_start }}' as starts, '{{ model.batch.event_time_end }}' as ends
    from ${events}`,
  in_hours: `${micro('hour')}
    select e.*, '{{ model.batch.id }}' as batch from ${events} as e`,
  in_months: `${micro('month')} select e.*, count(*) over () as n, '{{ model.batch.id }}' as batch
    from ${events} as e`,
  in_years: `${micro('year')} select e.*, '{{ model.batch.id }}' as batch from ${events} as e`,
  by_dates: `${micro()} select d.day::timestamp as happened, d.id from {{ ref('days') }} as d`,
  from_inner: `${micro()} select * from {{ ref('inner_orders') }}`,
  turned: `${micro()} select happened, '{{ is_incremental() }}' as turn
    {%- if is_incremental() %}, (select count(*) from {{ this }}) {% else %}, -1 {% endif %} as n
    from ${events}`,
  plain: "{{ config(materialized='table') }} select * from {{ ref('orders') }}",
};

const files = {
  ...Object.fromEntries(
    Object.entries(models).map(([name, text]) => [`models/${name}.sql`, `${text}\n`]),
  ),
  'models/orders.sql': `{{ config(materialized='table', event_time='ordered') }}
    select id, happened as ordered from {{ source('raw', 'events') }}\n`,
  'models/inner_orders.sql': `{{ config(materialized='ephemeral', event_time='happened') }}
    select id, ordered as happened from {{ ref('orders') }}\n`,
  'models/sources.yml': `sources:
  - name: raw
    tables:
      - {name: events, config: {event_time: happened}}
      - {name: untimed}
`,
  'seeds/days.csv': 'day,id\n2025-01-01,1\n2025-01-02,2\n2025-01-03,3\n2025-01-04,4\n',
  'seeds/seeds.yml': 'seeds: [{name: days, config: {event_time: day}}]\n',
};

const stretch = (from: string, to: string): string[] => [
  ...['--event-time-start', from, '--event-time-end', to],
];

const rounds: readonly Round[] = [
  {
    what: 'a first stretch',
    statements: [
      'create schema raw',
      `create table raw.events as select i::int as id,
        timestamp '2025-01-01' + to_hours(7 * i::int) as happened from range(16) t(i)`,
      'create table raw.untimed as select 1 as n from range(4)',
    ],
    args: stretch('2025-01-01', '2025-01-05'),
  },
  {
    what: 'batches in the middle, where rows came, went and moved',
    statements: [
      'delete from raw.events where id in (8, 9)',
      "update raw.events set happened = timestamp '2025-01-03 05:00:00' where id in (0, 7)",
      "insert into raw.events values (20, '2025-01-03 23:59:59.999'), (21, '2025-01-04 00:00:00')",
    ],
    args: stretch('2025-01-03', '2025-01-04 12:00:00'),
  },
];

testRounds({
  what: 'microbatches',
  project: 'batched',
  files,
  // The models but for the ephemeral one, `orders`, the seed and the two tables of others.
  relations: Object.keys(models).length + 4,
  rounds,
});
