import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { checksOf, readsOf } from '../../engine/declare/checks.ts';
import { type CompileOptions, compileNode, renderHook } from '../../engine/declare/compile-node.ts';
import { isModelNode } from '../../engine/declare/model-node.ts';
import type { ModelProject } from '../../engine/declare/model-project.ts';
import type { Warehouse } from '../../engine/words/warehouse.ts';
import { readFiles } from './project-folder.ts';
import { openWarehouse } from './shadow.ts';

async function compile(project: ModelProject, name: string, options: CompileOptions = {}) {
  const node = project.nodes.get(`model.shop.${name}`);
  if (!isModelNode(node)) throw new Error(`no model ${name}`);
  return await compileNode(project, node, options);
}

describe('compiling', () => {
  test('writes relations quoted, and names other ones where it is told to', async () => {
    const project = await readFiles(
      {
        'models/a.sql': "{{ config(alias='odd \"name') }}select 1 as id",
        'models/b.sql': "select * from {{ ref('a') }}, {{ source('crm', 'Contact') }}",
      },
      { connections: [{ name: 'crm' }] },
    );
    const compiled = await compile(project, 'b');
    expect(compiled.sql).toBe('select * from "main"."odd ""name", "crm"."Contact"');
    expect(compiled.reads).toEqual(['model.shop.a', 'source.shop.crm.Contact']);
    const other = await compile(project, 'b', {
      relationName: (id) => (id === 'model.shop.a' ? 'audit.copy' : undefined),
    });
    expect(other.sql).toBe('select * from audit.copy, "crm"."Contact"');
  });

  test('keeps the white space that a template leaves, and not what stands around its file', async () => {
    const project = await readFiles({
      'models/a.sql': "\n\n{{ config(alias='x') }}\n\n  select 1 \n\n{# why #}\n\n\n",
      'models/b.sql': '\n \n{%- if true %}\n select 1\n{% endif -%}\n\n',
      'models/c.sql': "{{ config(materialized='ephemeral') }}\nselect 1 as n\n\n",
      'models/d.sql': "\nselect n from {{ ref('c') }}\n",
    });
    expect((await compile(project, 'a')).sql).toBe('\n\n  select 1 \n\n');
    expect((await compile(project, 'b')).sql).toBe('\n select 1\n');
    expect((await compile(project, 'd')).sql).toBe(
      'with __dbt__cte__c as (\n\nselect 1 as n\n) select n from __dbt__cte__c',
    );
  });

  test('ephemeral parents become common tables, each once, innermost first', async () => {
    const ephemeral = "{{ config(materialized='ephemeral') }}";
    const project = await readFiles({
      'models/base.sql': 'select 1 as id',
      'models/e1.sql': `${ephemeral}select id from {{ ref('base') }}`,
      'models/e2.sql': `${ephemeral}select id from {{ ref('e1') }}`,
      'models/top.sql':
        "with own as (select * from {{ ref('e2') }}) select own.id from own join {{ ref('e1') }} using (id) join {{ ref('e2') }} using (id)",
    });
    const compiled = await compile(project, 'top');
    expect(compiled.reads).toEqual(['model.shop.base']);
    expect(compiled.sql.match(/__dbt__cte__e1 as/g)).toHaveLength(1);
    expect(compiled.sql.indexOf('__dbt__cte__e1 as')).toBeLessThan(
      compiled.sql.indexOf('__dbt__cte__e2 as'),
    );
    const warehouse = await openWarehouse();
    await warehouse.ddl([
      sql`create schema if not exists main`,
      sql`create table main.base as select 1 as id`,
    ]);
    expect(await warehouse.query(sql.raw(compiled.sql))).toEqual([{ id: 1 }]);
  });

  test('is_incremental, this and the boundary are what the run says', async () => {
    const project = await readFiles({
      'models/a.sql':
        "select '{{ run_started_at }}' as t, '{{ invocation_id }}' as i {% if is_incremental() %}from {{ this }}{% endif %}",
    });
    const moment = { boundaryMs: 0, invocationId: 'run-1', isFullRefresh: false };
    expect((await compile(project, 'a', { moment, isIncremental: true })).sql).toBe(
      'select \'1970-01-01 00:00:00+00:00\' as t, \'run-1\' as i from "main"."a"',
    );
    const still = await compile(project, 'a');
    expect(still).toEqual({ ...(await compile(project, 'a')), trace: still.trace });
    expect(still.trace.readsClock).toBe(true);
  });

  test('a ref that only an answer of the warehouse leads to asks for a hint', async () => {
    const project = await readFiles({
      'models/x.sql': 'select 1 as id',
      'models/a.sql': "select * from {% if execute %}{{ ref('x') }}{% else %}t{% endif %}",
      'models/b.sql':
        "-- depends_on: {{ ref('x') }}\nselect * from {% if execute %}{{ ref('x') }}{% endif %}",
    });
    await expect(compile(project, 'a')).rejects.toThrow(
      /models\/a\.sql:1:34 ref\('x'\) was not seen/,
    );
    expect((await compile(project, 'b')).sql).toContain('from "main"."x"');
  });

  test('hooks are rendered like the model', async () => {
    const project = await readFiles({
      'macros/m.sql': '{% macro index_of(r) %}create index i on {{ r }} (id){% endmacro %}',
      'models/a.sql':
        '{{ config(post_hook=["{{ index_of(this) }}", "{% if is_incremental() %}select 1{% endif %}"]) }} select 1 as id',
    });
    const node = project.nodes.get('model.shop.a');
    if (!isModelNode(node)) throw new Error('no model a');
    const { postHooks } = node.nodeConfig;
    const render = (isIncremental: boolean) =>
      Promise.all(postHooks.map((hook) => renderHook(project, node, hook, { isIncremental })));
    expect(await render(false)).toEqual(['create index i on "main"."a" (id)', '']);
    expect(await render(true)).toEqual(['create index i on "main"."a" (id)', 'select 1']);
  });

  test('an endless macro is stopped with its name and place', async () => {
    const project = await readFiles({
      'macros/m.sql': '{% macro again() %}{{ again() }}{% endmacro %}',
      'models/a.sql': '{{ again() }}',
    });
    expect(project.faults[0]).toMatchObject({ file: 'macros/m.sql', nodeId: 'model.shop.a' });
  });
});

