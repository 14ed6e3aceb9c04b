import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { layFiles } from './odd-project.ts';
import type { Peer, PeerRun, TwinProject } from './twin-project.ts';
import { readRelation } from './twin-tables.ts';
import { describeWithDbt } from './with-dbt.ts';

const files: Readonly<Record<string, string>> = {
  'seeds/rows.csv': 'id,kind,amount\n1,a,5\n2,b,7\n',
  'models/gated.sql': "{{ config(materialized='table') }} select * from {{ ref('rows') }}",
  'models/merged.sql': `{{ config(materialized='incremental', incremental_strategy='merge', unique_key='kind') }}
    select kind, amount from {{ ref('rows') }}`,
  'models/replaced.sql': `{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['id', 'kind']) }}
    select id, kind, max(amount) as amount from {{ ref('rows') }} group by all`,
  'models/compared.sql': "{{ config(materialized='table') }} select id from {{ ref('rows') }}",
  'models/after.sql': "{{ config(materialized='table') }} select id from {{ ref('compared') }}",
  'models/casts.sql': `select {{ dbt.current_timestamp() }} as now_at,
    {{ dbt.safe_cast("'12x'", 'integer') }} as unsafe`,
  'models/piped.sql': `select 'a|' as k1, 'b' as k2, count(*) as n from {{ ref('rows') }}
    union all select 'a', '|b', 0`,
  'snapshots/kept.yml':
    "snapshots: [{name: kept, relation: ref('piped'), config: {strategy: check, check_cols: [n], unique_key: [k1, k2]}}]\n",
  'models/schema.yml': `
models:
  - {name: gated, columns: [{name: amount, data_tests: [{accepted_values: {arguments: {values: [5, 7], quote: false}}}]}]}
  - {name: compared, columns: [{name: id, data_tests: [{relationships: {arguments: {to: ref('rows'), field: amount}}}]}]}
`,
};

const rowsOf = ({ warehouse }: Peer, query: string) => readRelation(warehouse, query);

/** Every difference that docs/dbt.md names, met on purpose. */
describeWithDbt('by design', (python) => {
  let twins: TwinProject;
  let dbt: PeerRun;
  let tidemill: PeerRun;
  beforeAll(() => {
    twins = layFiles(python, { name: 'odd', files });
    twins.dbt.run('build');
    twins.tidemill.run('build');
    twins.edit((project) =>
      writeFileSync(join(project, 'seeds/rows.csv'), 'id,kind,amount\n1,c,9\n2,b,7\n3,b,8\n'),
    );
    dbt = twins.dbt.run('build');
    tidemill = twins.tidemill.run('build');
  });
  afterAll(() => twins?.[Symbol.dispose]());

  const both = async (query: string) => [
    await rowsOf(twins.dbt, query),
    await rowsOf(twins.tidemill, query),
  ];
  const outcomes = (name: string) =>
    [dbt, tidemill].map(({ nodes }) => nodes.get(`model.odd.${name}`)?.outcome);

  test('rows that break a test of their model are published by dbt, and not by Tidemill', async () => {
    expect(outcomes('gated')[0]).toBe('ok');
    expect(await both('select count(*) from gated where amount not in (5, 7)')).toEqual([
      [[2n]],
      [[0n]],
    ]);
  });

  test('a key that a batch has twice is merged by dbt, and refused by Tidemill', async () => {
    expect(outcomes('merged')).toEqual(['ok', 'fail']);
    const [theirs, ours] = await both('select kind, amount from merged order by all');
    expect(ours).toEqual([
      ['a', 5],
      ['b', 7],
    ]);
    expect(theirs).not.toEqual(ours);
  });

  test('a changed seed leaves stale rows in dbt’s increment, and none in Tidemill’s', async () => {
    expect(await both("select count(*) from replaced where kind = 'a'")).toEqual([[[1n]], [[0n]]]);
  });

  test('a change ends the row of every key whose texts make one id in dbt, and of its own in Tidemill', async () => {
    const query = 'select k1, k2, n::integer from kept where dbt_valid_to is null order by all';
    const changed = ['a|', 'b', 3];
    expect(await both(query)).toEqual([[changed], [['a', '|b', 0], changed]]);
  });

  test('a failing test of several models holds back what follows in dbt, and is told in Tidemill', () => {
    const failing = [dbt, tidemill].map(({ nodes }) =>
      [...nodes].filter(([id]) => id.includes('relationships')).map(([, { outcome }]) => outcome),
    );
    expect(failing).toEqual([['fail'], ['fail']]);
    expect(outcomes('after')).toEqual(['skip', 'ok']);
  });

  test('the time is the run’s in UTC, and what cannot be cast is null', async () => {
    const query = "select data_type from duckdb_columns() where column_name = 'now_at'";
    expect(await both(query)).toEqual([[['TIMESTAMP WITH TIME ZONE']], [['TIMESTAMP']]]);
    expect(await rowsOf(twins.tidemill, 'select unsafe from casts')).toEqual([[null]]);
    await expect(rowsOf(twins.dbt, 'select unsafe from casts')).rejects.toThrow('12x');
  });
});
