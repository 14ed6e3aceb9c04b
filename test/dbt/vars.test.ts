import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

test('a variable that is a text is rendered when it is asked for; texts inside of lists are not', async () => {
  const project = dbtFolder({
    'dbt_project.yml': `name: shop
vars:
  schema_name: "{{ target.schema }}_x"
  relation: "{{ ref('base') }}"
  chained: "<{{ var('schema_name') }}>"
  region: "{{ env_var('REGION', 'eu') }}"
  listed: ["{{ target.schema }}"]
  number: 3
`,
    'models/base.sql': 'select 1 as id',
    'models/a.sql': `select '{{ var("schema_name") }}' as s, '{{ var("chained") }}' as c,
      '{{ var("region") }}' as r, '{{ var("listed")[0] }}' as l, {{ var("number") + 1 }} as n,
      {{ 'true' if var.has_var('number') and not var.has_var('nothing') else 'false' }} as has,
      id from {{ var('relation') }}`,
  });
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select * from a')).toEqual([
    {
      s: 'main_x',
      c: '<main_x>',
      r: 'eu',
      l: '{{ target.schema }}',
      n: 4,
      has: true,
      id: 1,
    },
  ]);
  const again = await project.build({}, { vars: { region: '{{ target.name }}' } });
  expect(troubles(again)).toEqual([]);
  expect(await project.rows('select r from a')).toEqual([{ r: 'dev' }]);
});

test('a change of what a variable’s text reads builds the model again', async () => {
  const project = dbtFolder({
    'dbt_project.yml': 'name: shop\nvars: {region: "{{ env_var(\'REGION\') }}"}\n',
    'models/a.sql': "select '{{ var('region') }}' as r",
  });
  for (const REGION of ['eu', 'us']) {
    expect(troubles(await project.build({}, { env: { REGION, HOME: project.folder } }))).toEqual(
      [],
    );
    expect(await project.rows('select r from a')).toEqual([{ r: REGION }]);
  }
});

test('variables that name each other in a circle, and a broken text, are faults of the model that asks', async () => {
  const project = dbtFolder({
    'dbt_project.yml': `name: shop
vars: {a: "{{ var('b') }}", b: "{{ var('a') }}", broken: "{{ 1 +"}
`,
    'models/circle.sql': "select {{ var('a') }} as x",
    'models/broken.sql': "select {{ var('broken') }} as x",
    'models/good.sql': 'select 1 as x',
  });
  const found = troubles(await project.build()).join('\n');
  expect(found).toContain("var('a') → var('b') → var('a')");
  expect(found).toMatch(/model\.shop\.broken failed: .*var\('broken'\)/);
  expect(found).not.toContain('good');
});

test('a model that is switched off may lack the variables it would need', async () => {
  const project = dbtFolder({
    'models/unused.sql': "select {{ var('nowhere') }} as x",
    'models/on.sql': 'select 1 as x',
    'models/schema.yml':
      'models:\n  - name: unused\n    config: {enabled: "{{ var(\'use_off\', false) }}"}\n',
  });
  const { steps } = await project.build();
  expect(steps.map(({ id, status }) => `${id} ${status}`)).toEqual(['model.shop.on success']);
});