describe('checks', () => {
  const files = {
    'models/contact.sql': 'select 1 as id',
    'models/deal.sql': "select * from {{ ref('contact') }}",
    'models/soft.sql': "{{ config(materialized='ephemeral') }} select * from {{ ref('contact') }}",
    'models/schema.yml': `models:
  - name: contact
    tests:
      - at_most: {most: 2, config: {severity: warn, where: "id > 0", error_if: "> 5"}}
    columns:
      - name: id
        tests:
          - unique
          - not_null: {where: "name <> 'it''s'"}
      - name: name
        tests:
          - accepted_values: {values: ["ann", "it's", null]}
  - name: deal
    tests:
      - at_most: {most: "{{ var('most', 1) + 1 }}"}
      - text_is: {text: "it's {{ var('word', 'so') }} {{ 1 + 1 }}"}
    columns:
      - name: contact_id
        tests:
          - relationships: {to: ref('contact'), field: id}
  - name: soft
    columns: [{name: id, tests: [unique]}]
`,
    'macros/tests.sql':
      '{% test at_most(model, most) %}{{ config(fail_calc="max(n)", severity="error") }}select count(*) as n from {{ model }} having count(*) > {{ most }}{% endtest %}' +
      "{% test text_is(model, text) %}select 1 as x from {{ model }} where {{ dbt.string_literal(dbt.escape_single_quotes(text)) }} <> 'it''s so 2'{% endtest %}",
    'tests/no_x.sql':
      "{{ config(severity='warn') }} select * from {{ ref('contact') }} where name = 'x'",
  };

  const textTest = 'text_is_deal_it_s_var_word_so_1_1_';

  async function failures(project: ModelProject, warehouse: Warehouse, nodeId: string) {
    const found: Record<string, number> = {};
    for (const check of checksOf(project, nodeId)) {
      const text = await check.sql((id) => {
        const node = project.nodes.get(id);
        if (!isModelNode(node)) throw new Error(`${check.name} reads ${id}`);
        return `main."${node.name}"`;
      });
      const rows = await warehouse.query(sql.raw(`select * from (${text}\n) as failing`));
      found[check.name] = rows.length;
    }
    return found;
  }

  test('answer the rows that break them', async () => {
    const project = await readFiles(files);
    expect(project.faults).toEqual([]);
    const warehouse = await openWarehouse();
    await warehouse.ddl([
      sql.raw(`create table main.contact as select * from (values
        (1, 'ann'), (1, 'it''s'), (2, 'bob'), (null, 'ann'), (null, 'it''s'), (4, null), (0, 'x')
      ) as t(id, name)`),
      sql.raw('create table main.deal as select * from (values (1), (9), (null)) as t(contact_id)'),
    ]);
    expect(await failures(project, warehouse, 'model.shop.contact')).toEqual({
      at_most_contact_2: 1,
      unique_contact_id: 1,
      not_null_contact_id: 1,
      accepted_values_contact_name__ann__it_s__None: 2,
      relationships_deal_contact_id__id__ref_contact_: 1,
      no_x: 1,
    });
    expect(await failures(project, warehouse, 'model.shop.deal')).toMatchObject({
      at_most_deal__var_most_1_1_: 1,
      [textTest]: 0,
    });
    expect(await failures(project, warehouse, 'model.shop.soft')).toEqual({ unique_soft_id: 1 });
  });

  test('know what they read, how hard they are, and where they were written', async () => {
    const project = await readFiles(files);
    const checks = new Map(
      checksOf(project, 'model.shop.contact').map((check) => [check.name, check]),
    );
    expect(checks.get('unique_contact_id')).toMatchObject({
      severity: 'error',
      reads: ['model.shop.contact'],
      file: 'models/schema.yml',
    });
    expect(checks.get('at_most_contact_2')).toMatchObject({
      severity: 'warn',
      errorIf: '> 5',
      failCalc: 'max(n)',
    });
    expect(checks.get('no_x')).toMatchObject({ severity: 'warn', file: 'tests/no_x.sql' });
    expect(checks.get('relationships_deal_contact_id__id__ref_contact_')?.reads).toEqual([
      'model.shop.contact',
      'model.shop.deal',
    ]);
    const soft = checksOf(project, 'model.shop.soft')[0];
    expect(soft?.reads).toEqual(['model.shop.contact']);
    const node = project.nodes.get('model.shop.soft');
    expect(node && readsOf(project, node)).toEqual(['model.shop.contact']);
  });

  test('an unknown test, and one that refers to nothing, are faults at their place', async () => {
    const project = await readFiles({
      'models/a.sql': 'select 1 as id',
      'models/schema.yml': `models:
  - name: a
    columns:
      - name: id
        tests:
          - uniqe
          - relationships: {to: ref('nothing'), field: id}
          - relationships: {to: "{{ ref('a') iff }}", field: id}
`,
    });
    expect(project.faults.map(({ line, message }) => [line, message])).toEqual([
      [6, 'there is no test "uniqe"; did you mean "unique"?'],
      [7, expect.stringContaining('there is no model "nothing"')],
      [8, expect.anything()],
    ]);
  });
});
