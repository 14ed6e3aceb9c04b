import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

const yaml = (columns: string, more = '') => `models:
  - name: orders
    config: {materialized: table, contract: {enforced: true}}
    columns: [${columns}]
${more}`;

test('types of a contract are compared by what they mean, not by how they are spelled', async () => {
  const shop = dbtFolder({
    'models/orders.sql':
      "select 1 as id, 'x' as t, 1::decimal(18,3) as n, [1] as l, 2.0::double as f, now() as at_time",
    'models/s.yml': yaml(
      "{name: id, data_type: int}, {name: t, data_type: text}, {name: n, data_type: numeric}, {name: l, data_type: 'int[]'}, {name: f, data_type: float8}, {name: at_time, data_type: timestamptz}",
    ),
  });
  expect(troubles(await shop.build())).toEqual([]);
  writeFileSync(
    join(shop.folder, 'models/s.yml'),
    yaml('{name: id, data_type: text}, {name: gone, data_type: int}'),
  );
  const [trouble = ''] = troubles(await shop.build());
  expect(trouble).toContain('"id" is INTEGER, promised was text; "gone" is missing; "t" was not');
});

test('types and constraints of a contract may be templates', async () => {
  const shop = dbtFolder({
    'models/orders.sql': "select 1 as id, '7' as n",
    'models/s.yml': yaml(
      `{name: id, data_type: "{{ 'UInt8' if target.type == 'clickhouse' else 'int' }}"},
       {name: n, data_type: varchar, constraints: [{type: check, expression: "n <> '{{ var('bad') }}'"}]}`,
    ),
  });
  expect(troubles(await shop.build({}, { vars: { bad: 8 } }))).toEqual([]);
  const [trouble = ''] = troubles(await shop.build({}, { vars: { bad: 7 } }));
  expect(trouble).toMatch(/model\.shop\.orders failed: .*1 row breaks/);
});

test('a table under a contract has the columns in its order', async () => {
  const shop = dbtFolder({
    'models/orders.sql': 'with own as (select 1 as n, 2 as id) select n, id from own;',
    'models/s.yml': yaml('{name: id, data_type: integer}, {name: N, data_type: integer}'),
    'models/all_of_it.sql': "select * from {{ ref('orders') }}",
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect((await shop.rows('describe all_of_it')).map((row) => row['column_name'])).toEqual([
    'id',
    'N',
  ]);
});

test.each([
  ['not_null', '{name: id, data_type: integer, constraints: [{type: not_null}]}', '', 'null'],
  ['unique', '{name: id, data_type: integer, constraints: [{type: unique}]}', '', '1'],
  [
    'check',
    "{name: id, data_type: integer, constraints: [{type: check, expression: 'id < 9'}]}",
    '',
    '9',
  ],
  [
    'primary_key',
    '{name: id, data_type: integer}',
    '    constraints: [{type: primary_key, columns: [id]}]\n',
    'null',
  ],
])('rows that break a constraint %s are not published', async (type, columns, more, bad) => {
  const shop = dbtFolder({
    'models/orders.sql': 'select id from {{ ref("ids") }}',
    'models/ids.sql': "select * from (values (1), {{ var('bad') }}) as t (id)",
    'models/s.yml': yaml(columns, more),
  });
  const vars = (value: string) => ({ vars: { bad: `(${value}::integer)` } });
  expect(troubles(await shop.build({}, vars('2')))).toEqual([]);
  const [trouble = ''] = troubles(await shop.build({}, vars(bad)));
  expect(trouble).toContain(`the constraint ${type} of id`);
  expect(await shop.rows('select id from orders order by id')).toEqual([{ id: 1 }, { id: 2 }]);
});

test('an increment that breaks a constraint of the table is not added', async () => {
  const shop = dbtFolder({
    'models/orders.sql':
      'select id from main.ids {% if is_incremental() %} where batch = 2 {% endif %}',
    'models/s.yml': yaml('{name: id, data_type: integer, constraints: [{type: unique}]}').replace(
      'table',
      'incremental',
    ),
  });
  await shop.run('create table ids as select 1 as id, 1 as batch');
  expect(troubles(await shop.build())).toEqual([]);
  await shop.run('insert into ids values (1, 2)');
  expect(troubles(await shop.build())[0]).toContain('the constraint unique of id');
  expect(await shop.rows('select id from orders')).toEqual([{ id: 1 }]);
});
