import { posix } from 'node:path';
import type { ProjectDisk } from './memory/project-disk.ts';

/** A text file of a project; `path` is relative to the project's root, with forward slashes. */
export interface ProjectFile {
  readonly path: string;
  /** Folders below the path it was found under, without the file's own name. */
  readonly folders: readonly string[];
  /** The name without its ending. */
  readonly name: string;
  readonly ending: string;
  text(): string;
}

/** More files than this in one project are a mistake: a path that points at a whole disk. */
const filesMax = 200_000;
const skippedFolders = new Set(['node_modules', 'dbt_packages']);

/** Every file below a folder, sorted by path; none where the folder does not exist. */
export function listFiles(disk: ProjectDisk, folder: string): ProjectFile[] {
  const base = posix.normalize(folder).replace(/\/$/, '');
  const found: ProjectFile[] = [];
  const waiting: (readonly string[])[] = [[]];
  while (waiting.length > 0) {
    const folders = waiting.pop() ?? [];
    for (const { name, isFolder } of disk.listFolder(posix.join(base, ...folders))) {
      if (isFolder) {
        if (!name.startsWith('.') && !skippedFolders.has(name)) waiting.push([...folders, name]);
        continue;
      }
      const dot = name.lastIndexOf('.');
      if (dot <= 0) continue;
      const path = posix.join(base, ...folders, name);
      found.push({
        path,
        folders,
        name: name.slice(0, dot),
        ending: name.slice(dot + 1).toLowerCase(),
        text: () => readText(disk, path),
      });
      if (found.length > filesMax) throw new Error(`more than ${filesMax} files below ${folder}`);
    }
  }
  return found.sort((left, right) => (left.path < right.path ? -1 : 1));
}

function readText(disk: ProjectDisk, path: string): string {
  const text = disk.findText(path);
  if (text === undefined) throw new Error(`${path} was listed and is gone: run it again`);
  return text;
}

/** Folders of installed packages: below `dbt_packages`, in order of their names. */
export function listPackageFolders(disk: ProjectDisk): string[] {
  return disk
    .listFolder('dbt_packages')
    .filter((entry) => entry.isFolder || entry.isLink)
    .map((entry) => `dbt_packages/${entry.name}`)
    .sort();
}
