import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { isDirect } from '../../engine/lineage/reads.ts';
import { readSelect } from '../../engine/lineage/select-lineage.ts';
import { loadSqlParser, type SqlParser } from '../../engine/lineage/sql-parser.ts';
import { generatedSelect, looseTables } from './generated-select.ts';

const rounds = Number(process.env['LINEAGE_RUNS'] ?? 30);
const mark = '~marked';

let parser: SqlParser;
let connection: DuckDBConnection;

/** Views of the tables, whose one column bears the mark in every value: a variable says which. */
beforeAll(async () => {
  parser = await loadSqlParser('duckdb');
  connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  await connection.run("create schema loose; set variable marked = ''");
  for (const [salt, { name, columns }] of looseTables.entries()) {
    const rows = Array.from({ length: 8 }, (_, row) => {
      const values = columns.map((_column, index) => {
        const at = (row * 7 + index * 3 + salt + Math.floor(row / 3)) % 5;
        return at === 4 && (row + index) % 3 === 0 ? 'null' : `'${at + 1}'`;
      });
      return `(${values.join()})`;
    });
    const shown = columns.map(
      (column) => `case when getvariable('marked') = '${name}.${column.name}'
        then "${column.name}" || '${mark}' else "${column.name}" end as "${column.name}"`,
    );
    const names = columns.map((column) => `"${column.name}"`).join();
    await connection.run(
      `create view loose.${name} as select ${shown.join()} from (values ${rows.join()}) as t(${names})`,
    );
  }
});

const find = (_: string | undefined, name: string) => {
  const table = looseTables.find((one) => one.name === name);
  return table && { relation: name, columns: table.columns.map((column) => column.name) };
};

async function run(select: string) {
  const reader = await connection.runAndReadAll(select).catch(() => undefined);
  return reader && { names: reader.columnNames(), values: reader.getColumnsJson() };
}

/** Columns that bear the mark of one that they are not said to be made of. */
async function findLost(select: string): Promise<string[]> {
  await connection.run("set variable marked = ''");
  const plain = await run(select);
  if (!plain) return [];
  const answer = readSelect(parser, select, find, plain.names);
  const lost: string[] = [];
  for (const { name: table, columns } of looseTables) {
    for (const { name: column } of columns) {
      await connection.run(`set variable marked = '${table}.${column}'`);
      const found = await run(select);
      for (const [index, name] of (found?.names ?? []).entries()) {
        if (!JSON.stringify(found?.values[index] ?? null).includes(mark)) continue;
        const told = [...(answer.columns[index]?.reads.values() ?? [])].find(
          (read) => read.relation === table && read.column === column,
        );
        if (![...(told?.kinds ?? [])].some(isDirect)) lost.push(`${name} < ${table}.${column}`);
      }
    }
  }
  return lost;
}

const opened = "select unnest([{'r': a, 's': b}], recursive := true), c as t from loose.one";

test.each([
  'select mode() within group (order by b) as x from loose.one',
  `select * replace (upper(d) as "5") rename ("2" as p)
    from (select * from loose.one pivot (min(c) for b in ('2', '5')) as p) as t`,
  `select r.s from (select a as p, b as r from loose.two) as l left join (${opened}) as r on l.p = r.t`,
  `select r.q from (select unnest([{'q': a}], recursive := true), '1' as r from loose.one) as r`,
  `from (unpivot (select * from (${opened})) on columns('^s$') into name p value q)`,
  `select a from (select * from (select columns(lambda c: c <> 'e') from loose.two) as l
    right join (select d, c, a from loose.one) as r using (a)) as t`,
  `select r.x from (select a as p, '1' as s from loose.one) as l
    full join (select s as x, t as u from (${opened}) as t) as r on l.p = r.u`,
])('what a column holds is told to be made of where it comes from: %s', async (select) => {
  expect((await run(select))?.values.flat().length).toBeGreaterThan(0);
  expect(await findLost(select)).toEqual([]);
});

test('so it is of selects that are made up at random', async () => {
  const holds = fc.asyncProperty(generatedSelect, async (select) => {
    expect(await findLost(select)).toEqual([]);
  });
  await fc.assert(holds, { numRuns: rounds });
});
