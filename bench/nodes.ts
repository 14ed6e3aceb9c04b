import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bench, type Measurement, round } from './measure.ts';
import { bestOf, openTimedPrograms, type TimedPrograms, type TimedRun } from './timed-program.ts';

const modelsInFull = 500;
const modelsPerLevel = 50;
/** One model in so many has a test. */
const testedEvery = 10;
const rounds = 3;
const builtMsMax = 15;
const reusedMsMax = 5;

interface TinyModel {
  readonly name: string;
  readonly kind: 'table' | 'view';
  /** The select, given how a parent is named. */
  select(nameOf: (parent: string) => string): string;
}

/** Roots, and above them levels that read one or two of the level below; a third are views. */
function tinyModel(index: number): TinyModel {
  const name = `tiny_${index}`;
  const kind = index % 3 === 1 ? 'view' : 'table';
  if (index < modelsPerLevel) {
    return { name, kind, select: () => `select ${index} as id, 'name ${index}' as name` };
  }
  const parent = `tiny_${index - modelsPerLevel}`;
  const level = Math.floor(index / modelsPerLevel);
  const other = `tiny_${(level - 1) * modelsPerLevel + ((index * 7) % modelsPerLevel)}`;
  return {
    name,
    kind,
    select: (nameOf) =>
      index % 2 === 0
        ? `select id + 1 as id, upper(name) as name from ${nameOf(parent)}`
        : `select base.id, other.name from ${nameOf(parent)} as base\n` +
          `left join ${nameOf(other)} as other on other.id = base.id`,
  };
}

function writeProject(folder: string, models: readonly TinyModel[]): void {
  mkdirSync(join(folder, 'models'));
  writeFileSync(
    join(folder, 'pipelines.yaml'),
    'project: tiny\nwarehouse: { type: duckdb, path: warehouse.duckdb }\nmodels: { path: models }\n',
  );
  for (const { name, kind, select } of models) {
    const text = select((parent) => `{{ ref('${parent}') }}`);
    const config = `{{ config(materialized='${kind}') }}`;
    writeFileSync(join(folder, 'models', `${name}.sql`), `${config}\n${text}\n`);
  }
  const tested = models.filter((_, index) => index % testedEvery === 0);
  const lines = tested.map(
    ({ name }) => `  - {name: ${name}, columns: [{name: id, data_tests: [not_null]}]}`,
  );
  writeFileSync(join(folder, 'models', 'schema.yml'), `models:\n${lines.join('\n')}\n`);
}

/**
 * The statements alone, each its own transaction on one connection: nothing can do without them.
 */
function bareProgram(models: readonly TinyModel[]): string {
  const statements = models.map(
    ({ name, kind, select }) => `create ${kind} ${name} as ${select((parent) => parent)}`,
  );
  return `import { DuckDBInstance } from '${import.meta.resolve('@duckdb/node-api')}';
const instance = await DuckDBInstance.create('bare.duckdb');
const connection = await instance.connect();
for (const statement of ${JSON.stringify(statements)}) await connection.run(statement);
connection.closeSync();
instance.closeSync();`;
}

interface Stage {
  readonly folder: string;
  readonly programs: TimedPrograms;
  readonly count: number;
  readonly bare: TimedRun;
}

async function onStage(scale: number, work: (stage: Stage) => Promise<Measurement>) {
  const count = Math.max(modelsPerLevel, Math.round(modelsInFull * scale));
  const models = Array.from({ length: count }, (_, index) => tinyModel(index));
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-nodes-'));
  using programs = await openTimedPrograms();
  try {
    writeProject(folder, models);
    const text = bareProgram(models);
    const bare = await bestOf(rounds, () => {
      forget(folder, 'bare.duckdb');
      return programs.module(folder, text);
    });
    return await work({ folder, programs, count, bare });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function forget(folder: string, file: string): void {
  for (const name of [file, `${file}.wal`, '.tidemill', 'target']) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function toMeasurement(run: TimedRun, stage: Stage, ms: number, limitMs: number): Measurement {
  const { bare, count } = stage;
  return {
    value: round(ms),
    unit: 'ms a node',
    reference: round((bare.seconds * 1_000) / count),
    ratio: round(run.seconds / bare.seconds),
    target: `at most ${limitMs} ms, process start included; reference: the bare statements`,
    met: ms <= limitMs,
    rows: count,
    cpu_s: round(run.cpuSeconds),
    reference_cpu_s: round(bare.cpuSeconds),
    rss_mb: Math.round(run.rssMb),
  };
}

const built: Bench = {
  name: 'nodes-built',
  run: (scale) =>
    onStage(scale, async (stage) => {
      const { folder, programs, bare, count } = stage;
      const run = await bestOf(rounds, () => {
        forget(folder, 'warehouse.duckdb');
        return programs.tidemill(folder, ['build']);
      });
      const ms = ((run.seconds - bare.seconds) * 1_000) / count;
      return toMeasurement(run, stage, ms, builtMsMax);
    }),
};

const reused: Bench = {
  name: 'nodes-reused',
  run: (scale) =>
    onStage(scale, async (stage) => {
      const { folder, programs, count } = stage;
      await programs.tidemill(folder, ['build']);
      const run = await bestOf(rounds, () => programs.tidemill(folder, ['build']));
      return toMeasurement(run, stage, (run.seconds * 1_000) / count, reusedMsMax);
    }),
};

export const nodeBenches: readonly Bench[] = [built, reused];
