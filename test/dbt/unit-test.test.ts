import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

const unitTests = `
unit_tests:
  - name: adds_up
    model: totals
    given:
      - input: ref('doubled')
        rows: [{id: a, amount: 1.5}, {id: a, amount: 2}, {id: b}]
      - input: source('crm', 'names')
        format: csv
        rows: |
          id,name
          a,Ann
    expect:
      rows: [{id: a, name: Ann, total: 3.5}, {id: b, name: null, total: null}]
  - name: adds_only_what_is_new
    model: grown
    overrides: {macros: {is_incremental: true}, vars: {by: 10}}
    given:
      - {input: this, rows: [{id: a, amount: 1}]}
      - {input: ref('orders'), format: sql, rows: "select 'a' as id, 1 as amount union all select 'b', 2"}
    expect: {format: sql, rows: "select 'b' as id, 20 as amount"}
`;
const files = {
  'seeds/orders.csv': 'id,amount\na,1\nb,2.5\n',
  'models/doubled.sql':
    "{{ config(materialized='ephemeral') }}select id, amount * 2 as amount from {{ ref('orders') }}",
  'models/totals.sql': `{{ config(materialized='table') }}
    select d.id, n.name, sum(d.amount) as total from {{ ref('doubled') }} as d
    left join {{ source('crm', 'names') }} as n using (id) group by all`,
  'models/grown.sql': `{{ config(materialized='incremental') }}
    select id, amount * {{ var('by', 1) }} as amount from {{ ref('orders') }}
    {% if is_incremental() %}where id not in (select id from {{ this }}){% endif %}`,
  'models/schema.yml': `sources: [{name: crm, tables: [{name: names}]}]\n${unitTests}`,
};

test('unit tests run on given rows before their model is built, and a wrong answer holds it back', async () => {
  const project = dbtFolder(files);
  await project.run('create schema crm');
  await project.run("create table crm.names as select 'a' as id, 'Zed' as name");
  const first = await project.build();
  expect(troubles(first)).toEqual([]);
  expect(first.steps.filter(({ id }) => id.startsWith('unit_test')).map(({ id }) => id)).toEqual([
    'unit_test.shop.grown.adds_only_what_is_new',
    'unit_test.shop.totals.adds_up',
  ]);
  expect(await project.rows('select * from main.totals order by id')).toEqual([
    { id: 'a', name: 'Zed', total: 2 },
    { id: 'b', name: null, total: 5 },
  ]);
  writeFileSync(
    join(project.folder, 'models/totals.sql'),
    files['models/totals.sql'].replace('sum(', 'max('),
  );
  const broken = await project.build();
  expect(troubles(broken)).toEqual([
    expect.stringMatching(/^model\.shop\.totals skipped/),
    expect.stringMatching(/^unit_test\.shop\.totals\.adds_up failed: 1 expected row missing/),
  ]);
  const failed = broken.steps.find(({ id }) => id.endsWith('adds_up'));
  expect(failed?.hint).toContain('- {"id":"a","name":"Ann","total":3.5}');
  expect(failed?.hint).toContain('+ {"id":"a","name":"Ann","total":2}');
  expect(await project.rows('select total from main.totals order by id')).toEqual([
    { total: 2 },
    { total: 5 },
  ]);
  const alone = await project.build({ kinds: new Set(['check']), select: ['test_type:unit'] });
  expect(alone.steps.map(({ id, status }) => `${id} ${status}`).toSorted()).toEqual([
    'unit_test.shop.grown.adds_only_what_is_new success',
    'unit_test.shop.totals.adds_up failed',
  ]);
});

