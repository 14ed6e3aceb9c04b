import { expect, test } from 'vitest';
import { readFiles } from '../models/project-folder.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

const below = (folder: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
const tool = (files: Readonly<Record<string, string>>) =>
  below('dbt_packages/tool', { 'dbt_project.yml': 'name: tool', ...files });
const codes = 'id,code\n1,007\n';
const codesYaml =
  'seeds: [{name: codes, description: Codes., config: {column_types: {code: varchar}}, columns: [{name: code, data_tests: [unique]}]}]';

test('a package’s YAML holds of the project’s seed that stands in place of the package’s', async () => {
  const project = dbtFolder({
    'dbt_project.yml': 'name: shop\nseeds: {tool: {codes: {+enabled: false}}}',
    'seeds/codes.csv': codes,
    ...tool({ 'seeds/codes.csv': codes, 'seeds/seeds.yml': codesYaml }),
  });
  const built = await project.build();
  expect(troubles(built)).toEqual([]);
  expect(await project.rows('select code from main.codes')).toEqual([{ code: '007' }]);
});

test('its tests are asked of that seed, and artifacts name the file it stands in', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop\nseeds: {tool: {codes: {+enabled: false}}}',
    'seeds/codes.csv': codes,
    ...tool({ 'seeds/codes.csv': codes, 'seeds/seeds.yml': codesYaml }),
  });
  expect(project.faults).toEqual([]);
  expect(project.nodes.get('seed.shop.codes')).toMatchObject({
    description: 'Codes.',
    patchFile: 'dbt_packages/tool/seeds/seeds.yml',
  });
  const tests = [...project.nodes.values()].filter(({ resourceType }) => resourceType === 'test');
  expect(tests).toMatchObject([{ packageName: 'tool', dependsOn: ['seed.shop.codes'] }]);
  expect(project.disabled.find(({ id }) => id === 'seed.tool.codes')).toMatchObject({
    description: '',
  });
});

test('the project’s YAML holds of a package’s model of which the package says nothing', async () => {
  const said =
    'models: [{name: theirs, config: {materialized: table, tags: [said]}, columns: [{name: n, data_tests: [unique]}]}]';
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/schema.yml': said,
    ...tool({ 'models/theirs.sql': 'select 1 as n' }),
  });
  expect(project.faults).toEqual([]);
  expect(project.nodes.get('model.tool.theirs')).toMatchObject({
    tags: ['said'],
    nodeConfig: { materialization: 'table' },
    columns: [{ name: 'n' }],
  });
  const tests = [...project.nodes.values()].filter(({ resourceType }) => resourceType === 'test');
  expect(tests).toMatchObject([{ packageName: 'shop', dependsOn: ['model.tool.theirs'] }]);
});

const off = '{{ config(enabled=false) }} select 1 as n';

test.each([
  ['it is on but for that YAML', 'select 1 as n', { 'models/one.sql': 'select 2 as n' }, ''],
  [
    'the other has YAML of its own',
    off,
    {
      'models/one.sql': 'select 2 as n',
      'models/one.yml': 'models: [{name: one, description: Ours.}]',
    },
    'Ours.',
  ],
  ['the other is of another kind', off, { 'seeds/one.csv': 'n\n1\n' }, ''],
])('it stays with the node of its own package where %s', async (_, theirs, ours, description) => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    ...ours,
    ...tool({
      'models/one.sql': theirs,
      'models/s.yml': 'models: [{name: one, description: Theirs., config: {enabled: false}}]',
    }),
  });
  const shops = project.nodes.get('model.shop.one') ?? project.nodes.get('seed.shop.one');
  expect(shops).toMatchObject({ description });
  expect(project.disabled.find(({ id }) => id === 'model.tool.one')).toMatchObject({
    description: 'Theirs.',
  });
});

test('what cannot be read of another package’s node keeps it from being built', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/schema.yml': 'models:\n  - name: theirs\n    columns: 3\n',
    ...tool({ 'models/theirs.sql': 'select 1 as n' }),
  });
  expect([...project.broken]).toEqual(['model.tool.theirs']);
});
