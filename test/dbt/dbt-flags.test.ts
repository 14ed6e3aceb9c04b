import { describe, expect, test } from 'vitest';
import { bin, runNode } from '../artifacts/command-line.ts';
import { dbtFolder, twoTargets } from './dbt-project.ts';

/** Runs the command from the folder of its project. */
async function tidemill(folder: string, args: readonly string[], env: Record<string, string> = {}) {
  const { code, out, err } = await runNode([bin, ...args], { home: folder, cwd: folder, env });
  return { code, out: out.trim(), err: err.trim() };
}

const files = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"\nprofile: shop\n',
  'profiles.yml': `${twoTargets}other: {target: x, outputs: {x: {type: duckdb, path: wh.duckdb, schema: elsewhere}}}
`,
  'seeds/numbers.csv': 'n\n1\n2\n',
  'models/doubled.sql':
    "select n * 2 as n, '{{ target.schema }}' as place from {{ ref('numbers') }}",
  'models/schema.yml': 'models: [{name: doubled, columns: [{name: n, data_tests: [unique]}]}]',
  'snapshots/kept.yml':
    "snapshots: [{name: kept, relation: ref('numbers'), config: {unique_key: n, strategy: check, check_cols: all}}]",
  'macros/make.sql': `{% macro make_table(name, rows=[]) %}
    {% do run_query('create table ' ~ name ~ ' as select ' ~ (rows | length) ~ ' as n') %}
    {{ print('made ' ~ name) }}
  {% endmacro %}
  {% macro make_and_drop() %}
    {% do run_query('create schema spare') %}{% do run_query('create table spare.t as select 1 as n') %}
    {{ drop_schema_named('spare') }}
    {{ print(run_query("select count(*) as n from duckdb_schemas() where schema_name = 'spare'").rows[0][0] ~ ' left') }}
  {% endmacro %}`,
};

describe('a command line of dbt', () => {
  test('shows a select as it is, whatever the project is like, and nothing but a select', async () => {
    const { folder } = dbtFolder({ 'models/broken.sql': '{{', 'analyses/lost.sql': '{% if' });
    const show = (text: string, ...more: string[]) =>
      tidemill(folder, ['show', '--inline-direct', text, ...more]);
    const text = "select range as n, '{{ n }}' as t from range(9) ;";
    expect(await show(text, '--limit', '1', '--json')).toEqual({
      code: 0,
      out: '{"n":0,"t":"{{ n }}"}',
      err: '',
    });
    const refused = await show('create table t as select 1 as n');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain('the warehouse refused a statement');
  });

  test('is taken whole: flags of dbt’s own machinery change nothing', async () => {
    const { folder } = dbtFolder(files);
    const args = [
      '--no-partial-parse',
      '--no-version-check',
      '--printer-width',
      '80',
      '--log-format',
    ];
    const ended = await tidemill(folder, ['build', '-t', 'prod', '-q', ...args, 'json']);
    expect(ended).toEqual({
      code: 0,
      out: '',
      err: 'warning: --log-format has no effect: the result is one JSON object with --json',
    });
    const [shown, compiled, listed] = await Promise.all([
      tidemill(folder, [
        'show',
        '--inline',
        "select sum(n) as s from {{ ref('doubled') }}",
        '--output',
        'json',
        '-t',
        'prod',
      ]),
      tidemill(folder, ['compile', '--inline', "{{ ref('doubled') }} -- {{ 1 + 1 }}"]),
      tidemill(folder, [
        ...['--no-defer', '--indirect-selection', 'cautious', '--warn-error', '--threads', '2'],
        'ls',
        '--exclude-resource-types',
        'test',
        '--output',
        'json',
        '--output-keys',
        'name resource_type config.materialized',
        '-m',
        'doubled',
      ]),
    ]);
    expect(JSON.parse(shown.out)).toEqual({ show: [{ s: 6 }] });
    expect(compiled.out).toBe('"dev"."doubled" -- 2');
    expect(JSON.parse(listed.out)).toEqual({
      name: 'doubled',
      resource_type: 'model',
      'config.materialized': 'view',
    });
  });

  test('may name one kind of node: seed, snapshot, --resource-type', async () => {
    const { folder } = dbtFolder(files);
    const seed = await tidemill(folder, ['seed']);
    expect(seed.out).toContain('dev.numbers: created');
    expect(seed.out).toContain(': 1 ok');
    const snapshot = await tidemill(folder, ['snapshot']);
    expect(snapshot.out).toContain('dev.kept: created');
    expect(snapshot.out).toContain(': 1 ok');
    const two = await tidemill(folder, [
      'ls',
      '--resource-type',
      'seed snapshot',
      '--model',
      'numbers',
      'kept',
      'doubled',
    ]);
    expect(two.out.split('\n')).toEqual(['shop.numbers', 'shop.kept']);
    const model = await tidemill(folder, ['build', '--resource-type', 'model']);
    expect(model.out).toContain('dev.doubled: created');
    expect(model.out).toContain(': 1 ok');
  });

  test('run-operation calls a macro that writes, and names those there are', async () => {
    const { folder } = dbtFolder(files);
    const args = '{name: dev_made, rows: [1, 2, 3]}';
    const made = await tidemill(folder, ['run-operation', 'make_table', '--args', args]);
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining('made dev_made') });
    const asked = await tidemill(folder, ['query', 'select n from main.dev_made']);
    expect(asked.out).toMatch(/^n\s+-+\s+3/);
    const dropped = await tidemill(folder, ['run-operation', 'make_and_drop']);
    expect(dropped).toMatchObject({ code: 0, err: expect.stringContaining('0 left') });
    const [missing, broken] = await Promise.all([
      tidemill(folder, ['run-operation', 'make_tabel']),
      tidemill(folder, ['run-operation', 'make_table', '--args', '[1]']),
    ]);
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('make_table') });
    expect(broken).toMatchObject({ code: 1, err: expect.stringContaining('--args must be a map') });
  });

  test('that is not here says what to do instead', async () => {
    const { folder } = dbtFolder(files);
    const told = await Promise.all(
      [
        ['debug', '--connection'],
        ['deps', '--upgrade'],
        ['docs', 'serve'],
      ].map((words) => tidemill(folder, words)),
    );
    expect(told.map(({ code }) => code)).toEqual([1, 1, 1]);
    expect(told.map(({ err }) => err.split('\n')[0])).toEqual([
      'error: `debug` is not here: there is no command for the profile alone',
      'error: `deps` is not here: packages are not downloaded',
      'error: `serve` is not here: there is no site',
    ]);
  });
});

