import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { readOutline } from '../../cli/outline.ts';
import { buildManifest } from '../../engine/artifacts/manifest.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { dbtFolder, dbtProjectIn, troubles, twoTargets } from '../dbt/dbt-project.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const read = <T>(name: string): T => JSON.parse(readFileSync(join(here, name), 'utf8')) as T;
/** What dbt chooses after the edits, remade by golden.py. */
const golden = read<Readonly<Record<string, readonly string[]>>>('golden/state.json');
const edits = read<Readonly<Record<string, string>>>('edits.json');

function edit(folder: string): void {
  for (const [file, text] of Object.entries(edits)) writeFileSync(join(folder, file), text);
}

async function writeManifest(folder: string): Promise<void> {
  using opened = openProject({ folder, env: { HOME: folder } });
  const { models } = await readOutline(opened);
  if (!models) throw new Error('the project has models');
  const moment = { invocationId: '', startedAtMs: 0, generatedAtMs: 0 };
  const manifest = await buildManifest({ project: models, moment, compiled: new Map() });
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'state', 'manifest.json'), JSON.stringify(manifest));
}

async function choose(folder: string, select: string, state = 'state'): Promise<string[]> {
  using opened = openProject({ folder, env: { HOME: folder } });
  const choice = {
    select: [select],
    state: join(folder, state),
    indirectSelection: 'empty',
  } as const;
  return [...(await readOutline(opened, choice)).ids].sort();
}

describe('after edits, state: chooses what dbt chooses', () => {
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'state-'));
    cpSync(join(here, 'project'), folder, { recursive: true });
    await writeManifest(folder);
    mkdirSync(join(folder, 'dbts'));
    cpSync(join(here, 'golden/dbt-manifest.json'), join(folder, 'dbts', 'manifest.json'));
    edit(folder);
  });

  for (const value of Object.keys(golden)) {
    test.each(['state', 'dbts'])(`${value}, compared with the manifest in %s`, async (state) => {
      expect(await choose(folder, `state:${value}`, state)).toEqual(golden[value]);
    });
  }

  test('an unknown value, and a folder without artifacts, are told', async () => {
    await expect(choose(folder, 'state:modifed')).rejects.toThrow('did you mean "modified"');
    await expect(choose(folder, 'state:new', 'models')).rejects.toThrow('holds neither manifest');
    await expect(choose(folder, 'result:error')).rejects.toThrow('holds no run_results.json');
    writeFileSync(join(folder, 'broken.json'), '');
    mkdirSync(join(folder, 'bad'));
    writeFileSync(join(folder, 'bad', 'manifest.json'), '{');
    await expect(choose(folder, 'state:new', 'bad')).rejects.toThrow('cannot be read');
  });
});

describe('an unchanged project', () => {
  test('has nothing modified, whoever wrote its manifest', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'state-'));
    cpSync(join(here, 'project'), folder, { recursive: true });
    await writeManifest(folder);
    mkdirSync(join(folder, 'dbts'));
    cpSync(join(here, 'golden/dbt-manifest.json'), join(folder, 'dbts', 'manifest.json'));
    expect(await choose(folder, 'state:modified')).toEqual([]);
    expect(await choose(folder, 'state:modified', 'dbts')).toEqual([]);
  });
});

describe('result: and source_status:', () => {
  test('choose by what became of nodes and sources in an earlier run', async () => {
    const project = dbtFolder({
      'models/good.sql': 'select 1 as id',
      'models/bad.sql': "{{ config(materialized='table') }}select error('no') as id",
      'models/after.sql': "select * from {{ ref('bad') }}",
      'models/sources.yml': 'sources: [{name: raw, tables: [{name: a}, {name: b}]}]',
    });
    await project.build();
    const { folder } = project;
    expect(await choose(folder, 'result:error', 'target')).toEqual(['model.shop.bad']);
    expect(await choose(folder, 'result:skipped', 'target')).toEqual(['model.shop.after']);
    expect(await choose(folder, '1+result:skipped', 'target')).toContain('model.shop.bad');
    const sources = (a: string) =>
      JSON.stringify({
        results: [
          { unique_id: 'source.shop.raw.a', max_loaded_at: a },
          { unique_id: 'source.shop.raw.b', max_loaded_at: '2026-01-01T00:00:00Z' },
        ],
      });
    mkdirSync(join(folder, 'state'));
    writeFileSync(join(folder, 'state/sources.json'), sources('2026-01-01T00:00:00Z'));
    writeFileSync(join(folder, 'target/sources.json'), sources('2026-01-02T00:00:00+00:00'));
    expect(await choose(folder, 'source_status:fresher')).toEqual(['source.shop.raw.a']);
  });
});

