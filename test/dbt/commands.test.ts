import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tidemill } from '../artifacts/command-line.ts';
import { dbtFolder } from './dbt-project.ts';

const files = {
  'seeds/numbers.csv': 'n\n1\n2\n3\n',
  'models/doubled.sql': "select n * {{ var('by', 2) }} as n from {{ ref('numbers') }}",
  'models/total.sql': "select sum(n) as total from {{ ref('doubled') }}",
  'models/schema.yml': `
models:
  - name: doubled
    columns: [{name: n, data_tests: [{accepted_values: {values: [2, 4], quote: false}}]}]
sources:
  - name: logs
    schema: main
    freshness: {warn_after: {count: 1, period: hour}, error_after: {count: 1, period: day}}
    loaded_at_field: at_time
    tables:
      - name: events
      - name: gone
      - {name: ignored, freshness: null}
`,
};

describe('ls', () => {
  test('lists what a selector chooses, in each form', async () => {
    const { folder } = dbtFolder(files);
    const models = await tidemill(folder, 'ls', '--resource-type', 'model', 'seed');
    expect(models).toMatchObject({ code: 0, out: ['shop.numbers', 'shop.doubled', 'shop.total'] });
    const [paths, named] = await Promise.all([
      tidemill(folder, 'ls', '-s', '+total', '--resource-type', 'model', '--output', 'path'),
      tidemill(folder, 'ls', '-s', 'source:logs', '--output', 'name'),
    ]);
    expect(paths.out).toEqual(['models/doubled.sql', 'models/total.sql']);
    expect(named.out).toEqual(['events', 'gone', 'ignored']);
    const json = await tidemill(folder, 'ls', '-s', 'doubled', '--json');
    expect(json.out.map((line) => (JSON.parse(line) as { unique_id: string }).unique_id)).toEqual([
      'model.shop.doubled',
      expect.stringMatching(/^test\.shop\.accepted_values_doubled_n__/),
    ]);
    const odd = await tidemill(folder, 'ls', '-s', 'nothing:x');
    expect(odd).toMatchObject({ code: 1 });
    expect(odd.err).toContain('unknown method "nothing"');
  });

  test('is `list` too, and lists models alone where they are chosen by dbt’s older name', async () => {
    const { folder } = dbtFolder(files);
    const [seeds, models] = await Promise.all([
      tidemill(folder, 'list', '--resource-type', 'seed', '--exclude', 'test'),
      tidemill(folder, 'ls', '-m', 'numbers+1'),
    ]);
    expect(seeds).toMatchObject({ code: 0, out: ['shop.numbers'] });
    expect(models).toMatchObject({ code: 0, out: ['shop.doubled'] });
  });

  test('tells every broken file by its place, and lists the rest', async () => {
    const { folder } = dbtFolder({
      ...files,
      'models/broken.sql': 'select\n  {{ ref("doubled" }}',
      'models/lost.sql': "select * from {{ ref('totl') }}",
    });
    const listed = await tidemill(folder, 'ls', '--resource-type', 'model', '--output', 'name');
    expect(listed.code).toBe(1);
    expect(listed.out).toEqual(expect.arrayContaining(['doubled', 'total']));
    expect(listed.err).toContain('models/broken.sql:2:');
    expect(listed.err).toContain('models/lost.sql:1:');
    expect(listed.err).toContain('did you mean "total"');
  });
});

