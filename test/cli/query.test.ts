import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tidemill } from '../artifacts/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemill-query-'));
const type = (...args: string[]) => tidemill(folder, ...args);

beforeAll(async () => {
  mkdirSync(join(folder, 'models'));
  const yaml =
    'project: own\nwarehouse: { type: duckdb, path: w.duckdb }\nmodels: { path: models }\n';
  writeFileSync(join(folder, 'pipelines.yaml'), yaml);
  const config = "{{ config(materialized='table') }}";
  writeFileSync(join(folder, 'models', 'sizes.sql'), `${config} select 1 as "2", 'a,b' as "1"`);
  expect((await type('build')).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('columns stand in the order of the answer, whatever they are called', async () => {
  const { out } = await type('query', 'select * from sizes', '--format', 'csv');
  expect(out).toEqual(['2,1', '1,"a,b"']);
});

test('an answer without rows has its columns all the same', async () => {
  const { out } = await type('query', 'select * from sizes where false', '--format', 'csv');
  expect(out).toEqual(['2,1']);
});

test('statements that are no select are answered too', async () => {
  const tables = await type('query', 'show tables', '--format', 'csv');
  expect(tables).toMatchObject({ code: 0, out: ['name', 'sizes'] });
  const described = await type('query', 'describe sizes', '--format', 'json');
  expect(described.out.map((line) => JSON.parse(line))).toMatchObject([
    { column_name: '2', column_type: 'INTEGER' },
    { column_name: '1', column_type: 'VARCHAR' },
  ]);
});

test('a wrong statement is shown where it is wrong', async () => {
  const { code, err } = await type('query', 'selec 1');
  expect(code).toBe(1);
  expect(err).toContain('syntax error at or near "selec"');
});

test('nothing is changed by a question', async () => {
  const { code, err } = await type('query', 'insert into sizes values (2, null)');
  expect(code).toBe(1);
  expect(err).toContain('only read here');
  const { out } = await type('query', 'select count(*) as n from sizes', '--format', 'csv');
  expect(out).toEqual(['n', '1']);
});

test('--json is the same as --format json', async () => {
  expect((await type('query', 'select 1 as a', '--json')).out).toEqual(['{"a":1}']);
});
