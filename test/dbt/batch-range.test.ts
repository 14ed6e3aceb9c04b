import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openWorkbench } from '../materialize/workbench.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

const config = `{{ config(materialized='incremental', incremental_strategy='microbatch',
  event_time='tm', batch_size='day', begin='2025-12-22', lookback=2) }}`;

const timed = "{{ ref('timed') }}";
const plain = "{{ ref('plain') }}";

/** Selects over an input with a time, and whether their batches may be made at once. */
const selects: Readonly<Record<string, readonly [text: string, isApart: boolean]>> = {
  copied: [`select tm, n, n * 2 as m from ${timed} where n % 3 > 0`, true],
  chained: [`with a as (select * from ${timed}), b as (select *, n + 1 as m from a) from b`, true],
  renamed: [`select a.at as tm, a.n from (select tm as at, n from ${timed}) as a`, true],
  opened: [`select tm, unnest([n, -n]) as n from ${timed}`, true],
  left: [`select t.tm, t.n, p.name from ${timed} as t left join ${plain} as p using (n)`, true],
  right: [`select t.tm, p.n from ${plain} as p right join ${timed} as t using (n)`, true],
  inner: [
    `select t.tm, p.n from ${plain} as p join ${timed} as t on p.n between t.n and t.n + 2`,
    true,
  ],
  semi: [`select tm, n from ${timed} where n in (select n from ${plain})`, true],
  anti: [`select tm, n from ${timed} where n not in (select n from ${plain})`, true],
  outside: [`select tm, n, (select max(n) from ${plain}) as most from ${timed}`, true],
  // Rows of the other side stand alone in each of the batches.
  full: [
    `select coalesce(t.tm, p.tm) as tm, p.n from ${plain} as p full join ${timed} as t using (n)`,
    false,
  ],
  kept: [`select p.tm, t.n from ${plain} as p left join ${timed} as t using (n)`, false],
  shifted: [`select tm + to_hours(12) as tm, n from ${timed}`, false],
  other: [`select p.tm, t.n from ${plain} as p cross join ${timed} as t`, false],
  counted: [`select min(tm) as tm, count(*) as n from ${timed}`, false],
  grouped: [`select tm, n % 2 as n, count(*) as c from ${timed} group by all`, false],
  numbered: [`select tm, row_number() over (order by tm, n) as n from ${timed}`, false],
  first: [`select tm, n from ${timed} order by tm, n limit 2`, false],
  distinct: [`select distinct on (n % 2) tm, n from ${timed} order by n % 2, tm, n`, false],
  whole: [`select tm, n, (select count(*) from ${timed}) as c from ${timed}`, false],
  paired: [`select a.tm, b.n from ${timed} as a join ${timed} as b on b.n = a.n + 1`, false],
  exists: [
    `select p.tm, p.n from ${plain} as p where exists (from ${timed} as t where t.n = p.n)`,
    false,
  ],
  united: [`select tm, n from ${timed} union select tm, -n from ${timed}`, false],
  sampled: [`select tm, n from ${timed} using sample 3 rows (reservoir, 1)`, false],
};

test('batches are made at once where that is what each of them would answer', async () => {
  const chosen = Object.entries(selects).filter(
    ([name, [, isApart]]) => isApart || ['shifted', 'other', 'grouped', 'whole'].includes(name),
  );
  const files = chosen.flatMap(([name, [text]]) => [
    [`models/${name}.sql`, `${config} ${text}`],
    // What names its batch is made batch by batch.
    [`models/${name}_each.sql`, `${config} {% set mine = model.batch %} ${text}`],
  ]);
  const project = dbtFolder({
    'models/timed.sql': `{{ config(materialized='table', event_time='tm') }}
      select timestamp '2025-12-22' + to_hours(i::int * 5) as tm, i % 11 as n from range(50) t(i)`,
    'models/plain.sql': `{{ config(materialized='table') }}
      select i as n, 'p' || i as name, timestamp '2025-12-24' + to_days(i::int) as tm
      from range(7) t(i)`,
    ...Object.fromEntries(files),
  });
  expect(troubles(await project.build())).toEqual([]);
  const differing = chosen.map(
    ([name]) => `select '${name}' as name from (
      (from "${name}" except all from ${name}_each) union all
      (from ${name}_each except all from "${name}"))`,
  );
  expect(await project.rows(differing.join(' union '))).toEqual([]);
});

test('a select is known to make its rows one by one, or not', async () => {
  await using bench = await openWorkbench();
  await bench.run(
    "create table base as select timestamp '2025-12-10' + to_hours(i::int) as tm, i as n from range(90) t(i)",
    'create view timed as select tm, n from base',
    "create table plain as select i as n, 'p' || i as name, now()::timestamp as tm from range(7) t(i)",
  );
  const cut = "(select * from timed where tm >= timestamp '2025-12-11')";
  const found: Record<string, boolean> = {};
  for (const [name, [text]] of Object.entries(selects)) {
    const select = text.replaceAll(timed, cut).replaceAll(plain, 'plain');
    found[name] = await bench.warehouse.makesRowByRow(sql.raw(select), sql.raw(`from ${cut}`));
  }
  // What becomes of the time is not asked here.
  const others = { shifted: true, other: true, united: false };
  expect({ ...found, ...others }).toEqual({
    ...Object.fromEntries(Object.entries(selects).map(([name, [, isApart]]) => [name, isApart])),
    ...others,
  });
});

test('of batches that are made at once, those at fault are found and the others are published', async () => {
  const project = dbtFolder({
    'models/timed.sql': `{{ config(materialized='table', event_time='tm') }}
      select timestamp '2025-12-22' + to_days(i::int) as tm, i as n from range(10) t(i)`,
    'models/checked.sql': `${config}
      select tm, case when n in (3, 7) then error('no') else n end as n from ${timed}`,
  });
  const result = await project.build();
  expect(troubles(result).join()).toContain('checked');
  const [rows] = await project.rows(
    'select count(*)::int as n, list(n order by n) as all_of from checked',
  );
  expect(rows).toMatchObject({ n: 8 });
});
