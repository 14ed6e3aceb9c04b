import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { messageOf, TerminalError, TransientError } from '../words/errors.ts';
import type { Page } from '../words/stream.ts';
import type { PageFile } from '../words/warehouse.ts';

/** A page larger than this is a fault of the source or its reader, not a page. */
const pageBytesMaxDefault = 4 * 1024 ** 3;
/** Longest header row: Salesforce's own limit is 32,000 characters. */
const headerBytesMax = 1_048_576;

export interface SpooledPage extends PageFile {
  readonly bytes: number;
  /** Lines that hold a record, counted while copying; NDJSON only. */
  readonly lines?: number;
}

/**
 * Page files on their way into the warehouse. Transport only: a crash reads them from the source.
 */
export interface Spool extends AsyncDisposable {
  /**
   * Writes a page's bytes to a file. Throws TransientError `page-truncated` when the page holds
   * another number of records than the source said.
   */
  add(page: Page): Promise<SpooledPage>;
  /** Removes files whose rows are committed. */
  remove(pages: readonly PageFile[]): Promise<void>;
}

async function* bytesOf(body: Page['body']): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

/** Counts lines that are not blank across chunk borders. */
function createLineCounter(): { add(chunk: Uint8Array): void; count(): number } {
  let lines = 0;
  let hasText = false;
  return {
    add(chunk) {
      let from = 0;
      for (;;) {
        const end = chunk.indexOf(10, from);
        const until = end === -1 ? chunk.length : end;
        if (!hasText) hasText = hasVisibleByte(chunk, from, until);
        if (end === -1) return;
        if (hasText) lines += 1;
        hasText = false;
        from = end + 1;
      }
    },
    count: () => lines + (hasText ? 1 : 0),
  };
}

function hasVisibleByte(chunk: Uint8Array, from: number, until: number): boolean {
  for (let index = from; index < until; index += 1) {
    if ((chunk[index] ?? 0) > 32) return true;
  }
  return false;
}

/** Reads one CSV row; undefined while the row is not complete. */
export function parseCsvHeader(text: string, isComplete: boolean): readonly string[] | undefined {
  const names: string[] = [];
  let index = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (;;) {
    let name = '';
    if (text[index] === '"') {
      for (index += 1; ; index += 1) {
        if (index >= text.length) return undefined;
        if (text[index] === '"') {
          if (text[index + 1] !== '"') break;
          index += 1;
        }
        name += text[index];
      }
      index += 1;
    } else {
      while (index < text.length && !/[,\r\n]/.test(text[index] ?? '')) name += text[index++];
    }
    names.push(name);
    const next = text[index];
    if (next === ',') index += 1;
    else if (next !== undefined || isComplete) return names;
    else return undefined;
  }
}

/** Collects bytes from the front of a CSV page until its header row is complete. */
function createHeaderReader() {
  let front = Buffer.alloc(0);
  let header: readonly string[] | undefined;
  return {
    add(chunk: Uint8Array) {
      if (header !== undefined) return;
      front = Buffer.concat([front, chunk.subarray(0, headerBytesMax)]);
      header = parseCsvHeader(front.toString('utf8'), false);
      if (header === undefined && front.length > headerBytesMax) {
        throw new TerminalError(
          `a CSV page has no header row in its first ${headerBytesMax} bytes`,
          {
            code: 'invalid-page',
            hint: 'The source answered with something else than CSV; look at its answer.',
          },
        );
      }
    },
    get: () => header ?? parseCsvHeader(front.toString('utf8'), true) ?? [],
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Removes what processes of this machine left behind when they were killed. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, host, pid] = /^(.+)\.(\d+)\.[0-9a-f]+$/.exec(name) ?? [];
    if (host === hostname() && !isRunning(Number(pid))) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

/** Opens a folder of its own under `folder`, removed with everything in it when disposed. */
export async function openSpool(
  folder: string,
  pageBytesMax: number = pageBytesMaxDefault,
): Promise<Spool> {
  await mkdir(folder, { recursive: true });
  await removeLeftovers(folder);
  const suffix = randomBytes(4).toString('hex');
  const own = join(folder, `${hostname()}.${process.pid}.${suffix}`);
  await mkdir(own);
  let opened = 0;

  return {
    async add(page) {
      opened += 1;
      const path = join(own, `page-${opened}.${page.format}`);
      const header = page.format === 'csv' ? createHeaderReader() : undefined;
      const counter = page.format === 'ndjson' ? createLineCounter() : undefined;
      let bytes = 0;
      try {
        await using file = await open(path, 'wx');
        for await (const chunk of bytesOf(page.body)) {
          bytes += chunk.length;
          if (bytes > pageBytesMax) throw tooLarge(pageBytesMax);
          header?.add(chunk);
          counter?.add(chunk);
          await file.writeFile(chunk);
        }
      } catch (error) {
        await rm(path, { force: true });
        throw spoolFailure(error);
      }
      const lines = counter?.count();
      if (lines !== undefined) assertCount(page, lines);
      const records = page.records ?? lines;
      return {
        path,
        format: page.format,
        bytes,
        ...(header ? { header: header.get() } : {}),
        ...(lines === undefined ? {} : { lines }),
        ...(records === undefined ? {} : { records }),
      };
    },
    async remove(pages) {
      for (const { path } of pages) await rm(path, { force: true });
    },
    async [Symbol.asyncDispose]() {
      await rm(own, { recursive: true, force: true });
    },
  };
}

function tooLarge(pageBytesMax: number): TerminalError {
  return new TerminalError(`a page is larger than ${pageBytesMax} bytes`, {
    code: 'page-too-large',
    hint: 'Ask the source for smaller pages.',
  });
}

function spoolFailure(error: unknown): unknown {
  const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  if (!isFull) return error;
  return new TerminalError(`the disk is full: ${messageOf(error)}`, {
    code: 'disk-full',
    hint: 'Free space on the disk of the spool folder, then run again.',
    cause: error,
  });
}

function assertCount(page: Page, lines: number): void {
  if (page.records === undefined || page.records === lines) return;
  throw new TransientError(`a page holds ${lines} records where the source said ${page.records}`, {
    code: 'page-truncated',
    hint: 'The page arrived incomplete; it is read again.',
  });
}
