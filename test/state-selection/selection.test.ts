import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { readOutline } from '../../cli/outline.ts';
import type { NodeChoice } from '../../engine/plan/choose-nodes.ts';
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

test.each(['state:modified', 'result:error', 'source_status:fresher'])(
  '%s says that it needs a state to compare with',
  async (select) => {
    await expect(choose({ select: [select] })).rejects.toThrow('compares with an earlier state');
  },
);
