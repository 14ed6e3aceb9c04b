import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { readOutline } from '../../cli/outline.ts';
import type { NodeChoice } from '../../engine/plan/choose-nodes.ts';
import { dbtFolder } from '../dbt/dbt-project.ts';
import { chooseIn } from './choose-in.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
/** What dbt chooses, remade by golden.py. */
const golden = JSON.parse(readFileSync(join(here, 'golden/selection.json'), 'utf8')) as Record<
  string,
  string | readonly string[]
>;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'selection-'));
  cpSync(join(here, 'project'), folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function choose(choice: NodeChoice): Promise<string[]> {
  using opened = openProject({ folder, env: { HOME: folder } });
  const { ids } = await readOutline(opened, choice);
  return [...ids].sort();
}

/** Until exposures are nodes, nothing can choose them. */
async function known(line: string, ids: readonly string[]): Promise<string[]> {
  using opened = openProject({ folder, env: { HOME: folder } });
  const { graph } = await readOutline(opened);
  const isNode = [...graph.nodes.keys()].some((id) => id.startsWith('exposure.'));
  if (isNode) return [...ids];
  return line.includes('exposure:') ? [] : ids.filter((id) => !id.startsWith('exposure.'));
}

describe('what is chosen is what dbt chooses', () => {
  test.each(Object.keys(golden))('%s', async (line) => {
    const expected = await known(line, [golden[line] ?? []].flat());
    const found = await chooseIn(folder, line);
    expect(found).toEqual(expected);
  });
});

describe('selectors.yml', () => {
  const choose = (text: string, choice: NodeChoice) => {
    const { folder } = dbtFolder({ 'models/a.sql': 'select 1', 'selectors.yml': text });
    using opened = openProject({ folder, env: { HOME: folder } });
    return readOutline(opened, choice).then(({ ids }) => ids);
  };
  const named = (definition: string) => `selectors: [{name: x, definition: ${definition}}]`;

  test('has a selection that holds where a command says nothing', async () => {
    const text = 'selectors: [{name: x, default: true, definition: "resource_type:seed"}]';
    expect(await choose(text, {})).toEqual([]);
    expect(await choose(text, { select: ['a'] })).toEqual(['model.shop.a']);
  });

  test.each([
    [named('{method: tag, valu: y}'), 'unknown key "valu"; did you mean "value"'],
    [named('{union: []}'), 'its union has no parts'],
    [named('{method: selector, value: x}'), 'in a circle: x → x'],
    [named('{method: selector, value: z}'), 'there is no selector "z"'],
    [named('{method: tag, value: y, indirect_selection: lazy}'), 'indirect_selection is "lazy"'],
    [named('[1]'), 'cannot be read: [1]'],
    ['selectors: [', 'not valid YAML'],
    ['', 'there is no selector "x" (selectors.yml has none)'],
  ])('that cannot be read says what it is: %s', async (text, message) => {
    await expect(choose(text, { selector: 'x' })).rejects.toThrow(message);
  });
});

test.each(['state:modified', 'result:error', 'source_status:fresher'])(
  '%s says that it needs a state to compare with',
  async (select) => {
    await expect(choose({ select: [select] })).rejects.toThrow('compares with an earlier state');
  },
);
