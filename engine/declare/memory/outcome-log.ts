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

const format = 'tidemill-outcomes-2';
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
  readonly content: Buffer;
  /** Of each key its last line: where it starts, and where it ends. */
  readonly places: ReadonlyMap<string, readonly [start: number, end: number]>;
}

/**
 * `identity` says which program's outcomes they are: those of another are not believed. A line is a
 * checksum, how many bytes of JSON, a key and the JSON: one that was torn, or written across
 * another process's, is passed by.
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
      if (line !== undefined) return valueIn(Buffer.from(line.slice(0, -1)), key);
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
  const checksum = crc32(`${key} ${json}`).toString(16);
  return `${checksum} ${Buffer.byteLength(json)} ${key} ${json}\n`;
}

/** What stands before the JSON. */
const lineHead = /^[0-9a-f]{1,8} (\d+) (\S+) /;
/** Longer than any head. */
const headBytesMax = 128;
const lineFeed = 10;

/** From line to line by what each says of its length: most of what they hold is not looked at. */
function readLines(path: string, head: string): Lines {
  const places = new Map<string, readonly [number, number]>();
  const content = readOptional(path) ?? Buffer.alloc(0);
  let start = Buffer.byteLength(head);
  if (content.toString('latin1', 0, start) !== head) return { content: Buffer.alloc(0), places };
  while (start < content.length) {
    const [all = '', bytes = '', key = ''] =
      lineHead.exec(content.toString('latin1', start, start + headBytesMax)) ?? [];
    const end = start + all.length + Number(bytes);
    if (all !== '' && content[end] === lineFeed) {
      places.set(key, [start, end]);
      start = end + 1;
    } else {
      const next = content.indexOf(lineFeed, start);
      if (next === -1) break;
      start = next + 1;
    }
  }
  return { content, places };
}

function readValue({ content, places }: Lines, key: string): unknown {
  const place = places.get(key);
  return place && valueIn(content.subarray(...place), key);
}

/** Undefined where the line is not what was written. */
function valueIn(line: Buffer, key: string): unknown {
  const start = line.indexOf(` ${key} `) + 1;
  const body = line.subarray(start);
  if (!line.toString('latin1', 0, start).startsWith(`${crc32(body).toString(16)} `))
    return undefined;
  try {
    return JSON.parse(body.toString('utf8', key.length + 1)) as unknown;
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

function readOptional(path: string): Buffer | undefined {
  try {
    return statSync(path).size > bytesMax ? undefined : readFileSync(path);
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
