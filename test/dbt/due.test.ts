import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { planProject } from '../../cli/work.ts';
import { type DbtFolder, dbtFolder, dbtProjectIn, troubles } from './dbt-project.ts';

const table = "{{ config(materialized='table') }}";

const files: Readonly<Record<string, string>> = {
  'dbt_project.yml': `name: shop
version: "1.0"
vars: { rate: 2, shop: { scale: 3 } }
seeds: { shop: { coded: { +column_types: { id: integer, code: varchar } } } }
`,
  'packages.yml': 'packages: [{ local: pack }]\n',
  'pack/dbt_project.yml': 'name: pack\nversion: "1.0"\n',
  'pack/macros/pack.sql': `{% macro packed(x) %}{{ return(adapter.dispatch('packed', 'pack')(x)) }}{% endmacro %}
{% macro default__packed(x) %}{{ x }} + 1{% endmacro %}
{% macro postgres__packed(x) %}{{ x }} + 2{% endmacro %}`,
  'pack/models/from_pack.sql': `${table} select 1 as n`,
  'macros/own.sql': `{% macro twice(x) %}{{ x }} * 2{% endmacro %}
{% macro nobody() %}1{% endmacro %}
{% macro told(to) %}comment on table {{ to }} is '{{ env_var('TOLD', 'a') }}'{% endmacro %}
{% macro counted() %}{{ graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | list | length if execute else 0 }}{% endmacro %}`,
  'macros/gate.sql': `{% test over(model, column_name) %}
select * from {{ model }} where {{ column_name }} > {{ floor() }} {% endtest %}
{% macro floor() %}{{ env_var('FLOOR', '1000') }}{% endmacro %}`,
  'seeds/coded.csv': 'id,code\n1,a\n2,b\n',
  'models/stg.sql': "select id, code, id * {{ var('rate') }} as rated from {{ ref('coded') }}",
  'models/mart.sql': `${table} select {{ pack.packed('id') }} as id, code from {{ ref('stg') }}`,
  'models/late.sql': `${table} select id from {{ ref('mart') }}`,
  'models/inc.sql': `{{ config(materialized='incremental', unique_key='id', on_schema_change='append_new_columns') }}
select id, {{ twice('rated') }} as rated from {{ ref('stg') }}`,
  'models/hooked.sql': `{{ config(materialized='table', post_hook="{{ told(this) }}") }} select 1 as n`,
  'models/graphy.sql': `${table} select {{ counted() }} as models`,
  'models/scaled.sql': `${table} select {{ var('scale', 1) }} as n, '{{ env_var('WHERE', 'here') }}' as place`,
  'models/defaulted.sql': `${table} select {{ var('unset', 5) }} as n`,
  'models/shouted.ts': `import { defineModel, ref } from 'tidemill';
import { shout } from './parts/shout.ts';
export const shouted = defineModel({
  inputs: { stg: ref('stg', { id: 'integer', code: 'varchar' }) },
  columns: { id: 'integer', code: 'varchar' },
  async *run({ stg }) {
    for await (const batch of stg) {
      for (const { id, code } of batch) yield [{ id, code: shout(code ?? '') }];
    }
  },
});
`,
  'models/parts/shout.ts': 'export const shout = (text: string): string => `${text}!`;\n',
  'models/schema.yml': `models:
  - name: mart
    description: what is sold
    config: { tags: [a], meta: { owner: me }, group: crew }
    columns:
      - name: id
        description: the key
        data_type: integer
        data_tests: [over, unique]
      - { name: code, data_type: varchar }
groups: [{ name: crew, owner: { name: crew, email: a@b.example } }]
unit_tests:
  - name: doubles
    model: inc
    given: [{ input: ref('stg'), format: csv, fixture: doubles }]
    expect: { rows: [{ id: 1, rated: 4 }] }
`,
  'tests/fixtures/doubles.csv': 'id,code,rated\n1,a,2\n',
  'snapshots/kept.sql': `{% snapshot kept %}{{ config(target_schema='main', unique_key='id', strategy='check', check_cols=['code']) }}
select id, code from {{ ref('coded') }}{% endsnapshot %}`,
};

