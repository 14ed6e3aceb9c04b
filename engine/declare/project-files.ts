import { posix } from 'node:path';
import type { DiskEntry, ProjectDisk } from './memory/project-disk.ts';
import type { FaultList } from './model-fault.ts';
import { describeUnreadable } from './text-file.ts';

/** A text file of a project; `path` is relative to the project's root, with forward slashes. */
export interface ProjectFile {
  readonly path: string;
  /** Folders below the path it was found under, without the file's own name. */
  readonly folders: readonly string[];
  /** The name without its ending. */
  readonly name: string;
  readonly ending: string;
  /** Undefined, with a fault, where it cannot be read. */
  text(): string | undefined;
}

/** More files than this in one project are a mistake: a path that points at a whole disk. */
const filesMax = 200_000;
const skippedFolders = new Set(['node_modules', 'dbt_packages']);

/**
 * Every file below a folder, sorted by path; none where the folder does not exist. Links are
 * followed, but for those to a folder that they lie in.
 */
export function listFiles(disk: ProjectDisk, folder: string, faults: FaultList): ProjectFile[] {
  const base = posix.normalize(folder).replace(/\/$/, '');
  const found: ProjectFile[] = [];
  const waiting: Waiting[] = [{ folders: [], left: [] }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { folders, left } = next;
    const within = posix.join(base, ...folders);
    for (const { name, isFolder, isLink } of listFolder(disk, within, faults)) {
      const path = posix.join(within, name);
      if (isFolder) {
        if (isSkipped(name)) continue;
        const own = { folders: [...folders, name], left };
        const linked = isLink ? followLink(disk, path, own) : own;
        if (linked) waiting.push(linked);
        continue;
      }
      const file = toFile(disk, within, folders, name, faults);
      if (file === undefined) continue;
      found.push(file);
      if (found.length > filesMax) {
        const hint = 'a path of the project points at more than a project';
        const message = `more than ${filesMax} files below ${folder}: the rest is left out`;
        faults.error({ file: path, line: 1, column: 1 }, message, { hint });
        return found;
      }
    }
  }
  return found.sort((left, right) => (left.path < right.path ? -1 : 1));
}

interface Waiting {
  readonly folders: readonly string[];
  /** Where links were taken on the way, as the real paths of the folders that hold them. */
  readonly left: readonly string[];
}

/** Undefined where the link leads to a folder that it is reached through. */
function followLink(disk: ProjectDisk, path: string, own: Waiting): Waiting | undefined {
  const [to, from] = [disk.realPath(path), disk.realPath(posix.dirname(path))];
  if (to === undefined || from === undefined) return undefined;
  const left = [...own.left, from];
  return left.some((one) => `${one}/`.startsWith(`${to}/`)) ? undefined : { ...own, left };
}

/** The file as `listFiles` tells of it; undefined where it would not. */
export function fileBelow(
  disk: ProjectDisk,
  folder: string,
  path: string,
  faults: FaultList,
): ProjectFile | undefined {
  const base = posix.normalize(folder).replace(/\/$/, '');
  if (base !== '.' && !path.startsWith(`${base}/`)) return undefined;
  const folders = (base === '.' ? path : path.slice(base.length + 1)).split('/');
  const name = folders.pop() ?? '';
  if (folders.some(isSkipped)) return undefined;
  return toFile(disk, posix.dirname(path), folders, name, faults);
}

/** Folders that hold nothing of the project's own. */
export function isSkipped(name: string): boolean {
  return name.startsWith('.') || skippedFolders.has(name);
}

function toFile(
  disk: ProjectDisk,
  within: string,
  folders: readonly string[],
  name: string,
  faults: FaultList,
): ProjectFile | undefined {
  const dot = name.lastIndexOf('.');
  if (dot <= 0) return undefined;
  const path = posix.join(within, name);
  return {
    path,
    folders,
    name: name.slice(0, dot),
    ending: name.slice(dot + 1).toLowerCase(),
    text: () => readListed(disk, path, faults),
  };
}

function listFolder(disk: ProjectDisk, path: string, faults: FaultList): readonly DiskEntry[] {
  try {
    return disk.listFolder(path);
  } catch (error) {
    tellUnreadable(disk, path, error, faults);
    return [];
  }
}

/** The text of a file; undefined where there is none, or, with a fault, where it cannot be read. */
export function readFileText(
  disk: ProjectDisk,
  path: string,
  faults: FaultList,
): string | undefined {
  try {
    return disk.findText(path);
  } catch (error) {
    tellUnreadable(disk, path, error, faults);
    return undefined;
  }
}

function readListed(disk: ProjectDisk, path: string, faults: FaultList): string | undefined {
  try {
    const text = disk.findText(path);
    if (text !== undefined) return text;
    const message = 'cannot be read: it leads nowhere, or was removed just now';
    faults.error({ file: path, line: 1, column: 1 }, message);
  } catch (error) {
    tellUnreadable(disk, path, error, faults);
  }
  return undefined;
}

/** Every run looks again: what nobody could read may be readable by then. */
function tellUnreadable(disk: ProjectDisk, file: string, error: unknown, faults: FaultList): void {
  disk.distrust();
  const { message, hint, line, column } = describeUnreadable(error);
  faults.error({ file, line, column }, message, hint === undefined ? {} : { hint });
}

/** Folders of installed packages: below `dbt_packages`, in order of their names. */
export function listPackageFolders(disk: ProjectDisk, faults: FaultList): string[] {
  return listFolder(disk, 'dbt_packages', faults)
    .filter((entry) => entry.isFolder || entry.isLink)
    .map((entry) => `dbt_packages/${entry.name}`)
    .sort();
}
