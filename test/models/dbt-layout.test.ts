import { describe, expect, test } from 'vitest';
import { faultsOf, modelOf, readFiles } from './project-folder.ts';

describe("dbt's own layout", () => {
  const dbtProject = `
name: jaffle
version: "1.0"
model-paths: [transform]
vars:
  days: 7
  jaffle: {weeks: 2}
models:
  jaffle:
    +materialized: table
    staging: {+schema: stage, +materialized: view}
seeds:
  +schema: raw
`;
  test('names schemas as dbt does, takes vars and folder config from dbt_project.yml', async () => {
    const project = await readFiles({
      'dbt_project.yml': dbtProject,
      'transform/staging/a.sql': "select {{ var('days') }} as d, {{ var('weeks') }} as w",
      'transform/b.sql': "select * from {{ ref('a') }} join {{ ref('names') }} using (id)",
      'seeds/names.csv': 'id,name\n1,ann\n',
    });
    expect(faultsOf(project)).toEqual([]);
    expect(modelOf(project, 'a').relation).toEqual({ schema: 'main_stage', name: 'a' });
    expect(modelOf(project, 'a').nodeConfig.materialization).toBe('view');
    expect(modelOf(project, 'b').nodeConfig.materialization).toBe('table');
    expect(modelOf(project, 'b').dependsOn).toEqual(['model.jaffle.a', 'seed.jaffle.names']);
    expect(project.nodes.get('seed.jaffle.names')).toMatchObject({
      relation: { schema: 'main_raw', name: 'names' },
    });
  });

  test("a project's generate_schema_name wins", async () => {
    const project = await readFiles({
      'dbt_project.yml': dbtProject,
      'macros/naming.sql':
        "{% macro generate_schema_name(custom_schema_name, node) -%}\n  {{ (custom_schema_name or 'x') ~ '_' ~ node.name }}\n{%- endmacro %}",
      'transform/staging/a.sql': 'select 1 as id',
      'transform/b.sql': 'select 1 as id',
    });
    expect(modelOf(project, 'a').relation.schema).toBe('stage_a');
    expect(modelOf(project, 'b').relation.schema).toBe('x_b');
  });

  test('an installed package brings models and macros, and dispatch finds an override', async () => {
    const project = await readFiles({
      'dbt_project.yml': `${dbtProject}dispatch:\n  - macro_namespace: kit\n    search_order: [jaffle, kit]\n`,
      'macros/over.sql': "{% macro default__pick() %}'mine'{% endmacro %}",
      'transform/b.sql':
        "select {{ kit.pick() }} as p, {{ kit.plain() }} as q from {{ ref('kit_model') }}",
      'dbt_packages/kit/dbt_project.yml': 'name: kit\n',
      'dbt_packages/kit/models/kit_model.sql': 'select {{ plain() }} as id',
      'dbt_packages/kit/macros/m.sql':
        "{% macro pick() %}{{ return(adapter.dispatch('pick', 'kit')()) }}{% endmacro %}" +
        "{% macro default__pick() %}'theirs'{% endmacro %}{% macro plain() %}1{% endmacro %}",
    });
    const others = faultsOf(project).filter((fault) => !fault.includes('applies to none'));
    expect(others).toEqual([]);
    expect(modelOf(project, 'b').dependsOn).toEqual(['model.kit.kit_model']);
  });
});
