import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dbtFolder } from '../dbt/dbt-project.ts';
import { entryOf, filesOf, readArtifact, resultOf, statusesOf } from './artifact-files.ts';
import { tidemill } from './command-line.ts';

const files = {
  'seeds/numbers.csv': 'n\n1\n2\n3\n',
  'models/a.sql': "select n from {{ ref('numbers') }}",
  'models/b.sql': "select n * 2 as n from {{ ref('a') }}",
  'models/c.sql': "{{ config(materialized='ephemeral') }} select n from {{ ref('b') }}",
  'models/d.sql': "{{ config(materialized='table') }} select n from {{ ref('c') }}",
  'models/schema.yml': `
models:
  - name: a
    columns: [{name: n, data_tests: [not_null, {unique: {severity: warn}}]}]
  - name: b
    columns: [{name: n, data_tests: [{accepted_values: {values: [2, 4], quote: false}}]}]
  - name: d
    columns: [{name: n, data_tests: [not_null, {relationships: {to: ref('b'), field: n}}]}]
`,
};

const accepted = 'test.shop.accepted_values_b_n__False__2__4';
const related = 'test.shop.relationships_d_n__n__ref_b_';

function byName(statuses: Record<string, unknown>): Record<string, unknown> {
  const short = (id: string) => id.replace(/\.[0-9a-f]{10}$/, '');
  return Object.fromEntries(Object.entries(statuses).map(([id, status]) => [short(id), status]));
}

