import { type Round, testRounds } from './twin-rounds.ts';

/** Config of one model each. All read what others write: a changed seed is another thing to us. */
const models: Readonly<Record<string, string>> = {
  no_key: '',
  appended: "incremental_strategy='append'",
  keyed: "unique_key='id'",
  replaced: "incremental_strategy='delete+insert', unique_key='id'",
  replaced_none: "incremental_strategy='delete+insert'",
  replaced_by_two: "incremental_strategy='delete+insert', unique_key=['id', 'kind']",
  replaced_where:
    "incremental_strategy='delete+insert', unique_key='id', incremental_predicates=['amount > 1']",
  merged: "incremental_strategy='merge', unique_key='id'",
  merged_none: "incremental_strategy='merge'",
  merged_by_two: "incremental_strategy='merge', unique_key=['id', 'kind']",
  merged_some:
    "incremental_strategy='merge', unique_key='id', merge_update_columns=['amount', 'changed_at']",
  merged_others: "incremental_strategy='merge', unique_key='id', merge_exclude_columns=['kind']",
  merged_where: `incremental_strategy='merge', unique_key='id',
    merge_update_condition='DBT_INTERNAL_SOURCE.amount > DBT_INTERNAL_DEST.amount',
    merge_insert_condition="kind != 'late'"`,
  merged_using: "incremental_strategy='merge', merge_on_using_columns=['id', 'kind']",
  merged_sums: `incremental_strategy='merge', unique_key='id', merge_exclude_columns=['kind'],
    merge_update_set_expressions={'amount': 'coalesce(DBT_INTERNAL_DEST.amount, 0) + DBT_INTERNAL_SOURCE.amount'}`,
  merged_by_clauses: `incremental_strategy='merge', unique_key='id', merge_clauses={
    'when_matched': [
      {'action': 'delete', 'condition': "DBT_INTERNAL_SOURCE.kind = 'd'"},
      {'action': 'do_nothing', 'condition': ['DBT_INTERNAL_SOURCE.amount is null', 'true']},
      {'action': 'update', 'mode': 'explicit', 'update': {'include': ['amount', 'changed_at'],
        'set_expressions': {'kind': "DBT_INTERNAL_DEST.kind || '+'"}}}],
    'when_not_matched': [
      {'action': 'insert', 'mode': 'explicit', 'condition': 'DBT_INTERNAL_SOURCE.id < 5',
        'insert': {'columns': ['id', 'kind'], 'values': ['DBT_INTERNAL_SOURCE.id', "'new'"]}},
      {'action': 'insert', 'mode': 'star'},
      {'action': 'update', 'by': 'source', 'condition': 'DBT_INTERNAL_DEST.id = 1',
        'set_expressions': {'amount': '-1'}},
      {'action': 'delete', 'by': 'source', 'condition': 'DBT_INTERNAL_DEST.id = 3'}]}`,
  merged_by_name: `incremental_strategy='merge', unique_key='id', merge_clauses={
    'when_matched': [{'action': 'update', 'mode': 'by_name'}],
    'when_not_matched': [{'action': 'insert', 'mode': 'by_position', 'by': 'target'}]}`,
};

const textOf = (config: string): string => `
{{ config(materialized='incremental'${config === '' ? '' : `, ${config}`}) }}
select * from {{ source('raw', 'rows') }}
{% if is_incremental() %} where changed_at > (select max(changed_at) from {{ this }}) {% endif %}
`;

const files = {
  ...Object.fromEntries(
    Object.entries(models).map(([name, config]) => [`models/${name}.sql`, textOf(config)]),
  ),
  'models/sources.yml': 'sources: [{name: raw, tables: [{name: rows}]}]\n',
};

/**
 * Keys stay unique in what all read: a batch with a key twice is refused here, and merged by dbt.
 */
const rounds: readonly Round[] = [
  {
    what: 'first rows',
    statements: [
      'create schema raw',
      'create table raw.rows (id integer, kind varchar, amount integer, changed_at timestamp)',
      "insert into raw.rows values (1, 'a', 1, '2026-01-01'), (2, 'b', 2, '2026-01-01'), (3, 'c', null, '2026-01-02')",
    ],
  },
  {
    what: 'rows that are new, and others in place of old ones',
    statements: [
      "update raw.rows set amount = 20, changed_at = '2026-01-03' where id = 2",
      "update raw.rows set kind = 'd', amount = 30, changed_at = '2026-01-03' where id = 3",
      "insert into raw.rows values (4, 'e', 4, '2026-01-04')",
    ],
  },
  {
    what: 'a late row, which no model sees, one that is gone, and a null that was a value',
    statements: [
      "insert into raw.rows values (8, 'late', 10, '2026-01-01')",
      'delete from raw.rows where id = 1',
      "update raw.rows set amount = null, changed_at = '2026-01-05' where id = 4",
    ],
  },
  { what: 'all rows anew', statements: [], args: ['--full-refresh'] },
];

testRounds({
  what: 'increments',
  project: 'grown',
  files,
  relations: Object.keys(models).length + 1,
  rounds,
});