let project: DbtFolder;
let atFirst: Due;

beforeAll(async () => {
  project = dbtProjectIn(mkdtempSync(join(tmpdir(), 'due-')));
  for (const [path, text] of Object.entries(files)) write(path, text);
  expect(troubles(await project.build())).toEqual([]);
  atFirst = await due();
});

afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(project.folder, path)), { recursive: true });
  writeFileSync(join(project.folder, path), text);
}

interface Due {
  /** Names of the nodes that a plan would build. */
  readonly nodes: readonly string[];
  /** Names of the tests it would run beside those of what it builds. */
  readonly tests: readonly string[];
}

async function due(vars: Readonly<Record<string, number>> = {}, env = {}): Promise<Due> {
  const { folder } = project;
  using opened = openProject({ folder, env: { HOME: folder, ...env }, vars });
  const plan = await planProject(opened, { kinds: new Set(['materialize', 'history', 'check']) });
  expect(plan.faults).toEqual([]);
  const nodes = plan.steps.flatMap((step) =>
    'decision' in step && step.decision.action === 'run' ? [step.name] : [],
  );
  const tests = plan.steps.flatMap((step) => (step.kind === 'check' ? [step.name] : []));
  return { nodes: nodes.toSorted(), tests: tests.toSorted() };
}

interface Change {
  readonly edit?: Readonly<Record<string, readonly [from: string, to: string] | string>>;
  readonly vars?: Readonly<Record<string, number>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly due: readonly string[];
  /** Absent: the unit test of `inc`, where that is due. */
  readonly tests?: readonly string[];
}

/** Edits files, asks, and puts them back. */
async function dueAfter({ edit = {}, vars, env }: Change): Promise<Due> {
  for (const [path, change] of Object.entries(edit)) {
    const before = files[path] ?? '';
    const text = typeof change === 'string' ? change : before.replace(change[0], change[1]);
    expect(text, path).not.toBe(before);
    write(path, text);
  }
  try {
    return await due(vars, env);
  } finally {
    for (const path of Object.keys(edit)) {
      const before = files[path];
      if (before === undefined) rmSync(join(project.folder, path));
      else write(path, before);
    }
  }
}

const stg = ['stg', 'mart', 'late', 'inc', 'shouted'];

