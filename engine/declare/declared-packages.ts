import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { FaultList } from './model-fault.ts';
import { listPackageFolders } from './project-files.ts';
import { asConfig, asList } from './properties.ts';
import { parseYaml } from './yaml-file.ts';

const declarations = ['packages.yml', 'dependencies.yml'] as const;

/**
 * Folders of the packages a project uses, relative to it: those under `dbt_packages`, and those
 * that `packages.yml` names by a local path. One that is named and not there is a fault.
 */
export async function findPackageFolders(root: string, faults: FaultList): Promise<string[]> {
  const installed = await listPackageFolders(root);
  const real = async (folder: string): Promise<string> => realpath(join(root, folder));
  const known = new Set(await Promise.all(installed.map(real)));
  const folders = [...installed];
  for (const file of declarations) {
    if (!existsSync(join(root, file))) continue;
    const yaml = parseYaml(file, await readFile(join(root, file), 'utf8'), faults);
    for (const [index, value] of asList(asConfig(yaml?.value)['packages']).entries()) {
      const entry = asConfig(value);
      const place = yaml?.placeOf(['packages', index]) ?? { file, line: 1, column: 1 };
      const { local } = entry;
      if (typeof local === 'string') {
        const folder = posix.normalize(local).replace(/\/$/, '');
        if (!existsSync(join(root, folder, 'dbt_project.yml'))) {
          faults.error(place, `there is no package in ${local}`, {
            hint: 'a local path is relative to the project, and holds a dbt_project.yml',
          });
        } else if (!known.has(await real(folder))) {
          known.add(await real(folder));
          folders.push(folder);
        }
        continue;
      }
      const name = String(entry['package'] ?? entry['git'] ?? '');
      const short =
        name
          .replace(/\.git$/, '')
          .split('/')
          .at(-1) ?? '';
      const isThere = installed.some((folder) =>
        folder.endsWith(`/${short.replace(/^dbt-/, '').replaceAll('-', '_')}`),
      );
      if (name === '' || isThere) continue;
      faults.warn(place, `the package ${name} is not in dbt_packages`, {
        hint: 'packages are not downloaded: put it there with `dbt deps`',
      });
    }
  }
  return folders;
}