describe('compile', () => {
  test('writes SQL below target, prints a single one, and stops at no broken template', async () => {
    const { folder } = dbtFolder({
      ...files,
      'models/broken.sql': "select 1\n{{ exceptions.raise_compiler_error('not today') }}",
    });
    const all = await tidemill(folder, 'compile', '--vars', '{by: 5}');
    expect(all.code).toBe(1);
    expect(all.err).toContain('models/broken.sql:2:');
    const path = join(folder, 'target/compiled/shop/models/doubled.sql');
    expect(readFileSync(path, 'utf8')).toBe('select n * 5 as n from "main"."numbers"');
    const one = await tidemill(folder, 'compile', '-s', 'total');
    expect(one.out).toEqual(['select sum(n) as total from "main"."doubled"']);
    expect(existsSync(join(folder, 'warehouse.duckdb'))).toBe(false);
    expect(await tidemill(folder, 'clean')).toMatchObject({ code: 0, out: ['removed target'] });
    expect(existsSync(join(folder, 'target'))).toBe(false);
  });

  test('shows what a template makes of the graph, and of the command', async () => {
    const { folder } = dbtFolder({
      ...files,
      'models/told.sql':
        "select '{{ graph.nodes | length if execute }} {{ flags.WHICH }}' as known",
    });
    const one = await tidemill(folder, 'compile', '-s', 'told');
    expect(one.out.join()).toContain("select '5 compile' as known");
  });
});

describe('show', () => {
  test('answers rows of a select as its file is now, and those that break a test', async () => {
    const { folder } = dbtFolder(files);
    expect((await tidemill(folder, 'build')).code).toBe(1);
    writeFileSync(
      join(folder, 'models/doubled.sql'),
      "select n + 10 as n from {{ ref('numbers') }}",
    );
    const rows = await tidemill(folder, 'show', '-s', 'doubled', '--limit', '2', '--json');
    expect(rows).toMatchObject({ code: 0, out: ['{"n":11}', '{"n":12}'] });
    const many = await tidemill(folder, 'show', '-s', 'doubled', 'total');
    expect(many.code).toBe(1);
    expect(many.err).toContain('2 nodes selected');
    const table = await tidemill(folder, 'show', '-s', 'numbers');
    expect(table.err).toContain('tidemill query');
  });
});

describe('source freshness', () => {
  test('tells how old each source is, and fails where one is too old or cannot be asked', async () => {
    const project = dbtFolder(files);
    await project.run(
      'create table main.events as select now()::timestamp - interval 2 hour as at_time',
    );
    const stale = await tidemill(project.folder, 'source', 'freshness');
    expect(stale.code).toBe(1);
    expect(stale.out[0]).toMatch(/^warn +logs\.events: newest row 2 h/);
    expect(stale.out[1]).toMatch(/^runtime error +logs\.gone: /);
    const one = await tidemill(
      project.folder,
      'source',
      'freshness',
      '-s',
      'source:logs.events',
      '--json',
    );
    expect(one.code).toBe(0);
    expect(JSON.parse(one.out[0] ?? '')).toMatchObject({ status: 'warn' });
    const artifact = readFileSync(join(project.folder, 'target/sources.json'), 'utf8');
    expect(JSON.parse(artifact)).toMatchObject({
      results: [{ unique_id: 'source.shop.logs.events', status: 'warn' }],
    });
  });

  test('writes where --output says, and only there; snapshot-freshness is its old name', async () => {
    const project = dbtFolder(files);
    await project.run('create table main.events as select now()::timestamp as at_time');
    const asked = ['-s', 'source:logs.events', '-o', 'kept/today.json'];
    const { code } = await tidemill(project.folder, 'source', 'snapshot-freshness', ...asked);
    expect(code).toBe(0);
    expect(readFileSync(join(project.folder, 'kept/today.json'), 'utf8')).toContain('"pass"');
    expect(existsSync(join(project.folder, 'target/sources.json'))).toBe(false);
  });
});

describe('clean', () => {
  test('removes nothing outside the project, and none of its files', async () => {
    for (const target of ['..', 'models', '/', '.']) {
      const { folder } = dbtFolder({
        ...files,
        'dbt_project.yml': `name: shop\nclean-targets: ["${target}"]`,
      });
      const refused = await tidemill(folder, 'clean');
      expect(refused).toMatchObject({ code: 1 });
      expect(existsSync(join(folder, 'models/total.sql'))).toBe(true);
    }
  });
});