describe('run_results.json', () => {
  test('tells models, gates and what was not reached in the words of dbt', async () => {
    const { folder, build } = dbtFolder(files);
    await build();
    const artifact = readArtifact(folder, 'run_results');
    expect(byName(statusesOf(artifact))).toEqual({
      'seed.shop.numbers': 'success',
      'model.shop.a': 'success',
      'test.shop.not_null_a_n': 'pass',
      'test.shop.unique_a_n': 'pass',
      'model.shop.b': 'error',
      [accepted]: 'fail',
      'model.shop.d': 'skipped',
      'test.shop.not_null_d_n': 'skipped',
      [related]: 'skipped',
    });
    const a = resultOf(artifact, 'model.shop.a');
    expect(a).toMatchObject({
      compiled: true,
      compiled_code: 'select n from "main"."numbers"',
      relation_name: '"warehouse"."main"."a"',
      failures: null,
      batch_results: null,
    });
    expect(a['timing']).toMatchObject([{ name: 'compile' }, { name: 'execute' }]);
    const gate = Object.keys(statusesOf(artifact)).find((id) => id.startsWith(accepted)) ?? '';
    expect(resultOf(artifact, gate)).toMatchObject({ failures: 1, message: '1 row breaks it' });
    expect(artifact['args']).toMatchObject({ which: 'build', select: [], full_refresh: false });
  });

  test('says where a test keeps its failing rows, as the manifest does', async () => {
    const { folder, build, rows } = dbtFolder({
      'models/a.sql': 'select 1 as n union all select null',
      'tests/kept_view.sql':
        "{{ config(store_failures_as='view', severity='warn') }} select n from {{ ref('a') }} where n is null",
      'macros/names.sql':
        '{% macro generate_alias_name(custom, node) %}kept_{{ custom or node.name }}{% endmacro %}',
      'models/schema.yml': `
models:
  - name: a
    columns: [{name: n, data_tests: [{not_null: {config: {store_failures: true, alias: lost, severity: warn}}}, unique]}]
`,
    });
    await build();
    const manifest = readArtifact(folder, 'manifest');
    const results = readArtifact(folder, 'run_results');
    for (const [id, name] of [
      ['test.shop.not_null_a_n', 'kept_lost'],
      ['test.shop.kept_view', 'kept_kept_view'],
    ] as const) {
      const whole = Object.keys(statusesOf(results)).find((one) => one.startsWith(id)) ?? '';
      const entry = entryOf(manifest, 'nodes', whole);
      const relation = `"warehouse"."main_dbt_test__audit"."${name}"`;
      expect(entry).toMatchObject({ schema: 'main_dbt_test__audit', alias: name });
      expect([entry['relation_name'], resultOf(results, whole)['relation_name']]).toEqual([
        relation,
        relation,
      ]);
      expect(await rows(`select * from main_dbt_test__audit.${name}`)).toEqual([{ n: null }]);
    }
    const unique = Object.keys(statusesOf(results)).find((id) => id.includes('unique')) ?? '';
    expect(resultOf(results, unique)['relation_name']).toBeNull();
    expect(entryOf(manifest, 'nodes', unique)['relation_name']).toBeNull();
  });

  test('calls a reused model a success and leaves out the gates it did not pass again', async () => {
    const { folder, build } = dbtFolder({
      ...files,
      'models/b.sql': "select n from {{ ref('a') }} where n in (2)",
    });
    expect((await build()).status).toBe('succeeded');
    await build();
    const artifact = readArtifact(folder, 'run_results');
    expect(resultOf(artifact, 'model.shop.a')).toMatchObject({
      status: 'success',
      adapter_response: { code: 'REUSED' },
      compiled: false,
    });
    expect(byName(statusesOf(artifact))).not.toHaveProperty('test.shop.not_null_a_n');
    // Nothing has changed: the manifest stands as it was, with the SQL that the models have.
    const manifest = readArtifact(folder, 'manifest');
    expect(entryOf(manifest, 'nodes', 'model.shop.a')).toMatchObject({ compiled: true });
    expect(manifest.metadata['invocation_id']).not.toBe(artifact.metadata['invocation_id']);
  });

  test('tells a test that finds rows from one that cannot be asked', async () => {
    const { folder, build } = dbtFolder({
      ...files,
      'tests/odd.sql': "{{ config(severity='warn') }} select n from {{ ref('a') }} where n % 2 = 1",
    });
    await build();
    await build({ kinds: new Set(['check']) });
    const statuses = byName(statusesOf(readArtifact(folder, 'run_results')));
    expect(statuses).toMatchObject({
      'test.shop.not_null_a_n': 'pass',
      'test.shop.odd': 'warn',
      [accepted]: 'error',
    });
    expect(readArtifact(folder, 'run_results')['args']).toMatchObject({ which: 'test' });
  });

  test('a folder that cannot be written to changes nothing of the run', async () => {
    const project = dbtFolder({ 'models/a.sql': 'select 1 as n' });
    writeFileSync(join(project.folder, 'target'), 'a file where the folder should be');
    expect((await project.build()).status).toBe('succeeded');
    rmSync(join(project.folder, 'target'));
    await project.build();
    expect(filesOf(project.folder)).toEqual(['manifest.json', 'run_results.json']);
  });

  test('a project without a model to run writes the manifest all the same', async () => {
    const { folder, build } = dbtFolder({ 'models/a.sql': 'select 1 as n' });
    await build({ select: ['tag:none'] });
    expect(statusesOf(readArtifact(folder, 'run_results'))).toEqual({});
    expect(entryOf(readArtifact(folder, 'manifest'), 'nodes', 'model.shop.a')).toBeDefined();
  });

  test('tells the macro of run-operation, and whether it ended well', async () => {
    const { folder } = dbtFolder({
      'macros/m.sql': `{% macro good(n) %}{% do run_query('select ' ~ n) %}{% endmacro %}
        {% macro bad() %}{% do run_query('select nothing') %}{% endmacro %}`,
    });
    await tidemill(folder, 'run-operation', 'good', '--args', '{n: 2}');
    const good = readArtifact(folder, 'run_results');
    expect(statusesOf(good)).toEqual({ 'macro.shop.good': 'success' });
    expect(resultOf(good, 'macro.shop.good')).toMatchObject({ failures: 0, message: null });
    expect(good['args']).toMatchObject({ which: 'run-operation', macro: 'good', args: { n: 2 } });
    expect(filesOf(folder)).toEqual(['manifest.json', 'run_results.json']);
    expect((await tidemill(folder, 'run-operation', 'bad')).code).toBe(1);
    const bad = readArtifact(folder, 'run_results');
    expect(resultOf(bad, 'macro.shop.bad')).toMatchObject({ status: 'error', failures: 1 });
  });
});
