import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { findBatches } from '../../engine/run/microbatch.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import { type BatchSize, shiftBatch, startOfBatch } from '../../engine/words/batch-time.ts';
import { contextOf, nodeOf, openWorkbench, type Workbench } from './workbench.ts';

const numRuns = Number(process.env['LATE_RUNS'] ?? 6);
const beginMs = Date.UTC(2025, 11, 30);

/** What comes in while one batch is the newest, before it is built; `batches` in how many late. */
interface Arrival {
  readonly late: number;
  /** A part of the batch, from 0 to 1. */
  readonly at: number;
  /** Rows of that batch change or go instead. */
  readonly edits: 'none' | 'change' | 'delete';
}

const rounds = fc.array(
  fc.record({
    // Batches since the last build; none: it is built again in the same one.
    pause: fc.nat(3),
    arrivals: fc.array(
      fc.record({
        // Less than none: rows of batches that are yet to come.
        late: fc.integer({ min: -2, max: 3 }),
        at: fc.double({ min: 0, max: 0.999, noNaN: true }),
        edits: fc.constantFrom('none', 'none', 'change', 'delete'),
      }),
      { maxLength: 4 },
    ),
  }),
  { minLength: 2, maxLength: 5 },
);

interface Case {
  readonly size: BatchSize;
  readonly lookback: number;
  readonly type: string;
}

const cases: Case[] = [
  { size: 'day', lookback: 0, type: 'timestamp' },
  { size: 'day', lookback: 1, type: 'date' },
  { size: 'hour', lookback: 2, type: 'timestamptz' },
  { size: 'month', lookback: 3, type: 'timestamp' },
];

const timeOf = (ms: number): string => `timestamptz '${new Date(ms).toISOString()}'`;

async function arrive(
  bench: Workbench,
  { size, type }: Case,
  nowMs: number,
  one: Arrival,
  n: number,
) {
  const from = shiftBatch(startOfBatch(nowMs, size), size, -one.late);
  const to = shiftBatch(from, size, 1);
  const time = `cast(${timeOf(Math.floor(from + (to - from) * one.at))} as ${type})`;
  const isIn = `tm >= cast(${timeOf(from)} as ${type}) and tm < cast(${timeOf(to)} as ${type})`;
  const text = {
    none: `insert into events values (${time}, ${n})`,
    change: `update events set n = n + 1000 where ${isIn}`,
    delete: `delete from events where ${isIn}`,
  }[one.edits];
  await bench.warehouse.execute(sql.raw(text));
}

test.each(cases)(
  'rows that come late within the lookback are where a full build has them, pauses or not: $lookback of a $size',
  { timeout: 60_000 },
  async (one) => {
    const { size, lookback, type } = one;
    await using bench = await openWorkbench();
    const raw = { event_time: 'tm', batch_size: size, begin: '2025-12-30', lookback };
    const config = {
      materialization: 'incremental',
      incrementalStrategy: 'microbatch',
      raw,
    } as const;
    const build = (boundaryMs: number, builtAtMs?: number) => {
      const batches = findBatches(nodeOf('', config).config, { boundaryMs, builtAtMs });
      const isIncremental = builtAtMs !== undefined;
      const node = nodeOf('select tm, n from events', config, { isIncremental });
      const context = { boundaryMs, fullRefresh: !isIncremental, ...(batches ? { batches } : {}) };
      return materialize(bench.warehouse, node, contextOf(context));
    };
    await fc.assert(
      fc.asyncProperty(rounds, async (all) => {
        await bench.run('drop table if exists mart.thing');
        await bench.run(`create or replace table events (tm ${type}, n integer)`);
        let nowMs = shiftBatch(startOfBatch(beginMs, size), size, 4);
        let builtAtMs: number | undefined;
        let n = 0;
        for (const { pause, arrivals } of all) {
          // Some come in while each batch passes by that nothing is built in.
          for (let passed = 0; passed <= pause; passed += 1) {
            if (passed > 0) nowMs = shiftBatch(startOfBatch(nowMs, size), size, 1) + 60_000;
            for (const arrival of arrivals) {
              n += 1;
              // After a build the newest batch is looked at once more by the next one only.
              const late = Math.min(arrival.late, Math.max(0, lookback - 1));
              await arrive(bench, one, nowMs, { ...arrival, late }, n);
            }
          }
          await build(nowMs, builtAtMs);
          builtAtMs = nowMs;
        }
        const grown = await bench.rows('from mart.thing order by all');
        await build(nowMs);
        expect(grown).toEqual(await bench.rows('from mart.thing order by all'));
      }),
      { numRuns },
    );
  },
);
