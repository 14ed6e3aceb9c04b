import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dbtFolder, troubles } from '../dbt/dbt-project.ts';

const head = "import { defineModel, ref } from 'tidemill';\n";
const people = `{{ config(materialized='table') }}
  select 1::bigint as id, 'Ann' as name, 12.5::decimal(9,3) as worth, [1, 2] as marks, now()::timestamp_ns as seen`;

test('inputs that are not as declared are told before any data is touched, with what was meant', async () => {
  const project = dbtFolder({
    'models/people.sql': people,
    'models/wrong.ts': `${head}
export const wrong = defineModel({
  inputs: {
    people: ref('people', {
      id: 'varchar',
      nme: 'varchar',
      worth: 'decimal(5,3)',
      seen: 'timestamp',
    }),
  },
  columns: { id: 'bigint' },
  run: () => [],
});`,
    'models/right.ts': `${head}
export const right = defineModel({
  inputs: { people: ref('people', { ID: 'decimal(19,0)', name: 'varchar', worth: 'decimal(12,4)', marks: 'json' }) },
  columns: { id: 'decimal(19,0)', name: 'varchar', marks: 'json' },
  async *run({ people }) { for await (const { ID, name, marks } of people.rows()) yield { id: ID, name, marks }; },
});`,
    'models/after.sql': 'select nam from {{ ref("right") }}',
    'models/good.sql': 'select marks from {{ ref("right") }}',
    'models/schema.yml': `models:
  - {name: right, config: {contract: {enforced: true}}, columns: [{name: id, data_type: "decimal(19,0)"}, {name: name, data_type: varchar}, {name: marks, data_type: json}]}`,
  });
  const result = await project.build();
  const told = troubles(result);
  expect(told).toHaveLength(2);
  const wrong = told.find((line) => line.includes('.wrong ')) ?? '';
  expect(wrong).toContain(
    'models/wrong.ts:6:7 does not bind: "id" of the input "people" (people) is BIGINT, declared varchar',
  );
  expect(wrong).toContain('has no column "nme"; did you mean "name"?');
  expect(wrong).toContain(
    '"worth" of the input "people" (people) is DECIMAL(9,3), declared decimal(5,3)',
  );
  expect(wrong).toContain(
    '"seen" of the input "people" (people) is TIMESTAMP_NS, declared timestamp',
  );
  expect(wrong).toContain("declare id: 'bigint'");
  expect(told.join()).toMatch(/after\.sql:1:8 does not bind: .*"nam" not found.*"name"/s);
  expect(await project.rows('from main.right')).toEqual([{ id: '1', name: 'Ann', marks: [1, 2] }]);
});

test('a history stands on a function’s rows, and a failing test keeps them from being published', async () => {
  const versions = (rows: string): string => `${head}
export const people_history = defineModel({
  inputs: { people: ref('people', { id: 'bigint', name: 'varchar' }) },
  columns: { id: 'bigint', name: 'varchar', valid: 'timestamp', seen: 'timestamp' },
  key: ['id'],
  config: { materialized: 'history', valid_at: 'valid', recorded_at: 'seen' },
  run: () => [${rows}],
});`;
  const first =
    "{ id: 1, name: 'Ann', valid: '2026-01-01T00:00:00Z', seen: new Date('2026-01-01') }";
  const second =
    "{ id: 1, name: 'Anna', valid: '2026-02-01 00:00:00+01:00', seen: '2026-02-01' + 'T00:00:00Z' }";
  const project = dbtFolder({
    'models/people.sql': people,
    'models/people_history.ts': versions(first),
    'models/schema.yml':
      'models: [{name: people_history, columns: [{name: name, tests: [not_null]}]}]',
  });
  expect(troubles(await project.build())).toEqual([]);
  writeFileSync(join(project.folder, 'models/people_history.ts'), versions(`${first}, ${second}`));
  const again = await project.build();
  expect(troubles(again)).toEqual([]);
  const rows =
    'select name, valid_from, valid_to, is_current from main.people_history order by valid_from';
  const expected = [
    {
      name: 'Ann',
      valid_from: '2026-01-01T00:00:00.000Z',
      valid_to: '2026-01-31T23:00:00.000Z',
      is_current: false,
    },
    { name: 'Anna', valid_from: '2026-01-31T23:00:00.000Z', valid_to: null, is_current: true },
  ];
  expect(await project.rows(rows)).toEqual(expected);
  const nameless = second.replace("'Anna'", 'null');
  writeFileSync(
    join(project.folder, 'models/people_history.ts'),
    versions(`${first}, ${nameless}`),
  );
  const [held] = troubles(await project.build());
  expect(held).toMatch(/people_history failed: a test failed, nothing was published/);
  expect(await project.rows(rows)).toEqual(expected);
});

test('an incremental set is merged by key, rows not answered stay; a broken file stops itself only', async () => {
  const project = dbtFolder({
    'models/people.sql': people,
    'models/grown.ts': `${head}
export const grown = defineModel({
  inputs: { people: ref('people', { id: 'bigint' }) },
  columns: { id: 'integer', n: 'integer' },
  key: ['id'],
  config: { materialized: 'incremental', refresh_every: '1s' },
  run(_, { boundary }) {
    const second = new Date(boundary).getUTCSeconds();
    return [{ id: second, n: 0 }, { id: 100, n: second }];
  },
});`,
    'models/broken.ts': 'export const model = ;',
    'models/behind.sql': 'select * from {{ ref("broken") }}',
  });
  expect(troubles(await project.build()).map((line) => line.split(':')[0])).toEqual([
    'model.shop.broken failed',
    'model.shop.behind skipped',
  ]);
  await project.build({ select: ['grown'] });
  expect(await project.rows('from main.grown order by id')).toEqual([
    { id: 1, n: 0 },
    { id: 2, n: 0 },
    { id: 100, n: 2 },
  ]);
});
