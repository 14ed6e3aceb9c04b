import { findPackageFolders } from './declared-packages.ts';
import type { Memory } from './memory/memory.ts';
import type { ProjectDisk } from './memory/project-disk.ts';
import { collectFaults, type FaultList } from './model-fault.ts';
import { type PackageSource, readPackage, type SourceText } from './package-source.ts';
import { readScripts } from './typescript/read-scripts.ts';

type Packages = [PackageSource, ...PackageSource[]];

interface PackagesOptions {
  readonly root: string;
  readonly name: string;
  readonly modelsPath?: string;
}

/**
 * The project's own files, then those of each package it uses; faults of packages are their own.
 * Models in TypeScript are not imported.
 */
export function readPackages(
  { name, modelsPath = 'models' }: PackagesOptions,
  disk: ProjectDisk,
  memory: Memory,
  faults: FaultList,
): Packages {
  const main = readPackage({ disk, memory, folder: '', modelsPath, name }, faults);
  const installed = findPackageFolders(disk, faults).map((folder) =>
    readPackage({ disk, memory, folder, modelsPath: 'models', name: folder }, collectFaults()),
  );
  return [main, ...installed];
}

/** The same packages, with their models in TypeScript imported. */
export async function importScripts(
  root: string,
  disk: ProjectDisk,
  [main, ...installed]: Packages,
): Promise<Packages> {
  const withScripts = async (pack: PackageSource): Promise<PackageSource> => {
    if (pack.scripts.length === 0) return pack;
    // What they import is read by the program that runs them: its files go past the disk.
    disk.distrust();
    return { ...pack, models: [...pack.models, ...(await importAll(root, pack.scripts))] };
  };
  return [await withScripts(main), ...(await Promise.all(installed.map(withScripts)))];
}

async function importAll(root: string, sources: readonly SourceText[]): Promise<SourceText[]> {
  const files = sources.map(({ file }) => file);
  const scripts = await readScripts(root, files);
  return sources.flatMap((source) => {
    const script = scripts.get(source.file);
    return script === undefined || script.kind === 'part' ? [] : [{ ...source, script }];
  });
}