const changes: Readonly<Record<string, Change>> = {
  'the macro that dispatch chooses': {
    edit: { 'pack/macros/pack.sql': ['+ 1', '+ 9'] },
    due: ['mart', 'late'],
  },
  'a macro of another adapter': { edit: { 'pack/macros/pack.sql': ['+ 2', '+ 9'] }, due: [] },
  'an implementation that comes to be chosen': {
    edit: { 'macros/more.sql': '{% macro duckdb__packed(x) %}{{ x }} + 3{% endmacro %}' },
    due: ['mart', 'late'],
  },
  'the version of a package': { edit: { 'pack/dbt_project.yml': ['"1.0"', '"2.0"'] }, due: [] },
  'a model of a package': {
    edit: { 'pack/models/from_pack.sql': ['1 as n', '2 as n'] },
    due: ['from_pack'],
  },
  'what a test gate reads of the environment': {
    env: { FLOOR: '900' },
    due: [],
    tests: ['over_mart_id'],
  },
  'the macro of a test': {
    edit: { 'macros/gate.sql': ['>', '>='] },
    due: [],
    tests: ['over_mart_id'],
  },
  'what a hook reads of the environment': { env: { TOLD: 'b' }, due: ['hooked'] },
  'the macro of a hook': {
    edit: { 'macros/own.sql': ['comment on', 'COMMENT ON'] },
    due: ['hooked'],
  },
  'a macro nobody calls': { edit: { 'macros/own.sql': ['%}1{%', '%}2{%'] }, due: [] },
  'a variable of the project': { edit: { 'dbt_project.yml': ['rate: 2', 'rate: 4'] }, due: stg },
  'a variable of the command line': { vars: { rate: 4 }, due: stg },
  'a variable of a package of variables': {
    edit: { 'dbt_project.yml': ['scale: 3', 'scale: 4'] },
    due: ['scaled'],
  },
  'the default of a variable that is set': {
    edit: { 'models/scaled.sql': ["'scale', 1", "'scale', 9"] },
    due: [],
  },
  'the default of a variable that is not': {
    edit: { 'models/defaulted.sql': ["'unset', 5", "'unset', 6"] },
    due: ['defaulted'],
  },
  'the same value from elsewhere': { vars: { unset: 5 }, due: [] },
  'a name of the environment': { env: { WHERE: 'there' }, due: ['scaled'] },
  'a row of a seed': {
    edit: { 'seeds/coded.csv': ['2,b', '2,c'] },
    due: ['coded', 'kept', ...stg],
  },
  'the type of a column of a seed': {
    edit: { 'dbt_project.yml': ['id: integer', 'id: bigint'] },
    due: ['coded', 'kept', ...stg],
  },
  'the delimiter of a seed': {
    edit: {
      'dbt_project.yml': ['coded: { +', 'coded: { +delimiter: ";", +'],
      'seeds/coded.csv': 'id;code\n1;a\n2;b\n',
    },
    due: ['coded', 'kept', ...stg],
  },
  'what a part of a model in TypeScript says': {
    edit: { 'models/parts/shout.ts': ['!`', '?`'] },
    due: ['shouted'],
  },
  'a fixture of a unit test': {
    edit: { 'tests/fixtures/doubles.csv': ['1,a,2', '1,b,2'] },
    due: [],
    tests: ['doubles'],
  },
  'a comment': { edit: { 'models/mart.sql': ['select', '-- why\nselect'] }, due: [] },
  'a comment of a macro': { edit: { 'macros/own.sql': ['{{ x }}', '{# x #}{{ x }}'] }, due: [] },
  'space between words': { edit: { 'models/late.sql': ['id from', 'id\n\n   from'] }, due: [] },
  'space within a text': {
    edit: { 'models/scaled.sql': [' as place', " || ' ' as place"] },
    due: ['scaled'],
  },
  'a description': { edit: { 'models/schema.yml': ['what is sold', 'what was sold'] }, due: [] },
  'a tag': { edit: { 'models/schema.yml': ['tags: [a]', 'tags: [b]'] }, due: [] },
  meta: { edit: { 'models/schema.yml': ['owner: me', 'owner: you'] }, due: [] },
  'a group': { edit: { 'models/schema.yml': [', group: crew', ''] }, due: [] },
  'a materialization: what reads it cannot know that the rows are the same': {
    edit: { 'models/mart.sql': ["'table'", "'view'"] },
    due: ['mart', 'late'],
  },
  'a contract': {
    edit: { 'models/schema.yml': ['group: crew', 'group: crew, contract: { enforced: true }'] },
    due: ['mart', 'late'],
  },
  'the type that a contract says': {
    edit: { 'models/schema.yml': ['data_type: integer', 'data_type: bigint'] },
    due: [],
  },
  'the type of a column': {
    edit: { 'models/mart.sql': ['code from', 'code::text from'] },
    due: ['mart', 'late'],
  },
  on_schema_change: { edit: { 'models/inc.sql': ['append_new_columns', 'ignore'] }, due: ['inc'] },
  'a leaf that is switched off': {
    edit: { 'models/late.sql': ["'table'", "'table', enabled=false"] },
    due: ['graphy'],
  },
  'a schema': {
    edit: { 'models/mart.sql': ["'table'", "'table', schema='sold'"] },
    due: ['mart', 'late'],
  },
  'an alias': {
    edit: { 'models/mart.sql': ["'table'", "'table', alias='sold'"] },
    due: ['mart', 'late'],
  },
  'what a snapshot compares': {
    edit: { 'snapshots/kept.sql': ["['code']", "'all'"] },
    due: ['kept'],
  },
  'a test that is added': {
    edit: { 'models/schema.yml': ['[over, unique]', '[over, unique, not_null]'] },
    due: [],
    tests: ['not_null_mart_id'],
  },
  'what the rows of a test mean': {
    edit: { 'models/schema.yml': ['over, unique', 'over, unique: { config: { severity: warn } }'] },
    due: [],
    tests: ['unique_mart_id'],
  },
  'a description of a test': {
    edit: { 'models/schema.yml': ['unique]', 'unique: { description: one a key }]'] },
    due: [],
  },
  'a model beside the others': {
    edit: { 'models/other.sql': 'select 1 as n' },
    due: ['other', 'graphy'],
  },
};

