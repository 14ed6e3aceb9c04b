import { posix } from 'node:path';
import type { ProjectDisk } from './memory/project-disk.ts';
import type { FaultList } from './model-fault.ts';
import { readFileText } from './project-files.ts';

/** What `.dbtignore` of a package leaves out, told of paths from the project's root. */
export function readIgnored(
  disk: ProjectDisk,
  folder: string,
  faults: FaultList,
): (path: string) => boolean {
  const file = posix.join(folder, '.dbtignore');
  const lines = (readFileText(disk, file, faults) ?? '').split(/\r?\n/);
  const rules = lines.flatMap((line, index) => {
    try {
      return toRule(line) ?? [];
    } catch {
      const message = `${JSON.stringify(line)} is no pattern, and leaves nothing out`;
      const hint = `write it as in .gitignore, with at most ${starsMax} stars`;
      faults.error({ file, line: index + 1, column: 1 }, message, { hint });
      return [];
    }
  });
  if (rules.length === 0) return () => false;
  return (path) => {
    const inside = folder === '' ? path : posix.relative(folder, path);
    return rules.findLast(({ pattern }) => pattern.test(inside))?.isIgnored ?? false;
  };
}

/** With each star a name that does not match takes longer to be told from one that does. */
const starsMax = 8;

/**
 * A line as git reads it: `!` takes back, a slash ties it to the folder, the last one holds.
 *
 * @throws where it is no pattern.
 */
function toRule(line: string): { pattern: RegExp; isIgnored: boolean } | undefined {
  const written = line.replace(/(?<!\\) +$/, '');
  const isIgnored = !written.startsWith('!');
  const glob = isIgnored ? written : written.slice(1);
  if (glob === '' || glob === '/' || glob.startsWith('#')) return undefined;
  if (glob.split('*').length > starsMax + 1) throw new Error('too many stars');
  const isFolder = glob.endsWith('/');
  const body = glob.replace(/\/$/, '');
  const start = body.includes('/') ? '^' : '^(?:.*/)?';
  const end = isFolder ? '/' : '(?:/|$)';
  const pattern = new RegExp(`${start}${toPattern(body.replace(/^\//, ''))}${end}`);
  return { pattern, isIgnored };
}

const parts = /\*\*\/|\/\*\*$|\*+|\?|\[!?\]?[^\]]*\]|\\?./gs;

function toPattern(glob: string): string {
  return glob.replace(parts, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '/**') return '/.*';
    if (part.startsWith('*')) return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.length > 2) return part.replace(/^\[!/, '[^');
    return part.slice(-1).replace(/[\\^$.*+?()[\]{}|]/, String.raw`\$&`);
  });
}
