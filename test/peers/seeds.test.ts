import { afterAll, beforeAll, expect, test } from 'vitest';
import { layFiles } from './odd-project.ts';
import type { PeerRun, TwinProject } from './twin-project.ts';
import { compareWarehouses, readRelation } from './twin-tables.ts';
import { describeWithDbt } from './with-dbt.ts';

/** Cells that either program can load, whatever stands beside them in a column. */
const cells = [
  '',
  '1',
  '-2147483648',
  '007',
  '1.0',
  '2.50',
  '1e3',
  '1.5e-3',
  ' 7',
  '1_000',
  '2026-01-05',
  '2026-1-5',
  '2026-01-05 10:11:12',
  '2026-01-05 10:11:12.5',
  '2026-01-05 10:11',
  '2026-01-05T10:11:12',
  '2026-01-05T10:11:12.25',
  'true',
  'False',
  't',
  'x',
  ' y ',
  '12:30:00',
  '01/02/2026',
  'none',
  '"a ""b"", c"',
  "it's",
];

const columns = cells.flatMap((one, at) => cells.slice(at).map((other) => [one, other] as const));

/** One seed of many columns, each of two cells: what one of them is, the other may change. */
function seedOfPairs(): string {
  const lines = [columns.map((_, index) => `c${index}`), ...[0, 1].map((row) => rowOf(row))];
  return `id,${lines.map((line, index) => `${index === 0 ? '' : `${index},`}${line.join(',')}`).join('\n')}\n`;
}

const rowOf = (row: number): string[] => columns.map((pair) => pair[row] ?? '');

const files = {
  'seeds/pairs.csv': seedOfPairs(),
  'seeds/parted.csv': 'id;name;amount\n1;"a;b";2\n2;c;\n',
  'seeds/typed.csv': 'id,code,day,amount\n1,007,20260105,1.5\n',
  'seeds/UpperCase.csv': 'ID,Full Name\n1,Ada\n',
  'seeds/no_rows.csv': 'id,name\n',
  'seeds/offset.csv': 'id,at\n1,2026-01-05T10:11:12+02:00\n',
  'seeds/apostrophes.csv': "id,name\n1,'a'\n2,''\n",
  'seeds/large.csv': 'id,n\n1,3000000000\n',
  'seeds/seeds.yml': `
seeds:
  - {name: parted, config: {delimiter: ";"}}
  - {name: typed, config: {column_types: {code: varchar, amount: "decimal(9,3)"}}}
`,
};

/** Met on purpose: see docs/dbt.md. */
const byDesign = /^main\.(offset|apostrophes|large)$/;

describeWithDbt('seeds', (python) => {
  let twins: TwinProject;
  let runs: readonly PeerRun[];
  beforeAll(() => {
    twins = layFiles(python, { name: 'odd', files });
    runs = [twins.dbt.run('seed'), twins.tidemill.run('build')];
  });
  afterAll(() => twins?.[Symbol.dispose]());

  test(`types and rows of ${columns.length} columns are dbt’s`, async () => {
    const { compared, differences } = await compareWarehouses(
      twins.dbt.warehouse,
      twins.tidemill.warehouse,
      { ignored: byDesign },
    );
    expect(differences, runs.map(({ printed }) => printed).join('\n')).toEqual([]);
    expect(compared).toHaveLength(5);
  });

  test('a stamp with an offset is its moment in UTC, where dbt leaves the offset out', async () => {
    const query = `select strftime("at", '%H:%M') from "offset"`;
    expect(await readRelation(twins.dbt.warehouse, query)).toEqual([['10:11']]);
    expect(await readRelation(twins.tidemill.warehouse, query)).toEqual([['08:11']]);
  });

  test('apostrophes are part of a cell, where dbt takes them for quotes', async () => {
    const query = 'select name from apostrophes order by id';
    expect(await readRelation(twins.dbt.warehouse, query)).toEqual([['a'], [null]]);
    expect(await readRelation(twins.tidemill.warehouse, query)).toEqual([["'a'"], ["''"]]);
  });

  test('a whole number of more than 32 bits is loaded, where dbt fails', async () => {
    expect(runs.map(({ nodes }) => nodes.get('seed.odd.large')?.outcome)).toEqual(['fail', 'ok']);
    expect(await readRelation(twins.tidemill.warehouse, 'select n from large')).toEqual([
      [3_000_000_000n],
    ]);
  });
});
