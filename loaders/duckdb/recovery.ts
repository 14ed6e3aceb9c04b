import { constants, existsSync } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat, statfs, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, TerminalError } from '../../engine/words/errors.ts';
import type { Recovery } from '../../engine/words/recovery.ts';
import { openInstance } from './instance.ts';

const logOf = (path: string): string => `${path}.wal`;

/** Where replaying stopped, in the driver's words. */
const brokenAt = /at byte position (\d+)/;
/** Copies tried with less and less of the log: as it is, cut where it breaks, without it. */
const triesMax = 4;
const spareBytes = 64 * 1_048_576;

/**
 * What it takes to open a warehouse whose log cannot be replayed. Tried on copies beside the file,
 * which are removed again; the file and its log are only read.
 * @throws TerminalError as opening does, where something else is in the way: another process, say.
 */
export function planRecovery(path: string): Promise<Recovery> {
  return asFault(path, () => plan(path));
}

async function plan(path: string): Promise<Recovery> {
  if (await opens(path)) return { kind: 'sound' };
  const scratch = `${path}.recovery`;
  await rm(scratch, { recursive: true, force: true });
  await guardSpace(path);
  await mkdir(scratch);
  try {
    return await tryCopies(path, join(scratch, basename(path)));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function tryCopies(path: string, copy: string): Promise<Recovery> {
  const logBytes = (await stat(logOf(path))).size;
  let keptBytes = logBytes;
  let reason = '';
  for (let tries = 0; tries < triesMax; tries += 1) {
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
    await copyHead(logOf(path), logOf(copy), keptBytes);
    try {
      if (await opens(copy)) return { kind: 'cut', logBytes, keptBytes };
    } catch (error) {
      return { kind: 'lost', reason: messageOf(error) };
    }
    reason = `the log cannot be replayed, not even its first ${keptBytes} bytes`;
    if (keptBytes === 0) break;
    const position = await findBreak(copy);
    keptBytes = position !== undefined && position < keptBytes ? position : 0;
  }
  return { kind: 'lost', reason };
}

async function opens(path: string): Promise<boolean> {
  try {
    const instance = await openInstance({ path });
    instance.close();
    return true;
  } catch (error) {
    if (error instanceof TerminalError && error.code === 'warehouse-log-broken') return false;
    throw error;
  }
}

async function findBreak(path: string): Promise<number | undefined> {
  try {
    (await openInstance({ path })).close();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const position = brokenAt.exec(messageOf(cause))?.[1];
    return position === undefined ? undefined : Number(position);
  }
  return undefined;
}

/**
 * Puts database and log aside as they are, then leaves of the log what can be replayed: one rename,
 * so that a crash leaves either the old log or the new one. Answers the folder of the copies.
 */
export function applyRecovery(
  path: string,
  recovery: Extract<Recovery, { readonly kind: 'cut' }>,
  stamp: string,
): Promise<string> {
  return asFault(path, () => apply(path, recovery.keptBytes, stamp));
}

async function apply(path: string, keptBytes: number, stamp: string): Promise<string> {
  const aside = `${path}.aside-${stamp}`;
  await guardSpace(path);
  await mkdir(aside);
  for (const file of [path, logOf(path)]) await copyDurably(file, join(aside, basename(file)));
  await syncFile(aside);
  await syncFile(dirname(path));
  if (keptBytes === 0) await unlink(logOf(path));
  else {
    const next = `${logOf(path)}.next`;
    await copyHead(logOf(path), next, keptBytes);
    await syncFile(next);
    await rename(next, logOf(path));
  }
  await syncFile(dirname(path));
  return aside;
}

/** Copies by way of another name: what stands under `to` is whole. */
export async function copyDurably(from: string, to: string): Promise<void> {
  const next = `${to}.next`;
  await copyFile(from, next, constants.COPYFILE_FICLONE);
  await syncFile(next);
  await rename(next, to);
}

async function copyHead(from: string, to: string, bytes: number): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  const file = await open(to, 'r+');
  try {
    await file.truncate(bytes);
  } finally {
    await file.close();
  }
}

/** Also of a folder: only then are the names in it on disk. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The system's refusals (no right to write, say) are people's to mend. */
async function asFault<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TerminalError) throw error;
    throw new TerminalError(`cannot recover ${path}: ${messageOf(error)}`, {
      code: 'recovery-failed',
      hint: 'Nothing of the warehouse was lost. Allow writing beside it, then run again.',
      cause: error,
    });
  }
}

async function guardSpace(path: string): Promise<void> {
  const log = existsSync(logOf(path)) ? (await stat(logOf(path))).size : 0;
  const needed = (await stat(path)).size + 2 * log + spareBytes;
  const disk = await statfs(dirname(path));
  if (disk.bavail * disk.bsize >= needed) return;
  const megabytes = Math.ceil(needed / 1_048_576);
  throw new TerminalError(`a copy of ${path} does not fit on its disk`, {
    code: 'disk-full',
    hint: `Free ${megabytes} MB, then run again.`,
  });
}
