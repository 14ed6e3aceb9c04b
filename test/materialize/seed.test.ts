import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SeedSource } from '../../engine/steps/build-context.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import type { BuildNode } from '../../engine/words/node.ts';
import { checkOf, contextOf, nodeOf, openWorkbench, type Workbench } from './workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const columns: SeedSource['columns'] = [
  { name: 'id', type: 'integer' },
  { name: 'Name, full', type: 'string' },
  { name: 'zip', type: 'string' },
];

async function load(
  text: string,
  raw: Record<string, unknown> = {},
  rest: Partial<BuildNode> = {},
  named = columns,
) {
  const path = join(dirname(bench.path), 'thing.csv');
  await writeFile(path, text);
  const node = nodeOf('', { materialization: 'seed', raw }, { file: 'seeds/thing.csv', ...rest });
  return materialize(bench.warehouse, node, contextOf({ seed: { path, columns: named } }));
}

test('a seed has the rows of its file, an empty cell being null', async () => {
  const text = '\u{feff}id,"Name, full",zip\r\n1,"a ""quoted"", name",01234\r\n2,,\r\n';
  expect(await load(text)).toMatchObject({ action: 'created', rows: 2 });
  expect(await bench.rows('select * from mart.thing order by id')).toEqual([
    { id: 1, 'Name, full': 'a "quoted", name', zip: '01234' },
    { id: 2, 'Name, full': null, zip: null },
  ]);
});

test('a declared column type wins over what was read off the file', async () => {
  const wide = columns.map((column) => ({ ...column, type: 'integer' as const }));
  const types = { zip: 'varchar(10)', ID: 'decimal(9,2)' };
  await load('id,"Name, full",zip\n1.5,7,007\n', { column_types: types }, {}, wide);
  expect(await bench.rows('select * from mart.thing')).toEqual([
    { id: '1.50', 'Name, full': 7, zip: '007' },
  ]);
});

test('a seed that fails its checks or cannot be read leaves the table as it was', async () => {
  await load('id,"Name, full",zip\n1,a,b\n');
  const checks = [checkOf('id > 1')];
  expect((await load('id,"Name, full",zip\n2,a,b\n', {}, { checks })).action).toBe('withheld');
  await expect(load('id,"Name, full",zip\nx,a,b\n')).rejects.toThrow();
  await expect(load('', {}, {}, [])).rejects.toMatchObject({ code: 'seed-empty' });
  expect(await bench.rows('select id from mart.thing')).toEqual([{ id: 1 }]);
  expect(await bench.relations('mart')).toEqual(['thing base table']);
});
