import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { readStamp } from '../declare/memory/file-stamp.ts';
import { joinChecksums } from './joined-checksum.ts';

/** A file as it was written. */
export interface WrittenFile {
  readonly bytes: number;
  readonly checksum: number;
  /** Empty: its content must be looked at. */
  readonly stamp: string;
}

/**
 * A file that pieces are taken from; whether it is the one that was written is known at the end.
 */
export interface StandingFile extends Disposable {
  /** Fills the buffer from there; answers the checksum of what it holds then. */
  read(at: number, into: Buffer): number;
  /** Looks at all that was not read. */
  isUntouched(): boolean;
}

const chunkBytes = 1_048_576;

/** Undefined where there is none, or one of another size. */
export function openStandingFile(path: string, written: WrittenFile): StandingFile | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  if (fstatSync(file).size !== written.bytes) {
    closeSync(file);
    return undefined;
  }
  const isTrusted = written.stamp !== '' && readStamp(path)?.text === written.stamp;
  /** Of everything before `seen`. */
  let checksum = 0;
  let seen = 0;
  const look = (to: number): void => {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(0, to - seen)));
    while (seen < to) {
      const part = chunk.subarray(0, Math.min(chunk.length, to - seen));
      fill(file, seen, part);
      checksum = crc32(part, checksum);
      seen += part.length;
    }
  };
  return {
    read: (at, into) => {
      // What lies between is looked at on the way; who reads backwards has it looked at again.
      if (!isTrusted && at >= seen) look(at);
      fill(file, at, into);
      const own = crc32(into);
      if (!isTrusted && at === seen) {
        checksum = joinChecksums(checksum, own, into.length);
        seen += into.length;
      }
      return own;
    },
    isUntouched: () => {
      if (isTrusted) return true;
      look(written.bytes);
      return checksum === written.checksum;
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

/**
 * What a file that became shorter meanwhile does not hold is zeros: no piece of what was written.
 */
function fill(file: number, at: number, into: Buffer): void {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(file, into, filled, into.length - filled, at + filled);
    if (count === 0) {
      into.fill(0, filled);
      return;
    }
    filled += count;
  }
}