test('fixtures stand in any folder below fixtures, are templates in SQL, and no tests themselves', async () => {
  const project = dbtFolder({
    'macros/row.sql': "{% macro row(id, n) %}select '{{ id }}' as id, {{ n }} as n{% endmacro %}",
    'models/base.sql': "select 'z' as id, 9 as n",
    'models/kept.sql': "select id, n from {{ ref('base') }} where n < 5",
    'models/schema.yml': `
unit_tests:
  - name: keeps_the_small
    model: kept
    given: [{input: ref('base'), format: sql, fixture: some_rows}]
    expect: {format: csv, fixture: small_rows}
  - name: keeps_none
    model: kept
    given: [{input: ref('base'), format: sql, rows: "{{ row('c', 7) }}"}]
    expect: {rows: []}
`,
    'tests/fixtures/base/some_rows.sql':
      "{% for n in range(1, 10) %}{{ row('a', n) }}{{ ' union all ' if not loop.last }}{% endfor %}",
    'tests/fixtures/small_rows.csv': 'id,n\na,1\na,2\na,3\na,4\n',
  });
  const built = await project.build();
  expect(troubles(built)).toEqual([]);
  expect(built.steps.map(({ id }) => id).filter((id) => id.includes('test'))).toEqual([
    'unit_test.shop.kept.keeps_none',
    'unit_test.shop.kept.keeps_the_small',
  ]);
});

test('macros answer what a unit test says, by name or by package, and only in the test', async () => {
  const project = dbtFolder({
    'macros/tax.sql':
      "{% macro tax() %}{{ return(run_query('select 19').columns[0][0]) }}{% endmacro %}",
    'models/priced.sql':
      'select net * (100 + {{ tax() }}) / 100 as gross, {{ shop.label("x") }} as label from {{ ref("nets") }}',
    'macros/label.sql': "{% macro label(x) %}'real'{% endmacro %}",
    'seeds/nets.csv': 'net\n100\n',
    'models/schema.yml': `unit_tests:
  - name: taxed
    model: priced
    overrides: {macros: {tax: 50, shop.label: "'test'"}}
    given: [{input: ref('nets'), rows: [{net: 10}]}]
    expect: {rows: [{gross: 15, label: test}]}
`,
  });
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select * from main.priced')).toEqual([{ gross: 119, label: 'real' }]);
});

test('names that every template has are what a unit test says, and only in the test', async () => {
  const project = dbtFolder({
    'models/told.sql':
      "select '{{ invocation_id }}' as run, '{{ run_started_at }}' as at, '{{ local_md5('x') }}' as id",
    'models/schema.yml': `unit_tests:
  - name: named
    model: told
    overrides: {macros: {invocation_id: abc, run_started_at: then, local_md5: made}}
    given: []
    expect: {rows: [{run: abc, at: then, id: made}]}
`,
  });
  expect(troubles(await project.build())).toEqual([]);
  const [row] = await project.rows('select run, id from main.told');
  expect(row).toMatchObject({ id: '9dd4e461268c8034f5c8564e155c67a6' });
  expect(row?.['run']).toMatch(/^[0-9a-f-]{36}$/);
});

test('a unit test that cannot be run says why, at its place', async () => {
  const project = dbtFolder({
    ...files,
    'models/more.yml': `unit_tests:
  - {name: lost, model: totls, given: [], expect: {rows: []}}
  - {name: hungry, model: grown, given: [], expect: {rows: []}}
  - {name: odd, model: grown, given: [{input: ref('orders'), rows: [{idd: 1}]}], expect: {rows: []}}
  - {name: macro, model: grown, overrides: {macros: {x: 1}}, given: [{input: "select 1"}], expect: {rows: []}}
`,
  });
  await project.run('create schema crm');
  await project.run("create table crm.names as select 'a' as id, 'Zed' as name");
  const faults: string[] = [];
  const result = await project.build({
    onPlan: (plan) => faults.push(...plan.faults.map(({ message }) => message)),
  });
  expect(faults).toEqual([expect.stringMatching(/^models\/more\.yml:2:5 .*did you mean "totals"/)]);
  const messages = Object.fromEntries(
    result.steps.map(({ id, message }) => [id.split('.').at(-1), message]),
  );
  expect(messages).toMatchObject({
    hungry: expect.stringContaining('gives no rows for orders'),
    odd: expect.stringContaining('has no column "idd"; did you mean "id"'),
    macro: expect.stringContaining('models/more.yml:5:5'),
  });
});

