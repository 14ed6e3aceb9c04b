import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatOwner, readLockOwner, takeLock, waitForLock } from '../../engine/state/lock.ts';
import { openStateDb } from '../../engine/state/state-db.ts';
import { systemClock } from '../../engine/words/clock.ts';
import { heldClock, testFolder } from './folder.ts';

async function lockInChild(folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'lock-child.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

describe('the process lock', () => {
  test('refuses a second process and names the first', async () => {
    const folder = testFolder();
    const child = await lockInChild(folder);
    const refusal = (): unknown => takeLock({ folder, command: 'x', clock: systemClock });
    expect(refusal).toThrow(expect.objectContaining({ code: 'locked' }));
    expect(refusal).toThrow(`"run nightly", process ${child.pid} on `);
    expect(refusal).toThrow(/since \d{4}-\d\d-\d\dT/);
  });

  test('goes with its owner, however the owner ends', async () => {
    const folder = testFolder();
    await killed(await lockInChild(folder));
    using lock = takeLock({ folder, command: 'build', clock: heldClock() });
    expect(lock.owner).toMatchObject({ pid: process.pid, command: 'build' });
    expect(readLockOwner(folder)).toEqual(lock.owner);
  });

  test('refuses a second taker in the same process and is free after disposal', () => {
    const request = { folder: testFolder(), command: 'run', clock: heldClock() };
    const lock = takeLock(request);
    expect(() => takeLock(request)).toThrow('in use by "run"');
    lock[Symbol.dispose]();
    takeLock(request)[Symbol.dispose]();
  });

  test('leaves state.db open to readers and counters while it is held', () => {
    const folder = testFolder();
    using _lock = takeLock({ folder, command: 'run', clock: heldClock() });
    using writer = openStateDb(folder);
    using reader = openStateDb(folder);
    writer.run("insert into calls values ('a', '2026-01-01', 3)");
    expect(reader.get('select used from calls')).toEqual({ used: 3 });
  });

  test('waits until the owner ends and says for whom', async () => {
    const folder = testFolder();
    const child = await lockInChild(folder);
    const waits: string[] = [];
    using lock = await waitForLock({
      folder,
      command: 'query',
      clock: systemClock,
      waitMaxMs: 20_000,
      onWait(owner) {
        waits.push(formatOwner(owner));
        child.kill('SIGKILL');
      },
    });
    expect(waits).toEqual([expect.stringContaining(`process ${child.pid}`)]);
    expect(lock.owner.command).toBe('query');
  });

  test('gives up waiting after the stated time and when told to stop', async () => {
    const clock = heldClock();
    const folder = testFolder();
    using _lock = takeLock({ folder, command: 'run', clock });
    const wait = { folder, command: 'query', clock, waitMaxMs: 1000, onWait: () => undefined };
    await expect(waitForLock(wait)).rejects.toMatchObject({ code: 'locked' });
    await expect(waitForLock({ ...wait, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});
