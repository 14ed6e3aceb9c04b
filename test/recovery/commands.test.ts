import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openStateDb } from '../../engine/state/state-db.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const dying = fileURLToPath(new URL('commit-and-die.ts', import.meta.url));

function openLab() {
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-backup-'));
  const declaration = 'project: small\nwarehouse: { type: duckdb, path: warehouse.duckdb }\n';
  writeFileSync(join(folder, 'pipelines.yaml'), `${declaration}models: { path: models }\n`);
  mkdirSync(join(folder, 'models'));
  writeFileSync(
    join(folder, 'models', 'one.sql'),
    "{{ config(materialized='table') }}\nselect 1 as n",
  );
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [main, '--project-dir', folder, ...args],
      { encoding: 'utf8' },
    );
    return { status, stdout, stderr };
  };
  return { folder, run, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

describe('tidemill backup', () => {
  test('copies what can be put back, and keeps as many as asked', () => {
    using lab = openLab();
    expect(lab.run('run').status).toBe(0);
    const backups = join(lab.folder, 'backups');
    mkdirSync(join(backups, '20250101T000000Z'), { recursive: true });
    mkdirSync(join(backups, 'mine'));
    const made = lab.run('backup', '--keep', '1', '--json');
    expect(made, made.stderr).toMatchObject({ status: 0 });
    const { backup, removed } = JSON.parse(made.stdout) as { backup: string; removed: string[] };
    expect(removed).toEqual(['20250101T000000Z']);
    expect(readdirSync(backups)).toHaveLength(2);
    expect(readdirSync(backup).toSorted()).toEqual(['state.db', 'warehouse.duckdb']);

    copyFileSync(join(backup, 'warehouse.duckdb'), join(lab.folder, 'warehouse.duckdb'));
    const { stdout } = lab.run('query', 'select n from main.one', '--format', 'json');
    expect(JSON.parse(stdout)).toEqual({ n: 1 });
    const other = mkdtempSync(join(tmpdir(), 'tidemill-state-'));
    copyFileSync(join(backup, 'state.db'), join(other, 'state.db'));
    using state = openStateDb(other);
    expect(state.all('select status from runs')).toEqual([{ status: 'succeeded' }]);
  });

  test('that cannot be written says where and what to do, and leaves nothing behind', () => {
    using lab = openLab();
    const taken = join(lab.folder, 'taken');
    writeFileSync(taken, 'a file, no folder');
    const { status, stderr } = lab.run('backup', '--to', taken);
    expect(status).toBe(1);
    expect(stderr).toContain(`cannot back up to ${taken}`);
    expect(stderr).toContain('--to');
    expect(stderr).not.toContain('unexpected fault');
  });

  test('of a project that nothing was built in holds its state', () => {
    using lab = openLab();
    expect(lab.run('backup', '--to', join(lab.folder, 'kept')).status).toBe(0);
    const [stamp = ''] = readdirSync(join(lab.folder, 'kept'));
    expect(readdirSync(join(lab.folder, 'kept', stamp))).toEqual(['state.db']);
  });
});

describe('tidemill recover', () => {
  test('says what it would keep, does it with --yes, and the next run works', () => {
    using lab = openLab();
    const path = join(lab.folder, 'warehouse.duckdb');
    expect(spawnSync(process.execPath, [dying, path, '12']).signal).toBe('SIGKILL');
    const log = readFileSync(`${path}.wal`);
    const middle = Math.floor(log.length / 2);
    log[middle] = (log[middle] ?? 0) ^ 0xff;
    writeFileSync(`${path}.wal`, log);

    const refused = lab.run('run');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('tidemill recover');
    const planned = lab.run('recover');
    expect(planned.status, planned.stderr).toBe(0);
    expect(planned.stdout).toMatch(/up to byte [\d,]+ of [\d,]+/);
    expect(planned.stdout).toContain('nothing was changed');
    expect(lab.run('run').status).toBe(1);

    const done = lab.run('recover', '--yes');
    expect(done.status, done.stderr).toBe(0);
    const aside = readdirSync(lab.folder).find((name) => name.includes('.aside-')) ?? '';
    expect(readFileSync(join(lab.folder, aside, 'warehouse.duckdb.wal'))).toEqual(log);
    expect(lab.run('run').status).toBe(0);
    expect(lab.run('recover').stdout).toContain('nothing to recover');
  });

  test('without a warehouse says so', () => {
    using lab = openLab();
    const { status, stderr } = lab.run('recover');
    expect(status).toBe(1);
    expect(stderr).toContain('there is no warehouse');
  });
});
