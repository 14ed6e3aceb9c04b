import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { readOutline } from '../../cli/outline.ts';
import { buildManifest } from '../../engine/artifacts/manifest.ts';
import { type DbtFolder, dbtFolder } from '../dbt/dbt-project.ts';

const model = (columns: string, more = '') => `
models:
  - name: people
    config: {contract: {enforced: true}, materialized: table${more}}
    columns: [${columns}]
`;
const id = '{name: id, data_type: integer, constraints: [{type: not_null}]}';
const name = '{name: name, data_type: text}';
const select = "select 1 as id, 'x' as name";

async function outline({ folder }: DbtFolder, line?: string) {
  using opened = openProject({ folder, env: { HOME: folder } });
  const choice = line ? { select: [line], state: join(folder, 'state') } : {};
  return await readOutline(opened, choice);
}

/** A project whose state was kept before the change. */
async function changed(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Promise<DbtFolder> {
  const project = dbtFolder({
    'models/people.sql': select,
    'models/other.sql': 'select 1 as n',
    ...before,
  });
  const { models } = await outline(project);
  if (!models) throw new Error('the project has models');
  const moment = { invocationId: '', startedAtMs: 0, generatedAtMs: 0 };
  const manifest = await buildManifest({ project: models, moment, compiled: new Map() });
  mkdirSync(join(project.folder, 'state'));
  writeFileSync(join(project.folder, 'state/manifest.json'), JSON.stringify(manifest));
  for (const [file, text] of Object.entries(after)) {
    writeFileSync(join(project.folder, file), text);
  }
  return project;
}

const schema = 'models/schema.yml';
const ids = async (project: DbtFolder, line: string) => (await outline(project, line)).ids;
const told = async (project: DbtFolder, line: string) => (await outline(project, line)).warnings;

describe('a contract that is broken is told where state is compared', () => {
  const whole = { [schema]: model(`${id}, ${name}`) };

  test.each([
    ['a column that is gone', model(id), 'the column name is gone'],
    [
      'another type',
      model(`${id}, {name: name, data_type: integer}`),
      'the column name was text and is integer',
    ],
    [
      'a constraint that is gone',
      model(`{name: id, data_type: integer}, ${name}`),
      'the constraint not_null of id is gone',
    ],
    [
      'what holds no constraints',
      model(`${id}, ${name}`).replace('table', 'view'),
      'constraints are not held: it was a table and is a view',
    ],
    [
      'nothing enforced',
      model(`${id}, ${name}`).replace('enforced: true', 'enforced: false'),
      'its contract is no longer enforced',
    ],
    ['a model switched off', model(`${id}, ${name}`, ', enabled: false'), 'it is disabled'],
  ])('%s', async (_, after, lost) => {
    const project = await changed(whole, { [schema]: after });
    const warning = `the contract of model.shop.people is broken: ${lost};`;
    for (const value of ['modified', 'modified.contract']) {
      const { ids: chosen, warnings } = await outline(project, `state:${value}`);
      expect(warnings).toContainEqual(expect.stringContaining(warning));
      if (lost !== 'it is disabled') expect(chosen).toEqual(['model.shop.people']);
    }
    expect((await told(project, 'state:new')).join()).not.toContain('broken');
  });

  test('a column more is a change that breaks nothing', async () => {
    const more = model(`${id}, ${name}, {name: age, data_type: integer}`);
    const project = await changed(whole, { [schema]: more });
    expect(await outline(project, 'state:modified.contract')).toMatchObject({
      ids: ['model.shop.people'],
      warnings: [],
    });
  });

  test('a version of a model must stay as it was, unless it was to be gone by now', async () => {
    const versions = (date: string) => `
models:
  - name: people
    config: {contract: {enforced: true}, materialized: table}
    columns: [${id}, ${name}]
    versions: [{v: 1, deprecation_date: ${date}}, {v: 2}]
`;
    const files = { 'models/people_v1.sql': select, 'models/people_v2.sql': select };
    const only = { [schema]: versions('2020-01-01').replace(/\{v: 1.*\}, /, '') };
    const gone = await changed({ ...files, [schema]: versions('2090-01-01') }, only);
    await expect(ids(gone, 'state:modified')).rejects.toThrow(
      'the contract of model.shop.people.v1 is broken: it is gone',
    );
    const announced = await changed({ ...files, [schema]: versions('2020-01-01') }, only);
    expect((await told(announced, 'state:modified')).join()).not.toContain('broken');
  });
});

describe('state:modified', () => {
  const people = (more: string) => ({ [schema]: `models: [{name: people${more}}]` });

  test.each([
    ['access', '', ', access: public'],
    [
      'the date it is to be gone',
      ', deprecation_date: 2030-01-01',
      ', deprecation_date: 2031-01-01',
    ],
  ])('chooses a model whose references mean something else: %s', async (_, before, after) => {
    const project = await changed(people(before), people(after));
    expect(await ids(project, 'state:modified')).toEqual(['model.shop.people']);
  });

  test('chooses the versions of a model whose latest is another one', async () => {
    const versions = (latest: number) => ({
      [schema]: `models: [{name: people, latest_version: ${latest}, versions: [{v: 1}, {v: 2}]}]`,
    });
    const project = await changed(
      { ...versions(1), 'models/people_v1.sql': select, 'models/people_v2.sql': select },
      versions(2),
    );
    expect([...(await ids(project, 'state:modified'))].sort()).toEqual([
      'model.shop.people.v1',
      'model.shop.people.v2',
    ]);
  });

  test('chooses a source whose freshness is another', async () => {
    const source = (count: number) => ({
      [schema]: `sources: [{name: desk, tables: [{name: visits, loaded_at_field: at, freshness: {warn_after: {count: ${count}, period: day}}}]}]`,
    });
    const project = await changed(source(1), source(2));
    expect(await ids(project, 'state:modified')).toEqual(['source.shop.desk.visits']);
  });

  test('keeps the date a model is to be gone in the manifest, with its zone', async () => {
    const { folder } = await changed(people(', deprecation_date: 2030-01-02'), {});
    const manifest = JSON.parse(readFileSync(join(folder, 'state/manifest.json'), 'utf8'));
    const { deprecation_date: date, config } = manifest.nodes['model.shop.people'];
    expect(date).toBe('2030-01-02T00:00:00+00:00');
    expect(config).not.toHaveProperty('deprecation_date');
  });
});
