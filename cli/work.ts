import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeChoice } from '../engine/plan/choose-nodes.ts';
import type { Work, WorkRequest, WorkScope } from '../engine/plan/work.ts';
import type { RunResult, StepProgress } from '../engine/run/run-plan.ts';
import type { Invocation } from '../engine/state/invocations.ts';
import type { ProcessLock } from '../engine/state/lock.ts';
import type { Clock } from '../engine/words/clock.ts';
import { TerminalError } from '../engine/words/errors.ts';
import { silentLog } from '../engine/words/log.ts';
import { withoutSecrets } from '../engine/words/secret-name.ts';
import type { Plan, Step, StepResult } from '../engine/words/step.ts';
import type { Warehouse } from '../engine/words/warehouse.ts';
import { judgeWarning, refusingFlags } from '../engine/words/warning-rules.ts';
import { loaders } from '../loaders/index.ts';
import { describeProject } from './describe-project.ts';
import { lockProject } from './lock-project.ts';
import type { OpenedProject } from './open-project.ts';
import { stateFolderOf } from './state-folder.ts';

export interface WorkOptions extends Partial<WorkScope> {
  /** The folder of artifacts that selectors and `defer` look at. */
  readonly previousArtifacts?: string;
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

/** Reads what a command works with: declarations, streams, models. Writes nothing. */
export async function gatherProject(
  opened: OpenedProject,
  warehouse: Warehouse,
  options: WorkOptions,
): Promise<Work> {
  const { gatherWork } = await import('../engine/plan/work.ts');
  const { openBindCache } = await import('../engine/plan/bind-cache.ts');
  return gatherWork({
    project: opened.project,
    connectors: opened,
    warehouse,
    env: opened.env,
    boundaryMs: opened.clock.now(),
    invocationId: randomUUID(),
    signal: options.signal ?? new AbortController().signal,
    log: opened.log,
    openMemory: opened.openMemory,
    ...(opened.warningRules && { warningRules: opened.warningRules }),
    bindCache: openBindCache(join(opened.stateFolder, 'bound.json')),
    describeProject,
    ...stateOf(opened, options),
    scope: {
      kinds: options.kinds ?? everyKind,
      ...toChoice(options),
      ...toManner(options),
      ...(options.retry ? { retry: options.retry } : {}),
      ...(options.defer ? { defer: options.defer } : {}),
      previews: options.previews ?? false,
      ...(options.previewRows === undefined ? {} : { previewRows: options.previewRows }),
    },
  });
}

async function gather(opened: OpenedProject, warehouse: Warehouse, options: WorkOptions) {
  const { buildPlan } = await import('../engine/plan/build-plan.ts');
  const work = await gatherProject(opened, warehouse, options);
  return { work, plan: await buildPlan(work) };
}

/** A plan for people: syncs compared with today's tables, and what changes upstream break. */
async function gatherPlan(
  opened: OpenedProject,
  warehouse: Warehouse,
  options: WorkOptions,
): Promise<Plan> {
  const { markImpacts } = await import('../engine/plan/mark-impacts.ts');
  const { openLineageCache } = await import('../engine/lineage/lineage-cache.ts');
  const { work, plan } = await gather(opened, warehouse, { ...options, previews: true });
  return markImpacts(work, plan, openLineageCache(join(opened.stateFolder, 'lineage.json')));
}

/**
 * What a run would do, as values. Reads the warehouse and asks the CRMs what they have; writes
 * nothing, not even a warehouse where there is none yet.
 */
export async function planProject(opened: OpenedProject, options: WorkOptions = {}): Promise<Plan> {
  if (opened.hasWarehouse()) {
    await using warehouse = await opened.openWarehouse({ readOnly: true });
    return await gatherPlan(opened, warehouse, options);
  }
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-plan-'));
  try {
    const path = join(folder, 'warehouse.duckdb');
    await using warehouse = await loaders.duckdb.open({ path, log: silentLog });
    return await gatherPlan(opened, warehouse, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface RunOptions extends WorkOptions {
  /** Steps under way at once; default 4. */
  readonly threads?: number;
  /** Start nothing more once a step has failed. */
  readonly failFast?: boolean;
  readonly pipeline?: string;
  /** When statements under way end as well; default: with `signal`. */
  readonly cut?: AbortSignal;
  /** As typed, for the lock and the run's record. */
  readonly command?: string;
  /** Flags about the project itself, for a retry. */
  readonly projectFlags?: Readonly<Record<string, string>>;
  /** How long to wait for whoever holds the lock or has the warehouse's file open; default 2 s. */
  readonly waitMaxMs?: number;
  /** Who is waited for, as people read it. */
  onWait?(who: string): void;
  /** Held by the caller, who lets it go; default: the run takes and returns it. */
  readonly lock?: ProcessLock;
  /** Called once the run is on record, before its first step. */
  onRun?(runId: string): void;
  onPlan?(plan: Plan): void;
  /** Something beside the work went wrong; the run goes on. */
  onWarning?(message: string): void;
  onStart?(step: Step): void;
  onProgress?(step: Step, progress: StepProgress): void;
  onEnd?(step: Step, result: StepResult): void;
}

const threadsDefault = 4;
const filePollMs = 1_000;

/**
 * Plans and executes. One process at a time: throws TerminalError `locked` naming the other. A run
 * that ends before its first step (nobody could sign in, say) is on record as failed too.
 */
export async function runProject(
  opened: OpenedProject,
  options: RunOptions = {},
): Promise<RunResult> {
  const { recordLostRun } = await import('../engine/run/record-run.ts');
  const { clock, state } = opened;
  const { signal, pipeline } = options;
  const command = options.command ?? 'tidemill run';
  using _lock = options.lock ? undefined : await lockProject(opened, { ...options, command });
  let isRecorded = false;
  try {
    return await runHoldingLock(opened, command, {
      ...options,
      onRun: (runId) => {
        isRecorded = true;
        options.onRun?.(runId);
      },
    });
  } catch (error) {
    const about = { ...(pipeline ? { pipeline } : {}), ...(signal ? { signal } : {}) };
    const invocation = toInvocation(opened, options, clock.now());
    if (!isRecorded) recordLostRun({ state, clock, command, error, invocation, ...about });
    throw error;
  }
}

async function runHoldingLock(
  opened: OpenedProject,
  command: string,
  options: RunOptions,
): Promise<RunResult> {
  const { runPlan } = await import('../engine/run/run-plan.ts');
  const { clock, state, stateFolder } = opened;
  const { keepRunsMs } = opened.project;
  await using warehouse = await openWhenFree(opened, options);
  const { work, plan } = await gather(opened, warehouse, options);
  options.onPlan?.(plan);
  const refused = plan.faults.filter(({ code }) => code === 'warning-refused');
  refuseWarnings(refused.map(({ message }) => message));
  const { createRunNotes } = await import('../engine/run/run-notes.ts');
  const { describeResults, writeRunArtifacts } = await import(
    '../engine/artifacts/run-artifacts.ts'
  );
  const notes = createRunNotes(clock);
  const { openReporter } = await import('./openlineage.ts');
  const warn = (message: string): void => options.onWarning?.(message);
  // Also where the run ends in an error: what was said of it so far is sent.
  await using events = await openReporter(opened, {
    work,
    notes,
    pipeline: options.pipeline,
    warn,
  });
  const { runProjectHooks } = await import('../engine/run/project-hooks.ts');
  const artifacts = { work, notes, args: argsOf(opened, work, command) };
  await runProjectHooks(work, 'start', { clock, notes }).catch(async (error: unknown) => {
    const result = { steps: plan.steps.map((step) => skippedStep(step, clock)) };
    await writeRunArtifacts({ ...artifacts, result, nowMs: clock.now() });
    throw error;
  });
  // A test is asked while the run goes on: it alone is judged at its end.
  const isTestRefused = judgeWarning(opened.warningRules, 'LogTestResult') === 'error';
  const result = await runPlan({
    work,
    plan,
    state,
    stateFolder,
    clock,
    command,
    notes,
    invocation: toInvocation(opened, options, work.request.boundaryMs),
    threads: options.threads ?? threadsDefault,
    ...(options.failFast ? { failFast: true } : {}),
    ...(isTestRefused ? { warnError: true } : {}),
    ...(keepRunsMs === undefined ? {} : { keepRunsMs }),
    ...(options.pipeline === undefined ? {} : { pipeline: options.pipeline }),
    ...(options.cut === undefined ? {} : { cut: options.cut }),
    onRun: (runId) => {
      events?.startRun(runId);
      options.onRun?.(runId);
    },
    onStart: (step) => {
      events?.startStep(step);
      options.onStart?.(step);
    },
    onProgress: (step, progress) => options.onProgress?.(step, progress),
    onEnd: (step, result) => {
      events?.endStep(step, result);
      options.onEnd?.(step, result);
    },
  });
  events?.endRun(result);
  const told = { ...artifacts, result };
  const results = () => describeResults({ ...told, nowMs: clock.now() });
  try {
    await runProjectHooks(work, 'end', { clock, notes, results });
  } finally {
    await writeRunArtifacts({ ...told, nowMs: clock.now() });
  }
  return result;
}

function refuseWarnings(warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  throw new TerminalError(`under ${refusingFlags} nothing is done: ${warnings.join('; ')}`, {
    code: 'warning-refused',
    hint: 'mend what the warnings name, or leave the flag out, in the project and the environment too',
  });
}

/** A step that was not reached, since a hook of the run failed. */
function skippedStep({ id, kind }: Step, clock: Clock): StepResult {
  const startedAt = new Date(clock.now()).toISOString();
  const message = 'a hook of the run failed';
  return { id, kind, status: 'skipped', message, counts: {}, startedAt, durationMs: 0 };
}

/** The state is read when a plan is made, and only if one is named. */
function stateOf(
  opened: OpenedProject,
  { previousArtifacts }: WorkOptions,
): Pick<WorkRequest, 'compareState'> {
  if (previousArtifacts === undefined) return {};
  return {
    compareState: async (models) => {
      const { compareState } = await import('../engine/artifacts/compare-state.ts');
      return compareState(models, stateFolderOf(opened, previousArtifacts), opened.clock.now());
    },
  };
}

/** The part of the options that chooses nodes. */
function toChoice(options: NodeChoice): NodeChoice {
  const { select, exclude, selector, indirectSelection } = options;
  const { resourceTypes, excludedTypes } = options;
  return {
    ...(select ? { select } : {}),
    ...(exclude ? { exclude } : {}),
    ...(selector === undefined ? {} : { selector }),
    ...(indirectSelection ? { indirectSelection } : {}),
    ...(resourceTypes ? { resourceTypes } : {}),
    ...(excludedTypes ? { excludedTypes } : {}),
  };
}

type Manner = Pick<
  WorkScope,
  'fullRefresh' | 'withoutReuse' | 'storeFailures' | 'eventTime' | 'sample' | 'isEmpty'
>;

/** The part of the options that says how nodes are built. */
function toManner(options: WorkOptions): Manner {
  const { fullRefresh, withoutReuse, storeFailures, eventTime, sample, isEmpty } = options;
  return {
    ...(fullRefresh === undefined ? {} : { fullRefresh }),
    ...(withoutReuse === undefined ? {} : { withoutReuse }),
    ...(storeFailures === undefined ? {} : { storeFailures }),
    ...(eventTime ? { eventTime } : {}),
    ...(sample ? { sample } : {}),
    ...(isEmpty ? { isEmpty } : {}),
  };
}

/** What `retry` needs to ask for the same again. */
function toInvocation(opened: OpenedProject, options: RunOptions, boundaryMs: number): Invocation {
  const { projectFlags = {}, retry, previousArtifacts: state } = options;
  return {
    kinds: [...(options.kinds ?? everyKind)],
    ...toChoice(options),
    ...toManner(options),
    ...(state === undefined ? {} : { previousArtifacts: stateFolderOf(opened, state) }),
    ...(options.defer ? { defer: options.defer } : {}),
    batchesUntilMs: retry?.batchesUntilMs ?? boundaryMs,
    project: projectFlags,
  };
}

/** The command as dbt's artifacts tell it. */
function argsOf(
  { vars }: OpenedProject,
  { request }: Work,
  command: string,
): Readonly<Record<string, unknown>> {
  const { kinds, select = [], exclude = [], fullRefresh = false } = request.scope;
  return {
    which: kinds.has('materialize') ? 'build' : 'test',
    select,
    exclude,
    full_refresh: fullRefresh,
    vars: withoutSecrets(vars),
    invocation_command: command,
    project_dir: request.project.folder,
    target: request.project.target?.name ?? null,
  };
}

/** People and BI tools open the file between runs: a run waits until they have closed it. */
async function openWhenFree(opened: OpenedProject, options: RunOptions): Promise<Warehouse> {
  const { clock } = opened;
  const endsAtMs = clock.now() + (options.waitMaxMs ?? 0);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await opened.openWarehouse();
    } catch (error) {
      const isHeld = error instanceof TerminalError && error.code === 'warehouse-locked';
      if (!isHeld || clock.now() >= endsAtMs) throw error;
      if (attempt === 0) options.onWait?.(error.message);
      await clock.sleep(filePollMs, options.signal);
    }
  }
}
