import { join } from 'node:path';
import { once } from '../../words/once.ts';
import { joinLines, type LineList, linesOf } from './line-list.ts';
import { type Memory, noMemory } from './memory.ts';
import { type OutcomeLog, openOutcomeLog } from './outcome-log.ts';
import { programIdentity } from './program-identity.ts';
import {
  type DiskChanges,
  type Observation,
  type ObservingDisk,
  openProjectDisk,
} from './project-disk.ts';
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
  /** The few files and folders that have changed; undefined where more has. */
  changes(): DiskChanges | undefined;
  /** A part of the project as it was kept; to be believed but for what `changes` says. */
  recall(part: Exclude<ProjectPart, 'rest'>): unknown;
  /** What the outline leaves out of each of its nodes, as JSON. */
  recallRest(): LineList | undefined;
  /** The text of a file as it was kept. */
  textOf(file: string): string | undefined;
  knowsText(file: string): boolean;
  /** Files of which the text was kept. */
  textFiles(): readonly string[];
  /** Offers what was read for the next process; `make` is called where it is worth writing. */
  offer(make: MakeParts): void;
  /** The same, of what was kept with `changes` read anew. */
  offerChange(make: MakeParts): void;
  /** Writes what is new; nothing where nothing is. */
  save(): void;
}

/** The parts a project is kept in: what a list of nodes needs, the rest of each, and all else. */
const projectParts = ['outline', 'details', 'rest'] as const;
export type ProjectPart = (typeof projectParts)[number];

interface KeptProject {
  readonly outline: unknown;
  readonly details: unknown;
  readonly rest: LineList;
}

export type MakeParts = () => KeptProject | undefined;

/** With more than this changed, everything is read anew. */
const changesMax = 20;
/** With as many, what is kept is written anew, though each process learns something. */
const changesWorth = 10;
/** More answers than this looked at again: fresh stamps are worth a write. */
const looksMax = 20;

/** In bytes: who knows whether a text is there need not have decoded all of them. */
type TextPlace = readonly [file: string, start: number, length: number];

interface DiskPart {
  readonly observations: readonly Observation[];
  readonly texts: readonly TextPlace[];
}

interface Kept {
  readonly file: ReturnType<typeof openSectionFile>;
  readonly disk: DiskPart;
  textOf(file: string): string | undefined;
  knowsText(file: string): boolean;
}

/** `folder` is where it is kept; it need not be there. */
export function openProjectMemory(folder: string, root: string, nowMs = Date.now()): ProjectMemory {
  const identity = programIdentity();
  const path = join(folder, 'project');
  const kept = openKept(path, identity);
  const disk = openProjectDisk(root, nowMs, kept.disk.observations, kept.textOf);
  const parsed = openOutcomeLog(join(folder, 'parsed'), identity);
  const rendered = openOutcomeLog(join(folder, 'rendered'), identity);
  let offered: Offer | undefined;
  let changed: { readonly found: DiskChanges | undefined } | undefined;
  const changes = (): DiskChanges | undefined => {
    const { observations } = kept.disk;
    const find = () => disk.findChanges(observations, changesMax);
    changed ??= { found: observations.length > 0 ? find() : undefined };
    return changed.found;
  };
  const count = (found = changes()): number | undefined =>
    found && found.texts.length + found.folders.length;
  return {
    disk,
    parsed,
    rendered,
    textOf: kept.textOf,
    knowsText: (file) => disk.textRead(file) !== undefined || kept.knowsText(file),
    textFiles: () => kept.disk.texts.map(([file]) => file),
    recall: (part) => parseJson(kept.file.read(part)),
    recallRest: () => {
      const bytes = kept.file.readBytes('rest');
      return bytes && linesOf(bytes);
    },
    isUnchanged: () => count() === 0,
    changes,
    offer: (make) => {
      offered = { make, isChange: false };
    },
    offerChange: (make) => {
      offered = { make, isChange: true };
    },
    save: () => {
      const found = changed && count(changed.found);
      const sections = keepParts(kept, disk, { offered, changes: found, parsed });
      kept.file.close();
      if (sections) writeSectionFile(path, identity, sections);
      parsed.save();
      rendered.save();
    },
  };
}

