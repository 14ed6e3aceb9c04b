import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { snapshotColumns } from '../../engine/declare/snapshot-config.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import type { HistoryConfig, NodeConfig, SnapshotConfig } from '../../engine/words/node.ts';
import { contextOf, nodeOf, openWorkbench, type Workbench } from './workbench.ts';

const numRuns = Number(process.env['KEYS_RUNS'] ?? 5);

type Kind = 'merge' | 'delete+insert' | 'recorded' | 'content' | 'check' | 'timestamp';
const kinds: Kind[] = ['merge', 'delete+insert', 'recorded', 'content', 'check', 'timestamp'];

function configOf(kind: Kind, uniqueKey: string[]): Partial<NodeConfig> {
  switch (kind) {
    case 'merge':
    case 'delete+insert':
      return { materialization: 'incremental', incrementalStrategy: kind, uniqueKey };
    case 'recorded':
    case 'content': {
      const history: HistoryConfig = {
        uniqueKey,
        validAt: 'moved',
        recordedAt: 'seen',
        changedBy: kind,
      };
      return { materialization: 'history', uniqueKey, history };
    }
    case 'check':
    case 'timestamp': {
      const rules = { hardDeletes: 'invalidate', columnNames: snapshotColumns } as const;
      const snapshot: SnapshotConfig =
        kind === 'check'
          ? { uniqueKey, ...rules, strategy: kind, checkColumns: ['name'] }
          : { uniqueKey, ...rules, strategy: kind, updatedAt: 'seen' };
      return { materialization: 'snapshot', uniqueKey, snapshot };
    }
  }
}

const timeOf = (round: number): string => `timestamp '2026-01-0${round} 00:00:00'`;

const isHistory = (kind: Kind): boolean => kind === 'recorded' || kind === 'content';

/** The log whole for a history; else one row a key: the newest of all, or of the last round. */
function selectOf(kind: Kind, key: string, round: number): string {
  const log = `select ${key} k1, k2, moved, seen, name from log`;
  if (isHistory(kind)) return log;
  const only = kind === 'merge' || kind === 'delete+insert' ? `where seen = ${timeOf(round)}` : '';
  return `${log} ${only} qualify row_number() over (
    partition by k1, k2 order by seen desc, moved desc, name desc) = 1`;
}

// Parts that read alike once they are put together, by nothing or by what dbt's ids are.
const row = fc.record({
  k1: fc.constantFrom('a', 'ab', '', 'a|'),
  k2: fc.constantFrom('b', '', 'bb', '|b'),
  moved: fc.integer({ min: 1, max: 6 }),
  name: fc.constantFrom('x', 'y', null),
});
const rounds = fc.array(
  fc.record({
    rows: fc.uniqueArray(row, {
      selector: ({ k1, k2, moved }) => `${k1}.${k2}.${moved}`,
      minLength: 1,
      maxLength: 6,
    }),
    nulls: fc.constantFrom('none', 'none', 'first', 'second', 'both'),
  }),
  { minLength: 2, maxLength: 4 },
);

const nullKeys = { first: "null, 'b'", second: "'a', null", both: 'null, null', none: '' };

async function readTables(bench: Workbench): Promise<unknown[][]> {
  const tables = [];
  for (const name of ['apart', 'joined']) {
    const rows = await bench.rows(`from mart.${name} order by all`);
    const told = rows.map(({ joined: _, dbt_scd_id: _id, ...rest }) => JSON.stringify(rest));
    tables.push(told.toSorted());
  }
  return tables;
}

test.each(kinds)(
  'a key of two columns tells rows apart as one of both does, and none of them may be null: %s',
  { timeout: 60_000 },
  async (kind) => {
    await using bench = await openWorkbench();
    const build = async (name: 'apart' | 'joined', round: number) => {
      const key = name === 'joined' ? "k1 || '.' || k2 as joined," : '';
      const config = configOf(kind, name === 'joined' ? ['joined'] : ['k1', 'k2']);
      const node = nodeOf(selectOf(kind, key, round), config, {
        id: `model.test.${name}`,
        relation: { schema: 'mart', name },
        isIncremental: round > 1,
      });
      const boundaryMs = Date.UTC(2026, 0, round);
      return await materialize(bench.warehouse, node, contextOf({ boundaryMs }));
    };
    await fc.assert(
      fc.asyncProperty(rounds, async (all) => {
        await bench.run(
          'drop schema if exists mart cascade',
          'create or replace table log (k1 varchar, k2 varchar, moved integer, seen timestamp, name varchar)',
        );
        for (const [index, { rows, nulls }] of all.entries()) {
          const round = index + 1;
          const values = rows.map(
            ({ k1, k2, moved, name }) =>
              sql`(${k1}, ${k2}, ${moved}, ${sql.raw(timeOf(round))}, ${name})`,
          );
          await bench.warehouse.execute(sql`insert into log values ${sql.join(values)}`);
          if (nulls !== 'none' && round > 1) {
            const before = await readTables(bench);
            await bench.run(
              `insert into log values (${nullKeys[nulls]}, 1, ${timeOf(round)}, 'x')`,
            );
            await expect(build('apart', round)).rejects.toThrow(/k1, k2|k1|no value/);
            expect(await readTables(bench)).toEqual(before);
            await bench.run('delete from log where k1 is null or k2 is null');
          }
          await build('apart', round);
          await build('joined', round);
          const [apart, joined] = await readTables(bench);
          expect(apart).toEqual(joined);
        }
      }),
      { numRuns },
    );
  },
);
