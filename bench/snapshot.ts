import { rmSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { materialize } from '../engine/steps/materialize.ts';
import { silentLog } from '../engine/words/log.ts';
import type { SnapshotConfig } from '../engine/words/node.ts';
import { openDuckDb } from '../loaders/duckdb/duckdb.ts';
import { contextOf } from './build-context.ts';
import { type Bench, measure, medianOf, round, type Sample } from './measure.ts';
import { columns, createState, editState, snapshotNode, takeAsDbt } from './snapshot-data.ts';

const rowsInFull = 2_000_000;
const ratioMax = 1;
const rounds = 3;

const open = (path: string) => openDuckDb({ path, memoryLimit: '4GB', log: silentLog });

interface Base {
  readonly path: string;
  readonly rows: number;
}

const bases = new Map<string, Promise<Base>>();

/** A state and a snapshot of it. */
async function createBase(strategy: SnapshotConfig['strategy'], rows: number): Promise<Base> {
  const data = join(import.meta.dirname, '.data');
  await mkdir(data, { recursive: true });
  const folder = await mkdtemp(join(data, 'snapshot-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'base.duckdb');
  await using warehouse = await open(path);
  await warehouse.ddl([createState(rows)]);
  await materialize(warehouse, snapshotNode(strategy), contextOf('first'));
  return { path, rows };
}

function openBase(strategy: SnapshotConfig['strategy'], scale: number): Promise<Base> {
  const key = `${strategy} ${scale}`;
  const base = bases.get(key) ?? createBase(strategy, Math.ceil(rowsInFull * scale));
  bases.set(key, base);
  return base;
}

/** One of the two over a copy of the base in which every n-th row has changed. */
async function take(
  base: Base,
  strategy: SnapshotConfig['strategy'],
  every: number,
  who: 'ours' | 'dbt',
): Promise<{ sample: Sample; rows: unknown }> {
  const path = `${base.path}.copy`;
  await copyFile(base.path, path);
  try {
    await using warehouse = await open(path);
    await warehouse.execute(editState(every));
    await warehouse.checkpoint();
    const sample = await measure(async () => {
      if (who === 'ours') {
        await materialize(warehouse, snapshotNode(strategy), contextOf('second'));
      } else {
        for (const group of takeAsDbt(strategy)) {
          await warehouse.transaction(async (session) => {
            for (const statement of group) await session.execute(sql.raw(statement));
          });
        }
      }
      await warehouse.checkpoint();
    });
    const [rows] = await warehouse.query(sql`
      select count(*) as rows, count(dbt_valid_to) as ended,
        cast(bit_xor(hash(${sql.join(columns.map((name) => sql.id(name)))})) as varchar) as content
      from mart.snapshot`);
    return { sample, rows };
  } finally {
    await rm(path, { force: true });
    await rm(`${path}.wal`, { force: true });
  }
}

function snapshotBench(strategy: 'timestamp' | 'check', percent: number): Bench {
  return {
    name: `snapshot-${strategy}-${percent}pct`,
    async run(scale) {
      const base = await openBase(strategy, scale);
      const every = Math.round(100 / percent);
      const ours: Sample[] = [];
      const dbt: Sample[] = [];
      for (let turn = 0; turn < rounds; turn += 1) {
        const mine = await take(base, strategy, every, 'ours');
        const theirs = await take(base, strategy, every, 'dbt');
        if (JSON.stringify(mine.rows) !== JSON.stringify(theirs.rows)) {
          throw new Error('the two snapshots differ');
        }
        ours.push(mine.sample);
        dbt.push(theirs.sample);
      }
      const [one, other] = [medianOf(ours), medianOf(dbt)];
      const ratio = one.cpuSeconds / other.cpuSeconds;
      return {
        value: round(one.seconds),
        unit: 's',
        reference: round(other.seconds),
        ratio: round(ratio),
        target: `<= ${ratioMax} x the processor time of dbt's statements (${other.rssMb} MB)`,
        met: ratio <= ratioMax,
        rows: base.rows,
        cpu_s: round(one.cpuSeconds),
        reference_cpu_s: round(other.cpuSeconds),
        rss_mb: one.rssMb,
      };
    },
  };
}

export const snapshotBenches: readonly Bench[] = (['timestamp', 'check'] as const).flatMap(
  (strategy) => [0.1, 1, 10].map((percent) => snapshotBench(strategy, percent)),
);
