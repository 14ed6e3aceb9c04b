import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** An absolute path, and what the file holds afterwards. */
export type WrittenText = readonly [path: string, text: string];

/**
 * Writes texts one by one; a file that holds its text already is left alone: thousands are read in
 * a fraction of the time in which they are written.
 */
export function openTextWriter(): (one: WrittenText) => void {
  /** Folders that are there, and whether they were made here: nothing stands in those. */
  const folders = new Map<string, boolean>();
  return ([path, text]) => {
    const folder = dirname(path);
    if (!folders.has(folder)) {
      folders.set(folder, mkdirSync(folder, { recursive: true }) !== undefined);
    }
    const mayStand = folders.get(folder) === false && existsSync(path);
    if (!mayStand || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
  };
}
