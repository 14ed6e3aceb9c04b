import { rmSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { materialize } from '../engine/steps/materialize.ts';
import { silentLog } from '../engine/words/log.ts';
import type { Warehouse } from '../engine/words/warehouse.ts';
import { openDuckDb } from '../loaders/duckdb/duckdb.ts';
import { contextOf } from './build-context.ts';
import { createContacts, editContacts, identityNode } from './identity-data.ts';
import { type Bench, measure, round, type Sample } from './measure.ts';

const contactsInFull = 1_000_000;
const fullSecondsMax = 60;
const rssMbMax = 4_096;
const percentOfFullMax = 25;
/** Of the duplicates, those that rules find; and of what they join, those that are duplicates. */
const foundMin = 0.98;

const open = (path: string) => openDuckDb({ path, log: silentLog, memoryLimit: '2500MB' });

interface Base {
  readonly path: string;
  readonly rows: number;
  readonly build: Sample;
}

const bases = new Map<number, Promise<Base>>();

async function createBase(rows: number): Promise<Base> {
  const data = join(import.meta.dirname, '.data');
  await mkdir(data, { recursive: true });
  const folder = await mkdtemp(join(data, 'identity-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'base.duckdb');
  await using warehouse = await open(path);
  await warehouse.ddl([createContacts(rows)]);
  const build = await measure(() => materialize(warehouse, identityNode, contextOf('first')));
  await requireDuplicates(warehouse);
  return { path, rows, build };
}

function openBase(scale: number): Promise<Base> {
  const base = bases.get(scale) ?? createBase(Math.ceil(contactsInFull * scale));
  bases.set(scale, base);
  return base;
}

/** A fast resolution that joins the wrong ones would be no measure of anything. */
async function requireDuplicates(warehouse: Warehouse): Promise<void> {
  const [row] = await warehouse.query<{ right: number; wrong: number; missed: number }>(sql`
    with joined as (
      select identity.contact_id, contacts.original, count(*) as records
      from mart.identity as identity
      inner join contacts using (record_id)
      group by all
    )
    select
      sum(records - 1) as "right",
      (select count(*) from (
        select contact_id from joined group by contact_id having count(*) > 1)) as wrong,
      (select count(*) from (
        select original from joined group by original having count(*) > 1)) as missed
    from joined`);
  const { right, wrong, missed } = row ?? { right: 0, wrong: 0, missed: 0 };
  if (right / (right + wrong) >= foundMin && right / (right + missed) >= foundMin) return;
  throw new Error(`${right} duplicates are joined, ${missed} are not, ${wrong} ids join too much`);
}

const fullBench: Bench = {
  name: 'identity-full',
  async run(scale) {
    const { build, rows } = await openBase(scale);
    return {
      ...spell(build, rows),
      reference: fullSecondsMax,
      ratio: round(build.seconds / fullSecondsMax),
      target: `<= ${fullSecondsMax} s of 1 M contacts, < ${rssMbMax} MB`,
      met: build.seconds <= fullSecondsMax && build.rssMb < rssMbMax,
    };
  },
};

function incrementalBench(percent: number): Bench {
  return {
    name: `identity-incremental-${percent}pct`,
    async run(scale) {
      const base = await openBase(scale);
      const path = `${base.path}.${percent}.duckdb`;
      await copyFile(base.path, path);
      try {
        await using warehouse = await open(path);
        const every = Math.round(100 / percent);
        const changed = await warehouse.execute(editContacts(every));
        await warehouse.checkpoint();
        const update = await measure(() =>
          materialize(warehouse, identityNode, contextOf('second')),
        );
        const ratio = update.seconds / base.build.seconds;
        return {
          ...spell(update, changed),
          reference: round(base.build.seconds),
          ratio: round(ratio),
          target: `<= ${percentOfFullMax} % of the full build`,
          met: ratio <= percentOfFullMax / 100,
        };
      } finally {
        await rm(path, { force: true });
      }
    },
  };
}

function spell({ seconds, cpuSeconds, rssMb }: Sample, rows: number) {
  return { value: round(seconds), unit: 's', rows, cpu_s: round(cpuSeconds), rss_mb: rssMb };
}

export const identityBenches: readonly Bench[] = [
  fullBench,
  incrementalBench(0.1),
  incrementalBench(1),
];
