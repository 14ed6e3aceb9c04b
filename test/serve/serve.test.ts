import { execFileSync } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { takeLock } from '../../engine/state/lock.ts';
import { createRunStore } from '../../engine/state/runs.ts';
import { createScheduleStore } from '../../engine/state/schedules.ts';
import { openStateDb } from '../../engine/state/state-db.ts';
import { systemClock } from '../../engine/words/clock.ts';
import { type CommandLab, openCommandLab, schedule } from './command.ts';

const nightly = { pipeline: 'nightly', schedule, timezone: 'UTC' };

/** As if the scheduler had last looked two days ago: the next start has a tick to make up for. */
function missTicks(lab: CommandLab): void {
  using state = openStateDb(lab.stateFolder);
  createScheduleStore(state).track(nightly, Date.now() - 2 * 86_400_000);
}

function waitForFile(folder: string, name: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, (_event, file) => {
      if (file !== name) return;
      watcher.close();
      resolve();
    });
  });
}

function lastRun(lab: CommandLab) {
  using state = openStateDb(lab.stateFolder);
  const runs = createRunStore(state, systemClock);
  const [run] = runs.listRuns(1);
  return { run, steps: run ? runs.listSteps(run.runId) : [] };
}

/** A Salesforce that takes every call and answers none, until it is let go. */
async function openSilentServer() {
  let heard: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const server = createServer(() => heard());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, first };
}

/** Starts a command and comes back while it is building a model whose query never ends. */
async function startHolding(lab: CommandLab, query: string, args = ['serve', '--grace', '1']) {
  // The hook says that the statement after it is about to run.
  const sign = join(lab.folder, 'sign.csv');
  lab.writeModel(
    `{{ config(materialized='table', pre_hook="copy (select 1) to '${sign}'") }}\n${query}`,
  );
  lab.declare(lab.declaration.replace(/syncs:[\s\S]*?pipelines/, 'pipelines'));
  const seen = waitForFile(lab.folder, 'sign.csv');
  const running = lab.start(...args);
  const early = running.ended.then(({ stdout, stderr }) => {
    throw new Error(`ended before its statement ran: ${stdout}${stderr}`);
  });
  await Promise.race([seen, early]);
  early.catch(() => undefined);
  return running;
}

