import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { compileNode } from '../engine/declare/compile-node.ts';
import { isModelNode } from '../engine/declare/model-node.ts';
import { type ModelProject, readModelProject } from '../engine/declare/model-project.ts';
import { bindModels } from '../engine/plan/bind.ts';
import { openBindCache } from '../engine/plan/bind-cache.ts';
import { fingerprintNodes } from '../engine/plan/fingerprint.ts';
import { assertThat } from '../engine/words/errors.ts';
import { silentLog } from '../engine/words/log.ts';
import type { Warehouse } from '../engine/words/warehouse.ts';
import { openDuckDb } from '../loaders/duckdb/duckdb.ts';
import { type Bench, type Measurement, measure, round, type Sample } from './measure.ts';

const modelsInFull = 1_000;
const columnsPerModel = 80;
const coldSecondsMax = 5;
const cachedSecondsMax = 1;
const modelsPerLevel = 50;

/** Columns of every kind, passed on from level to level with something done to some of them. */
function wideModel(index: number): string {
  const names = Array.from({ length: columnsPerModel }, (_, at) => `field_${at}`);
  if (index < modelsPerLevel) {
    const kinds = ['range', `'text ' || range`, 'range * 1.25', `date '2026-01-01'`, 'range > 1'];
    const columns = names.map((name, at) => `${kinds[at % kinds.length]} as ${name}`);
    return `select range as id, ${columns.join(',\n  ')} from range(10)`;
  }
  const parent = index - modelsPerLevel;
  const other = parent - (parent % modelsPerLevel) + ((parent + 7) % modelsPerLevel);
  const columns = names.map((name, at) =>
    at % 8 === 0 ? `coalesce(base.${name}, other.${name}) as ${name}` : `base.${name}`,
  );
  return `select base.id, ${columns.join(',\n  ')}
from {{ ref('wide_${parent}') }} as base
left join {{ ref('wide_${other}') }} as other on other.id = base.id`;
}

interface Stage {
  readonly folder: string;
  readonly project: ModelProject;
  readonly warehouse: Warehouse;
}

async function onStage<T>(count: number, work: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-bind-'));
  try {
    mkdirSync(join(folder, 'models'));
    for (let index = 0; index < count; index += 1) {
      writeFileSync(join(folder, 'models', `wide_${index}.sql`), wideModel(index));
    }
    const target = { name: 'dev', schema: 'main', type: 'duckdb', database: 'wide' };
    const project = await readModelProject({ root: folder, name: 'wide', target, env: {} });
    await using warehouse = await openDuckDb({ path: join(folder, 'w.duckdb'), log: silentLog });
    return await work({ folder, project, warehouse });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bindOnce({ folder, project, warehouse }: Stage): Promise<number> {
  const prints = await fingerprintNodes({ project });
  const cache = openBindCache(join(folder, 'bound.json'));
  await using shadow = await warehouse.openShadow('bind');
  const bound = await bindModels({
    project,
    shadow,
    sourceColumns: async () => undefined,
    seedColumns: async () => [],
    fingerprints: new Map([...prints].map(([id, { fingerprint }]) => [id, fingerprint])),
    cache,
  });
  cache.save();
  assertThat(bound.failures.length === 0, bound.failures[0]?.message ?? 'bound');
  return bound.nodes.size;
}

/** The same statements without anything around them: an empty table of each select. */
async function bindByHand({ project, warehouse }: Stage): Promise<void> {
  await using shadow = await warehouse.openShadow();
  for (const id of project.graph.order) {
    const node = project.nodes.get(id);
    if (!isModelNode(node)) continue;
    const text = (await compileNode(project, node)).sql;
    const name = sql.id(node.relation.schema, node.relation.name);
    await shadow.execute(sql`create table ${name} as select * from (${sql.raw(text)}) limit 0`);
  }
}

function toMeasurement(sample: Sample, hand: Sample, limit: number, rows: number): Measurement {
  return {
    value: round(sample.seconds),
    unit: 's',
    reference: round(hand.seconds),
    ratio: round(sample.seconds / hand.seconds),
    target: `at most ${limit} s; reference: bare create table as`,
    met: sample.seconds <= limit,
    rows,
    cpu_s: round(sample.cpuSeconds),
    reference_cpu_s: round(hand.cpuSeconds),
    rss_mb: sample.rssMb,
  };
}

function bindBench(name: string, limit: number, isCached: boolean): Bench {
  return {
    name,
    run: (scale) =>
      onStage(Math.max(modelsPerLevel, Math.round(modelsInFull * scale)), async (stage) => {
        const hand = await measure(() => bindByHand(stage));
        if (isCached) await bindOnce(stage);
        let rows = 0;
        const sample = await measure(async () => {
          rows = await bindOnce(stage);
        });
        return toMeasurement(sample, hand, limit, rows);
      }),
  };
}

export const bindBenches: readonly Bench[] = [
  bindBench('bind-cold', coldSecondsMax, false),
  bindBench('bind-cached', cachedSecondsMax, true),
];
