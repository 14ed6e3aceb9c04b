import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dbtFolder } from '../dbt/dbt-project.ts';
import { writeFolder } from '../models/project-folder.ts';
import { entryOf, filesOf, idsOf, readArtifact } from './artifact-files.ts';
import { tidemill } from './command-line.ts';

const files = {
  'seeds/numbers.csv': 'n\n1\n2\n',
  'models/doubled.sql': "select n * 2 as n, 'x' as word from {{ ref('numbers') }}",
  'models/inner_part.sql':
    "{{ config(materialized='ephemeral') }} select n from {{ ref('doubled') }}",
  'models/never.sql': "{{ config(tags=['later']) }} select n from {{ ref('inner_part') }}",
  'models/schema.yml': `
models:
  - name: doubled
    config: {persist_docs: {relation: true, columns: true}}
    description: Twice as much.
    columns: [{name: word, description: One letter.}]
sources: [{name: logs, schema: main, tables: [{name: events}, {name: gone}]}]
`,
};

describe('docs generate', () => {
  test('tells what stands of the project with its columns, types and descriptions', async () => {
    const project = dbtFolder(files);
    await project.build({ exclude: ['tag:later'] });
    await project.run("create table main.events as select timestamp '2026-01-01' as at_time");
    const ended = await tidemill(project.folder, 'docs', 'generate');
    expect(ended).toMatchObject({
      code: 0,
      out: ['wrote target/manifest.json, and target/catalog.json with 2 tables and 1 source'],
    });
    const catalog = readArtifact(project.folder, 'catalog');
    expect(idsOf(catalog, 'nodes')).toEqual(['model.shop.doubled', 'seed.shop.numbers']);
    expect(idsOf(catalog, 'sources')).toEqual(['source.shop.logs.events']);
    expect(entryOf(catalog, 'nodes', 'model.shop.doubled')).toEqual({
      metadata: {
        type: 'VIEW',
        schema: 'main',
        name: 'doubled',
        database: 'warehouse',
        comment: 'Twice as much.',
        owner: null,
      },
      columns: {
        n: { type: 'INTEGER', index: 1, name: 'n', comment: null },
        word: { type: 'VARCHAR', index: 2, name: 'word', comment: 'One letter.' },
      },
      stats: { has_stats: expect.objectContaining({ value: false }) },
      unique_id: 'model.shop.doubled',
    });
    const manifest = readArtifact(project.folder, 'manifest');
    expect(entryOf(manifest, 'nodes', 'model.shop.never')).toMatchObject({ compiled: true });
  });

  test('makes no warehouse where there is none, and tells broken files beside the others', async () => {
    const { folder } = dbtFolder({ ...files, 'models/lost.sql': "select * from {{ ref('x') }}" });
    const ended = await tidemill(folder, 'docs', 'generate', '--no-compile', '--json');
    expect(ended).toMatchObject({ code: 1, out: ['{"nodes":0,"sources":0}'] });
    expect(ended.err).toContain('models/lost.sql:1:');
    expect(existsSync(join(folder, 'warehouse.duckdb'))).toBe(false);
    expect(filesOf(folder)).toEqual(['catalog.json', 'manifest.json']);
  });
});

describe('parse and compile', () => {
  test('write the manifest, with SQL and its file once it is compiled', async () => {
    const { folder } = dbtFolder(files);
    expect(await tidemill(folder, 'parse')).toMatchObject({
      code: 0,
      out: ['6 nodes read, 0 errors'],
    });
    const parsed = entryOf(readArtifact(folder, 'manifest'), 'nodes', 'model.shop.doubled');
    expect(parsed).toMatchObject({ compiled_path: null });
    expect(parsed).not.toHaveProperty('compiled_code');
    writeFileSync(
      join(folder, 'models/doubled.sql'),
      "select n * 3 as n from {{ ref('numbers') }}",
    );
    await tidemill(folder, 'compile', '-s', 'never');
    const changed = entryOf(readArtifact(folder, 'manifest'), 'nodes', 'model.shop.doubled');
    expect(changed).toMatchObject({ raw_code: expect.stringContaining('n * 3') });
    const manifest = readArtifact(folder, 'manifest');
    const path = 'target/compiled/shop/models/never.sql';
    expect(entryOf(manifest, 'nodes', 'model.shop.never')).toMatchObject({
      compiled: true,
      compiled_path: path,
      compiled_code: expect.stringContaining('__dbt__cte__inner_part'),
    });
    expect(existsSync(join(folder, path))).toBe(true);
    expect(entryOf(manifest, 'nodes', 'model.shop.doubled')).not.toHaveProperty('compiled_code');
  });

  test('write it for our own layout too, without streams and syncs', async () => {
    const folder = writeFolder({
      'pipelines.yaml': `
project: shop
connections: {hubspot: {type: hubspot, token: "\${env:NO_TOKEN}"}}
extract: {hubspot: [contacts]}
warehouse: {type: duckdb, path: w.duckdb}
models: {path: models}
`,
      'models/staging/a.sql': "select 1 as n from {{ source('hubspot', 'contacts') }}",
    });
    expect(await tidemill(folder, 'parse')).toMatchObject({ code: 0 });
    const manifest = readArtifact(folder, 'manifest');
    expect(entryOf(manifest, 'nodes', 'model.shop.a')).toMatchObject({
      relation_name: '"w"."staging"."a"',
      fqn: ['shop', 'staging', 'a'],
    });
    const map = manifest['parent_map'] as Record<string, unknown>;
    expect(map).toEqual({
      'model.shop.a': ['source.shop.hubspot.contacts'],
      'source.shop.hubspot.contacts': [],
    });
  });
});
