import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { readOutline } from '../../cli/outline.ts';
import { writeFolder } from '../models/project-folder.ts';
import { describeWithDbt } from './with-dbt.ts';

const files = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"\nprofile: shop',
  'profiles.yml': 'shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}',
  'models/a.sql': "{{ config(tags=['y']) }} select 1 as n",
  'models/b.sql': "{{ config(tags=['z']) }} select * from {{ ref('a') }}",
  'models/c.sql': "select * from {{ ref('b') }}",
  'models/d.sql': 'select 1 as d',
};

/** Of definitions in every shape that may be written: of each, what both answer is the same. */
const same = [
  '{method: tag, value: y, note: z}',
  '{method: tag}',
  '{method: tagg, value: y}',
  '{tagg: y}',
  '"tagg:y"',
  '{tag: [y]}',
  '{tag: null}',
  '{tag: {a: b}}',
  '{tag: y, path: z}',
  '{union: []}',
  '{intersection: []}',
  '{union: a}',
  '{union: [a, 1]}',
  '{union: [a], intersection: [b]}',
  '{union: [a], exclude: [b]}',
  '{union: [a, b, {exclude: b}]}',
  '{union: [a, b, {exclude: []}]}',
  '{union: [a, b, c, {exclude: [b], note: 1}]}',
  '{union: [a, b, c, {exclude: [a, {tag: z}]}]}',
  '{union: [{exclude: [a]}]}',
  '{intersection: [a, {exclude: [b]}]}',
  '{exclude: [a]}',
  '{method: selector, value: first}',
  '{method: selector, value: first, parents: true}',
  '{method: selector, value: none}',
  '{method: selector, value: x}',
  '{selector: first}',
  '"selector:first"',
  '{method: tag, value: y, indirect_selection: lazy}',
  '{method: tag, value: y, children: true, children_depth: far}',
  '{method: tag, value: y, children: true, children_depth: 1}',
  '{method: tag, value: y, children: true, children_depth: "1"}',
  '{method: tag, value: y, children: true, children_depth: 0}',
  '{method: tag, value: y, children: true, children_depth: "0"}',
  '{method: tag, value: y, children: true, children_depth: 1.7}',
  '{method: tag, value: y, children: true, children_depth: -1}',
  '{method: tag, value: y, children: yes}',
  '{method: tag, value: y, children_depth: 1}',
  '{method: fqn, value: b, childrens_parents: true, parents: true}',
  '{method: fqn, value: b, childrens_parents: true, children: true}',
  '{method: fqn, value: b, exclude: a}',
  '{method: fqn, value: "*", exclude: [a]}',
  '{method: fqn, value: "a+"}',
  '{fqn: "a+"}',
  '{method: "", value: a}',
  '{config.materialized: view}',
  '[a]',
  '1',
  'null',
  '{}',
  '""',
  '"a b"',
  '"a,b"',
  '"@a+"',
  '"2+b+1"',
  '"a.sql"',
];

/** What dbt makes something of that nobody means, or refuses though it is plain. */
const different = [
  '{union: [{union: [a, b], intersection: [b]}]}',
  '{union: [{union: [a, b], exclude: [b]}]}',
  '{method: tag, value: y, children: "false"}',
  '{method: config, value: view}',
  '"tag:"',
  '"+"',
  '{tag: 5}',
  '{union: [a, b, {exclude: [b]}, {exclude: [a]}]}',
  '{union: [a, b, {method: fqn, value: c, exclude: [b]}]}',
  '{method: selector, value: later}',
];

const textOf = (definition: string): string =>
  `selectors: [{name: first, definition: c}, {name: x, definition: ${definition}}, {name: later, definition: d}]`;

/** Of each text of `selectors.yml`, names that dbt lists; null where it refuses. */
const program = `
import json, os, sys
from dbt.cli.main import dbtRunner
os.environ['DBT_SEND_ANONYMOUS_USAGE_STATS'] = 'false'
answers = []
for text in json.load(sys.stdin):
    open('selectors.yml', 'w').write(text)
    args = ['--quiet', 'ls', '--selector', 'x', '--output', 'name', '--profiles-dir', '.']
    ran = dbtRunner().invoke(args)
    answers.append(sorted(ran.result or []) if ran.success else None)
print('ANSWERS ' + json.dumps(answers))
`;

async function chooseHere(folder: string, text: string): Promise<readonly string[] | null> {
  writeFileSync(join(folder, 'selectors.yml'), text);
  using opened = openProject({ folder, env: { HOME: folder } });
  try {
    const { ids } = await readOutline(opened, { selector: 'x' });
    return ids.map((id) => id.split('.')[2] ?? '').sort();
  } catch {
    return null;
  }
}

describeWithDbt('selectors.yml', ({ python }) => {
  test('chooses what dbt chooses, and is refused where dbt refuses it, in every shape but those known', async () => {
    const folder = writeFolder(files);
    const all = [...same, ...different];
    const { stdout, stderr } = spawnSync(python, ['-c', program], {
      input: JSON.stringify(all.map(textOf)),
      encoding: 'utf8',
      cwd: folder,
      env: { ...process.env, HOME: folder },
    });
    const [, answers = ''] = /^ANSWERS (.*)$/m.exec(stdout) ?? [];
    expect(answers, stderr).not.toBe('');
    const wanted = JSON.parse(answers) as (readonly string[] | null)[];
    const others: string[] = [];
    for (const [index, definition] of all.entries()) {
      const had = await chooseHere(folder, textOf(definition));
      if (JSON.stringify(had) !== JSON.stringify(wanted[index])) others.push(definition);
    }
    expect(others).toEqual(different);
  });
});
