import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../words/clock.ts';
import { TerminalError } from '../words/errors.ts';

/** Who holds the lock, for the message to whoever does not. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** ISO time at which the lock was taken. */
  readonly startedAt: string;
  readonly command: string;
}

/** Held until disposed or until the process ends, however it ends. */
export interface ProcessLock extends Disposable {
  readonly owner: LockOwner;
}

/**
 * state: the right to write this project's state and warehouse. serve: the right to be its
 * scheduler, which holds the first one only while a run writes.
 */
export type LockName = 'state' | 'serve';

export interface LockRequest {
  /** The folder of `state.db`. */
  readonly folder: string;
  /** Default `state`. */
  readonly name?: LockName;
  /** What the owner is doing, as people typed it, without secrets. */
  readonly command: string;
  readonly clock: Clock;
}

export interface LockWait extends LockRequest {
  readonly signal?: AbortSignal;
  /** Milliseconds to wait at most; then the refusal of `takeLock`. */
  readonly waitMaxMs: number;
  /** Called once for each owner that is waited for. */
  onWait(owner: LockOwner | undefined): void;
}

const pollMs = 200;

/** Keeps held locks reachable: a collected handle is a closed one, and the lock would be gone. */
const heldLocks = new Set<DatabaseSync>();

/**
 * The right to write this project's state and warehouse: one process at a time.
 * It is SQLite's own lock on a file of its own (`state.lock`), which the operating system lets go
 * when the process dies: there is nothing to clean up after a kill. Apart from `state.db`, so that
 * others can read that file meanwhile. Never open `state.lock` by other means in the process that
 * holds it: closing any descriptor of a file drops the process's locks on it.
 *
 * @throws TerminalError `locked`, naming the owner.
 */
export function takeLock(request: LockRequest): ProcessLock {
  const lock = tryLock(request);
  if (lock) return lock;
  const owner = readLockOwner(request.folder, request.name);
  const how = request.name === 'serve' ? 'served already' : 'in use';
  throw new TerminalError(`this project is ${how} by ${formatOwner(owner)}`, {
    code: 'locked',
    hint: 'Wait until it has ended, or stop it; the lock goes with the process.',
  });
}

/** Takes the lock as soon as it is free. */
export async function waitForLock(request: LockWait): Promise<ProcessLock> {
  const endsAt = request.clock.now() + request.waitMaxMs;
  let waitedFor: string | undefined;
  while (request.clock.now() < endsAt) {
    request.signal?.throwIfAborted();
    const lock = tryLock(request);
    if (lock) return lock;
    const owner = readLockOwner(request.folder, request.name);
    const label = formatOwner(owner);
    if (label !== waitedFor) request.onWait(owner);
    waitedFor = label;
    await request.clock.sleep(pollMs, request.signal);
  }
  return takeLock(request);
}

/** The last owner on record; it may have ended since. */
export function readLockOwner(folder: string, name?: LockName): LockOwner | undefined {
  try {
    return JSON.parse(readFileSync(ownerPath(folder, name), 'utf8')) as LockOwner;
  } catch {
    return undefined;
  }
}

export function formatOwner(owner: LockOwner | undefined): string {
  if (!owner) return 'another process';
  return `"${owner.command}", process ${owner.pid} on ${owner.host}, since ${owner.startedAt}`;
}

function ownerPath(folder: string, name: LockName = 'state'): string {
  return join(folder, name === 'state' ? 'lock-owner.json' : `${name}-owner.json`);
}

function tryLock(request: LockRequest): ProcessLock | undefined {
  mkdirSync(request.folder, { recursive: true });
  const name = request.name ?? 'state';
  const db = new DatabaseSync(join(request.folder, `${name}.lock`), { timeout: 0 });
  try {
    db.exec('begin immediate');
  } catch (error) {
    db.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  const owner: LockOwner = {
    pid: process.pid,
    host: hostname(),
    startedAt: new Date(request.clock.now()).toISOString(),
    command: request.command,
  };
  // Renamed into place: a reader never sees half of it.
  const path = ownerPath(request.folder, name);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(owner));
  renameSync(draft, path);
  heldLocks.add(db);
  return {
    owner,
    [Symbol.dispose]() {
      if (heldLocks.delete(db)) db.close();
    },
  };
}

const sqliteBusy = 5;

function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  // The low byte is the primary code; extended codes of BUSY count too.
  return typeof error.errcode === 'number' && (error.errcode & 0xff) === sqliteBusy;
}
