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
  const text = readFileText(disk, posix.join(folder, '.dbtignore'), faults) ?? '';
  const rules = text.split(/\r?\n/).flatMap((line) => toRule(line) ?? []);
  if (rules.length === 0) return () => false;
  return (path) => {
    const inside = folder === '' ? path : posix.relative(folder, path);
    return rules.findLast(({ pattern }) => pattern.test(inside))?.isIgnored ?? false;
  };
}

/** A line as git reads it: `!` takes back, a slash ties it to the folder, the last one holds. */
function toRule(line: string): { pattern: RegExp; isIgnored: boolean } | undefined {
  const written = line.replace(/(?<!\\) +$/, '');
  const isIgnored = !written.startsWith('!');
  const glob = isIgnored ? written : written.slice(1);
  if (glob === '' || glob === '/' || glob.startsWith('#')) return undefined;
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