const inTwo = {
  'profiles.yml': twoTargets,
  'dbt_project.yml': 'name: shop\nprofile: shop\n',
  'models/base.sql': "{{ config(materialized='table') }}select '{{ target.name }}' as made_in",
  'models/on.sql': "{{ config(materialized='table') }}select made_in from {{ ref('base') }}",
};

describe('--defer', () => {
  const files = {
    ...inTwo,
    'tests/same.sql':
      "select 1 from {{ ref('on') }} o join {{ ref('base') }} b using (made_in) where false",
  };

  test('reads nodes that are not meant in the other environment, if they are not here', async () => {
    const project = dbtProjectIn(dbtFolder(files).folder);
    expect(troubles(await project.build({}, { target: 'prod' }))).toEqual([]);
    const previousArtifacts = join(project.folder, 'state');
    cpSync(join(project.folder, 'target'), previousArtifacts, { recursive: true });
    const select = ['on'];
    expect(troubles(await project.build({ select }))).not.toEqual([]);
    expect(troubles(await project.build({ select, previousArtifacts, defer: 'missing' }))).toEqual(
      [],
    );
    expect(await project.rows('select made_in from dev."on"')).toEqual([{ made_in: 'prod' }]);
    expect(troubles(await project.build({ select: ['base'], exclude: ['same'] }))).toEqual([]);
    expect(troubles(await project.build({ select, previousArtifacts, defer: 'missing' }))).toEqual(
      [],
    );
    expect(await project.rows('select made_in from dev."on"')).toEqual([{ made_in: 'dev' }]);
    expect(troubles(await project.build({ select, previousArtifacts, defer: 'always' }))).toEqual(
      [],
    );
    expect(await project.rows('select made_in from dev."on"')).toEqual([{ made_in: 'prod' }]);
    await expect(project.build({ select, defer: 'missing' })).rejects.toThrow(
      'another environment',
    );
  });

  test('reads what is only tested in the other environment too, named from the project’s folder', async () => {
    const project = dbtProjectIn(dbtFolder(files).folder);
    expect(troubles(await project.build({}, { target: 'prod' }))).toEqual([]);
    cpSync(join(project.folder, 'target'), join(project.folder, 'state'), { recursive: true });
    const tested = { kinds: new Set(['check'] as const), select: ['on', 'base'] };
    expect(troubles(await project.build(tested))).not.toEqual([]);
    const deferred = { ...tested, previousArtifacts: 'state', defer: 'missing' } as const;
    expect(troubles(await project.build(deferred))).toEqual([]);
  });
});

test('compile and show defer as a build does', async () => {
  const project = dbtProjectIn(dbtFolder(inTwo).folder);
  expect(troubles(await project.build({}, { target: 'prod' }))).toEqual([]);
  cpSync(join(project.folder, 'target'), join(project.folder, 'state'), { recursive: true });
  const told = async (...args: string[]) => {
    const { out, err } = await tidemill(project.folder, ...args);
    return [...out, err].join('\n');
  };
  const state = ['--defer', '--state', join(project.folder, 'state')];
  expect(await told('show', '-s', 'on', '--json', ...state)).toContain('{"made_in":"prod"}');
  expect(await told('compile', '-s', 'on', ...state)).toContain('from "prod"."base"');
  expect(await told('compile', '-s', 'on', '--defer')).toContain('name the folder of its manifest');
  await project.build({ select: ['base'] });
  expect(await told('compile', '-s', 'on', ...state)).toContain('from "dev"."base"');
  const favoured = await told('show', '-s', 'on', '--json', '--favor-state', ...state);
  expect(favoured).toContain('{"made_in":"prod"}');
});
