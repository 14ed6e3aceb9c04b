import { join } from 'node:path';
import { type Memory, noMemory } from './memory.ts';
import { type OutcomeLog, openOutcomeLog } from './outcome-log.ts';
import { programIdentity } from './program-identity.ts';
import { type Observation, type ObservingDisk, openProjectDisk } from './project-disk.ts';
import { openSectionFile, writeSectionFile } from './section-file.ts';

/** What one project's files came to the last time, and what their texts rendered to. */
export interface ProjectMemory {
  readonly disk: ObservingDisk;
  /** Outcomes of reading: properties files, templates as rendered for their calls and config. */
  readonly parsed: Memory;
  /** Outcomes of compiling; apart from the others, as most commands need one of the two. */
  readonly rendered: Memory;
  /** Whether all that was asked of the disk the last time would be answered the same now. */
  isUnchanged(): boolean;
  /** A part of the project as it was kept; to be believed while `isUnchanged`. */
  recall(part: ProjectPart): unknown;
  /** The text of a file as it was kept. */
  textOf(file: string): string | undefined;
  /** Offers what was read for the next process; `make` is called where it is worth writing. */
  offer(make: () => Readonly<Record<ProjectPart, unknown>> | undefined): void;
  /** Writes what is new; nothing where nothing is. */
  save(): void;
}

/** The parts a project is kept in: what a list of nodes needs, and the rest. */
export const projectParts = ['outline', 'details'] as const;
export type ProjectPart = (typeof projectParts)[number];

/** More answers than this looked at again: fresh stamps are worth a write. */
const looksMax = 20;

type TextPlace = readonly [file: string, start: number, length: number];

interface DiskPart {
  readonly observations: readonly Observation[];
  readonly texts: readonly TextPlace[];
}

interface Kept {
  readonly file: ReturnType<typeof openSectionFile>;
  readonly disk: DiskPart;
  textOf(file: string): string | undefined;
}

/** `folder` is where it is kept; it need not be there. */
export function openProjectMemory(folder: string, root: string, nowMs = Date.now()): ProjectMemory {
  const identity = programIdentity();
  const path = join(folder, 'project');
  const kept = openKept(path, identity);
  const disk = openProjectDisk(root, nowMs, kept.disk.observations, kept.textOf);
  const parsed = openOutcomeLog(join(folder, 'parsed'), identity);
  const rendered = openOutcomeLog(join(folder, 'rendered'), identity);
  let offered: (() => Readonly<Record<ProjectPart, unknown>> | undefined) | undefined;
  let isSame: boolean | undefined;
  return {
    disk,
    parsed,
    rendered,
    textOf: kept.textOf,
    recall: (part) => parseJson(kept.file.read(part)),
    isUnchanged: () => {
      isSame ??= kept.disk.observations.length > 0 && disk.isSame(kept.disk.observations);
      return isSame;
    },
    offer: (make) => {
      offered = make;
    },
    save: () => {
      const isFirst = kept.disk.observations.length === 0;
      const sections = keepParts(kept, disk, { offered, isFirst, isSame, parsed });
      kept.file.close();
      if (sections) writeSectionFile(path, identity, sections);
      parsed.save();
      rendered.save();
    },
  };
}

interface KeepState {
  readonly offered: (() => Readonly<Record<ProjectPart, unknown>> | undefined) | undefined;
  readonly isFirst: boolean;
  readonly isSame: boolean | undefined;
  readonly parsed: OutcomeLog;
}

/**
 * The whole project is written when it is new, or when the one that is kept is out of date and this
 * process found nothing left to learn: while somebody edits, each process adds only what is new.
 */
function keepParts(
  kept: Kept,
  disk: ObservingDisk,
  { offered, isFirst, isSame, parsed }: KeepState,
): Record<string, string> | undefined {
  const isWorth = offered !== undefined && (isFirst || parsed.isComplete());
  if (isWorth) {
    const parts = offered();
    const own = Object.entries(parts ?? {}).map(([name, part]) => [name, JSON.stringify(part)]);
    const all = diskSections(disk.observe(), (file) => disk.textRead(file));
    return { ...all, ...(Object.fromEntries(own) as Record<string, string>) };
  }
  if (offered !== undefined || isSame !== true || disk.looks <= looksMax) return undefined;
  const fresh = new Map(disk.observe().map((one) => [`${one[0]} ${one[1]}`, one]));
  const observations = kept.disk.observations.map((one) => fresh.get(`${one[0]} ${one[1]}`) ?? one);
  const all = diskSections(observations, (file) => disk.textRead(file) ?? kept.textOf(file));
  const own = projectParts.map((part) => [part, kept.file.read(part)] as const);
  return { ...all, ...Object.fromEntries(own.filter(isThere)) };
}

function isThere(entry: readonly [string, string | undefined]): entry is [string, string] {
  return entry[1] !== undefined;
}

function openKept(path: string, identity: string): Kept {
  const file = openSectionFile(path, identity);
  const disk = parseJson<DiskPart>(file.read('disk')) ?? { observations: [], texts: [] };
  let places: Map<string, TextPlace> | undefined;
  let blob: string | undefined;
  const textOf = (wanted: string): string | undefined => {
    places ??= new Map(disk.texts.map((place) => [place[0], place]));
    const place = places.get(wanted);
    if (place === undefined) return undefined;
    blob ??= file.read('texts') ?? '';
    const text = blob.slice(place[1], place[1] + place[2]);
    return text.length === place[2] ? text : undefined;
  };
  return { file, disk, textOf };
}

/** Texts stand in a part of their own, one after the other: most processes look at few of them. */
function diskSections(
  observations: readonly Observation[],
  textOf: (file: string) => string | undefined,
): { disk: string; texts: string } {
  const places: TextPlace[] = [];
  const parts: string[] = [];
  let at = 0;
  for (const [question, file] of observations) {
    const text = question === 'text' ? textOf(file) : undefined;
    if (text === undefined) continue;
    places.push([file, at, text.length]);
    parts.push(text);
    at += text.length;
  }
  const part: DiskPart = { observations, texts: places };
  return { disk: JSON.stringify(part), texts: parts.join('') };
}

function parseJson<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** For work that keeps nothing: the disk alone. */
export function withoutMemory(root: string): ProjectMemory {
  return {
    disk: openProjectDisk(root, 0),
    parsed: noMemory,
    rendered: noMemory,
    isUnchanged: () => false,
    recall: () => undefined,
    textOf: () => undefined,
    offer: () => {},
    save: () => {},
  };
}
