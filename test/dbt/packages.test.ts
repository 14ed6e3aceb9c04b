import { expect, test } from 'vitest';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { readFiles } from '../models/project-folder.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

const tool = {
  'dbt_project.yml': 'name: tool',
  'macros/one.sql': "{% macro one() %}{{ var('n', 1) }}{% endmacro %}",
  'models/from_tool.sql': 'select {{ one() }} as n',
};
const below = (folder: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));

test('a package named by a local path is used where it is', async () => {
  const project = dbtFolder({
    'packages.yml': 'packages:\n  - local: ./shared/tool/\n',
    'models/mine.sql': "select n + {{ tool.one() }} as n from {{ ref('tool', 'from_tool') }}",
    'dbt_project.yml': 'name: shop\nvars: {tool: {n: 5}}',
    ...below('shared/tool', tool),
  });
  expect(troubles(await project.build())).toEqual([]);
  // As in dbt, a variable is looked up for the package of the model, not of the macro.
  expect(await project.rows('select n from main.mine')).toEqual([{ n: 6 }]);
});

test('a package’s macro knows the names of the node that calls before its siblings', async () => {
  const project = dbtFolder({
    'macros/said.sql': '{% macro said() %}ours{% endmacro %}',
    'models/mine.sql':
      "select '{{ tool.told() }}' as told, '{{ context['tool']['sibling']() }}' as named",
    'dbt_project.yml': 'name: shop',
    ...below('dbt_packages/tool', {
      'dbt_project.yml': 'name: tool',
      'macros/model.sql': `{% macro model() %}{{ return(model) }}{% endmacro %}
        {% macro said() %}theirs{% endmacro %}
        {% macro sibling() %}near{% endmacro %}
        {% macro keep(value) %}{% do context.update({'kept': value}) %}{% endmacro %}
        {% macro told() -%}
        {% do tool.keep('kept') -%}
        {{ tool.model().name }} {{ said() }} {{ sibling() }} {{ context.get('kept') }} {{ context.get('lost', 'none') }}
        {%- endmacro %}`,
    }),
  });
  expect(troubles(await project.build())).toEqual([]);
  const [row] = await project.rows('select trim(told) as told, named from main.mine');
  expect(row).toEqual({ told: 'mine ours near kept none', named: 'near' });
});

test('what the project says of a package’s models wins over all that the package says', async () => {
  const project = await readFiles({
    'dbt_project.yml':
      'name: shop\nvars: {place: far}\nmodels:\n  tool: {+schema: "{{ var(\'place\') }}", +tags: [ours]}',
    ...below('dbt_packages/tool', {
      ...tool,
      'models/from_tool.sql':
        "{{ config(materialized='table', schema='near', tags=['theirs']) }}select 1 as n",
    }),
  });
  expect(project.nodes.get('model.tool.from_tool')).toMatchObject({
    relation: { schema: 'main_far' },
    tags: ['theirs', 'ours'],
    nodeConfig: { materialization: 'table' },
  });
});

test('a package that is not there, and a model in Python, are told with their place', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'packages.yml':
      'packages:\n  - local: ../nowhere\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n  - package: me/tool\n',
    'models/a.py': 'def model(dbt, session): ...',
    'models/b.sql': "select * from {{ ref('a') }}",
    ...below('dbt_packages/tool', tool),
  });
  const told = project.faults.map(({ file, line, message }) => `${file}:${line} ${message}`);
  expect(told).toEqual([
    'models/a.py:1 models in Python are not supported',
    'models/b.sql:1 there is no model "a"; did you mean "b"?',
    'packages.yml:2 there is no package in ../nowhere',
    'packages.yml:3 the package dbt-labs/dbt_utils is not in dbt_packages',
  ]);
});

test('a project may switch off the tests of a package', async () => {
  const shop = dbtFolder({
    'dbt_project.yml': 'name: shop\nversion: "1.0"\ndata_tests: {tools: {+enabled: false}}',
    'dbt_packages/tools/dbt_project.yml': 'name: tools\nversion: "1.0"',
    'dbt_packages/tools/models/broken.sql': 'select null as a',
    'dbt_packages/tools/models/schema.yml':
      'models: [{name: broken, columns: [{name: a, data_tests: [not_null]}]}]',
    'dbt_packages/tools/tests/never.sql': 'select 1',
    'models/own.sql': "select * from {{ ref('broken') }}",
  });
  expect(troubles(await shop.build())).toEqual([]);
});

test('a test of an ephemeral model runs in a build, on what the model reads', async () => {
  const shop = dbtFolder({
    'models/base.sql': "{{ config(materialized='table') }} select null as a",
    'models/between.sql': "{{ config(materialized='ephemeral') }} select a from {{ ref('base') }}",
    'models/schema.yml': 'models: [{name: between, columns: [{name: a, data_tests: [not_null]}]}]',
  });
  expect(troubles(await shop.build())).toEqual([
    expect.stringMatching(/^test\.shop\.not_null_between_a\..* failed: 1 row/),
  ]);
  expect(await shop.rows('select count(*) as n from main.base')).toEqual([{ n: 1 }]);
});

