import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { readListing, readOutline } from '../../cli/outline.ts';
import { formatFault } from '../../engine/declare/model-fault.ts';
import type { NodeChoice } from '../../engine/plan/choose-nodes.ts';
import { dbtFolder } from '../dbt/dbt-project.ts';

function lay(text: string): string {
  return dbtFolder({
    'models/a.sql': 'select 1',
    'models/b.sql': 'select 1',
    'selectors.yml': text,
  }).folder;
}

function open(folder: string, env: Record<string, string> = {}) {
  return openProject({ folder, env: { HOME: folder, ...env } });
}

async function choose(text: string, choice: NodeChoice, env = {}): Promise<readonly string[]> {
  using opened = open(lay(text), env);
  const { ids } = await readOutline(opened, choice);
  return ids;
}

async function faultsOf(folder: string, choice: NodeChoice): Promise<string[]> {
  using opened = open(folder);
  const { faults } = await readListing(opened, choice);
  return faults.map(formatFault);
}

const named = (definition: string) => `selectors:\n  - {name: x, definition: ${definition}}`;

describe('selectors.yml', () => {
  test('has a selection that holds where a command says nothing', async () => {
    const text = 'selectors: [{name: x, default: true, definition: "resource_type:seed"}]';
    expect(await choose(text, {})).toEqual([]);
    expect(await choose(text, { select: ['a'] })).toEqual(['model.shop.a']);
  });

  test('may hold templates', async () => {
    const text = named(
      "{union: [\"{{ env_var('WHICH') }}\", {exclude: [\"{{ var('x', 'a') }}\"]}]}",
    );
    expect(await choose(text, { selector: 'x' }, { WHICH: 'b' })).toEqual(['model.shop.b']);
  });

  test('may name selections that stand further down', async () => {
    const text = `${named('{method: selector, value: y}')}\n  - {name: y, definition: b}`;
    expect(await choose(text, { selector: 'x' })).toEqual(['model.shop.b']);
  });

  test.each([
    [named('{method: tag}'), '2:27', 'it has a "method" and no "value"'],
    [named('{method: tag, value: null}'), '2:48', 'its value must be a text: null'],
    [named('{method: config, value: x}'), '2:27', 'without a key, as in config.materialized'],
    [named('{method: "", value: x}'), '2:27', 'the unknown method ""'],
    [named('{method: tagg, value: y}'), '2:27', 'the unknown method "tagg"; did you mean "tag"'],
    [named('{tagg: y}'), '2:27', 'the unknown method "tagg"'],
    [named('tagg:y'), '2:27', 'the unknown method "tagg"'],
    [named('{tag: [y]}'), '2:33', 'its value must be a text: ["y"]'],
    [named('{tag: y, path: z}'), '2:27', 'write one key, or "method" and "value"'],
    [named('{union: a}'), '2:35', 'its union must be a list'],
    [named('{union: [a, 1]}'), '2:39', 'it cannot be read: 1'],
    [named('{union: [a], intersection: [b]}'), '2:27', 'both a union and an intersection'],
    [named('{union: [a], exclude: [b]}'), '2:49', 'put it into the list, as {exclude: […]}'],
    [named('{union: [{union: [a], exclude: [b]}]}'), '2:58', '"exclude" beside its union'],
    [named('{union: [a, {exclude: b}]}'), '2:49', 'its exclude must be a list'],
    [named('{method: selector, value: x}'), '2:53', 'in a circle: x → x'],
    [named('{method: selector, value: z}'), '2:53', 'there is no selector "z"'],
    [
      named('{method: tag, value: y, indirect_selection: lazy}'),
      '2:71',
      'indirect_selection is "lazy"',
    ],
    [
      named('{method: tag, value: y, children: true, children_depth: far}'),
      '2:83',
      'children_depth is no number',
    ],
    [named('{method: tag, value: y, parents: "false"}'), '2:60', 'parents is "false"'],
    [
      named('{method: fqn, value: a, childrens_parents: true, children: true}'),
      '2:86',
      'childrens_parents takes every child already',
    ],
    [named('[1]'), '2:27', 'cannot be read: [1]'],
    [named('"@a+"'), '2:27', 'cannot be read: "@a+"'],
    [named('"{{ nope() }}"'), '2:5', "'nope' is undefined"],
    ['selectors:\n  - name: x', '2:5', 'it has no definition'],
    ['selectors:\n  - definition: a', '2:5', 'a text as its "name"'],
    ['selectors:\n  - {name: x, definition: a, defalt: true}', '2:30', 'did you mean "default"'],
    ['selectors:\n  - {name: x, definition: a, default: yes!}', '2:39', 'true or false'],
    ['selectors:\n  - x', '2:5', 'a selector must be a map'],
    ['selectors: {x: a}', '1:12', 'a list under "selectors"'],
    ['selectorz: []', '1:1', 'unknown key "selectorz"; did you mean "selectors"'],
    ['- x', '1:1', 'a list under "selectors"'],
    ['selectors: [', '1:13', 'not valid YAML'],
    [
      'selectors:\n  - {name: x, default: true, definition: a}\n  - {name: y, default: true, definition: a}',
      '3:24',
      'another selector is the default one already',
    ],
  ])(
    'that cannot be read is told at its place, whatever is asked: %s',
    async (text, at, message) => {
      const folder = lay(text);
      for (const choice of [{}, { select: ['a'] }]) {
        const faults = await faultsOf(folder, choice);
        expect(faults.join('\n')).toContain(message);
        expect(faults.join('\n')).toContain(`selectors.yml:${at} `);
      }
      using opened = open(folder);
      await expect(readOutline(opened, { selector: 'x' })).rejects.toThrow(message);
    },
  );

  test.each([
    [named('{method: fqn, value: a, chldren: true}'), '2:51', 'did you mean "children"', ['a']],
    [named('{method: fqn, value: a, note: x}'), '2:51', 'the unknown key "note"', ['a']],
    [named('{union: [a, b, {exclude: [b], note: x}]}'), '2:57', 'unknown key "note"', ['a']],
    [
      `${named('{method: selector, value: y, parents: true}')}\n  - {name: y, definition: b}`,
      '2:56',
      'the unknown key "parents"',
      ['b'],
    ],
    [`${named('a')}\n  - {name: x, definition: b}`, '2:12', 'named "x" as well', ['b']],
  ])('that says what is read over is told, and chooses: %s', async (text, at, message, names) => {
    expect(await faultsOf(lay(text), {})).toEqual([
      expect.stringMatching(new RegExp(`^selectors.yml:${at} .*${message}`)),
    ]);
    const ids = names.map((name) => `model.shop.${name}`);
    expect(await choose(text, { selector: 'x' })).toEqual(ids);
  });

  test.each([
    '{union: []}',
    '{intersection: []}',
    '{union: [{exclude: [a]}]}',
    '""',
    '{fqn: "a+"}',
    '{method: fqn, value: "a b"}',
  ])('that asks for nothing chooses nothing, as in dbt: %s', async (definition) => {
    expect(await faultsOf(lay(named(definition)), {})).toEqual([]);
    expect(await choose(named(definition), { selector: 'x' })).toEqual([]);
  });

  test('that cannot be read lets all else be listed, and builds nothing: a default may be meant', async () => {
    const text = named('[1]');
    expect(await choose(text, {})).toContain('model.shop.a');
    expect(await choose(text, { select: ['a'] })).toEqual(['model.shop.a']);
    const project = dbtFolder({ 'models/a.sql': 'select 1 as id', 'selectors.yml': text });
    const { steps } = await project.build();
    expect(steps).toEqual([]);
  });

  test.each(['', 'selectors: []'])(
    'without selectors says so where one is asked: %s',
    async (text) => {
      await expect(choose(text, { selector: 'x' })).rejects.toThrow(
        'there is no selector "x" (selectors.yml has none)',
      );
    },
  );

  test('is told when it is broken after the project was read, and no more once it is mended', async () => {
    const { folder } = dbtFolder({ 'models/a.sql': 'select 1' });
    const write = (text: string): void => writeFileSync(join(folder, 'selectors.yml'), text);
    expect(await faultsOf(folder, { select: ['a'] })).toEqual([]);
    write(named('[1]'));
    expect(await faultsOf(folder, { select: ['a'] })).toHaveLength(1);
    write(named('a'));
    expect(await faultsOf(folder, { select: ['a'] })).toEqual([]);
  });
});
