import { expect, test } from 'vitest';
import { readFiles } from '../models/project-folder.ts';
import {
  createKeptProject,
  describeProject,
  laterMs,
  passTick,
} from '../parse-cache/kept-project.ts';
import { edit, write } from '../parse-cache/project-edits.ts';

const paths = [
  'models/a.sql',
  'models/ignored_one.sql',
  'models/ignored_two.sql',
  'models/sub/ignored_three.sql',
  'models/drafts/b.sql',
  'models/sub/drafts/c.sql',
  'models/sub/deep/d1.sql',
  'models/sub/deep/d2.sql',
];

/** As pathspec's GitWildMatch, which dbt asks, decides. */
test.each([
  ['models/ignored_*.sql', ['a', 'b', 'c', 'd1', 'd2', 'ignored_three']],
  ['ignored_*.sql', ['a', 'b', 'c', 'd1', 'd2']],
  ['drafts', ['a', 'd1', 'd2', 'ignored_one', 'ignored_three', 'ignored_two']],
  ['drafts/', ['a', 'd1', 'd2', 'ignored_one', 'ignored_three', 'ignored_two']],
  ['/drafts', ['a', 'b', 'c', 'd1', 'd2', 'ignored_one', 'ignored_three', 'ignored_two']],
  ['**/deep/d?.sql', ['a', 'b', 'c', 'ignored_one', 'ignored_three', 'ignored_two']],
  ['models/**/d[2-9].sql', ['a', 'b', 'c', 'd1', 'ignored_one', 'ignored_three', 'ignored_two']],
  ['# all of it\n\nmodels/**\n!a.sql\n!d[!1].sql  ', ['a', 'd2']],
])('.dbtignore leaves out what it names: %s', async (ignore, left) => {
  const { nodes, faults } = await readFiles({
    'dbt_project.yml': 'name: shop',
    '.dbtignore': ignore,
    ...Object.fromEntries(paths.map((path) => [path, 'select 1 as n'])),
  });
  expect(faults).toEqual([]);
  expect([...nodes.values()].map(({ name }) => name).sort()).toEqual(left);
});

test('a package’s is about the package', async () => {
  const { nodes } = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/a.sql': 'select 1 as n',
    'dbt_packages/kit/dbt_project.yml': 'name: kit',
    'dbt_packages/kit/.dbtignore': '/models/a.sql',
    'dbt_packages/kit/models/a.sql': 'select 1 as n',
    'dbt_packages/kit/models/b.sql': 'select 1 as n',
  });
  expect([...nodes.keys()]).toEqual(['model.kit.b', 'model.shop.a']);
});

test('what it says anew holds for a project that was read before', async () => {
  using kept = createKeptProject({
    'dbt_project.yml': 'name: shop',
    '.dbtignore': 'draft*',
    'models/a.sql': 'select 1 as n',
    'models/draft.sql': 'select 1 as n',
  });
  await kept.readWarm({}, laterMs);
  for (const change of [
    write('models/draft_two.sql', 'select 2'),
    edit('.dbtignore', 'draft*', 'a.sql'),
  ]) {
    passTick(kept.root);
    change.make(kept);
    const { project } = await kept.readWarm({}, laterMs);
    expect(await describeProject(project)).toEqual(await describeProject(await kept.readCold()));
  }
});

test('a line that is no pattern is told at its place, and the others hold', async () => {
  const { nodes, faults } = await readFiles({
    'dbt_project.yml': 'name: shop',
    '.dbtignore': `drafts\n[z-a].sql\n[a\\].sql\n${'*a'.repeat(9)}\n`,
    'models/a.sql': 'select 1 as n',
    'models/drafts/b.sql': 'select 2 as n',
  });
  expect([...nodes.keys()]).toEqual(['model.shop.a']);
  expect(faults.map(({ file, line }) => `${file}:${line}`)).toEqual([
    '.dbtignore:2',
    '.dbtignore:3',
    '.dbtignore:4',
  ]);
});
