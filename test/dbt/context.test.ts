import { describe, expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

/** What an expression comes to in a template, printed. */
async function printed(
  expressions: readonly string[],
  config = '',
  files: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const columns = expressions.map((one, at) => `$t${at}${'$'}{{ ${one} }}$t${at}$ as c${at}`);
  const project = dbtFolder({
    'models/m.sql': `{{ config(materialized='table'${config}) }} select ${columns.join(', ')}`,
    ...files,
  });
  const result = await project.build();
  expect(troubles(result)).toEqual([]);
  const [row = {}] = await project.rows('select * from m');
  return Object.values(row).map(String);
}

describe('config', () => {
  test('answers its meta, the node it is of, and what docs are kept', async () => {
    expect(
      await printed(
        [
          "config.meta_get('owner')",
          "config.meta_get('none', 'nobody')",
          "config.meta_require('owner')",
          'config.model.name',
          "config.model.get('resource_type')",
          'config.persist_relation_docs(), config.persist_column_docs()',
          "config.get('materialized', default='view', validator=validation.any['table', 'view'])",
        ],
        ", meta={'owner': 'ann'}, persist_docs={'relation': true}",
      ),
    ).toEqual(['ann', 'nobody', 'ann', 'm', 'model', '(True, False)', 'table']);
  });

  test('refuses what is required and not there, and what a validator refuses', async () => {
    const project = dbtFolder({
      'models/a.sql': "select {{ config.meta_require('owner') }} as n",
      'models/b.sql':
        "{{ config(sort='up') }} select '{{ config.require('sort', validator=validation.any['down']) }}' as n",
    });
    const told = troubles(await project.build());
    expect(told.join('\n')).toMatch(/a has no meta of its config "owner"/);
    expect(told.join('\n')).toMatch(/"up" is none of down/);
  });
});

test('relations and columns answer what macros ask of dbt’s', async () => {
  expect(
    await printed([
      "this.matches(schema='MAIN', identifier='m'), this.matches(identifier='n')",
      'this.include_policy.database, this.quote_policy.identifier, this.is_materialized_view',
      "api.Relation.create(schema='s', identifier='i', type=api.Relation.View).type",
      "api.Column.string_type(7), api.Column.numeric_type('numeric', 10, 2)",
      "api.Column.translate_type('string'), api.Column.translate_type('integer'), api.Column.TYPE_LABELS",
      "api.Column('n', 'varchar(5)').char_size, api.Column('n', 'integer').literal(3)",
      "adapter.quote_seed_column('a b', true), adapter.quote_seed_column('a', false)",
      "adapter.already_exists('main', 'nothing')",
      "adapter.get_column_schema_from_query('select 1 as one') | map(attribute='name') | list",
    ]),
  ).toEqual([
    '(True, False)',
    '(False, True, False)',
    'view',
    "('character varying(7)', 'numeric(10,2)')",
    "('TEXT', 'integer', {'STRING': 'TEXT'})",
    "(5, '3::integer')",
    "('\"a b\"', 'a')",
    'False',
    "['one']",
  ]);
});

test('itertools answer as Python’s, and end', async () => {
  const it = (call: string) => `modules.itertools.${call} | list`;
  expect(
    await printed([
      it('combinations([1, 2, 3], 2)'),
      it("permutations('ab')"),
      it("combinations_with_replacement('ab', 2)"),
      it('accumulate([1, 2, 3])'),
      it("zip_longest([1, 2], ['a'], fillvalue='-')"),
      it("compress('abc', [1, 0, 1])"),
      it('islice(range(9), 1, 8, 3)'),
      it("product('ab', repeat=2)"),
      it("chain('ab', [1])"),
      it('repeat(7, 2)'),
    ]),
  ).toEqual([
    '[(1, 2), (1, 3), (2, 3)]',
    "[('a', 'b'), ('b', 'a')]",
    "[('a', 'a'), ('a', 'b'), ('b', 'b')]",
    '[1, 3, 6]',
    "[(1, 'a'), (2, '-')]",
    "['a', 'c']",
    '[1, 4, 7]',
    "[('a', 'a'), ('a', 'b'), ('b', 'a'), ('b', 'b')]",
    "['a', 'b', 1]",
    '[7, 7]',
  ]);
  expect(await printed(['modules.itertools.islice(range(200001), 150000, none) | length'])).toEqual(
    ['50001'],
  );
});

test.each([
  ['permutations', 'range(12)'],
  ['combinations', 'range(100000), 2'],
  ['combinations', 'range(100000), 1000'],
  ['combinations_with_replacement', '[1], 100000000'],
  ['product', '[1], repeat=100000000'],
  ['product', '[1], repeat=90000'],
  ['repeat', '1, 100001'],
  ['chain', 'range(100001)'],
])('itertools.%s(%s) is refused, not cut off, and not waited for', async (name, given) => {
  const project = dbtFolder({
    'models/m.sql': `select {{ modules.itertools.${name}(${given}) | list | length }} as n`,
  });
  expect(troubles(await project.build()).join()).toContain(`itertools.${name} is too large`);
});

test('dbt’s small macros are here too', async () => {
  expect(
    await printed([
      "dates_in_range('20260227', '20260301')",
      "diff_of_two_dicts({'a': ['X', 'y'], 'b': ['z']}, {'a': ['x']})",
      "diff_columns([api.Column('a', 'integer'), api.Column('b', 'integer')], [api.Column('a', 'text')]) | map(attribute='name') | list",
      "diff_column_data_types([api.Column('a', 'integer')], [api.Column('a', 'text')])",
      "check_schema_exists(none, 'main').columns[0].values()",
      "get_merge_update_columns(none, ['B'], [api.Column('a', 'text'), api.Column('b', 'text')])",
      'builtins.zip([1], [2]) | list',
    ]),
  ).toEqual([
    "['20260227', '20260228', '20260301']",
    "{'a': ['y'], 'b': ['z']}",
    "['b']",
    "[{'column_name': 'a', 'new_type': 'integer'}]",
    '(1,)',
    '[\'"a"\']',
    '[(1, 2)]',
  ]);
});

describe('adapter.get_columns_in_relation', () => {
  const asking = "adapter.get_columns_in_relation(this) | map('string') | join";
  const answer = "{{ return(['by ' ~ relation.name]) }}";

  test.each(['get_columns_in_relation', 'duckdb__get_columns_in_relation'])(
    'asks the project’s own %s, as dbt’s adapter does',
    async (name) => {
      const macro = `{% macro ${name}(relation) %}${answer}{% endmacro %}`;
      expect(await printed([asking], '', { 'macros/own.sql': macro })).toEqual(['by m']);
    },
  );

  const order = 'name: shop\ndispatch: [{macro_namespace: dbt, search_order: [shop, kit, dbt]}]';

  test.each([
    ['get_columns_in_relation', '', 'by m'],
    ['default__get_columns_in_relation', '', ''],
    ['default__get_columns_in_relation', order, 'by m'],
    ['duckdb__get_columns_in_relation', order, 'by m'],
  ])('asks a package’s %s where dispatch is: %s', async (name, dispatch, said) => {
    const files = {
      ...(dispatch ? { 'dbt_project.yml': dispatch } : {}),
      'dbt_packages/kit/dbt_project.yml': 'name: kit\n',
      'dbt_packages/kit/macros/m.sql': `{% macro ${name}(relation) %}${answer}{% endmacro %}`,
    };
    expect(await printed([asking], '', files)).toEqual([said]);
  });
});

test('a snapshot stands in its target_schema, whatever its folder says of schema', async () => {
  const project = dbtFolder({
    'dbt_project.yml': 'name: shop\nsnapshots: {shop: {+schema: alt}}',
    'snapshots/kept.sql': `{% snapshot kept %}{{ config(target_schema='exactly', unique_key='id',
      strategy='check', check_cols='all') }} select 1 as id{% endsnapshot %}`,
  });
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select id from exactly.kept')).toEqual([{ id: 1 }]);
});
