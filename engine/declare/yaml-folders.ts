import { posix } from 'node:path';

/** Folders of a YAML file, without the first: the one that its kind is looked for in. */
export function foldersOf(pack: { readonly folder: string }, file: string): string[] {
  const inside = file.startsWith(`${pack.folder}/`) ? file.slice(pack.folder.length + 1) : file;
  return posix.dirname(inside).split('/').slice(1);
}
