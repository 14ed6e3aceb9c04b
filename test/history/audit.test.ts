import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { requireHistory } from '../../engine/steps/history-audit.ts';
import { shapeHistory } from '../../engine/steps/history-shape.ts';
import type { Dialect } from '../../engine/words/warehouse.ts';
import { compileStatement } from '../../loaders/duckdb/statement.ts';
import { openWorkbench } from '../materialize/workbench.ts';
import { historyNode } from './history-bench.ts';

interface Row {
  readonly id: string;
  readonly from: number;
  readonly to: number | null;
  readonly believed: boolean;
}

/** Row by row, of what is believed: some interval has no length, or two of a key meet. */
function isBroken(rows: readonly Row[]): boolean {
  const believed = rows.filter((row) => row.believed);
  const end = (row: Row) => row.to ?? Number.POSITIVE_INFINITY;
  return believed.some(
    (row, index) =>
      end(row) <= row.from ||
      believed
        .slice(index + 1)
        .some((other) => other.id === row.id && other.from < end(row) && row.from < end(other)),
  );
}

/** Intervals of one key that follow each other, the last one open or not. */
function chainOf(id: string): fc.Arbitrary<Row[]> {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { minLength: 2, maxLength: 5 });
  return fc.tuple(times, fc.boolean()).map(([found, isOpen]) => {
    const ordered = found.toSorted((a, b) => a - b);
    const ends = isOpen ? [...ordered.slice(1), null] : ordered.slice(1);
    return ends.map((to, index) => ({ id, from: ordered[index] ?? 0, to, believed: true }));
  });
}

test('a history is refused where intervals of one key meet, and never for what two keys share', async () => {
  await using bench = await openWorkbench();
  await bench.run('create table rows (id varchar, valid_from int, valid_to int, recorded_to int)');
  const node = historyNode();
  const columns = await bench.warehouse.describeQuery(
    sql`select 'a' as id, 1 as valid, 1 as recorded`,
  );
  const config = { uniqueKey: ['id'], validAt: 'valid', changedBy: 'recorded' } as const;
  const shape = shapeHistory(node, config, columns);
  const { dialect } = bench.warehouse;
  const colliding: Dialect = {
    ...dialect,
    rowHash: (columns) =>
      columns.every((column) => compileStatement(column).text.endsWith('"id"'))
        ? sql`1`
        : dialect.rowHash(columns),
  };
  const row = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    from: fc.integer({ min: 0, max: 12 }),
    to: fc.option(fc.integer({ min: 1, max: 13 }), { nil: null, freq: 5 }),
    believed: fc.boolean(),
  });
  const nearlyWhole = fc
    .tuple(chainOf('a'), chainOf('b'), fc.array(row, { maxLength: 1 }), fc.nat(9))
    .map(([a, b, stray, twice]) => [...a, ...b, ...stray, ...a.slice(twice, twice + 1)]);
  const anyRows = fc.oneof(fc.array(row, { minLength: 1, maxLength: 7 }), nearlyWhole);
  const verdict = async (by: Dialect) => {
    const required = requireHistory(bench.warehouse, node, shape, sql.id('rows'), by);
    return required.then(
      () => 'whole',
      (error: { code: string }) => error.code,
    );
  };
  await fc.assert(
    fc.asyncProperty(anyRows, async (rows) => {
      const values = rows.map(
        ({ id, from, to, believed }) => sql`(${id}, ${from}, ${to}, ${believed ? null : 9})`,
      );
      await bench.warehouse.execute(sql`delete from rows`);
      await bench.warehouse.execute(sql`insert into rows values ${sql.join(values)}`);
      const expected = isBroken(rows) ? 'history-broken' : 'whole';
      expect([await verdict(dialect), await verdict(colliding)]).toEqual([expected, expected]);
    }),
    { numRuns: 60, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: true },
  );
});
