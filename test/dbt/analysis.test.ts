import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { entryOf, readArtifact } from '../artifacts/artifact-files.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { readFiles, writeFolder } from '../models/project-folder.ts';
import { dbtFolder } from './dbt-project.ts';

const files = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"',
  'models/orders.sql': 'select 1 as id, 5 as amount union all select 2, 7',
  'analyses/totals.sql': "\nselect sum(amount) as total from {{ ref('orders') }} -- {{ this }}\n",
  'analyses/deep/orders.sql': "select * from {{ ref('orders') }} where id > 1",
};

const faultsOf = async (more: Readonly<Record<string, string>>): Promise<string[]> => {
  const { faults } = await readFiles({ ...files, ...more });
  return faults.map(
    ({ severity, file, line, message }) => `${severity} ${file}:${line} ${message}`,
  );
};

describe('analyses', () => {
  test('are compiled and shown, listed where they are asked for, and never built', async () => {
    const folder = writeFolder(files);
    const { out } = await tidemill(folder, 'compile', '--select', 'totals');
    expect(out).toEqual(['select sum(amount) as total from "main"."orders" -- "main"."totals"']);
    await tidemill(folder, 'compile');
    const compiled = join(folder, 'target/compiled/shop/analyses/deep/orders.sql');
    expect(readFileSync(compiled, 'utf8')).toBe('select * from "main"."orders" where id > 1');
    expect((await tidemill(folder, 'ls')).out).toEqual(['shop.orders']);
    const asked = ['ls', '--select', 'orders+', '--resource-type'];
    expect((await tidemill(folder, ...asked, 'analysis')).out).toEqual([
      'shop.analysis.deep.orders',
      'shop.analysis.totals',
    ]);
    expect((await tidemill(folder, ...asked, 'all')).out).toHaveLength(3);
    expect((await tidemill(folder, ...asked, 'default')).out).toEqual(['shop.orders']);
    const built = await tidemill(folder, 'build', '--select', '+totals', '--json');
    expect(built.code).toBe(0);
    expect(Object.keys(readArtifact(folder, 'run_results')['results'] ?? {})).toHaveLength(1);
    const shown = await tidemill(folder, 'show', '--select', 'totals', '--json');
    expect(shown.out).toEqual(['{"total":12}']);
    // The name is a model's as well, and that one is meant.
    expect((await tidemill(folder, 'show', '--select', 'orders', '--json')).out).toHaveLength(2);
  });

  test('are told with their place where something is wrong; all else is compiled and built', async () => {
    const folder = writeFolder({
      ...files,
      'analyses/lost.sql': "select 1\nfrom {{ ref('nowhere') }}",
      'analyses/open.sql': 'select {% if %}',
      'analyses/late.sql': 'select {% if execute %}{{ nothing() }}{% endif %}',
    });
    const compiled = await tidemill(folder, 'compile');
    expect(compiled.code).toBe(1);
    expect(compiled.err).toContain('analyses/lost.sql:2:9 there is no model "nowhere"');
    expect(compiled.err).toContain('analyses/open.sql:1:14 ');
    expect(compiled.err).toContain("analyses/late.sql:1:27 'nothing' is undefined");
    const made = join(folder, 'target/compiled/shop');
    expect(existsSync(join(made, 'analyses/totals.sql'))).toBe(true);
    expect(existsSync(join(made, 'models/orders.sql'))).toBe(true);
    expect(existsSync(join(made, 'analyses/lost.sql'))).toBe(false);
    const built = await tidemill(folder, 'build');
    expect(built.code).toBe(1);
    expect(built.out.join('\n')).toContain('main.orders: created');
    expect(built.err).toContain('there is no model "nowhere"');
  });

  test('have names of their own: two of one name are told, one of a model’s is well', async () => {
    expect(await faultsOf({})).toEqual([]);
    expect(await faultsOf({ 'analyses/again/totals.sql': 'select 1' })).toEqual([
      'error analyses/totals.sql:1 the name "totals" is taken twice; the other is analyses/again/totals.sql',
    ]);
    expect(await faultsOf({ 'models/b.sql': "select * from {{ ref('totals') }}" })).toEqual([
      expect.stringContaining('models/b.sql:1 there is no model "totals"'),
    ]);
  });

  test('have properties, config of models, and tags to choose them by', async () => {
    const folder = writeFolder({
      ...files,
      'dbt_project.yml': 'name: shop\nmodels: {shop: {analysis: {+tags: [looked]}}}',
      'analyses/deep/schema.yml': `
analyses:
  - name: orders
    description: The later ones.
    config: {meta: {by: me}}
    columns: [{name: id, description: Its number., data_tests: [unique]}]
  - name: none
`,
    });
    const { err } = await tidemill(folder, 'parse');
    expect(err).toBe('warning: analyses/deep/schema.yml:7:11 there is no analysis "none"\n');
    const manifest = readArtifact(folder, 'manifest');
    expect(entryOf(manifest, 'nodes', 'analysis.shop.orders')).toMatchObject({
      description: 'The later ones.',
      columns: { id: { description: 'Its number.' } },
      meta: { by: 'me' },
      tags: ['looked'],
      fqn: ['shop', 'analysis', 'deep', 'orders'],
      path: 'analysis/deep/orders.sql',
      patch_path: 'shop://analyses/deep/schema.yml',
      depends_on: { nodes: ['model.shop.orders'] },
      relation_name: null,
    });
    const keys = Object.keys(manifest['nodes'] ?? {});
    expect(keys).toEqual(['model.shop.orders', 'analysis.shop.orders', 'analysis.shop.totals']);
  });

  test('stand where analysis-paths says, may be switched off, and see no private models', async () => {
    const { nodes, disabled, faults } = await readFiles({
      'dbt_project.yml': 'name: shop\nanalysis-paths: [looks]',
      'models/a.sql': "{{ config(access='private', group='us') }} select 1 as n",
      'models/groups.yml': 'groups: [{name: us, owner: {name: me}}]',
      'looks/peek.sql': "select * from {{ ref('a') }}",
      'looks/ours.sql': "{{ config(group='us') }} select * from {{ ref('a') }}",
      'looks/off.sql': "{{ config(enabled=false) }} select * from {{ ref('gone') }}",
      'analyses/none.sql': 'select {{',
    });
    expect([...nodes.keys()]).toEqual(['analysis.shop.ours', 'analysis.shop.peek', 'model.shop.a']);
    expect(disabled.map(({ id }) => id)).toEqual(['analysis.shop.off']);
    expect(faults.map(({ file, message }) => `${file} ${message}`)).toEqual([
      'looks/peek.sql "a" is private: to the group "us"',
    ]);
  });

  test('are no part of a run: what only they read is not built for them', async () => {
    const project = dbtFolder({ ...files, 'models/other.sql': 'select 1 as n' });
    const { steps } = await project.build({ select: ['totals'] });
    expect(steps).toEqual([]);
    const all = await project.build();
    expect(all.steps.map(({ id }) => id)).toEqual(['model.shop.orders', 'model.shop.other']);
  });
});
