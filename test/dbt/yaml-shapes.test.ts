import { expect, test } from 'vitest';
import { readFiles } from '../models/project-folder.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

const files = {
  'dbt_project.yml': 'name: shop',
  'models/good.sql': 'select 1 as id',
  'models/bad.sql': 'select 1 as id',
  'models/after.sql': "select * from {{ ref('bad') }}",
  'models/s.yml': `models:
  - name: bad
    description: [1]
    columns: [{name: id, data_tests: [not_null]}]
  - nam: nobody
  - name: good
    columns:
      - name: id
        data_tests: [unique, not_null]
      - {name: idd, data_tests: [unique]}
exposures: 5
sources:
  - {name: raw, tables: {a: 1}}
  - {name: crm, schema: main, tables: [{name: deals}]}
unit_tests:
  - {name: one, model: good, given: [], expect: {rows: [{id: 1}]}}
`,
};

test('YAML of the wrong shape is told entry by entry; all other entries of the file hold', async () => {
  const project = await readFiles(files);
  expect(
    project.faults
      .filter(({ severity }) => severity === 'error')
      .map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`),
  ).toEqual([
    'models/s.yml:2:11 what is said here of "bad" cannot be read, so it is not built',
    'models/s.yml:3:18 "models.0.description" must be a text',
    'models/s.yml:5:5 "models.1" has no "name"',
    'models/s.yml:11:12 "exposures" must be a list, each entry after "- "',
    'models/s.yml:13:25 "sources.0.tables" must be a list, each entry after "- "',
  ]);
  const names = [...project.nodes.values()].map(({ name }) => name).sort();
  expect(names).toEqual([
    ...['after', 'bad', 'deals', 'good', 'not_null_good_id', 'one'],
    ...['unique_good_id', 'unique_good_idd'],
  ]);
  expect([...project.broken]).toEqual(['model.shop.bad']);
  const test = [...project.nodes.values()].find(({ name }) => name === 'unique_good_idd');
  expect(test).toMatchObject({ place: { line: 10 } });
});

test('a model whose entry cannot be read is not built without its tests', async () => {
  const project = dbtFolder({
    ...files,
    'models/s.yml': files['models/s.yml'].replace(
      '      - {name: idd, data_tests: [unique]}\n',
      '',
    ),
  });
  const run = await project.build();
  expect(troubles(run)).toEqual([
    expect.stringMatching(/bad failed: models\/s.yml:2:11 what is said here of "bad"/),
    expect.stringContaining('after skipped'),
  ]);
  expect(run.status).toBe('failed');
  expect(
    await project.rows(
      "select table_name from information_schema.tables where table_name in ('good', 'bad')",
    ),
  ).toEqual([{ table_name: 'good' }]);
});

test('a test on a column that is not there is told with its place before anything is built', async () => {
  const project = dbtFolder({
    ...files,
    'models/s.yml': `models:
  - name: good
    columns: [{name: idd, data_tests: [unique]}]
`,
  });
  const told = troubles(await project.build());
  expect(told).toEqual([expect.stringMatching(/models\/s.yml:3:\d+ .*idd.*/)]);
});

test('where a file cannot be read at all, nothing it may speak of is built without its tests', async () => {
  const project = dbtFolder({
    'dbt_project.yml': 'name: shop',
    'models/sales/orders.sql': 'select 1 as id',
    'models/sales/deep/lines.sql': 'select 1 as id',
    'models/sales/schema.yml': 'models:\n  - name: orders\n   columns: [',
    'models/people/staff.sql': 'select 1 as id',
    'models/people/schema.yml': 'models: [{name: staff, columns: [{name: id, tests: [unique]}]}]',
  });
  const run = await project.build();
  expect(run.status).toBe('failed');
  expect(troubles(run)).toEqual([
    expect.stringMatching(
      /lines failed: models\/sales\/schema.yml:1:1 until this file can be read nothing in models\/sales\/ is built/,
    ),
    expect.stringMatching(/orders failed: .*may hold tests of what is there/),
  ]);
  expect(await project.rows('select id from staff')).toEqual([{ id: 1 }]);
});