describe('serve', () => {
  test('runs what was missed, leaves the warehouse to others, and stops cleanly on SIGTERM', async () => {
    const lab = await openCommandLab();
    missTicks(lab);
    const server = lab.start('serve');
    await server.seeLine('"event":"run.ended"');

    expect(await lab.query('select count(*) as n from main.titles')).toHaveLength(1);
    expect(
      await lab.query('select pipeline, status from tidemill.runs'),
      'the copy of the run in the warehouse',
    ).toEqual([{ pipeline: 'nightly', status: 'succeeded' }]);
    const status = await lab.run('status', '--json');
    const health = JSON.parse(status.stdout) as Record<string, unknown>;
    expect(health['serving']).toContain('serve');
    expect(health['running']).toBe(null);
    expect(health['pipelines']).toMatchObject([
      { pipeline: 'nightly', last_status: 'succeeded', missed: 1, skipped: 0 },
    ]);

    server.child.kill('SIGTERM');
    const { code, stdout, stderr } = await server.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('"event":"serve.stopped"');
    for (const line of stdout.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
    expect(stdout).not.toContain(lab.sandboxes.env['SALESFORCE_CLIENT_SECRET']);
    expect(stdout).not.toContain('Dr. ');
    expect(existsSync(`${lab.folder}/warehouse.duckdb.wal`)).toBe(false);
  });

  test('stopped in the middle of a run ends it at a commit point, and the next run resumes', async () => {
    const lab = await openCommandLab();
    missTicks(lab);
    // Data calls only: describing and signing in go on as usual, so that the run gets to its steps.
    lab.sandboxes.salesforce.faults.set({
      seed: 1,
      probability: { slow: 1 },
      slowMs: 20_000,
      paths: '/query',
    });
    const server = lab.start('serve', '--grace', '15');
    await server.seeLine('"event":"run.started"');
    server.child.kill('SIGTERM');
    const { code, stdout } = await server.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('"event":"serve.stopping"');
    expect(lastRun(lab).run).toMatchObject({ pipeline: 'nightly', status: 'stopped' });

    lab.sandboxes.salesforce.faults.set(undefined);
    const again = await lab.run('run');
    expect(again.code, again.stderr).toBe(0);
    const [row] = await lab.query('select count(*) as n from main.titles');
    expect(Number(row?.['n'])).toBeGreaterThan(0);
    expect(
      await lab.query('select status from tidemill.runs order by started_at'),
      'the stopped run is in the copy too',
    ).toEqual([{ status: 'stopped' }, { status: 'succeeded' }]);
  });

  test('that cannot end a step within the grace time interrupts it, and nothing is half-written', async () => {
    const lab = await openCommandLab();
    missTicks(lab);
    const server = await startHolding(
      lab,
      'select 1 from range(1000000000000) as r(x) where hash(x) = 1',
    );
    server.child.kill('SIGTERM');
    const { code, stdout } = await server.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('"event":"serve.cut_off"');
    expect(stdout).toContain('"event":"serve.stopped"');

    lab.writeModel('select 1 as n');
    expect((await lab.run('run')).code).toBe(0);
    expect(await lab.query('select status from tidemill.runs order by started_at')).toEqual([
      { status: 'stopped' },
      { status: 'succeeded' },
    ]);
  });

  test('whose step cannot even be interrupted ends as if killed, which costs nothing', async () => {
    const lab = await openCommandLab();
    missTicks(lab);
    // Opening a pipe that nobody writes to: the system call waits, whatever the warehouse wants.
    const pipe = join(lab.folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const server = await startHolding(lab, `select size from read_text('${pipe}')`);
    server.child.kill('SIGTERM');
    const { signal, stdout } = await server.ended;
    expect(signal).toBe('SIGKILL');
    expect(stdout).toContain('"event":"serve.cut_off"');

    lab.writeModel('select 1 as n');
    expect((await lab.run('run')).code).toBe(0);
    expect(await lab.query('select status from tidemill.runs order by started_at')).toEqual([
      { status: 'killed' },
      { status: 'succeeded' },
    ]);
  });

  test('run: the first Ctrl-C ends the statement under way, and the run is on record', async () => {
    const lab = await openCommandLab();
    const run = await startHolding(
      lab,
      'select 1 from range(1000000000000) as r(x) where hash(x) = 1',
      ['run'],
    );
    run.child.kill('SIGINT');
    const { code, signal } = await run.ended;
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(lastRun(lab).run).toMatchObject({ status: 'stopped' });
    lab.writeModel('select 1 as n');
    expect((await lab.run('run')).code).toBe(0);
  });

  test('stopped while it waits for another process has begun nothing, and says for whom', async () => {
    const lab = await openCommandLab();
    missTicks(lab);
    using lock = takeLock({ folder: lab.stateFolder, command: 'another', clock: systemClock });
    const server = lab.start('serve', '--grace', '1');
    const line = await server.seeLine('"event":"run.waiting"');
    expect(line).toContain('another');
    expect(line).toContain(String(lock.owner.pid));
    server.child.kill('SIGTERM');
    const { code, stdout } = await server.ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain('run.started');
    expect(lastRun(lab).run).toBeUndefined();
  });

  test('reads pipelines.yaml before each run: a fault in it fails that run and no more', async () => {
    const lab = await openCommandLab();
    missTicks(lab);
    const lock = takeLock({ folder: lab.stateFolder, command: 'another', clock: systemClock });
    const server = lab.start('serve');
    await server.seeLine('"event":"run.waiting"');
    lab.declare(`${lab.declaration}\nsyncz: {}\n`);
    lock[Symbol.dispose]();
    const line = await server.seeLine('"event":"run.failed"');
    expect(line).toMatch(/pipelines\.yaml:\d+:\d+ .*syncz/);
    expect(lastRun(lab).run).toMatchObject({
      pipeline: 'nightly',
      status: 'failed',
      errorCode: 'project-invalid',
    });
    lab.declare(lab.declaration);
    server.child.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);

    lab.declare(`${lab.declaration}\nsyncz: {}\n`);
    const refused = await lab.run('serve');
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/pipelines\.yaml:\d+:\d+ .*syncz/);
  });

  test('refuses to start twice, naming the other', async () => {
    const lab = await openCommandLab();
    const server = lab.start('serve');
    await server.seeLine('"event":"pipeline.scheduled"');
    const second = await lab.run('serve');
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('served already');
    expect(second.stderr).toContain(`process ${server.child.pid}`);
    server.child.kill('SIGINT');
    expect((await server.ended).code).toBe(0);
  });

  test('without pipelines says what to add', async () => {
    const lab = await openCommandLab();
    lab.declare(lab.declaration.replace(/pipelines:[\s\S]*/, ''));
    const { code, stderr } = await lab.run('serve');
    expect(code).toBe(1);
    expect(stderr).toContain('no pipelines');
  });
});

describe('other processes', () => {
  test('query during a run waits and says for whom', async () => {
    const lab = await openCommandLab();
    expect((await lab.run('run')).code).toBe(0);
    const silent = await openSilentServer();
    lab.declare(lab.declaration.replace('${env:SALESFORCE_URL}', silent.url));
    const run = lab.start('run');
    await silent.first;
    const query = lab.start('query', 'select 1 as one', '--format', 'csv');
    const line = await query.seeLine('waiting for');
    expect(line).toMatch(/waiting for "tidemill .*run", process \d+ on \S+, since 20/);
    expect(line).toContain(`process ${run.child.pid}`);
    run.child.kill('SIGTERM');
    expect((await run.ended).code).toBe(1);
    const { code, stdout } = await query.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'one\n1\n' });
    expect(lastRun(lab).run, 'a run that never got to a plan').toMatchObject({ status: 'stopped' });
  });

  test('a second run is refused with the first one’s pid and start time', async () => {
    const lab = await openCommandLab();
    using _lock = takeLock({
      folder: lab.stateFolder,
      command: 'tidemill run',
      clock: systemClock,
    });
    const { code, stderr } = await lab.run('run');
    expect(code).toBe(1);
    expect(stderr).toMatch(/in use by "tidemill run", process \d+ on \S+, since 20/);
  });
});
