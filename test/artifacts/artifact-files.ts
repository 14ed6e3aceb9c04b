import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One entry of an artifact, or an artifact: a map whose values the test asks for by name. */
export type Entry = Readonly<Record<string, unknown>>;

export interface ArtifactFile {
  readonly metadata: Entry;
  readonly [section: string]: unknown;
}

export function readArtifact(folder: string, name: string): ArtifactFile {
  return JSON.parse(readFileSync(join(folder, 'target', `${name}.json`), 'utf8')) as ArtifactFile;
}

/** The entry of a section, which must be there. */
export function entryOf(artifact: ArtifactFile, section: string, id: string): Entry {
  const entry = (artifact[section] as Readonly<Record<string, Entry>>)[id];
  if (entry === undefined) throw new Error(`${section} has no ${id}`);
  return entry;
}

export function idsOf(artifact: ArtifactFile, section: string): string[] {
  return Object.keys(artifact[section] as Entry).sort();
}

/** Status and failures of each result, by id. */
export function statusesOf(artifact: ArtifactFile): Record<string, unknown> {
  const results = artifact['results'] as readonly Entry[];
  return Object.fromEntries(results.map((one) => [String(one['unique_id']), one['status']]));
}

export function resultOf(artifact: ArtifactFile, id: string): Entry {
  const found = (artifact['results'] as readonly Entry[]).find((one) => one['unique_id'] === id);
  if (found === undefined) throw new Error(`there is no result of ${id}`);
  return found;
}

export function filesOf(folder: string): string[] {
  const target = join(folder, 'target');
  return existsSync(target) ? readdirSync(target).sort() : [];
}
