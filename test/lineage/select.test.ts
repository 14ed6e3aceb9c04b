import { beforeAll, describe, expect, test } from 'vitest';
import type { Reads } from '../../engine/lineage/reads.ts';
import type { Answer } from '../../engine/lineage/scope.ts';
import { readSelect } from '../../engine/lineage/select-lineage.ts';
import { loadSqlParser, type SqlParser } from '../../engine/lineage/sql-parser.ts';
import { LineageGap } from '../../engine/lineage/sql-tree.ts';
import { type InputTable, startExperiment } from './perturb.ts';
import { selectCases, selectGaps } from './select-cases.ts';

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

function read(sql: string): Answer {
  return readSelect(parser, sql, (schema, name) => {
    const isOurs = schema === undefined || schema.toLowerCase() === 'shop';
    const found = tables.find((table) => isOurs && table.name === name.toLowerCase());
    return found && { relation: found.name, columns: found.columns.map((column) => column.name) };
  });
}

const marks: Readonly<Record<string, string>> = { copied: '=', computed: '~' };

/** `=orders.id ~orders.amount filter:orders.status`, in order. */
function print(reads: Reads): string {
  const parts = [...reads.values()].flatMap(({ relation, column, kinds }) =>
    [...kinds].map((kind) => `${marks[kind] ?? `${kind}:`}${relation}.${column}`),
  );
  return parts.toSorted().join(' ');
}

/** Changes each input in DuckDB itself: what the answer does not tell and changes all the same. */
async function findMissed(sql: string, answer: Answer): Promise<string[]> {
  using experiment = await startExperiment(sql, tables);
  expect(experiment.runs, 'the select runs in DuckDB').toBe(true);
  const names = answer.columns.map(({ name }, index) => name ?? experiment.names[index]);
  expect(names.map((name) => name?.toLowerCase())).toEqual(
    experiment.names.map((name) => name.toLowerCase()),
  );
  const missed: string[] = [];
  for (const table of tables) {
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
  test.each(selectCases)('$what', async ({ sql, columns, rows }) => {
    const answer = read(sql);
    const printed = answer.columns.map(({ name, reads }, index) =>
      `${name ?? `#${index + 1}`} ${print(reads)}`.trimEnd(),
    );
    expect(printed).toEqual(columns);
    expect(print(answer.rows)).toBe(rows ?? '');
    expect(await findMissed(sql, answer)).toEqual([]);
  });

  test.each(selectGaps)('is given up with a reason: $what', ({ sql, reason }) => {
    expect(() => read(sql)).toThrow(LineageGap);
    expect(() => read(sql)).toThrow(reason);
  });
});
