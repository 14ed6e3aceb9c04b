import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

const files = {
  'seeds/orders.csv': 'id,amount,day\na,1,2026-01-01\nb,2,2026-01-02\n',
  'seeds/versions.csv':
    'id,stage,owner,at,seen,gone\na,new,x,2026-01-01 00:00:00,2026-01-01 00:00:00,false\n',
  'models/merged.sql': `{{ config(materialized='incremental', unique_key='id',
      incremental_strategy='merge', merge_update_columns=['amount']) }}
    select id, amount, day from {{ ref('orders') }}
    {% if is_incremental() %}where day > (select max(day) from {{ this }}){% endif %}`,
  'models/past.sql': `{{ config(materialized='history', unique_key='id', valid_at='at',
      recorded_at='seen', deleted='gone', untracked=['owner']) }}
    select * from {{ ref('versions') }}`,
  'models/plain.sql': "{{ config(materialized='view') }}select 1 as id from {{ ref('orders') }}",
  'snapshots/states.yml': `snapshots:
  - name: states
    relation: ref('orders')
    config: {unique_key: id, strategy: timestamp, updated_at: day}
`,
};
const build = async (unitTests: string) => {
  const project = dbtFolder({ ...files, 'models/units.yml': `unit_tests:\n${unitTests}` });
  const faults: string[] = [];
  const result = await project.build({
    onPlan: (plan) => faults.push(...plan.faults.map(({ message }) => message)),
  });
  return { result, faults };
};

test('a unit test asserts the table after the merge, rows that the batch leaves alone included', async () => {
  const { result, faults } = await build(`
  - name: updates_amounts_only
    model: merged
    given:
      - input: this
        rows: [{id: a, amount: 1, day: 2026-01-01}, {id: b, amount: 2, day: 2026-01-01}]
      - input: ref('orders')
        rows: [{id: b, amount: 20, day: 2026-01-05}, {id: c, amount: 3, day: 2026-01-05}]
    expect:
      after: merge
      rows:
        - {id: a, amount: 1, day: 2026-01-01}
        - {id: b, amount: 20, day: 2026-01-01}
        - {id: c, amount: 3, day: 2026-01-05}
  - name: is_built_whole_where_nothing_stands
    model: merged
    given: [{input: ref('orders'), rows: [{id: a, amount: 1}]}]
    expect: {after: merge, rows: [{id: a, amount: 1}]}
  - name: tells_a_wrong_table
    model: merged
    given:
      - {input: this, rows: [{id: a, amount: 1, day: 2026-01-01}]}
      - {input: ref('orders'), rows: [{id: a, amount: 9, day: 2026-01-02}]}
    expect: {after: merge, rows: [{id: a, amount: 1}]}
  - name: refuses_what_a_run_would_refuse
    model: merged
    given: [{input: ref('orders'), rows: [{id: a}, {id: a}]}]
    expect: {after: merge, rows: []}
`);
  expect(faults).toEqual([]);
  const of = (name: string) => result.steps.find(({ id }) => id.endsWith(name));
  expect(of('updates_amounts_only')).toMatchObject({ status: 'success' });
  expect(of('is_built_whole_where_nothing_stands')).toMatchObject({ status: 'success' });
  expect(of('tells_a_wrong_table')?.hint).toContain('+ {"id":"a","amount":9}');
  expect(of('refuses_what_a_run_would_refuse')?.message).toMatch(
    /1 values of the unique key \(id\) are on more than one row/,
  );
});

test('a unit test asserts the intervals of a history, late versions and deletes among them', async () => {
  const { result, faults } = await build(`
  - name: takes_back_what_was_believed
    model: past
    given:
      - input: ref('versions')
        format: csv
        rows: |
          id,stage,owner,at,seen,gone
          a,new,x,2026-01-01,2026-01-01,false
          a,won,x,2026-01-09,2026-01-09,false
          a,open,y,2026-01-05,2026-01-10,false
          a,won,z,2026-01-11,2026-01-11,false
          a,,,2026-01-20,2026-01-20,true
    expect:
      after: merge
      format: csv
      rows: |
        stage,owner,valid_from,valid_to,recorded_from,recorded_to,is_deleted
        new,x,2026-01-01,2026-01-09,2026-01-01,2026-01-10,false
        new,x,2026-01-01,2026-01-05,2026-01-10,,false
        open,y,2026-01-05,2026-01-09,2026-01-10,,false
        won,z,2026-01-09,2026-01-20,2026-01-09,,true
  - name: has_no_rows_of_its_own
    model: past
    given: [{input: this, rows: []}, {input: ref('versions'), rows: []}]
    expect: {after: merge, rows: []}
`);
  expect(faults).toEqual([]);
  const of = (name: string) => result.steps.find(({ id }) => id.endsWith(name));
  expect(of('takes_back_what_was_believed')).toMatchObject({ status: 'success' });
  expect(of('has_no_rows_of_its_own')?.hint).toContain('a history is made of its log alone');
});

test('a unit test asserts the rows of a snapshot, given those that stand', async () => {
  const { result, faults } = await build(`
  - name: ends_and_follows
    model: states
    given:
      - input: this
        rows:
          - {id: a, amount: 1, day: 2026-01-01, dbt_scd_id: x, dbt_updated_at: 2026-01-01, dbt_valid_from: 2026-01-01}
      - {input: ref('orders'), rows: [{id: a, amount: 5, day: 2026-01-03}]}
    expect:
      after: merge
      rows:
        - {id: a, amount: 1, dbt_valid_from: 2026-01-01, dbt_valid_to: 2026-01-03}
        - {id: a, amount: 5, dbt_valid_from: 2026-01-03, dbt_valid_to: null}
`);
  expect(faults).toEqual([]);
  expect(troubles(result)).toEqual([]);
  expect(result.steps.find(({ id }) => id.endsWith('ends_and_follows'))?.status).toBe('success');
});

test('a table is expected of models that have one, after the merge', async () => {
  const { result } = await build(`
  - {name: eager, model: plain, given: [], expect: {after: merge, rows: []}}
  - {name: odd, model: merged, given: [], expect: {after: lunch, rows: []}}
`);
  const messages = result.steps.map(({ message }) => message).join('\n');
  expect(messages).toMatch(/units.yml:3:5.*plain is materialized as view/);
  expect(messages).toMatch(/units.yml:4:5.*expects rows after "lunch"/);
});
