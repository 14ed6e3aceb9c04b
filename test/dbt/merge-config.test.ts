import { expect, test } from 'vitest';
import { type DbtFolder, dbtFolder, troubles } from './dbt-project.ts';

const model = (config: string): string => `{{ config(materialized='incremental',
    incremental_strategy='merge', ${config}) }}
  {% if is_incremental() %} select * from (values (1, 10), (2, null), (3, 30)) as rows(id, n)
  {% else %} select * from (values (1, 1), (2, 2), (9, 9)) as rows(id, n) {% endif %}`;

async function grown(config: string): Promise<DbtFolder> {
  const project = dbtFolder({ 'models/m.sql': model(config) });
  expect(troubles(await project.build())).toEqual([]);
  expect(troubles(await project.build({ withoutReuse: true }))).toEqual([]);
  return project;
}

const rowsOf = async ({ rows }: DbtFolder) =>
  (await rows('select id, n from m order by id, n')).map(({ id, n }) => [id, n]);

test('a condition says which rows a merge updates, and which it adds', async () => {
  const project = await grown(`unique_key='id',
    merge_update_condition='DBT_INTERNAL_SOURCE.n is not null', merge_insert_condition='id < 3'`);
  expect(await rowsOf(project)).toEqual([
    [1, 10],
    [2, 2],
    [9, 9],
  ]);
});

test('an expression says what a merge writes into a column', async () => {
  const project = await grown(`unique_key='id',
    merge_update_set_expressions={'n': 'DBT_INTERNAL_DEST.n + DBT_INTERNAL_SOURCE.n'}`);
  expect((await rowsOf(project))[0]).toEqual([1, 11]);
});

test('columns to join by stand in place of a key, and are checked as one', async () => {
  const project = await grown("merge_on_using_columns=['id']");
  expect(await rowsOf(project)).toEqual([
    [1, 10],
    [2, null],
    [3, 30],
    [9, 9],
  ]);
  const twice = dbtFolder({
    'models/m.sql': `{{ config(materialized='incremental', incremental_strategy='merge',
      merge_on_using_columns=['id']) }} select 1 as id union all select 1`,
  });
  expect(troubles(await twice.build()).join()).toContain('on more than one row');
});

test('clauses say all of it, in their order, also of rows that the batch lacks', async () => {
  const project = await grown(`unique_key='id', merge_clauses={
    'when_matched': [{'action': 'delete', 'condition': 'DBT_INTERNAL_SOURCE.n is null'},
      {'action': 'update', 'mode': 'by_name'}],
    'when_not_matched': [{'action': 'do_nothing', 'by': 'target'},
      {'action': 'update', 'by': 'source', 'set_expressions': {'n': '-1'}}]}`);
  expect(await rowsOf(project)).toEqual([
    [1, 10],
    [9, -1],
  ]);
});

test('a clause may refuse the batch: the table stays as it was', async () => {
  const project = dbtFolder({
    'models/m.sql': model(`unique_key='id', merge_clauses={
      'when_matched': [{'action': 'error', 'error_message': "row's there"}]}`),
  });
  await project.build();
  expect(troubles(await project.build({ withoutReuse: true })).join()).toContain("row's there");
  expect(await rowsOf(project)).toEqual([
    [1, 1],
    [2, 2],
    [9, 9],
  ]);
});

test('a config of a merge that means nothing is told, all at once', async () => {
  const cases: Readonly<Record<string, RegExp>> = {
    "merge_update_condition=['a']": /merge_update_condition" is \["a"\]; write one condition/,
    "merge_update_set_expressions=['a']": /is no map of columns to expressions/,
    "merge_update_columns=['a'], merge_exclude_columns=['b']": /write one of them/,
    'merge_clauses={"other": []}': /need one of when_matched, when_not_matched/,
    'merge_clauses={"when_matched": []}': /when_matched must be a list of maps/,
    'merge_clauses={"when_matched": [{"action": "insert", "mode": "star"}]}': /is not inserted/,
    'merge_clauses={"when_matched": [{"action": "update"}]}': /"mode" is missing/,
    'merge_clauses={"when_matched": [{"action": "drop"}]}': /"action" is "drop"/,
    'merge_clauses={"when_not_matched": [{"action": "delete", "by": "x"}]}': /source, target/,
    'merge_clauses={"when_not_matched": [{"action": "insert", "mode": "explicit"}]}': /as many/,
    'merge_clauses={"when_matched": [{"action": "delete"}]}, merge_insert_condition="a"':
      /leave merge_insert_condition out/,
  };
  const names = Object.keys(cases).map((_, index) => `m${index}`);
  const { build } = dbtFolder(
    Object.fromEntries(
      Object.keys(cases).map((config, index) => [
        `models/${names[index]}.sql`,
        model(`unique_key='id', ${config}`),
      ]),
    ),
  );
  const told = troubles(await build());
  for (const [index, pattern] of Object.values(cases).entries()) {
    const own = told.find((line) => line.startsWith(`model.shop.m${index} `));
    expect(own).toMatch(pattern);
  }
});

test('a strategy said of a whole folder is nothing to its views, and adds rows without a key', async () => {
  const project = dbtFolder({
    'dbt_project.yml': `name: shop
models: { +incremental_strategy: merge, shop: { spans: { +incremental_strategy: microbatch } } }
`,
    'models/seen.sql': 'select 1 as id',
    'models/spans/seen_too.sql': 'select 1 as id',
    'models/added.sql': "{{ config(materialized='incremental') }} select 1 as id",
    'models/keyed.sql': "{{ config(materialized='incremental', unique_key='id') }} select 1 as id",
    'models/refused.sql': `{{ config(materialized='incremental', merge_update_condition='true') }}
      select 1 as id`,
  });
  const refused = [
    'model.shop.refused failed: models/refused.sql:1:1 a merge with conditions or clauses of its own needs a unique_key',
  ];
  expect(troubles(await project.build())).toEqual(refused);
  expect(troubles(await project.build({ withoutReuse: true }))).toEqual(refused);
  expect(await project.rows('select id from added')).toEqual([{ id: 1 }, { id: 1 }]);
  expect(await project.rows('select id from keyed')).toEqual([{ id: 1 }]);
});