interface Offer {
  readonly make: MakeParts;
  readonly isChange: boolean;
}

interface KeepState {
  readonly offered: Offer | undefined;
  /** How many files and folders have changed; undefined: too many, or nobody asked. */
  readonly changes: number | undefined;
  readonly parsed: OutcomeLog;
}

/**
 * The project is written when it was read whole, so that the edits after it are read alone; one of
 * a few changed files when this process found nothing left to learn, or the files are many.
 */
function keepParts(
  kept: Kept,
  disk: ObservingDisk,
  { offered, changes, parsed }: KeepState,
): Record<string, string> | undefined {
  const isMuch = changes !== undefined && changes >= changesWorth;
  const isWorth = offered && (!offered.isChange || isMuch || parsed.isComplete());
  if (isWorth) {
    const own = toSections(offered.make());
    const all = offered.isChange
      ? mendDisk(kept, disk)
      : diskSections(disk.observe(), (file) => disk.textRead(file));
    return { ...all, ...own };
  }
  if (offered !== undefined || changes !== 0 || disk.looks <= looksMax) return undefined;
  const own = projectParts.map((part) => [part, kept.file.read(part)] as const);
  return { ...mendDisk(kept, disk), ...Object.fromEntries(own.filter(isThere)) };
}

/** Node by node, so that each is parsed when it is asked for. */
function toSections(made: KeptProject | undefined): Partial<Record<ProjectPart, string>> {
  if (made === undefined) return {};
  const [outline, details] = [made.outline, made.details].map((part) => JSON.stringify(part));
  return { outline: outline ?? '', details: details ?? '', rest: joinLines(made.rest) };
}

/** What was kept of the disk, with what this process looked at again. */
function mendDisk(kept: Kept, disk: ObservingDisk): { disk: string; texts: string } {
  const all = new Map(kept.disk.observations.map((one) => [`${one[0]} ${one[1]}`, one]));
  for (const one of disk.observe()) {
    const key = `${one[0]} ${one[1]}`;
    const isGone = one[0] === 'text' && one[2] === '' && (all.get(key)?.[2] ?? '') !== '';
    // Nobody asks for a file that is gone: its folder says so.
    if (isGone) all.delete(key);
    else all.set(key, one);
  }
  const observations = [...all.values()];
  return diskSections(observations, (file) => disk.textRead(file) ?? kept.textOf(file));
}

function isThere(entry: readonly [string, string | undefined]): entry is [string, string] {
  return entry[1] !== undefined;
}

function openKept(path: string, identity: string): Kept {
  const file = openSectionFile(path, identity);
  const disk = parseJson<DiskPart>(file.read('disk')) ?? { observations: [], texts: [] };
  const places = once(() => new Map(disk.texts.map((place) => [place[0], place])));
  const blob = once(() => file.readBytes('texts') ?? Buffer.alloc(0));
  const sizeOf = ([, start, length]: TextPlace): number => start + length;
  const knowsText = (wanted: string): boolean => {
    const place = places().get(wanted);
    return place !== undefined && sizeOf(place) <= blob().length;
  };
  const textOf = (wanted: string): string | undefined => {
    const place = places().get(wanted);
    return place && knowsText(wanted)
      ? blob().toString('utf8', place[1], sizeOf(place))
      : undefined;
  };
  return { file, disk, textOf, knowsText };
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
    const bytes = Buffer.byteLength(text);
    places.push([file, at, bytes]);
    parts.push(text);
    at += bytes;
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
    changes: () => undefined,
    recall: () => undefined,
    recallRest: () => undefined,
    textOf: () => undefined,
    knowsText: () => false,
    textFiles: () => [],
    offer: () => {},
    offerChange: () => {},
    save: () => {},
  };
}
