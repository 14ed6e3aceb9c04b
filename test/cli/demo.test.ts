import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { queriesToTry } from '../../cli/demo/reports.ts';
import { bin, runNode } from '../artifacts/command-line.ts';
import { copyProject } from '../loop/loop.ts';
import { testFolder } from '../state/folder.ts';

/** A command as people type it, in a folder. */
async function type(folder: string, ...args: string[]) {
  const { code, out, err } = await runNode([bin, ...args], { home: folder, cwd: folder });
  return { code, said: `${out}${err}` };
}

test('the demo ends well, and the queries it names answer', async () => {
  const folder = copyProject();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const demo = await type(folder, 'demo', '--scale', '60');
  expect(demo.code, demo.said).toBe(0);
  expect(demo.said).toContain('Three queries to try');
  for (const query of queriesToTry) {
    expect(demo.said).toContain(query);
    const { code, said } = await type(folder, 'query', query, '--format', 'json');
    expect(code, said).toBe(0);
    const [row = ''] = said.split('\n');
    expect(Object.keys(JSON.parse(row) as object)).not.toEqual([]);
  }
});

test('a demo that is asked to stop ends its run and plays no second one', async () => {
  const folder = copyProject();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const child = spawn(process.execPath, [bin, 'demo', '--scale', '60'], { cwd: folder });
  let said = '';
  child.stdout.on('data', (part: Buffer) => {
    if (!said.includes('ok ') && String(part).includes('ok ')) child.kill('SIGINT');
    said += String(part);
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, said).toBe(1);
  expect(said).toContain('asked to stop');
  expect(said).not.toContain('People work');
});

test('a demo without a project says so before it invents a company', async () => {
  const folder = testFolder();
  // So many people take minutes: the message must not wait for them.
  const { code, said } = await type(folder, 'demo', '--scale', '1000000');
  expect({ code, left: readdirSync(folder) }).toEqual({ code: 1, left: [] });
  expect(said).toContain('tidemill init');
});

test('a demo leaves a warehouse alone that no demo made', async () => {
  const folder = testFolder();
  mkdirSync(join(folder, 'models'));
  const declaration = 'project: own\nwarehouse: { type: duckdb, path: warehouse.duckdb }\n';
  writeFileSync(join(folder, 'pipelines.yaml'), declaration);
  writeFileSync(join(folder, 'warehouse.duckdb'), 'work of years');
  const { code, said } = await type(folder, 'demo');
  expect(code).toBe(1);
  expect(said).toContain('no demo made it');
  expect(readdirSync(folder)).toContain('warehouse.duckdb');
});
