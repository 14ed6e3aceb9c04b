import { posix } from 'node:path';
import { asConfig, asList } from './config.ts';
import type { ProjectDisk } from './memory/project-disk.ts';
import type { FaultList } from './model-fault.ts';
import { listPackageFolders, readFileText } from './project-files.ts';
import { parseYaml } from './yaml-file.ts';

const declarations = ['packages.yml', 'dependencies.yml'] as const;

/**
 * Folders of the packages a project uses, relative to it: those under `dbt_packages`, and those
 * that `packages.yml` names by a local path. One that is named and not there is a fault.
 */
export function findPackageFolders(disk: ProjectDisk, faults: FaultList): string[] {
  const installed = listPackageFolders(disk, faults);
  const real = (folder: string): string => disk.realPath(folder) ?? folder;
  const known = new Set(installed.map(real));
  const folders = [...installed];
  for (const file of declarations) {
    const text = readFileText(disk, file, faults);
    if (text === undefined) continue;
    const yaml = parseYaml(file, text, faults);
    for (const [index, value] of asList(asConfig(yaml?.value)['packages']).entries()) {
      const entry = asConfig(value);
      const place = yaml?.placeOf(['packages', index]) ?? { file, line: 1, column: 1 };
      const { local } = entry;
      if (typeof local === 'string') {
        const folder = posix.normalize(local).replace(/\/$/, '');
        if (!disk.exists(posix.join(folder, 'dbt_project.yml'))) {
          faults.error(place, `there is no package in ${local}`, {
            hint: 'a local path is relative to the project, and holds a dbt_project.yml',
          });
        } else if (!known.has(real(folder))) {
          known.add(real(folder));
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
