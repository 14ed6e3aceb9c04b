import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { readModelProject } from '../../engine/declare/model-project.ts';
import { target, writeFolder } from '../models/project-folder.ts';
import { runIn } from '../parse-cache/command-in-process.ts';

const read = async (root: string) => {
  const project = await readModelProject({ root, name: 'shop', target, env: {} });
  return {
    faults: project.faults.map(formatFault),
    models: [...project.nodes.values()].map(({ name }) => name).sort(),
  };
};

const files = { 'dbt_project.yml': 'name: shop', 'models/good.sql': 'select 1 as id' };

test('a file that cannot be read is told with its place, and the others are read', async () => {
  const root = writeFolder(files);
  symlinkSync('loop.sql', join(root, 'models/loop.sql'));
  symlinkSync('nowhere', join(root, 'models/lost.sql'));
  symlinkSync('nowhere', join(root, 'models/lost.yml'));
  mkdirSync(join(root, 'macros'));
  symlinkSync('loop.sql', join(root, 'macros/loop.sql'));
  writeFileSync(
    join(root, 'models/latin.sql'),
    Buffer.from("select 1\n, 'caf\xe9' as x", 'latin1'),
  );
  writeFileSync(join(root, 'models/wide.yml'), Buffer.from('\uFEFFmodels: []', 'utf16le'));
  expect(await read(root)).toEqual({
    models: ['good'],
    faults: [
      'macros/loop.sql:1:1 cannot be read: it is a link that leads to itself',
      'models/latin.sql:2:7 cannot be read: it is not UTF-8; save it as UTF-8',
      'models/loop.sql:1:1 cannot be read: it is a link that leads to itself',
      'models/lost.sql:1:1 cannot be read: it leads nowhere, or was removed just now',
      'models/lost.yml:1:1 cannot be read: it leads nowhere, or was removed just now',
      'models/wide.yml:1:1 cannot be read: it is not UTF-8; save it as UTF-8',
    ],
  });
});

test('a seed that is a link to itself leaves the models to compile', async () => {
  const root = writeFolder(files);
  mkdirSync(join(root, 'seeds'));
  symlinkSync('loop.csv', join(root, 'seeds/loop.csv'));
  const { code, err } = await runIn(root, {}, ['compile']);
  expect(err).toBe('');
  expect(code).toBe(0);
});

test('a folder that a link leads to is read, and one that leads back to itself is not', async () => {
  const shared = writeFolder({ 'deep/shared.sql': 'select 2 as id' });
  const root = writeFolder(files);
  symlinkSync(shared, join(root, 'models/elsewhere'));
  symlinkSync('.', join(root, 'models/here'));
  symlinkSync('..', join(root, 'models/above'));
  symlinkSync(root, join(shared, 'back'));
  const { faults, models } = await read(root);
  expect(faults).toEqual([]);
  expect(models).toEqual(['good', 'shared']);
});

test('a mark of the byte order before a text changes nothing', async () => {
  const root = writeFolder({
    'dbt_project.yml': '\uFEFFname: shop',
    'models/a.sql': "\uFEFF{{ config(materialized='table') }} select 1 as id",
    'models/a.yml': '\uFEFFmodels: [{name: a, columns: [{name: id, data_tests: [unique]}]}]',
  });
  expect(await read(root)).toEqual({ faults: [], models: ['a', 'unique_a_id'] });
});

test.each([
  [
    'pipelines.yaml',
    { 'pipelines.yaml': Buffer.from('project: caf\xe9', 'latin1') },
    /pipelines\.yaml:1:13 .*not UTF-8/,
  ],
  [
    '.env',
    { 'pipelines.yaml': 'project: x', '.env': Buffer.from('A=1\nB=\xff', 'latin1') },
    /\.env:2:3 .*not UTF-8/,
  ],
  [
    'dbt_project.yml',
    { 'dbt_project.yml': Buffer.from('name: \xff', 'latin1') },
    /dbt_project\.yml:1:7 .*not UTF-8/,
  ],
  [
    'profiles.yml',
    { 'dbt_project.yml': 'name: x\nprofile: x', 'profiles.yml': 'y: {}' },
    /profiles\.yml:1:1 .*no profile "x"/,
  ],
] as const)('a %s that nobody can use is one error with its place', async (_, files, expected) => {
  const root = writeFolder({});
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(root, name), bytes);
  const { code, out, err } = await runIn(root, { HOME: root }, ['ls']);
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(expected);
  expect(err).not.toMatch(/unexpected fault/);
});

test('a declaration that leads nowhere is told as such', async () => {
  for (const [name, to] of [
    ['dbt_project.yml', 'nowhere'],
    ['pipelines.yaml', 'pipelines.yaml'],
  ] as const) {
    const root = writeFolder({});
    symlinkSync(to, join(root, name));
    const { code, err } = await runIn(root, { HOME: root }, ['ls']);
    expect(code).toBe(1);
    expect(err).toMatch(`${name}:1:1 cannot be read: it`);
  }
});

test('a seed that cannot be read is the only thing that a plan leaves out', async () => {
  const root = writeFolder({
    'dbt_project.yml': 'name: shop',
    'models/good.sql': 'select 1 as id',
    'models/late.sql': "select * from {{ ref('lost') }}",
    'seeds/odd.csv': 'id,name\n1,a\n2,b,c\n',
  });
  symlinkSync('nowhere', join(root, 'seeds/lost.csv'));
  const { code, out, err } = await runIn(root, { HOME: root }, ['plan']);
  expect(err).toBe('');
  expect(code).toBe(1);
  expect(out).toMatch(/good +view: it was never built/);
  expect(out).toContain('seeds/lost.csv:1:1 cannot be read: it leads nowhere');
  expect(out).toMatch(/seeds\/odd\.csv:3:1 the line has 3 cells, the first 2/);
});
