import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { replaceFile } from './outcome-log.ts';

/** Named parts of one file, each read when it is asked for. */
export interface SectionFile {
  /** Undefined where there is no such part, or what stands there is not what was written. */
  read(name: string): string | undefined;
  readBytes(name: string): Buffer | undefined;
  close(): void;
}

const format = 'tidemill-sections-1';
/** The head names the parts: it is small. */
const headBytesMax = 4_096;
/** Larger than this, the file was written by nobody we know. */
const bytesMax = 512 * 1_048_576;

interface Head {
  readonly format: string;
  readonly identity: string;
  /** Name, length in bytes and checksum, in order. */
  readonly sections: readonly (readonly [string, number, number])[];
}

const none: SectionFile = {
  read: () => undefined,
  readBytes: () => undefined,
  close: () => {},
};

/** A file that is missing, torn, or of another `identity` has no parts. */
export function openSectionFile(path: string, identity: string): SectionFile {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const first = readBytes(file, 0, headBytesMax);
    const headEnd = first.indexOf('\n');
    const head = headEnd === -1 ? undefined : readHead(first.toString('utf8', 0, headEnd));
    const parts = new Map<string, readonly [at: number, length: number, checksum: number]>();
    let at = headEnd + 1;
    for (const [name, length, checksum] of head?.sections ?? []) {
      parts.set(name, [at, length, checksum]);
      at += length;
    }
    if (head?.identity === identity && fstatSync(file).size === at) return openParts(file, parts);
  } catch {
    // As good as no file.
  }
  if (file !== undefined) closeSync(file);
  return none;
}

function openParts(
  file: number,
  parts: ReadonlyMap<string, readonly [at: number, length: number, checksum: number]>,
): SectionFile {
  let isOpen = true;
  const read = (name: string): Buffer | undefined => {
    const [at, length, checksum] = parts.get(name) ?? [];
    if (at === undefined || length === undefined || !isOpen) return undefined;
    const part = readBytes(file, at, length);
    return part.length === length && crc32(part) === checksum ? part : undefined;
  };
  return {
    read: (name) => read(name)?.toString('utf8'),
    readBytes: read,
    close: () => {
      if (isOpen) closeSync(file);
      isOpen = false;
    },
  };
}

function readBytes(file: number, at: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(file, buffer, filled, length - filled, at + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

function readHead(text: string): Head | undefined {
  try {
    const head = JSON.parse(text) as Partial<Head> | null;
    const isOurs = head?.format === format && Array.isArray(head.sections);
    return isOurs && typeof head.identity === 'string' ? (head as Head) : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the whole file anew; of two writers the later one stays. */
export function writeSectionFile(
  path: string,
  identity: string,
  sections: Readonly<Record<string, string>>,
): void {
  let bytes = 0;
  const head: Head = {
    format,
    identity,
    sections: Object.entries(sections).map(([name, part]) => {
      const content = Buffer.from(part);
      bytes += content.length;
      return [name, content.length, crc32(content)];
    }),
  };
  const first = `${JSON.stringify(head)}\n`;
  const isFit = Buffer.byteLength(first) <= headBytesMax && bytes <= bytesMax;
  if (isFit) replaceFile(path, first, ...Object.values(sections));
}
