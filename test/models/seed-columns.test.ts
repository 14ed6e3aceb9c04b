import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSeedColumns } from '../../engine/declare/seed-columns.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seed-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function typeOf(cells: readonly string[], isDbt: boolean): Promise<string> {
  const path = join(folder, 'rows.csv');
  await writeFile(path, `id,x\n${cells.map((cell, index) => `${index},${cell}\n`).join('')}`);
  const [, column] = await readSeedColumns(path, { isDbt });
  return `${column?.isSmall ? 'small ' : ''}${column?.type}`;
}

/** Cells of a column, what we make of it, and what dbt makes of it (see `test/peers`). */
const cases: readonly [cells: readonly string[], own: string, dbts: string][] = [
  [['1', '-2', '+3'], 'small integer', 'small integer'],
  [['007', '012'], 'string', 'small integer'],
  [['0', '-0', '00'], 'string', 'small integer'],
  [['1.0', '2.00'], 'double', 'small integer'],
  [['1.50', '2'], 'double', 'double'],
  [['1e5', '2'], 'double', 'small integer'],
  [['1.25e1'], 'double', 'double'],
  [['1.25e2'], 'double', 'small integer'],
  [['1500e-2'], 'double', 'small integer'],
  [['5.', '.5'], 'double', 'double'],
  [['.', '1'], 'string', 'string'],
  [['e5'], 'string', 'string'],
  [['1_000', '5'], 'string', 'small integer'],
  [[' 5', '6 '], 'string', 'small integer'],
  [['2147483647', '-2147483648'], 'small integer', 'small integer'],
  [['2147483648'], 'integer', 'integer'],
  [['123456789012345678901', '1'], 'string', 'string'],
  [['1.123456789012345678'], 'double', 'double'],
  [['2026-01-05'], 'date', 'date'],
  [['2026-1-5'], 'string', 'date'],
  [['2026-02-30'], 'date', 'string'],
  [['2026-01-05 10:11:12'], 'timestamp', 'timestamp'],
  [['2026-01-05 10:11:12.5'], 'timestamp', 'string'],
  [['2026-01-05 10:11'], 'timestamp', 'string'],
  [['2026-01-05T10:11:12.5', '2026-01-05T10:11Z'], 'timestamp', 'timestamp'],
  [['2026-01-05T10:11:12', '2026-01-05 10:11:12'], 'timestamp', 'string'],
  [['2026-01-05', '2026-01-05 10:11:12'], 'string', 'string'],
  [['true', 'False'], 'boolean', 'boolean'],
  [['true', '1'], 'string', 'string'],
  [['', ''], 'small string', 'small string'],
  [['', '1'], 'small integer', 'small integer'],
];

describe('what a seed’s columns are', () => {
  test.each(cases)('%j is %s to us, and %s in a project of dbt’s', async (cells, own, dbts) => {
    expect([await typeOf(cells, false), await typeOf(cells, true)]).toEqual([own, dbts]);
  });

  test('is read between the delimiters that its config names', async () => {
    const path = join(folder, 'rows.csv');
    await writeFile(path, 'id;name\n1;"a;b"\n');
    expect(await readSeedColumns(path, { isDbt: true, delimiter: ';' })).toMatchObject([
      { name: 'id', type: 'integer' },
      { name: 'name', type: 'string' },
    ]);
  });
});
