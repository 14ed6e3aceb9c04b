import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeptProject, describeProject, laterMs, passTick } from './kept-project.ts';
import {
  type Change,
  edit,
  files,
  readStepByStep,
  remove,
  stepsOf,
  write,
} from './project-edits.ts';

const schema = 'models/schema.yml';
const martsYaml = 'models/marts/marts.yml';
/** Each is read alone: what it reaches is a few nodes. */
const aloneChanges: readonly Change[] = [
  edit(schema, 'Every order.', "Orders, {{ env_var('SHOWN', 'all') }} of them."),
  edit(schema, 'unique, not_null', 'unique'),
  edit(schema, '[unique, not_null]', '[unique, {not_null: {severity: warn, name: there}}]'),
  edit(
    schema,
    '    columns:',
    '    config: {tags: [said], alias: "{{ cents(3) | length }}"}\n    columns:',
  ),
  edit(schema, '    columns:', '    config: {materialized: ephemeral}\n    columns:'),
  edit(schema, '    columns:', '    config: {materialized: table}\n    columns:'),
  edit(
    schema,
    'models:',
    'models:\n  - {name: parts, columns: [{name: id, data_tests: [unique]}]}',
  ),
  write(
    martsYaml,
    'models: [{name: totals, description: All., columns: [{name: amount, tests: [not_null]}]}]',
  ),
  write('models/added.sql', `select id, {{ twice('3') }} as three from {{ ref('orders') }}`),
  write('models/marts/new/added_too.sql', `{{ config(materialized='ephemeral') }} select 1 as id`),
  remove('models/marts/recent.sql'),
  edit('models/marts/totals.sql', "tags=['big']", "tags=['big'], materialized='view'"),
  edit('models/marts/totals.sql', "ref('orders')", "ref('parts')"),
  edit('models/parts.sql', 'select id', "select {{ twice('id') }} as id"),
  edit('models/parts.sql', 'ephemeral', 'table'),
  edit('macros/money.sql', '(2 *', '(4 *'),
  edit('macros/money.sql', '{% macro twice', '\n\n{% macro twice'),
  write('models/notes.txt', 'nothing to read'),
];
/** The same, upon others. */
const smallChanges: readonly Change[] = [
  ...aloneChanges,
  write(
    martsYaml,
    `models:
  - {name: totals, config: {schema: own, meta: {by: '{{ cents(1) }}'}}}
  - {name: added, tests: [positive: {than: 1, column_name: id}]}`,
  ),
  remove(martsYaml),
  edit('models/added.sql', 'select', `select * from {{ ref('added_too') }} union all select`),
  remove('models/added.sql'),
  remove('models/marts/new'),
  edit('macros/money.sql', '100', '1000'),
  edit('macros/money.sql', '(2 *', '({{ exceptions.raise_compiler_error("no") }} *'),
  edit('macros/money.sql', '{{ exceptions.raise_compiler_error("no") }}', '2'),
  edit('models/marts/totals.sql', "tags=['big']", "schema='', alias='orders'"),
  edit(schema, '    columns:', '    config: {alias: elsewhere}\n    columns:'),
  edit(schema, '[unique, not_null]', '[{unique: {config: {enabled: false}}}, not_null]'),
  edit(schema, '{unique: {config: {enabled: false}}}', 'unique'),
  edit(
    schema,
    'tables: [{name: parts}]',
    'tables: [{name: parts}, {name: no, config: {enabled: false}}]',
  ),
  edit('analyses/looked.sql', 'as c', 'as d'),
  edit('analyses/looked.sql', "ref('parts')", "ref('added')"),
  edit('analyses/looked.yml', 'A look', 'One look'),
  remove('analyses/looked.yml'),
  remove('analyses/looked.sql'),
  write('analyses/added.sql', `select * from {{ ref('totals') }}`),
  edit('tests/no_orders.sql', 'select', '{{ config(enabled=false) }} select'),
  edit('tests/no_orders.sql', '{{ config(enabled=false) }} ', ''),
  write('models/taken.sql', "{{ config(alias='ORDERS') }} select 1 as id"),
  remove('models/taken.sql'),
  edit('models/orders.sql', 'select', `select {{ ref('nowhere') }}, `),
  edit('models/orders.sql', `{{ ref('nowhere') }}, `, ''),
  edit(schema, 'models:', 'models:\n  - {name: added, columns: [{name: id, tests: [unique]}]}'),
  edit(schema, '  - {name: added, columns: [{name: id, tests: [unique]}]}\n', ''),
];

