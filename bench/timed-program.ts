import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackage } from '../scripts/install.ts';

const reporter = new URL('./report-usage.ts', import.meta.url).href;

/** One process, from its start to its end. */
export interface TimedRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

export interface TimedPrograms extends Disposable {
  /** Runs `tidemill` as it is installed; its code is compiled before. */
  tidemill(folder: string, args: readonly string[]): Promise<TimedRun>;
  /** Runs a text as a module of its own. */
  module(folder: string, text: string): Promise<TimedRun>;
}

export async function openTimedPrograms(): Promise<TimedPrograms> {
  const own = mkdtempSync(join(tmpdir(), 'tidemill-timed-'));
  const program = await installPackage(own);
  const usage = join(own, 'usage.json');
  const run = async (folder: string, args: readonly string[]): Promise<TimedRun> => {
    const startedMs = performance.now();
    const child = spawn(process.execPath, ['--import', reporter, ...args], {
      cwd: folder,
      env: { ...process.env, BENCH_USAGE_FILE: usage, NODE_COMPILE_CACHE: join(own, 'code') },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    const seconds = (performance.now() - startedMs) / 1_000;
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}`);
    const told = JSON.parse(readFileSync(usage, 'utf8')) as Omit<TimedRun, 'seconds'>;
    return { seconds, ...told };
  };
  return {
    tidemill: (folder, args) => run(folder, [program, ...args]),
    module: (folder, text) => run(folder, ['--input-type=module', '--eval', text]),
    [Symbol.dispose]: () => rmSync(own, { recursive: true, force: true }),
  };
}

/** The run that was disturbed least. */
export async function bestOf(count: number, work: () => Promise<TimedRun>): Promise<TimedRun> {
  const runs: TimedRun[] = [];
  for (let run = 0; run < count; run += 1) runs.push(await work());
  return {
    seconds: Math.min(...runs.map(({ seconds }) => seconds)),
    cpuSeconds: Math.min(...runs.map(({ cpuSeconds }) => cpuSeconds)),
    rssMb: Math.max(...runs.map(({ rssMb }) => rssMb)),
  };
}
