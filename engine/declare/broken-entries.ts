import type { Place } from './model-fault.ts';
import type { YamlFile, YamlPath } from './yaml-file.ts';

/** A node of which a properties file says something that cannot be read. */
export interface BrokenEntry {
  readonly kind: 'models' | 'seeds' | 'snapshots' | 'analyses';
  readonly name: string;
  readonly place: Place;
}

const mapOf = (value: unknown): Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' ? { ...value } : {};

const nodeKinds = ['models', 'seeds', 'snapshots', 'analyses'] as const;

/**
 * The file without its entries of the wrong shape, those that name a node told apart; undefined
 * where nothing of it can be used. What is left is told by its places in the file as it is.
 */
export function withoutBroken(
  yaml: YamlFile,
  paths: readonly YamlPath[],
): { yaml: YamlFile; broken: BrokenEntry[] } | undefined {
  if (paths.some((path) => path.length === 0)) return undefined;
  const root: Record<string, unknown> = { ...mapOf(yaml.value) };
  const broken: BrokenEntry[] = [];
  /** By section: where each entry that is left stands. */
  const kept = new Map<string, readonly number[]>();
  for (const section of new Set(paths.map((path) => String(path[0])))) {
    const own = paths.filter((path) => String(path[0]) === section);
    const list = root[section];
    if (!Array.isArray(list) || own.some((path) => path.length === 1)) {
      delete root[section];
      continue;
    }
    const lost = new Set(own.map((path) => Number(path[1])));
    const indices = list.map((_, index) => index).filter((index) => !lost.has(index));
    kept.set(section, indices);
    root[section] = indices.map((index): unknown => list[index]);
    for (const index of lost) broken.push(...describeEntry(yaml, section, index, list[index]));
  }
  const placeOf: YamlFile['placeOf'] = ([section, index, ...rest], part) => {
    const indices = kept.get(String(section));
    if (section === undefined || indices === undefined || index === undefined) {
      const path = [section, index, ...rest].filter((step) => step !== undefined);
      return yaml.placeOf(path, part);
    }
    return yaml.placeOf([section, indices[Number(index)] ?? index, ...rest], part);
  };
  return { yaml: { ...yaml, value: root, placeOf }, broken };
}

function describeEntry(
  yaml: YamlFile,
  section: string,
  index: number,
  entry: unknown,
): BrokenEntry[] {
  const kind = nodeKinds.find((one) => one === section);
  const { name } = mapOf(entry);
  if (kind === undefined || typeof name !== 'string') return [];
  return [{ kind, name, place: yaml.placeOf([section, index, 'name']) }];
}