describe('dbt’s variables of the environment', () => {
  const where = (folder: string, args: string[], env: Record<string, string>) =>
    tidemill(folder, ['show', '-s', 'doubled', '--json', '--limit', '1', ...args], env);

  test('stand for flags that are not given', async () => {
    const { folder } = dbtFolder(files);
    await tidemill(folder, ['seed'], { DBT_TARGET: 'prod', DBT_QUIET: 'true' });
    const [byEnv, byFlag] = await Promise.all([
      where(folder, [], { DBT_TARGET: 'prod' }),
      where(folder, ['--target', 'prod'], { DBT_TARGET: 'dev' }),
    ]);
    expect(JSON.parse(byEnv.out)).toMatchObject({ place: 'prod' });
    expect(JSON.parse(byFlag.out)).toMatchObject({ place: 'prod' });
    const [wrong, off, profile] = await Promise.all([
      tidemill(folder, ['build'], { DBT_INDIRECT_SELECTION: 'eagre' }),
      tidemill(folder, ['ls', '--output', 'name'], {
        DBT_EXCLUDE_RESOURCE_TYPES: 'test seed',
        DBT_DEFER: 'false',
      }),
      tidemill(folder, ['compile', '--inline', '{{ this.schema }}'], { DBT_PROFILE: 'other' }),
    ]);
    expect(wrong).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        '"eagre" is invalid for --indirect-selection by DBT_INDIRECT_SELECTION',
      ),
    });
    expect(off.out.split('\n').sort()).toEqual(['doubled', 'kept']);
    expect(profile.out).toBe('elsewhere');
  });
});

describe('--fail-fast and --warn-error', () => {
  test('stop at the first failure, and count warnings as one', async () => {
    const { folder } = dbtFolder({
      'dbt_project.yml': 'name: shop\nversion: "1.0"\nflags: {fail_fast: true}\n',
      'models/a_bad.sql': "{{ config(materialized='table') }} select error('no') as n",
      'models/b_good.sql': 'select 1 as n',
      'models/schema.yml': `models:
  - {name: b_good, columns: [{name: n, data_tests: [{accepted_values: {arguments: {values: [2]}, config: {severity: warn}}}]}]}`,
    });
    const fast = await tidemill(folder, ['build', '--threads', '1']);
    expect(fast.out).toContain('the run stops at its first failure (--fail-fast)');
    const slow = await tidemill(folder, ['build', '--threads', '1', '--no-fail-fast']);
    expect(slow.out).toContain('main.b_good: created');
    const [warned, counted] = [
      await tidemill(folder, ['test', '-s', 'b_good']),
      await tidemill(folder, ['test', '-s', 'b_good', '--warn-error']),
    ];
    expect([warned.code, counted.code]).toEqual([0, 1]);
    const told = await tidemill(folder, ['build', '-s', 'nothing', '--warn-error']);
    expect(told).toMatchObject({
      code: 1,
      err: expect.stringContaining('(an error by --warn-error'),
    });
  });

  test.each([
    [['parse', '--warn-error'], 1],
    [['--warn-error', 'ls', '-s', 'loud'], 1],
    [['compile', '--warn-error'], 1],
    [['build', '--warn-error'], 1],
    [['run-operation', 'tell', '--warn-error'], 1],
    [['compile', '-s', 'plain', '--warn-error'], 1],
    [['build', '--warn-error', '--warn-error-options', '{warn: [JinjaLogWarning]}'], 0],
    [['build', '--no-warn-error'], 0],
    [['build'], 0],
  ])('make an error of what a macro warns of: %j', async (args, code) => {
    const { folder } = dbtFolder({
      'macros/tell.sql': "{% macro tell() %}{% do exceptions.warn('be careful') %}{% endmacro %}",
      'models/loud.sql': '{{ tell() }} select 1 as n',
      'models/plain.sql': 'select 1 as n',
    });
    const told = await tidemill(folder, args);
    expect(told).toMatchObject({ code, err: expect.stringContaining('be careful') });
  });

  test('make an error of what a macro warns of while it is built, in that node alone', async () => {
    const { folder } = dbtFolder({
      'macros/tell.sql':
        "{% macro tell() %}{% if execute %}{% do exceptions.warn('be late') %}{% endif %}{% endmacro %}",
      'models/loud.sql': '{{ tell() }} select 1 as n',
      'models/plain.sql': 'select 1 as n',
    });
    expect(await tidemill(folder, ['parse', '--warn-error'])).toMatchObject({ code: 0 });
    const told = await tidemill(folder, ['build', '--warn-error']);
    expect(told).toMatchObject({ code: 1, out: expect.stringContaining('main.plain: created') });
    expect(told.out).toContain('be late (an error by --warn-error');
  });
});