test('inputs may be versions of a model, and a seed that is given no rows gives its own', async () => {
  const project = dbtFolder({
    'seeds/rates.csv': 'code;rate\na;2\nb;3\n',
    'seeds/seeds.yml': 'seeds: [{name: rates, config: {delimiter: ";"}}]',
    'models/net_v1.sql': "select 'a' as code, 1 as n",
    'models/net_v2.sql': "select 'a' as code, 2 as n",
    'models/gross.sql': `select one.n * rate + two.n as total
      from {{ ref('net', v=1) }} as one join {{ ref('net') }} as two using (code)
      join {{ ref('rates') }} using (code)`,
    'models/schema.yml': `
models: [{name: net, versions: [{v: 1}, {v: 2}]}]
unit_tests:
  - name: summed
    model: gross
    given:
      - {input: "ref('net', v=1)", rows: [{code: b, n: 10}]}
      - {input: "ref('net', version='2')", rows: [{code: b, n: 5}]}
      - {input: ref('rates')}
    expect: {rows: [{total: 35}]}
  - name: without_rates
    model: gross
    given:
      - {input: "ref('net', v=1)", rows: [{code: b, n: 10}]}
      - {input: "ref('net')", rows: [{code: b, n: 5}]}
      - {input: ref('rates'), rows: []}
    expect: {rows: []}
`,
  });
  expect(troubles(await project.build())).toEqual([]);
});

test.each([
  ['{name: once, model: b, given: [], expect: {rows: []}}', 'written twice of its model'],
  [
    '{name: x, model: b, versions: {include: [1]}, given: [], expect: {rows: []}}',
    'names version 1 of b, which has no versions',
  ],
  [
    '{name: x, model: c, versions: {exclude: [3]}, given: [], expect: {rows: []}}',
    'names version 3 of c, which has the versions 1, 2',
  ],
  [
    '{name: x, model: c, versions: {include: [1], exclude: [2]}, given: [], expect: {rows: []}}',
    'includes and excludes versions',
  ],
  [
    "{name: x, model: b, given: [{input: ref('a'), format: csv, rows: [{n: 1}]}], expect: {rows: []}}",
    "has rows of ref('a') that are no text; format: csv is of a text",
  ],
  [
    '{name: x, model: b, given: [], expect: {rows: "n\\n1"}}',
    'has rows of expect that are no list; say format: csv or sql',
  ],
  [
    '{name: x, model: b, overrides: {macros: {is_incremental: "true"}}, given: [], expect: {rows: []}}',
    'overrides is_incremental with no boolean',
  ],
])(
  'a unit test that would be left out, or asked of nothing, is a fault: %s',
  async (entry, message) => {
    const project = dbtFolder({
      'models/a.sql': 'select 1 as n',
      'models/b.sql': "select n from {{ ref('a') }}",
      'models/c_v1.sql': 'select 1 as n',
      'models/c_v2.sql': 'select 1 as n',
      'models/s.yml': `models: [{name: c, versions: [{v: 1}, {v: 2}]}]
unit_tests:
  - {name: once, model: b, given: [{input: ref('a'), rows: [{n: 1}]}], expect: {rows: [{n: 1}]}}
  - ${entry}`,
    });
    const told: string[] = [];
    const result = await project.build({
      onPlan: ({ faults }) => void told.push(...faults.map((fault) => fault.message)),
    });
    expect(result.status).toBe('failed');
    expect([...told, ...troubles(result)].join('\n')).toContain(message);
  },
);

test('a unit test waits for an input whose columns nobody knows before it is built', async () => {
  const project = dbtFolder({
    'seeds/raw.csv': 'id,amount\na,1\n',
    // A source that the seed is built as: on a first run, the model over it cannot be bound.
    'models/read.sql': `{{ config(materialized='table') }}
      -- depends_on: {{ ref('raw') }}
      select id, amount from {{ source('own', 'raw') }}`,
    'models/totals.sql': "select id, sum(amount) as total from {{ ref('read') }} group by id",
    'models/schema.yml': `
sources: [{name: own, schema: main, tables: [{name: raw}]}]
unit_tests:
  - name: adds_up
    model: totals
    given: [{input: ref('read'), rows: [{id: a, amount: 1}, {id: a, amount: 2}]}]
    expect: {rows: [{id: a, total: 3}]}
`,
  });
  expect(troubles(await project.build({ threads: 8 }))).toEqual([]);
  expect(await project.rows('select * from main.totals')).toEqual([{ id: 'a', total: 1 }]);
});
