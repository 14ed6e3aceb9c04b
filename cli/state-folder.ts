import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { OpenedProject } from './open-project.ts';

/** What `--state` names: a folder from the project's, as in dbt, or else from where one stands. */
export function stateFolderOf({ project }: OpenedProject, written: string): string {
  const inProject = resolve(project.folder, written);
  return existsSync(inProject) ? inProject : resolve(written);
}
