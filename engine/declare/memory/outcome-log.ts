import {
  appendFileSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Memory } from './memory.ts';

/** Outcomes kept in a file that is added to; of each key the last one counts. */
export interface OutcomeLog extends Memory {
  /** Nothing was asked for in vain: all there is to know was known. */
  isComplete(): boolean;
  save(): void;
}

const format = 'tidemill-outcomes-1';
/** A file this many times as large as what was asked for is written anew. */
const sizeRatioMax = 4;
/** Below this a file is left to grow. */
const bytesLeast = 1_048_576;
/** A process that asked for less than this part of the keys cannot tell what nobody asks for. */
const keysAskedLeast = 1 / 16;
/** Above this it is written anew all the same. */
const bytesWorth = 64 * 1_048_576;
const bytesMax = 256 * 1_048_576;

interface Lines {
  readonly content: string;
  /** Where each key's checksum stands, and where its line ends. */
  readonly places: ReadonlyMap<string, readonly [start: number, end: number]>;
}

/**
 * `identity` says which program's outcomes they are: those of another are not believed. A line is a
 * checksum, a key and JSON: one that was torn, or written across another process's, is passed by.
 */
export function openOutcomeLog(path: string, identity: string): OutcomeLog {
  const head = `${format} ${identity}\n`;
  const used = new Map<string, unknown>();
  // What is new is kept as it will be written: values would stay with all that they hold.
  const added = new Map<string, string>();
  let lines: Lines | undefined;
  let isAdding = false;
  const load = (): Lines => {
    lines ??= readLines(path, head);
    return lines;
  };
  return {
    get: (key) => {
      if (used.has(key)) return used.get(key);
      const line = added.get(key);
      if (line !== undefined) return valueIn(line, key);
      if (isAdding && lines === undefined) return undefined;
      const value = readValue(load(), key);
      if (value !== undefined) used.set(key, value);
      return value;
    },
    set: (key, value) => {
      used.delete(key);
      added.set(key, writeLine(key, value));
    },
    addOnly: async (work) => {
      isAdding = true;
      try {
        return await work();
      } finally {
        isAdding = false;
      }
    },
    isComplete: () => added.size === 0,
    save: () => {
      if (added.size === 0) return;
      const text = [...added.values()].join('');
      // Who asked nothing adds to what stands without reading all of it.
      const isUnread = lines === undefined && sizeOfOurs(path, head) + text.length < bytesWorth;
      if (isUnread) {
        added.clear();
        return addLines(path, text);
      }
      const asked = used.size + added.size;
      const isOurs = load().places.size > 0;
      const bytes = load().content.length + text.length;
      added.clear();
      if (!isOurs) return replaceFile(path, head, text);
      const { places } = load();
      const isFew = asked < places.size * keysAskedLeast && bytes < bytesWorth;
      const askedBytes = sizeOf(used, load()) + text.length;
      const isSmall = bytes < bytesLeast || bytes < sizeRatioMax * askedBytes;
      if (isFew || isSmall) addLines(path, text);
      else {
        const known = [...used].map((entry) => writeLine(...entry));
        replaceFile(path, head, known.join(''), text);
      }
    },
  };
}

function writeLine(key: string, value: unknown): string {
  const json = JSON.stringify(value);
  return `${crc32(`${key} ${json}`).toString(16)} ${key} ${json}\n`;
}

function readLines(path: string, head: string): Lines {
  const places = new Map<string, readonly [number, number]>();
  const content = readOptional(path);
  if (content === undefined || !content.startsWith(head)) return { content: '', places };
  let start = head.length;
  for (;;) {
    const end = content.indexOf('\n', start);
    if (end === -1) return { content, places };
    const keyStart = content.indexOf(' ', start) + 1;
    const keyEnd = content.indexOf(' ', keyStart);
    if (keyStart > 0 && keyEnd !== -1 && keyEnd < end) {
      places.set(content.slice(keyStart, keyEnd), [start, end]);
    }
    start = end + 1;
  }
}

function readValue({ content, places }: Lines, key: string): unknown {
  const place = places.get(key);
  if (place === undefined) return undefined;
  return valueIn(content.slice(...place), key);
}

/** Undefined where the line is not what was written. */
function valueIn(line: string, key: string): unknown {
  const body = line.slice(line.indexOf(' ') + 1).trimEnd();
  if (!line.startsWith(`${crc32(body).toString(16)} `)) return undefined;
  try {
    return JSON.parse(body.slice(key.length + 1)) as unknown;
  } catch {
    return undefined;
  }
}

function sizeOf(used: ReadonlyMap<string, unknown>, { places }: Lines): number {
  let size = 1;
  for (const key of used.keys()) {
    const [start, end] = places.get(key) ?? [0, 0];
    size += end - start;
  }
  return size;
}

/** Infinite where there is no such file, or another program's. */
function sizeOfOurs(path: string, head: string): number {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const start = Buffer.alloc(Buffer.byteLength(head));
    readSync(file, start);
    return start.toString('utf8') === head ? fstatSync(file).size : Infinity;
  } catch {
    return Infinity;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readOptional(path: string): string | undefined {
  try {
    return statSync(path).size > bytesMax ? undefined : readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A folder that cannot be written to is no fault: nothing is kept there. */
function addLines(path: string, text: string): void {
  try {
    // A line that another process left unfinished ends here.
    appendFileSync(path, `\n${text}`);
  } catch {
    // Costs time the next time.
  }
}

/** Beside the old one, then in its place: whoever reads sees either. */
export function replaceFile(path: string, ...parts: readonly (string | Buffer)[]): void {
  const draft = `${path}.${process.pid}.${process.hrtime.bigint()}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(draft, 'wx');
    try {
      // One after the other: together they are as large as the project.
      for (const part of parts) writeFileSync(file, part);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch {
    removeQuietly(draft);
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // There is no such folder.
  }
}
