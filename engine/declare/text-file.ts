import { isUtf8 } from 'node:buffer';
import { lstatSync, readFileSync } from 'node:fs';
import { messageOf, TerminalError } from '../words/errors.ts';

/** The bytes are not the text that every file of a project is. */
class NotUtf8 extends Error {
  /** Of the first byte that is none. */
  readonly line: number;
  readonly column: number;
  constructor(bytes: Buffer) {
    super('it is not UTF-8');
    // What no text holds stands for the first bad byte, unless the file says U+FFFD itself.
    const before = bytes.toString('utf8').split('\uFFFD', 1)[0]?.split('\n') ?? [''];
    this.line = before.length;
    this.column = (before.at(-1)?.length ?? 0) + 1;
  }
}

/**
 * A file's text, without the mark that some editors put before it.
 *
 * @throws NotUtf8, or what reading throws.
 */
export function readTextFile(path: string): string {
  const bytes = readFileSync(path);
  if (!isUtf8(bytes)) throw new NotUtf8(bytes);
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString('utf8', hasMark ? 3 : 0);
}

const causes: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a link that leads to itself',
  ENOENT: 'it leads nowhere',
};

/** Why `readTextFile` failed, for people. */
export interface Unreadable {
  readonly message: string;
  readonly hint?: string;
  readonly line: number;
  readonly column: number;
}

export function describeUnreadable(error: unknown): Unreadable {
  if (error instanceof NotUtf8) {
    const { line, column, message } = error;
    return { message: `cannot be read: ${message}`, hint: 'save it as UTF-8', line, column };
  }
  const { code = '' } = error as NodeJS.ErrnoException;
  const cause = causes[code] ?? (code || messageOf(error));
  return { message: `cannot be read: ${cause}`, line: 1, column: 1 };
}

/** Whether there is a file, or a link that may lead nowhere: reading it says so. */
export function hasFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** As `readTextFile`, for a file without which nothing can be done. @throws TerminalError */
export function requireTextFile(path: string, code: string): string {
  try {
    return readTextFile(path);
  } catch (cause) {
    const { line, column, message, hint } = describeUnreadable(cause);
    throw new TerminalError(`${path}:${line}:${column} ${message}`, {
      code,
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
