import { posix } from 'node:path';
import { readIgnored } from './ignored-files.ts';
import type { FaultList } from './model-fault.ts';
import {
  folderConfigFile,
  isInsideOther,
  type PackageOptions,
  type PackageSource,
  type PathKind,
  propertyFile,
  readFiles,
  readLayout,
} from './package-source.ts';
import { fileBelow, type ProjectFile } from './project-files.ts';

/** What a file is by its place. */
export type FileRole = 'model' | 'seed' | 'properties';

/** A package of which a few files are read. */
export interface PackagePart {
  readonly isDbt: boolean;
  /** Undefined: it is none of these, or more than one. */
  roleOf(path: string): FileRole | undefined;
  isThere(path: string): boolean;
  /** The package as if it had these files alone, each of a role, and the config of all folders. */
  read(paths: readonly string[]): PackageSource;
}

/** `configFiles` are those that hold the config of folders. */
export function openPackagePart(
  options: PackageOptions,
  configFiles: readonly string[],
  faults: FaultList,
): PackagePart {
  const layout = readLayout(options, faults);
  const { disk, folder } = options;
  const { docs: _, ...bases } = layout.paths;
  const isIgnored = readIgnored(disk, folder, faults);
  const placesOf = (path: string): { kind: PathKind; file: ProjectFile }[] =>
    (Object.keys(bases) as (keyof typeof bases)[]).flatMap((kind) =>
      bases[kind].flatMap((base) => {
        const file = fileBelow(disk, posix.join(folder, base), path, faults);
        const isElsewhere = kind === 'models' && !layout.isDbt && file && isInsideOther(file);
        return file && !isElsewhere && !isIgnored(path) ? [{ kind, file }] : [];
      }),
    );
  return {
    isDbt: layout.isDbt,
    roleOf: (path) => {
      const places = placesOf(path);
      const [place] = places;
      if (place === undefined || folderConfigFile.test(path)) return undefined;
      if (propertyFile.test(path)) return 'properties';
      const { kind, file } = place;
      if (places.length > 1) return undefined;
      if (kind === 'models' && file.ending === 'sql') return 'model';
      return kind === 'seeds' && file.ending === 'csv' ? 'seed' : undefined;
    },
    isThere: (path) => disk.findText(path) !== undefined,
    read: (paths) => {
      const files: Record<PathKind, ProjectFile[]> = {
        models: [],
        seeds: [],
        snapshots: [],
        analyses: [],
        tests: [],
        macros: [],
        docs: [],
      };
      for (const path of new Set([...configFiles, ...paths])) {
        const [place] = placesOf(path);
        if (place) files[place.kind].push(place.file);
      }
      return readFiles(options, layout, files, faults);
    },
  };
}
