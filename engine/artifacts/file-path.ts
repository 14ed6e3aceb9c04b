import { posix } from 'node:path';
import type { ModelProject } from '../declare/model-project.ts';

/** A file as dbt tells it: within its package, and within the folder its kind is looked for in. */
export interface FilePath {
  readonly original_file_path: string;
  readonly path: string;
}

/** A file's place within its package; the project's own files are where they are. */
export function packageFile(project: ModelProject, packageName: string, file: string): string {
  const folder = project.packages.find(({ name }) => name === packageName)?.folder ?? '';
  return folder !== '' && file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : file;
}

/** The package that a file belongs to. */
export function packageOf(project: ModelProject, file: string): string {
  const inside = project.packages.filter(({ folder }) => file.startsWith(`${folder}/`));
  return inside.at(0)?.name ?? project.name;
}

/** `folders` are those below the folder its kind is looked for in. */
export function filePathOf(
  project: ModelProject,
  node: { readonly packageName: string; readonly file: string },
  folders: readonly string[],
): FilePath {
  const file = packageFile(project, node.packageName, node.file);
  return { original_file_path: file, path: posix.join(...folders, posix.basename(file)) };
}
