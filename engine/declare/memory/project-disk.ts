import { readdirSync, realpathSync, statSync } from 'node:fs';
import { once } from '../../words/once.ts';
import { readTextFile } from '../text-file.ts';
import { type FileStamp, readStamp, trustStamp } from './file-stamp.ts';
import { digestText } from './memory.ts';

/** An entry of a folder. */
export interface DiskEntry {
  readonly name: string;
  /** Of a link: whether it leads to one. */
  readonly isFolder: boolean;
  readonly isLink: boolean;
}

/**
 * The one door through which a project's files are read: it notes every question and a digest of
 * the answer, so that a later process can tell that it would get the same answers.
 * Paths are relative to the project's root, with forward slashes.
 */
export interface ProjectDisk {
  /** Undefined where there is no such file. @throws what `readTextFile` throws. */
  findText(path: string): string | undefined;
  /** In no order; none where there is no such folder. */
  listFolder(path: string): readonly DiskEntry[];
  exists(path: string): boolean;
  /** Undefined where there is nothing. */
  realPath(path: string): string | undefined;
  /** Something was read past this door: what comes of it cannot be believed later. */
  distrust(): void;
}

/** One question, and what is needed to know later that its answer has not changed. */
export type Observation = readonly [
  question: 'text' | 'list' | 'exists' | 'real',
  path: string,
  answer: string,
  /** Empty: the answer must be looked at again each time. */
  stamp: string,
];

export interface ObservingDisk extends ProjectDisk {
  /** What was asked so far, with stamps that can be trusted from now on. */
  observe(): Observation[];
  /**
   * What is answered otherwise now; undefined where that is more than texts and folders, or more
   * than `most` of them. Of most files only the stamp is looked at.
   */
  findChanges(observations: readonly Observation[], most: number): DiskChanges | undefined;
  /** Whether the last process asked. */
  wasAsked(question: Observation[0], path: string): boolean;
  /** The text as this process read it; undefined where it did not. */
  textRead(path: string): string | undefined;
  /** Files whose content was read by this process, in order. */
  readonly opened: readonly string[];
  /** How many answers `findChanges` had to look at again. */
  readonly looks: number;
}

/** Paths of what is not as it was when it was read. */
export interface DiskChanges {
  /** Files with another text, or gone. */
  readonly texts: readonly string[];
  /** Folders that hold other entries. */
  readonly folders: readonly string[];
}

interface Kept {
  readonly observation: Observation;
  readonly text?: string;
}

const isGone = (error: unknown): boolean => {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
};

/**
 * `startedMs` is a moment on the file system's clock, before anything was read. `textOf` answers
 * texts of the last process, by path and digest.
 */
export function openProjectDisk(
  root: string,
  startedMs: number,
  before: readonly Observation[] = [],
  textOf: (path: string) => string | undefined = () => undefined,
): ObservingDisk {
  const asked = new Map<string, Kept>();
  const old = once(() => new Map(before.map((one) => [`${one[0]} ${one[1]}`, one])));
  let looks = 0;
  const opened: string[] = [];
  // Paths are normal as they come: joining them properly would cost as much as looking.
  const at = (path: string): string => `${root}/${path}`;
  const trusted = (stamp: FileStamp | undefined): string =>
    trustStamp(stamp, startedMs)?.text ?? '';
  const keep = (kept: Kept): void => {
    const [question, path] = kept.observation;
    asked.set(`${question} ${path}`, kept);
  };
  const findText = (path: string): string | undefined => {
    const known = asked.get(`text ${path}`);
    if (known) return known.text;
    // Looked at before the reading: a change in between shows as another stamp the next time.
    const stamp = readStamp(at(path));
    const last = old().get(`text ${path}`);
    const isTrusted = stamp !== undefined && last?.[3] === stamp.text;
    let text = isTrusted ? textOf(path) : undefined;
    if (text === undefined) {
      text = readText(at(path));
      if (text !== undefined) opened.push(path);
    }
    const answer = text === undefined ? '' : isTrusted ? last[2] : digestText(text);
    keep({
      observation: ['text', path, answer, trusted(stamp)],
      ...(text === undefined ? {} : { text }),
    });
    return text;
  };
  const listFolder = (path: string): readonly DiskEntry[] => {
    const stamp = readStamp(at(path));
    const entries = readFolder(at(path));
    keep({ observation: ['list', path, digestEntries(entries), trusted(stamp)] });
    return entries;
  };
  const exists = (path: string): boolean => {
    const isThere = readStamp(at(path)) !== undefined;
    keep({ observation: ['exists', path, isThere ? 'yes' : '', ''] });
    return isThere;
  };
  const realPath = (path: string): string | undefined => {
    const answer = findRealPath(at(path));
    keep({ observation: ['real', path, answer ?? '', ''] });
    return answer;
  };
  const distrust = (): void => keep({ observation: ['exists', '', 'nobody knows', ''] });
  const answers = {
    text: (path: string) => {
      const text = findText(path);
      return text === undefined ? '' : digestText(text);
    },
    list: (path: string) => digestEntries(listFolder(path)),
    exists: (path: string) => (exists(path) ? 'yes' : ''),
    real: (path: string) => realPath(path) ?? '',
  };
  return {
    findText,
    listFolder,
    exists,
    realPath,
    distrust,
    wasAsked: (question, path) => old().has(`${question} ${path}`),
    textRead: (path) => asked.get(`text ${path}`)?.text,
    opened,
    observe: () => [...asked.values()].map(({ observation }) => observation),
    findChanges: (observations, most) =>
      findOtherAnswers(observations, most, ([question, path, answer, stamp]) => {
        if (stamp !== '' && readStamp(at(path))?.text === stamp) return answer;
        looks += 1;
        return answers[question](path);
      }),
    get looks() {
      return looks;
    },
  };
}

/** See `ObservingDisk.findChanges`. */
function findOtherAnswers(
  observations: readonly Observation[],
  most: number,
  answerNow: (observation: Observation) => string,
): DiskChanges | undefined {
  const texts: string[] = [];
  const folders: string[] = [];
  for (const observation of observations) {
    const [question, path, answer] = observation;
    let now: string;
    try {
      now = answerNow(observation);
    } catch {
      // Whoever reads it says what is wrong.
      return undefined;
    }
    if (now === answer) continue;
    if (question === 'text' && answer !== '') texts.push(path);
    else if (question === 'list') folders.push(path);
    else return undefined;
    if (texts.length + folders.length > most) return undefined;
  }
  return { texts, folders };
}

function readText(path: string): string | undefined {
  try {
    return readTextFile(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function readFolder(path: string): DiskEntry[] {
  try {
    return readdirSync(path, { withFileTypes: true }).map((entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory() || (entry.isSymbolicLink() && leadsToFolder(path, entry.name)),
      isLink: entry.isSymbolicLink(),
    }));
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function leadsToFolder(path: string, name: string): boolean {
  try {
    return statSync(`${path}/${name}`, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // It leads to itself, or where nobody may look: reading it says so.
    return false;
  }
}

function findRealPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function digestEntries(entries: readonly DiskEntry[]): string {
  const names = entries.map(({ name, isFolder, isLink }) => [name, isFolder, isLink]);
  return digestText(JSON.stringify(names.sort()));
}
