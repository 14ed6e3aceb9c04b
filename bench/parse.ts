import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  type GeneratedSize,
  largeProject,
  macroFile,
  modelFile,
  propertiesFile,
  writeGeneratedProject,
} from './generated-project.ts';
import { type Bench, type Measurement, round } from './measure.ts';
import { bestOf, openTimedPrograms, type TimedPrograms, type TimedRun } from './timed-program.ts';

const rssMbMax = 400;
const rounds = 3;
/** Stamps this young are not trusted: a project is rarely parsed in the second it was written. */
const settleMs = 2_500;

/** Reads every file the plainest way: what no reader of a project can do without. */
const readAll = `import { readdirSync, readFileSync } from 'node:fs';
let bytes = 0;
for (const entry of readdirSync('.', { recursive: true, withFileTypes: true }))
  if (entry.isFile()) bytes += readFileSync(entry.parentPath + '/' + entry.name).length;
if (bytes === 0) process.exit(1);`;

const statAll = readAll
  .replace('readFileSync }', 'statSync }')
  .replace(/readFileSync\((.*)\)\.length/, 'statSync($1).size');

interface Stage {
  readonly folder: string;
  readonly programs: TimedPrograms;
  readonly size: GeneratedSize;
}

async function onStage(scale: number, work: (stage: Stage) => Promise<Measurement>) {
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-parse-'));
  const sized = (count: number): number => Math.max(20, Math.round(count * scale));
  const { models, tests, macros } = largeProject;
  const size = { models: sized(models), tests: sized(tests), macros: sized(macros) };
  writeGeneratedProject(folder, size);
  using programs = await openTimedPrograms();
  try {
    // The program itself is compiled once, on a project of its own.
    await setTimeout(settleMs);
    return await work({ folder, programs, size });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function toMeasurement(
  run: TimedRun,
  reference: TimedRun,
  limitSeconds: number,
  size: GeneratedSize,
): Measurement {
  return {
    value: round(run.seconds),
    unit: 's',
    reference: round(reference.seconds),
    ratio: round(run.seconds / reference.seconds),
    target: `at most ${limitSeconds} s with process start, ${rssMbMax} MB`,
    met: run.seconds <= limitSeconds && run.rssMb <= rssMbMax,
    rows: size.models,
    cpu_s: round(run.cpuSeconds),
    rss_mb: Math.round(run.rssMb),
  };
}

type Edit = (stage: Stage, round: number) => void;

const edit = ({ folder }: Stage, file: string, from: RegExp, to: string): void => {
  const path = join(folder, file);
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
};
const middle = ({ size }: Stage): number => Math.floor(size.models / 2);

/** One file is another each round, in each of the ways that people work. */
const edits: Readonly<Record<string, Edit>> = {
  text: (stage) => appendFileSync(join(stage.folder, modelFile(middle(stage))), '-- edited\n'),
  inputs: (stage, round) => {
    const call = `-- {{ ref('model_${String(round).padStart(4, '0')}') }}\n`;
    appendFileSync(join(stage.folder, modelFile(middle(stage))), call);
  },
  properties: (stage, round) =>
    edit(stage, propertiesFile(middle(stage)), / of many.*/, ` of many, ${round}.`),
  macro: (stage, round) => edit(stage, macroFile(0), /100\.0( \+ \d+)?/, `100.0 + ${round}`),
  added: (stage, round) => {
    const beside = dirname(modelFile(middle(stage)));
    const text = "select * from {{ ref('model_0001') }}\n";
    writeFileSync(join(stage.folder, beside, `added_${round}.sql`), text);
  },
};

/** From nothing, with nothing changed, and with one file changed. */
function benchesOf(command: 'ls' | 'compile', limits: readonly [number, number, number]): Bench[] {
  const [coldMax, unchangedMax, changedMax] = limits;
  const forget = (folder: string): void => {
    for (const kept of ['.tidemill', 'target']) {
      rmSync(join(folder, kept), { recursive: true, force: true });
    }
  };
  return [
    {
      name: `parse-cold-${command}`,
      run: (scale) =>
        onStage(scale, async ({ folder, programs, size }) => {
          await programs.tidemill(folder, [command]);
          const cold = await bestOf(rounds * 2, async () => {
            forget(folder);
            // The file system is still at work on thousands of files that went.
            await setTimeout(settleMs);
            return await programs.tidemill(folder, [command]);
          });
          const plain = await bestOf(rounds, () => programs.module(folder, readAll));
          return toMeasurement(cold, plain, coldMax, size);
        }),
    },
    {
      name: `parse-unchanged-${command}`,
      run: (scale) =>
        onStage(scale, async ({ folder, programs, size }) => {
          for (let run = 0; run < rounds; run += 1) await programs.tidemill(folder, [command]);
          const same = await bestOf(rounds * 2, () => programs.tidemill(folder, [command]));
          const plain = await bestOf(rounds, () => programs.module(folder, statAll));
          return toMeasurement(same, plain, unchangedMax, size);
        }),
    },
    ...Object.entries(edits).map(([kind, change]) => ({
      name: `parse-changed-${kind}-${command}`,
      run: (scale: number) =>
        onStage(scale, async (stage) => {
          const { folder, programs, size } = stage;
          for (let run = 0; run < rounds; run += 1) await programs.tidemill(folder, [command]);
          let round = 0;
          const changed = await bestOf(rounds * 2, () => {
            round += 1;
            change(stage, round);
            return programs.tidemill(folder, [command]);
          });
          const plain = await bestOf(rounds, () => programs.module(folder, statAll));
          return toMeasurement(changed, plain, changedMax, size);
        }),
    })),
  ];
}

export const parseBenches: readonly Bench[] = [
  ...benchesOf('ls', [3, 0.3, 0.5]),
  ...benchesOf('compile', [3, 0.3, 0.5]),
];
