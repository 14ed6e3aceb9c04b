import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { createCallMeter, listCalls } from '../../engine/state/calls.ts';
import { createRunStore } from '../../engine/state/runs.ts';
import { openStateDb } from '../../engine/state/state-db.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import { heldClock, testFolder } from './folder.ts';

const stateDb = new URL('../../engine/state/state-db.ts', import.meta.url).href;

describe('state.db', () => {
  test('syncs every commit to disk and survives reopening', () => {
    const folder = testFolder();
    {
      using db = openStateDb(folder);
      expect(db.get('pragma journal_mode')).toEqual({ journal_mode: 'wal' });
      expect(db.get('pragma synchronous')).toEqual({ synchronous: 2 });
      db.run("insert into calls values ('a', '2026-01-01', 3)");
    }
    using again = openStateDb(folder);
    expect(again.all('select used from calls')).toEqual([{ used: 3 }]);
  });

  test('rolls back what throws', () => {
    using db = openStateDb(testFolder());
    const work = (): void =>
      db.transaction(() => {
        db.run("insert into calls values ('a', '2026-01-01', 3)");
        throw new Error('no');
      });
    expect(work).toThrow('no');
    expect(db.all('select * from calls')).toEqual([]);
  });

  test('waits for no disk while it notes, and for the disk again afterwards', () => {
    using db = openStateDb(testFolder());
    const synchronous = () => db.get('pragma synchronous');
    expect(db.note(synchronous)).toEqual({ synchronous: 1 });
    expect(synchronous()).toEqual({ synchronous: 2 });
    const work = (): void =>
      db.note(() => {
        db.run("insert into calls values ('a', '2026-01-01', 3)");
        throw new Error('no');
      });
    expect(work).toThrow('no');
    expect(synchronous()).toEqual({ synchronous: 2 });
    expect(db.all('select * from calls')).toEqual([]);
    // Inside a transaction a note is part of it, and as safe as it.
    expect(db.transaction(() => db.note(synchronous))).toEqual({ synchronous: 2 });
  });

  test('keeps what was noted when the process is killed', async () => {
    const folder = testFolder();
    const child = `
      import { openStateDb } from ${JSON.stringify(stateDb)};
      const db = openStateDb(${JSON.stringify(folder)});
      db.note(() => db.run("insert into calls values ('a', '2026-01-01', 3)"));
      process.kill(process.pid, 'SIGKILL');`;
    const process = spawn(execPath, ['--input-type=module', '--eval', child]);
    const [, signal] = await once(process, 'exit');
    expect(signal).toBe('SIGKILL');
    using db = openStateDb(folder);
    expect(db.all('select used from calls')).toEqual([{ used: 3 }]);
  });

  test('refuses a file of a newer version without touching it', () => {
    const folder = testFolder();
    openStateDb(folder)[Symbol.dispose]();
    const raw = new DatabaseSync(join(folder, 'state.db'));
    raw.exec('pragma user_version = 99');
    raw.close();
    expect(() => openStateDb(folder)).toThrow(expect.objectContaining({ code: 'state-too-new' }));
  });
});

describe('calls', () => {
  test('are counted per account and UTC day, by all who have the file open', () => {
    const clock = heldClock('2026-03-01T23:59:00.000Z');
    const folder = testFolder();
    using first = openStateDb(folder);
    using second = openStateDb(folder);
    const one = createCallMeter(first, 'salesforce', clock);
    const other = createCallMeter(second, 'salesforce', clock);
    one.add(2);
    other.add(3);
    createCallMeter(first, 'hubspot', clock).add(1);
    expect([one.usedToday(), other.usedToday()]).toEqual([5, 5]);
    clock.advance(60_000);
    expect(one.usedToday()).toBe(0);
    one.add(1);
    expect(listCalls(first, 10)).toEqual([
      { account: 'salesforce', day: '2026-03-02', used: 1 },
      { account: 'hubspot', day: '2026-03-01', used: 1 },
      { account: 'salesforce', day: '2026-03-01', used: 5 },
    ]);
  });
});

describe('runs', () => {
  const extract = { step: 'extract:sf.Account', kind: 'extract', name: 'sf.Account' };
  const build = { step: 'model:account', kind: 'materialize', name: 'account' };

  test('keep status, counts, times and the error of runs and steps', () => {
    const clock = heldClock();
    using db = openStateDb(testFolder());
    const runs = createRunStore(db, clock);
    const runId = runs.startRun({ command: 'run', pipeline: 'hourly', boundaryMs: clock.now() });
    runs.startStep(runId, extract);
    clock.advance(1500);
    runs.finishStep(runId, extract, { status: 'succeeded', counts: { rows: 7 } });
    runs.finishStep(runId, build, { status: 'skipped', reason: 'its input failed' });
    const error = new TerminalError('cannot sign in', { code: 'sign-in-refused' });
    runs.finishRun(runId, { status: 'failed', error, counts: { calls: 3 } });

    expect(runs.findRun(runId)).toMatchObject({
      command: 'run',
      pipeline: 'hourly',
      status: 'failed',
      errorCode: 'sign-in-refused',
      errorMessage: 'cannot sign in',
      startedAt: '2026-03-01T09:00:00.000Z',
      finishedAt: '2026-03-01T09:00:01.500Z',
      counts: { calls: 3 },
    });
    expect(runs.listSteps(runId)).toMatchObject([
      {
        step: 'extract:sf.Account',
        status: 'succeeded',
        startedAt: '2026-03-01T09:00:00.000Z',
        finishedAt: '2026-03-01T09:00:01.500Z',
        counts: { rows: 7 },
      },
      { step: 'model:account', status: 'skipped', reason: 'its input failed' },
    ]);
  });

  test('that were killed are called so by the next run, with their open steps', () => {
    const clock = heldClock();
    using db = openStateDb(testFolder());
    const runs = createRunStore(db, clock);
    const lost = runs.startRun({ command: 'run', boundaryMs: clock.now() });
    runs.startStep(lost, extract);
    runs.startRun({ command: 'run', boundaryMs: clock.now() });
    expect(runs.findRun(lost)).toMatchObject({ status: 'killed', finishedAt: undefined });
    expect(runs.listSteps(lost)).toMatchObject([{ status: 'killed' }]);
  });

  test('give each change a number, so that a reader can go on where it stopped', () => {
    const clock = heldClock();
    using db = openStateDb(testFolder());
    const runs = createRunStore(db, clock);
    const runId = runs.startRun({ command: 'run', boundaryMs: clock.now() });
    runs.startStep(runId, extract);
    const seen = runs.stepsChangedAfter(0, 10).at(-1)?.change ?? 0;
    expect(runs.stepsChangedAfter(seen, 10)).toEqual([]);
    runs.finishStep(runId, extract, { status: 'succeeded' });
    expect(runs.stepsChangedAfter(seen, 10)).toMatchObject([{ status: 'succeeded' }]);
  });
});
