import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeSource } from './odd-project.ts';
import { findPython, whyNoPython } from './python.ts';
import { layTwins, type PeerRun, type TwinProject } from './twin-project.ts';
import { compareWarehouses } from './twin-tables.ts';

const found = findPython();

const micro = (size = 'day', more = ''): string => `{{ config(materialized='incremental',
  incremental_strategy='microbatch', event_time='happened', batch_size='${size}',
  begin='2025-01-01'${more}) }}`;

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
  in_hours: `${micro('hour', ', concurrent_batches=false')}
    select e.*, '{{ model.batch.id }}' as batch from ${events} as e`,
  in_months: `${micro('month')} select e.*, count(*) over () as n, '{{ model.batch.id }}' as batch
    from ${events} as e`,
  in_years: `${micro('year')} select e.*, '{{ model.batch.id }}' as batch from ${events} as e`,
  by_dates: `${micro()} select d.day::timestamp as happened, d.id from {{ ref('days') }} as d`,
  from_inner: `${micro()} select * from {{ ref('inner_orders') }}`,
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

interface Round {
  readonly what: string;
  readonly statements: readonly string[];
  readonly args: readonly string[];
}

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

async function execute(file: string, statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  try {
    for (const statement of statements) await connection.run(statement);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const outcomesOf = ({ nodes }: PeerRun): Record<string, string> =>
  Object.fromEntries([...nodes].map(([id, { outcome }]) => [id, outcome]));

describe.skipIf(!found)(`microbatches${found ? '' : ` (skipped: ${whyNoPython()})`}`, () => {
  let twins: TwinProject;
  beforeAll(() => {
    if (!found) return;
    using source = writeSource({ name: 'batched', files });
    twins = layTwins(source.folder, { python: found, profile: 'batched' });
  });
  afterAll(() => twins?.[Symbol.dispose]());

  for (const { what, statements, args } of rounds) {
    test(`of ${what} make the rows of dbt’s`, async () => {
      const runs: PeerRun[] = [];
      for (const peer of [twins.dbt, twins.tidemill]) {
        if (statements.length > 0) await execute(peer.warehouse, statements);
        runs.push(peer.run('build', args));
      }
      const [theirs, ours] = runs;
      if (!theirs || !ours) throw new Error('both were run');
      expect(outcomesOf(ours), ours.printed).toEqual(outcomesOf(theirs));
      const { differences, compared } = await compareWarehouses(
        twins.dbt.warehouse,
        twins.tidemill.warehouse,
        { ignored: /__dbt_/ },
      );
      expect(differences).toEqual([]);
      // The models but for the ephemeral one, `orders`, the seed and the two tables of others.
      expect(compared).toHaveLength(Object.keys(models).length + 4);
    });
  }
});
