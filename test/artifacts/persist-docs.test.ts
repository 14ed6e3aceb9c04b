import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dbtFolder } from '../dbt/dbt-project.ts';
import { tidemill } from './command-line.ts';

const comments = `
  select table_name as name, null as column_name, comment from duckdb_tables() where comment is not null
  union all select view_name, null, comment from duckdb_views() where comment is not null
  union all select table_name, column_name, comment from duckdb_columns() where comment is not null
  order by all`;

const described = (first: string, second: string) => `
models:
  - name: seen
    description: ${first}
    columns: [{name: N, description: "it's a number"}, {name: gone, description: Nowhere.}]
  - {name: kept, description: ${second}, columns: [{name: n, description: Also.}]}
  - {name: silent, description: Not told.}
`;

test('descriptions stand beside tables, views and columns, and follow what the files say', async () => {
  const { folder, build, rows } = dbtFolder({
    'dbt_project.yml':
      'name: shop\nmodels: {shop: {+persist_docs: {relation: true, columns: true}}}',
    'models/seen.sql': 'select 1 as n',
    'models/kept.sql': "{{ config(materialized='table') }} select n from {{ ref('seen') }}",
    'models/silent.sql': '{{ config(persist_docs={}) }} select 1 as n',
    'models/schema.yml': described('A view.', 'A table.'),
  });
  await build();
  expect(await rows(comments)).toEqual([
    { name: 'kept', column_name: 'n', comment: 'Also.' },
    { name: 'kept', column_name: null, comment: 'A table.' },
    { name: 'seen', column_name: 'n', comment: "it's a number" },
    { name: 'seen', column_name: null, comment: 'A view.' },
  ]);
  // A reused model is not built again for a text, and a text that is gone is taken away.
  writeFileSync(join(folder, 'models/schema.yml'), described("''", 'Another text.'));
  const again = await build();
  expect(again.steps.map(({ status }) => status)).toEqual(['reused', 'reused', 'reused']);
  expect(await rows(comments)).toEqual([
    { name: 'kept', column_name: 'n', comment: 'Also.' },
    { name: 'kept', column_name: null, comment: 'Another text.' },
    { name: 'seen', column_name: 'n', comment: "it's a number" },
  ]);
  await build({ fullRefresh: true });
  expect(await rows(comments)).toHaveLength(3);
  const { err } = await tidemill(folder, 'build');
  expect(err).toContain('main.seen has no column gone, which is described in YAML');
});
