import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Reads } from '../../engine/lineage/reads.ts';
import type { Answer } from '../../engine/lineage/scope.ts';
import { type ReadableTable, readSelect } from '../../engine/lineage/select-lineage.ts';
import { loadSqlParser, type SqlParser } from '../../engine/lineage/sql-parser.ts';
import { LineageGap } from '../../engine/lineage/sql-tree.ts';
import { generatedSelect, looseTables } from './generated-select.ts';
import { type Experiment, type InputTable, startExperiment } from './perturb.ts';
import { selectCases, selectGaps } from './select-cases.ts';
import { certainGaps, turnedCases } from './turned-cases.ts';

const rounds = Number(process.env['LINEAGE_RUNS'] ?? 40);

const tables: readonly InputTable[] = [
  {
    schema: 'shop',
    name: 'orders',
    columns: [
      { name: 'id', typeName: 'INTEGER' },
      { name: 'customer_id', typeName: 'INTEGER' },
      { name: 'amount', typeName: 'DECIMAL(9,2)' },
      { name: 'status', typeName: 'VARCHAR' },
      { name: 'tags', typeName: 'VARCHAR[]' },
      { name: 'address', typeName: 'STRUCT(city VARCHAR, zip INTEGER)' },
    ],
  },
  {
    schema: 'shop',
    name: 'customers',
    columns: [
      { name: 'id', typeName: 'INTEGER' },
      { name: 'name', typeName: 'VARCHAR' },
      { name: 'email', typeName: 'VARCHAR' },
    ],
  },
];

let parser: SqlParser;
beforeAll(async () => {
  parser = await loadSqlParser('duckdb');
});

function find(schema: string | undefined, name: string): ReadableTable | undefined {
  const isOurs = schema === undefined || schema.toLowerCase() === 'shop';
  const found = tables.find((table) => isOurs && table.name === name.toLowerCase());
  return found && { relation: found.name, columns: found.columns.map((column) => column.name) };
}

function findLoose(_: string | undefined, name: string): ReadableTable | undefined {
  const found = looseTables.find((table) => table.name === name);
  return found && { relation: found.name, columns: found.columns.map((column) => column.name) };
}

const marks: Readonly<Record<string, string>> = { copied: '=', computed: '~' };

/** `=orders.id ~orders.amount filter:orders.status`, in order. */
function print(reads: Reads): string {
  const parts = [...reads.values()].flatMap(({ relation, column, kinds }) =>
    [...kinds].map((kind) => `${marks[kind] ?? `${kind}:`}${relation}.${column}`),
  );
  return parts.toSorted().join(' ');
}

/** What an answer does not tell and changes all the same when an input changes in DuckDB itself. */
async function findMissed(
  experiment: Experiment,
  answer: Answer,
  inputs: readonly InputTable[] = tables,
): Promise<string[]> {
  const names = answer.columns.map(({ name }, index) => name ?? experiment.names[index]);
  expect(names.map((name) => name?.toLowerCase())).toEqual(
    experiment.names.map((name) => name.toLowerCase()),
  );
  const missed: string[] = [];
  for (const table of inputs) {
    for (const { name } of table.columns) {
      const isRead = (reads: Reads): boolean =>
        [...reads.values()].some(
          ({ relation, column }) => relation === table.name && column === name,
        );
      if (isRead(answer.rows)) continue;
      for (const changed of await experiment.perturb([{ table, columns: [name] }])) {
        const column = answer.columns[experiment.names.indexOf(changed)];
        if (!column || !isRead(column.reads)) missed.push(`${changed} < ${table.name}.${name}`);
      }
    }
  }
  return missed;
}

describe('a select', () => {
  test.each([...selectCases, ...turnedCases])('$what', async ({ sql, columns, rows }) => {
    using experiment = await startExperiment(sql, tables);
    expect(experiment.runs, 'the select runs in DuckDB').toBe(true);
    const answer = readSelect(parser, sql, find, experiment.names);
    const printed = answer.columns.map(({ name, reads }, index) =>
      `${name ?? `#${index + 1}`} ${print(reads)}`.trimEnd(),
    );
    expect(printed).toEqual(columns);
    expect(print(answer.rows)).toBe(rows ?? '');
    expect(await findMissed(experiment, answer)).toEqual([]);
  });

  test.each(selectGaps)('is given up with a reason: $what', ({ sql, reason }) => {
    const read = () => readSelect(parser, sql, find);
    expect(read).toThrow(LineageGap);
    expect(read).toThrow(reason);
  });

  test.each(certainGaps)('is given up whatever its columns are: %s', (sql) => {
    expect(() => readSelect(parser, sql, find, ['x'])).toThrow(LineageGap);
  });

  test('that is made up at random misses nothing that its columns follow from', async () => {
    let [ran, told, all] = [0, 0, 0];
    const holds = fc.asyncProperty(generatedSelect, async (sql) => {
      using experiment = await startExperiment(sql, looseTables);
      if (!experiment.runs) return;
      const answer = readSelect(parser, sql, findLoose, experiment.names);
      ran += 1;
      told += answer.columns.reduce((sum, { reads }) => sum + reads.size, 0);
      all += answer.columns.length * looseTables.reduce((sum, one) => sum + one.columns.length, 0);
      expect(await findMissed(experiment, answer, looseTables)).toEqual([]);
    });
    await fc.assert(holds, { numRuns: rounds });
    // The experiment must not be an empty one, nor the answer "everything".
    expect(ran).toBeGreaterThan(rounds * 0.6);
    expect(told).toBeLessThan(all * 0.6);
  });
});
