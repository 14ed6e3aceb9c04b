import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkScope } from '../engine/plan/work.ts';
import type { RunResult, StepProgress } from '../engine/run/run-plan.ts';
import { silentLog } from '../engine/words/log.ts';
import type { Plan, Step, StepResult } from '../engine/words/step.ts';
import type { Warehouse } from '../engine/words/warehouse.ts';
import { openDuckDb } from '../loaders/duckdb/duckdb.ts';
import type { OpenedProject } from './open-project.ts';

export interface WorkOptions extends Partial<WorkScope> {
  readonly signal?: AbortSignal;
}

/** What a plan takes along where nothing else is said: everything. */
export const everyKind: WorkScope['kinds'] = new Set([
  'extract',
  'materialize',
  'history',
  'check',
  'sync',
]);

async function gather(opened: OpenedProject, warehouse: Warehouse, options: WorkOptions) {
  const { gatherWork } = await import('../engine/plan/work.ts');
  const { openBindCache } = await import('../engine/plan/bind-cache.ts');
  const { buildPlan } = await import('../engine/plan/build-plan.ts');
  const { select, exclude, fullRefresh } = options;
  const work = await gatherWork({
    project: opened.project,
    connectors: opened,
    warehouse,
    env: opened.env,
    boundaryMs: opened.clock.now(),
    invocationId: randomUUID(),
    signal: options.signal ?? new AbortController().signal,
    log: opened.log,
    bindCache: openBindCache(join(opened.stateFolder, 'bound.json')),
    scope: {
      kinds: options.kinds ?? everyKind,
      ...(select ? { select } : {}),
      ...(exclude ? { exclude } : {}),
      ...(fullRefresh === undefined ? {} : { fullRefresh }),
    },
  });
  return { work, plan: await buildPlan(work) };
}

/**
 * What a run would do, as values. Reads the warehouse and asks the CRMs what they have; writes
 * nothing, not even a warehouse where there is none yet.
 */
export async function planProject(opened: OpenedProject, options: WorkOptions = {}): Promise<Plan> {
  if (opened.hasWarehouse()) {
    await using warehouse = await opened.openWarehouse({ readOnly: true });
    return (await gather(opened, warehouse, options)).plan;
  }
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-plan-'));
  try {
    const path = join(folder, 'warehouse.duckdb');
    await using warehouse = await openDuckDb({ path, log: silentLog });
    return (await gather(opened, warehouse, options)).plan;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface RunOptions extends WorkOptions {
  /** Steps under way at once; default 4. */
  readonly threads?: number;
  readonly pipeline?: string;
  /** As typed, for the lock and the run's record. */
  readonly command?: string;
  onPlan?(plan: Plan): void;
  onStart?(step: Step): void;
  onProgress?(step: Step, progress: StepProgress): void;
  onEnd?(step: Step, result: StepResult): void;
}

const threadsDefault = 4;

/** Plans and executes. One process at a time: throws TerminalError `locked` naming the other. */
export async function runProject(
  opened: OpenedProject,
  options: RunOptions = {},
): Promise<RunResult> {
  const { takeLock } = await import('../engine/state/lock.ts');
  const { runPlan } = await import('../engine/run/run-plan.ts');
  const { clock, state, stateFolder } = opened;
  const command = options.command ?? 'tidemill run';
  using _lock = takeLock({ folder: stateFolder, command, clock });
  await using warehouse = await opened.openWarehouse();
  const { work, plan } = await gather(opened, warehouse, options);
  options.onPlan?.(plan);
  // Awaited here: a bare return would close the warehouse first.
  return await runPlan({
    work,
    plan,
    state,
    stateFolder,
    clock,
    command,
    threads: options.threads ?? threadsDefault,
    ...(options.pipeline === undefined ? {} : { pipeline: options.pipeline }),
    onStart: (step) => options.onStart?.(step),
    onProgress: (step, progress) => options.onProgress?.(step, progress),
    onEnd: (step, result) => options.onEnd?.(step, result),
  });
}
