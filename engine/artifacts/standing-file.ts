import fs from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import type { FilePiece } from './manifest-layout.ts';

/** A file that pieces are taken from. */
export interface StandingFile extends AsyncDisposable {
  /** Fills the buffer from there; what a file that became shorter does not hold is zeros. */
  read(at: number, into: Buffer): void;
  /** Whether it is these pieces, one behind the other. */
  isMadeOf(pieces: Iterable<FilePiece>): boolean;
  /**
   * Beside what the caller does: the last one who lets go of a large file that another has taken
   * the place of waits until its blocks are free.
   */
  close(): Promise<void>;
}

const chunkBytes = 1_048_576;
const closeFile = promisify(fs.close);

/** Undefined where there is none. */
export function openStandingFile(path: string): StandingFile | undefined {
  let file: number;
  try {
    file = fs.openSync(path, 'r');
  } catch {
    return undefined;
  }
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= closeFile(file);
    return closed;
  };
  return {
    read: (at, into) => fill(file, at, into),
    isMadeOf: (pieces) => isMadeOf(file, pieces),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function isMadeOf(file: number, pieces: Iterable<FilePiece>): boolean {
  let window = Buffer.alloc(0);
  let from = 0;
  let at = 0;
  for (const { bytes, checksum } of pieces) {
    if (at + bytes > from + window.length) {
      window = Buffer.allocUnsafe(Math.max(bytes, chunkBytes));
      fill(file, at, window);
      from = at;
    }
    if (crc32(window.subarray(at - from, at - from + bytes)) !== checksum) return false;
    at += bytes;
  }
  return fs.fstatSync(file).size === at;
}

function fill(file: number, at: number, into: Buffer): void {
  let filled = 0;
  while (filled < into.length) {
    const count = fs.readSync(file, into, filled, into.length - filled, at + filled);
    if (count === 0) {
      into.fill(0, filled);
      return;
    }
    filled += count;
  }
}
