import { openProject } from '../../cli/open-project.ts';
import { readOutline } from '../../cli/outline.ts';
import type { IndirectSelection } from '../../engine/declare/selection-spec.ts';
import type { NodeChoice } from '../../engine/plan/choose-nodes.ts';

/** Reads the words of a command line as commander does. */
function toChoice(line: string): NodeChoice {
  const flags: Record<string, string[]> = {};
  let flag = 'select';
  for (const word of line.split(' ')) {
    if (word.startsWith('--')) flag = word.slice(2);
    else flags[flag] = [...(flags[flag] ?? []), word];
  }
  const [selector] = flags['selector'] ?? [];
  const [indirect] = flags['indirect-selection'] ?? [];
  return {
    ...(flags['select'] ? { select: flags['select'] } : {}),
    ...(flags['exclude'] ? { exclude: flags['exclude'] } : {}),
    ...(selector === undefined ? {} : { selector }),
    ...(indirect === undefined ? {} : { indirectSelection: indirect as IndirectSelection }),
  };
}

/** Ids that a line of flags chooses of the project in the folder, sorted. */
export async function chooseIn(folder: string, line: string): Promise<string[]> {
  using opened = openProject({ folder, env: { HOME: folder } });
  const { ids } = await readOutline(opened, toChoice(line));
  return [...ids].sort();
}
