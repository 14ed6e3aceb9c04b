import { posix } from 'node:path';
import type { SourceTable } from './properties.ts';

/** Folders of a YAML file, without the first: the one that its kind is looked for in. */
export function foldersOf(pack: { readonly folder: string }, file: string): string[] {
  const inside = file.startsWith(`${pack.folder}/`) ? file.slice(pack.folder.length + 1) : file;
  return posix.dirname(inside).split('/').slice(1);
}

export function sourceFqn(
  pack: Parameters<typeof foldersOf>[0] & { readonly name: string },
  { place, source, name }: SourceTable,
): string[] {
  return [pack.name, ...foldersOf(pack, place.file), source, name];
}
