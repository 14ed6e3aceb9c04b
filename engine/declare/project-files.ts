import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** A text file of a project; `path` is relative to the project's root, with forward slashes. */
export interface ProjectFile {
  readonly path: string;
  /** Folders below the path it was found under, without the file's own name. */
  readonly folders: readonly string[];
  /** The name without its ending. */
  readonly name: string;
  readonly ending: string;
  text(): Promise<string>;
}

/** More files than this in one project are a mistake: a path that points at a whole disk. */
const filesMax = 200_000;
const skippedFolders = new Set(['node_modules', 'dbt_packages']);

/** Every file below a folder, sorted by path; none where the folder does not exist. */
export async function listFiles(root: string, folder: string): Promise<ProjectFile[]> {
  const base = join(root, folder);
  const found: ProjectFile[] = [];
  const waiting = [base];
  while (waiting.length > 0) {
    const here = waiting.pop() ?? base;
    for (const entry of await readFolder(here)) {
      const path = join(here, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.') && !skippedFolders.has(entry.name)) waiting.push(path);
        continue;
      }
      const dot = entry.name.lastIndexOf('.');
      if (dot <= 0) continue;
      const inside = relative(base, here);
      found.push({
        path: relative(root, path).split(sep).join('/'),
        folders: inside === '' ? [] : inside.split(sep),
        name: entry.name.slice(0, dot),
        ending: entry.name.slice(dot + 1).toLowerCase(),
        text: async () => readFile(path, 'utf8'),
      });
      if (found.length > filesMax) throw new Error(`more than ${filesMax} files below ${folder}`);
    }
  }
  return found.sort((left, right) => (left.path < right.path ? -1 : 1));
}

async function readFolder(path: string): Promise<import('node:fs').Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

/** Folders of installed packages: below `dbt_packages`, in order of their names. */
export async function listPackageFolders(root: string): Promise<string[]> {
  const entries = await readFolder(join(root, 'dbt_packages'));
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => `dbt_packages/${entry.name}`)
    .sort();
}