describe('a node is due when its result could differ, and only then: after a change of', () => {
  test('nothing', () => {
    expect(atFirst).toEqual({ nodes: [], tests: [] });
  });

  test.each(Object.entries(changes))('%s', async (_, change) => {
    const tests = change.tests ?? (change.due.includes('inc') ? ['doubles'] : []);
    expect(await dueAfter(change)).toEqual({ nodes: change.due.toSorted(), tests });
  });
});

describe('a test that the rows of a node were not held to', () => {
  const select = `${table} select cast(null as integer) as id`;
  const withTest = (text: string): string =>
    `models: [{ name: a, columns: [{ name: id, data_tests: [${text}] }] }]`;
  const only = { kinds: new Set(['materialize', 'history', 'check'] as const) };

  test('runs though the node is reused, and fails the run until it holds', async () => {
    const shop = dbtFolder({ 'models/a.sql': select });
    expect(troubles(await shop.build(only))).toEqual([]);
    writeFileSync(join(shop.folder, 'models/a.yml'), withTest('not_null'));
    for (const _ of [1, 2]) {
      const { steps, status } = await shop.build(only);
      expect(steps.map((step) => [step.kind, step.status])).toEqual([
        ['materialize', 'reused'],
        ['check', 'failed'],
      ]);
      expect(status).toBe('failed');
    }
    writeFileSync(join(shop.folder, 'models/a.yml'), withTest('unique'));
    expect((await shop.build(only)).steps.at(-1)?.status).toBe('success');
    expect((await shop.build(only)).steps.map(({ status }) => status)).toEqual(['reused']);
    writeFileSync(join(shop.folder, 'models/a.yml'), withTest('unique, not_null'));
    expect((await shop.build(only)).steps.map(({ id }) => id.split('.')[2])).toEqual([
      'a',
      'not_null_a_id',
    ]);
  });

  test('is remembered of `test` as of a build, and not where its model is about to be another', async () => {
    const unit = (id: number): string =>
      `unit_tests: [{ name: u, model: a, given: [], expect: { rows: [{ id: ${id} }] } }]`;
    const tests = { kinds: new Set(['check'] as const) };
    const shop = dbtFolder({ 'models/a.sql': `${table} select 1 as id` });
    expect(troubles(await shop.build({ kinds: new Set(['materialize']) }))).toEqual([]);
    writeFileSync(join(shop.folder, 'models/a.yml'), withTest('unique'));
    expect((await shop.build(tests)).steps.map(({ status }) => status)).toEqual(['success']);
    expect((await shop.build(only)).steps.map(({ status }) => status)).toEqual(['reused']);
    // It holds of a text that is not built then.
    writeFileSync(join(shop.folder, 'models/a.sql'), `${table} select 2 as id`);
    writeFileSync(join(shop.folder, 'models/a.yml'), unit(2));
    expect((await shop.build(tests)).steps.map(({ status }) => status)).toEqual(['success']);
    writeFileSync(join(shop.folder, 'models/a.sql'), `${table} select 1 as id`);
    expect((await shop.build(only)).status).toBe('failed');
  });

  test('is one that warned, until it holds, and one whose rows are to be kept from now on', async () => {
    const shop = dbtFolder({ 'models/a.sql': `${table} select 1 as id union all select 1` });
    const warned = (more = '') => withTest(`unique: { config: { severity: warn${more} } }`);
    writeFileSync(join(shop.folder, 'models/a.yml'), warned());
    const statuses = async (rest = {}) => {
      const { steps } = await shop.build({ ...only, ...rest });
      return steps.map(({ status }) => status);
    };
    expect(await statuses()).toEqual(['warn']);
    for (const _ of [1, 2]) expect(await statuses()).toEqual(['reused', 'warn']);
    writeFileSync(join(shop.folder, 'models/a.yml'), warned(", error_if: '> 9', warn_if: '> 9'"));
    expect(await statuses()).toEqual(['reused', 'success']);
    expect(await statuses()).toEqual(['reused']);
    const kept = ", error_if: '> 9', warn_if: '> 9', store_failures: true";
    writeFileSync(join(shop.folder, 'models/a.yml'), warned(kept));
    expect(await statuses()).toEqual(['reused', 'success']);
    expect(await shop.rows('from main_dbt_test__audit.unique_a_id')).toHaveLength(1);
    expect(await statuses()).toEqual(['reused']);
    expect(await statuses({ storeFailures: true })).toEqual(['reused']);
  });

  test('is one whose values a macro of the project now spells otherwise', async () => {
    const values = 'accepted_values: { arguments: { values: [a] } }';
    const shop = dbtFolder({
      'models/a.sql': `${table} select 'a' as id`,
      'models/a.yml': withTest(values),
      'macros/other.sql': '{% macro other() %}{% endmacro %}',
    });
    expect(troubles(await shop.build(only))).toEqual([]);
    const spell = "{% macro duckdb__string_literal(value) %}'x'{% endmacro %}";
    writeFileSync(join(shop.folder, 'macros/other.sql'), spell);
    const { steps } = await shop.build(only);
    expect(steps.map(({ status }) => status)).toEqual(['reused', 'failed']);
  });

  test('is asked again where the command line has its rows kept', async () => {
    const shop = dbtFolder({ 'models/a.sql': `${table} select 1 as id` });
    writeFileSync(join(shop.folder, 'models/a.yml'), withTest('unique'));
    await shop.build(only);
    const asked = await shop.build({ ...only, storeFailures: true });
    expect(asked.steps.map(({ status }) => status)).toEqual(['reused', 'success']);
    expect((await shop.build({ ...only, storeFailures: true })).steps).toHaveLength(1);
  });

  test('is a gate again once the node is built, and not asked twice', async () => {
    const shop = dbtFolder({ 'models/a.sql': select });
    await shop.build(only);
    writeFileSync(join(shop.folder, 'models/a.yml'), withTest('unique'));
    expect((await shop.build({ ...only, fullRefresh: true })).steps).toHaveLength(1);
    expect((await shop.build(only)).steps).toHaveLength(1);
  });

  test('runs each time where it looks at the clock: rows grow old by themselves', async () => {
    const shop = dbtFolder({
      'models/a.sql': `${table} select timestamp '2026-01-01' as made_at`,
      'models/a.yml': 'models: [{ name: a, data_tests: [fresh] }]',
      'macros/fresh.sql': `{% test fresh(model) %}
        select * from {{ model }} where made_at < {{ dbt.current_timestamp() }} - interval 1 day
        {% endtest %}`,
    });
    expect(troubles(await shop.build(only))).toEqual([]);
    shop.pass(3 * 24 * 3_600_000);
    const { steps } = await shop.build(only);
    expect(steps.map((step) => step.status)).toEqual(['reused', 'failed']);
  });
});
