import { fstatSync, futimesSync, type Stats, statSync } from 'node:fs';

/** What the file system says of a file or folder: another stamp, and it must be read again. */
export interface FileStamp {
  /**
   * Size, both times in milliseconds with their parts, the file's own number and its device's: the
   * time of the last change of any kind cannot be set back by whoever keeps that of the content.
   */
  readonly numbers: readonly number[];
  readonly text: string;
  readonly kind: 'file' | 'folder';
  /** The time of its content, with parts of a millisecond. */
  readonly contentMs: number;
  /** Its newest time, in milliseconds of the file system's clock. */
  readonly changedMs: number;
}

/**
 * A change within the same tick of the file system's clock leaves the stamp as it was: a stamp this
 * young when the file was read says nothing later. The coarsest clocks tick every two seconds.
 */
const stampTrustedAfterMs = 2_000;

function readStats(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // Not readable is as good as not there: reading it says why.
    return undefined;
  }
}

/** Whether the file has the stamp whose numbers stand there: thousands are asked for in a row. */
export function hasStamp(path: string, numbers: Float64Array, at: number): boolean {
  const stats = readStats(path);
  return (
    stats !== undefined &&
    stats.size === numbers[at] &&
    stats.mtimeMs === numbers[at + 1] &&
    stats.ctimeMs === numbers[at + 2] &&
    stats.ino === numbers[at + 3] &&
    stats.dev === numbers[at + 4]
  );
}

/** How many numbers a stamp has. */
export const stampLength = 5;

/** Undefined: there is nothing. */
export function readStamp(path: string): FileStamp | undefined {
  const stats = readStats(path);
  if (stats === undefined) return undefined;
  const { size, mtimeMs, ctimeMs, ino, dev } = stats;
  const numbers = [size, mtimeMs, ctimeMs, ino, dev];
  return {
    numbers,
    get text() {
      return numbers.join(' ');
    },
    kind: stats.isDirectory() ? 'folder' : 'file',
    contentMs: mtimeMs,
    changedMs: Math.max(mtimeMs, ctimeMs),
  };
}

/** Undefined for one of a file written just now: it would hide a change in the same tick. */
export function trustStamp(stamp: FileStamp | undefined, nowMs: number): FileStamp | undefined {
  return stamp && stamp.changedMs < nowMs - stampTrustedAfterMs ? stamp : undefined;
}

/** More than a tick of any clock that is fine enough to keep the part of a millisecond. */
const setBackMs = 50.25;
const keptMs = 0.01;

/**
 * Sets the time of an open file's content back a little, in milliseconds: from then on whatever is
 * written to it has another time, in the same tick too. Answers that time; not a number where it
 * may not be set.
 */
export function setTimeBack(file: number): number {
  try {
    const { atimeMs, mtimeMs } = fstatSync(file);
    const backMs = mtimeMs - setBackMs;
    futimesSync(file, atimeMs / 1_000, backMs / 1_000);
    return backMs;
  } catch {
    return Number.NaN;
  }
}

/**
 * The stamp of a file whose time was set back, to be trusted at once; empty where the file system
 * keeps times less exactly, or another file stands there.
 */
export function readSetBack(path: string, backMs: number): string {
  const stamp = readStamp(path);
  const isKept = stamp !== undefined && Math.abs(stamp.contentMs - backMs) < keptMs;
  return isKept ? stamp.text : '';
}
