import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { materialize } from '../../engine/steps/materialize.ts';
import type { NodeConfig } from '../../engine/words/node.ts';
import type { Row } from '../../engine/words/warehouse.ts';
import { contextOf, nodeOf, openWorkbench, type Workbench } from './workbench.ts';

/** A row of a log that grows by a day before each build. */
interface Arrival {
  readonly id: number;
  readonly seen: number;
  readonly amount: number | null;
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  id: fc.integer({ min: 1, max: 6 }),
  seen: fc.integer({ min: 1, max: 50 }),
  amount: fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
});
const batches = fc.array(fc.array(arrival, { maxLength: 6 }), { minLength: 1, maxLength: 4 });

interface Case {
  readonly config: Partial<NodeConfig>;
  /** `@` is where an increment reads the rows of the newest day only. */
  readonly select: string;
}

const newest = `select id, seen, amount, day from (
  select *, row_number() over (partition by id order by day desc, seen desc, amount desc nulls last) as place
  from log @) as placed where place = 1`;
const keyed = { materialization: 'incremental', uniqueKey: ['id'] } as const;

const cases: Readonly<Record<string, Case>> = {
  view: { config: { materialization: 'view' }, select: 'select * from log' },
  table: { config: { materialization: 'table' }, select: 'select * from log' },
  append: {
    config: { materialization: 'incremental', incrementalStrategy: 'append' },
    select: 'select * from log @',
  },
  'delete+insert': {
    config: { ...keyed, incrementalStrategy: 'delete+insert' },
    select: newest,
  },
  merge: { config: { ...keyed, incrementalStrategy: 'merge' }, select: newest },
  'delete+insert of the last of each key': {
    config: { ...keyed, duplicateKeys: 'last', duplicateOrder: 'seen' },
    select: 'select id, day * 100 + seen as seen, amount from log @',
  },
  microbatch: {
    config: { materialization: 'incremental', incrementalStrategy: 'microbatch' },
    select: "select *, to_days(day) + timestamp '2026-01-01' as moment from log @",
  },
};

async function appendDay(bench: Workbench, day: number, rows: readonly Arrival[]): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map(({ id, seen, amount }) => sql`(${id}, ${seen}, ${amount}, ${day})`);
  await bench.warehouse.execute(sql`insert into log values ${sql.join(values)}`);
}

async function readTable(bench: Workbench): Promise<Row[]> {
  return await bench.rows('select * from mart.thing order by all');
}

const dayOf = (day: number) => new Date(Date.UTC(2026, 0, 1 + day)).toISOString();

test.each(Object.entries(cases))(
  'increments leave what a full build makes: %s',
  async (name, { config, select }) => {
    await using bench = await openWorkbench();
    const isGrown = config.materialization === 'incremental';
    const build = (isIncremental: boolean, day: number) => {
      // A batch of time reaches back over the one before, as `lookback` has it.
      const from = isIncremental ? day - (name === 'microbatch' ? 1 : 0) : 0;
      const text = select.replace('@', `where day >= ${from}`);
      const spans = [{ from: dayOf(from), to: dayOf(day + 1) }];
      const batches = { column: 'moment', spans, left: [], isPart: false };
      const context = contextOf({
        fullRefresh: !isIncremental,
        ...(name === 'microbatch' ? { batches } : {}),
      });
      return materialize(bench.warehouse, nodeOf(text, config, { isIncremental }), context);
    };
    await fc.assert(
      fc.asyncProperty(batches, async (days) => {
        await bench.run(
          'drop schema if exists mart cascade',
          'create or replace table log (id integer, seen integer, amount integer, day integer)',
        );
        for (const [day, rows] of days.entries()) {
          await appendDay(bench, day, rows);
          await build(isGrown && day > 0, day);
        }
        const grown = await readTable(bench);
        await build(false, days.length - 1);
        expect(grown).toEqual(await readTable(bench));
      }),
      { numRuns: 4, interruptAfterTimeLimit: 30_000 },
    );
  },
);