test('a dispatch to a namespace that nobody has is one without a namespace', async () => {
  const project = dbtFolder({
    'dbt_project.yml': 'name: shop',
    'macros/least.sql': `{% macro least(a) %}{{ return(adapter.dispatch('least', 'macros')(a)) }}{% endmacro %}
      {% macro default__least(a) %}{{ a }} + 1{% endmacro %}`,
    'models/mine.sql': 'select {{ least(1) }} as n',
  });
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select n from main.mine')).toEqual([{ n: 2 }]);
});

test('a fault of a package’s macro says which file of ours called it', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/mine.sql': 'select 1 as n,\n  {{ tool.outer() }}',
    ...below('dbt_packages/tool', {
      'dbt_project.yml': 'name: tool',
      'macros/broken.sql': `{% macro outer() %}{{ tool.inner() }}{% endmacro %}
{% macro inner() %}{{ exceptions.raise_compiler_error('not here') }}{% endmacro %}`,
    }),
  });
  expect(project.faults.map(formatFault)).toEqual([
    'dbt_packages/tool/macros/broken.sql:2:34 not here (in macro inner, outer, called at models/mine.sql:2:11)',
  ]);
});

test('a test that names a model that is switched off is left out, and says so', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/off.sql': '{{ config(enabled=false) }} select 1 as n',
    'models/here.sql': 'select 1 as n',
    'models/schema.yml': `models:
  - name: here
    columns: [{name: n, data_tests: [{relationships: {arguments: {to: ref('off'), field: n}}}]}]`,
    'tests/lone.sql': "select * from {{ ref('off') }}",
  });
  const told = project.faults.map(({ severity, message }) => `${severity} ${message}`);
  const expected = "warning ref('off') names a model that is disabled: the test is left out";
  expect(told).toEqual([expected, expected]);
  expect([...project.nodes.keys()]).toEqual(['model.shop.here']);
});

test('a template may ask which version of a package is here', async () => {
  const files = {
    'dbt_project.yml': 'name: shop',
    'models/mine.sql': `{% set config = builtins.ref.config %}
      select '{{ config.project_name }} {{ config.dependencies['tool'].version }}' as told`,
  };
  const said = async (version: string) => {
    const project = dbtFolder({
      ...files,
      'dbt_packages/tool/dbt_project.yml': `name: tool\nversion: ${version}`,
    });
    expect(troubles(await project.build())).toEqual([]);
    return await project.rows('select told from main.mine');
  };
  expect(await said('1.2.3')).toEqual([{ told: 'shop 1.2.3' }]);
});

test('a ref of the project’s own may answer another table', async () => {
  const project = dbtFolder({
    'seeds/first.csv': 'n\n1\n',
    'seeds/second.csv': 'n\n2\n',
    'macros/ref.sql':
      "{% macro ref(name) %}{% do return(builtins.ref(name).replace_path(identifier='second')) %}{% endmacro %}",
    'models/moved.sql': "select n from {{ ref('first') }}",
    'models/kept.sql': "select n from {{ builtins.ref('first').incorporate(type='view') }}",
  });
  expect(troubles(await project.build({ select: ['resource_type:seed'] }))).toEqual([]);
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select m.n as moved, k.n as kept from moved as m, kept as k')).toEqual(
    [{ moved: 2, kept: 1 }],
  );
});

test('a package names its own nodes where it has a macro for that, and the project all others', async () => {
  const naming = (schema: string): string =>
    `{% macro generate_schema_name(custom, node) %}${schema}{% endmacro %}`;
  const asking = (name: string) => ({
    'dbt_project.yml': `name: ${name}`,
    [`models/of_${name}.sql`]: "{{ config(materialized='table') }} select '{{ this }}' as place",
  });
  const project = dbtFolder({
    ...asking('shop'),
    'macros/naming.sql': naming('ours'),
    ...below('dbt_packages/tool', {
      ...asking('tool'),
      'macros/naming.sql': `${naming('{{ place() }}')}{% macro place() %}theirs{% endmacro %}`,
    }),
    ...below('dbt_packages/silent', asking('silent')),
  });
  expect(troubles(await project.build())).toEqual([]);
  const rows = await project.rows(
    'from ours.of_shop union all from theirs.of_tool union all from ours.of_silent order by all',
  );
  expect(rows.map(({ place }) => String(place).replaceAll('"', ''))).toEqual([
    'ours.of_shop',
    'ours.of_silent',
    'theirs.of_tool',
  ]);
});
