import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readArtifact, statusesOf } from '../artifacts/artifact-files.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { type DbtFolder, dbtFolder, twoTargets } from './dbt-project.ts';

const files = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"\nprofile: shop\n',
  'profiles.yml': twoTargets,
  'seeds/numbers.csv': 'n\n1\n2\n',
  'models/whole.sql': "{{ config(materialized='table') }} select n from {{ ref('numbers') }}",
  'models/shown.sql': "select n from {{ ref('passing') }}",
  'models/passing.sql': "{{ config(materialized='ephemeral') }} select n from {{ ref('whole') }}",
  'models/grown.sql':
    "{{ config(materialized='incremental', unique_key='n') }} select n from {{ ref('shown') }}",
  'snapshots/kept.yml':
    "snapshots: [{name: kept, relation: ref('numbers'), config: {unique_key: n, strategy: check, check_cols: all}}]",
};

/** Built as prod; its artifacts are put aside. */
async function withProd(): Promise<DbtFolder> {
  const project = dbtFolder(files);
  const { code, err } = await tidemill(project.folder, 'build', '-t', 'prod', '-q');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  mkdirSync(join(project.folder, 'prod'));
  const name = 'manifest.json';
  cpSync(join(project.folder, 'target', name), join(project.folder, 'prod', name));
  return project;
}

const inDev = async ({ rows }: DbtFolder): Promise<Record<string, unknown>> => {
  const found = await rows(`select table_name as name, lower(table_type) as kind
    from information_schema.tables where table_schema = 'dev' order by 1`);
  return Object.fromEntries(found.map(({ name, kind }) => [String(name), kind]));
};

const clone = ({ folder }: DbtFolder, ...args: string[]) =>
  tidemill(folder, 'clone', '--state', join(folder, 'prod'), ...args);

test('clone shows what another environment has; a build makes it, whatever it is', async () => {
  const project = await withProd();
  const { code, out } = await clone(project);
  expect(code).toBe(0);
  expect(out).toContain('ok      model.shop.whole: a view of "prod"."whole"');
  const all = ['grown', 'kept', 'numbers', 'shown', 'whole'];
  const views = Object.fromEntries(all.map((name) => [name, 'view']));
  expect(await inDev(project)).toEqual({ ...views, kept: 'base table' });
  const results = readArtifact(project.folder, 'run_results');
  expect(results['args']).toMatchObject({ which: 'clone' });
  expect(Object.values(statusesOf(results))).toEqual(Array(5).fill('success'));

  const again = await clone(project);
  const left = expect.stringMatching(/^left .*: it stands already$/);
  expect(again.out).toEqual(Array(5).fill(left));

  const built = await tidemill(project.folder, 'build');
  expect(built).toMatchObject({ code: 0 });
  const made = { grown: 'base table', kept: 'base table', numbers: 'base table' };
  expect(await inDev(project)).toEqual({ ...made, shown: 'view', whole: 'base table' });
  const past = `select count(*) as n, count(distinct dbt_scd_id) as ids from (
    select * from prod.kept union all select * from dev.kept)`;
  expect(await project.rows(past)).toEqual([{ n: 4, ids: 2 }]);
});

test('a snapshot does not take the place of a view', async () => {
  const project = dbtFolder(files);
  await project.run('create schema dev');
  await project.run('create view dev.kept as select 1 as n');
  const { code, out } = await tidemill(project.folder, 'snapshot', '--select', '+kept');
  expect({ code, told: out.join() }).toEqual({
    code: 1,
    told: expect.stringContaining('dev.kept is a view: it remembers nothing'),
  });
});

test('clone --full-refresh takes the place of what was built, which is then built anew', async () => {
  const project = await withProd();
  await tidemill(project.folder, 'build', '-q');
  await clone(project, '--full-refresh', '--select', 'whole', '--resource-type', 'model');
  expect(await inDev(project)).toMatchObject({ whole: 'view', grown: 'base table' });
  const { out } = await tidemill(project.folder, 'build');
  expect(out.join('\n')).toMatch(/ok +build +dev\.whole: /);
  expect(await inDev(project)).toMatchObject({ whole: 'base table' });
});

test('clone asks for a state, and leaves alone what the state has in the same place', async () => {
  const project = await withProd();
  const without = await tidemill(project.folder, 'clone');
  expect(without).toMatchObject({ code: 1, err: expect.stringContaining('with --state') });
  const { out } = await clone(project, '-t', 'prod', '--full-refresh');
  const left = expect.stringMatching(/^left .*: it is the same relation there$/);
  expect(out).toEqual(Array(5).fill(left));
  expect(await project.rows('select count(*) as n from prod.whole')).toEqual([{ n: 2 }]);
});