describe('a project of which a few files have changed', () => {
  test('is the same after edits that reach a few nodes, one upon the other', async () => {
    await fc.assert(fc.asyncProperty(stepsOf(smallChanges, fc.constant(true)), readStepByStep), {
      numRuns: Number(process.env['PARSE_RUNS'] ?? 25),
    });
  });

  test.each(['a new model', 'a changed one'])(
    'has the faults of %s under a taken name',
    async (which) => {
      using kept = createKeptProject(files);
      await kept.readWarm({}, laterMs);
      passTick(kept.root);
      const file = which === 'a new model' ? 'models/taken.sql' : 'models/marts/totals.sql';
      write(file, "{{ config(alias='ORDERS') }} select 1 as id").make(kept);
      const { project } = await kept.readWarm({}, laterMs);
      expect(project.faults.map(({ message }) => message)).toEqual([
        expect.stringContaining('is already built by'),
      ]);
      expect(await describeProject(project)).toEqual(await describeProject(await kept.readCold()));
    },
  );

  test.each([
    edit('models/strict.sql', 'needed(none)', 'needed(1)'),
    edit('models/strict.yml', 'than: null', 'than: 1'),
    edit('models/strict.yml', ', tests: [above: {than: null}]', ''),
  ])('has no more of what a macro refused, told in its own file, after: $what', async (change) => {
    const refuse = "{{ exceptions.raise_compiler_error('no value') }}";
    const isYaml = change.what.includes('yml');
    using kept = createKeptProject({
      ...files,
      'macros/needed.sql': `{% macro needed(v) %}{% if v is none %}${refuse}{% endif %}{{ v }}{% endmacro %}
{% test above(model, than) %}select * from {{ model }} where id > {{ needed(than) }}{% endtest %}`,
      'models/strict.sql': `select {{ needed(${isYaml ? '1' : 'none'}) }} as id`,
      'models/strict.yml': `models: [{name: strict${isYaml ? ', tests: [above: {than: null}]' : ''}}]`,
    });
    const { project: refused } = await kept.readWarm({}, laterMs);
    expect(refused.faults).toMatchObject([
      { file: 'macros/needed.sql', message: expect.stringMatching(/^no value/) },
    ]);
    passTick(kept.root);
    change.make(kept);
    const { project } = await kept.readWarm({}, laterMs);
    expect(project.faults).toEqual([]);
    expect(await describeProject(project)).toEqual(await describeProject(await kept.readCold()));
  });

  test.each([
    edit('models/parts.sql', 'ephemeral', 'table'),
    edit(
      schema,
      'models:',
      'models:\n  - {name: parts, columns: [{name: id, data_tests: [unique]}]}',
    ),
    remove('models/parts.sql'),
  ])('keeps what a package says of its models after: $what', async (change) => {
    const said =
      'models: [{name: parts, description: Theirs., data_tests: [unique: {column_name: id}]}]';
    using kept = createKeptProject({ ...files, 'dbt_packages/tools/models/said.yml': said });
    await kept.readWarm({}, laterMs);
    passTick(kept.root);
    change.make(kept);
    const { project } = await kept.readWarm({}, laterMs);
    expect(await describeProject(project)).toEqual(await describeProject(await kept.readCold()));
  });

  test.each(aloneChanges.map((one) => [one.what, one] as const))(
    'is not read whole after: %s',
    async (_, change) => {
      using kept = createKeptProject(files);
      await kept.readWarm({}, laterMs);
      passTick(kept.root);
      change.make(kept);
      const { project, memory } = await kept.readWarm({}, laterMs);
      expect(project.change).toBeDefined();
      expect(memory.disk.opened.length).toBeLessThanOrEqual(1);
      expect(await describeProject(project)).toEqual(await describeProject(await kept.readCold()));
    },
  );
});
