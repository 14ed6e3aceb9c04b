import { Option } from 'commander';
import { recordLostRun } from '../../engine/run/record-run.ts';
import { type Due, runSchedule } from '../../engine/run/schedule.ts';
import { createScheduleStore } from '../../engine/state/schedules.ts';
import { messageOf, TerminalError } from '../../engine/words/errors.ts';
import type { Log, LogFields } from '../../engine/words/log.ts';
import type { Step, StepResult } from '../../engine/words/step.ts';
import {
  type CommandContext,
  endAtOnce,
  exitCodes,
  formatError,
  type RegisterCommand,
} from '../host.ts';
import { lockProject } from '../lock-project.ts';
import { createLog, type LogLevel, logLevels } from '../log.ts';
import { type OpenedProject, openProject } from '../open-project.ts';
import { runProject } from '../work.ts';
import { wholeNumber } from './flags.ts';

interface ServeFlags {
  readonly grace: number;
  readonly threads?: number;
  readonly logLevel: LogLevel;
  readonly json?: boolean;
}

const graceDefaultSeconds = 60;
/** How long a pipeline waits for another process before its run is given up. */
const waitMaxMs = 60 * 60 * 1_000;
/** How long an interrupted step may take to end, until the process ends itself. */
const endWaitMs = 10_000;
const startWaitMaxMs = 2_000;

interface Server {
  readonly context: CommandContext;
  readonly flags: ServeFlags;
  readonly log: Log;
  readonly secrets: string[];
  /** Aborted when the grace time is over. */
  readonly cut: AbortController;
  /** The project as it was at the start: its state and its folders. */
  readonly first: OpenedProject;
}

/** Reads `pipelines.yaml` as it is now; what is secret in it is masked from then on. */
function reopen({ context, log, secrets, first }: Server): OpenedProject {
  const { folder, env } = context;
  const opened = openProject({ folder, env, log, clock: first.clock });
  secrets.push(...opened.project.secrets.filter((secret) => !secrets.includes(secret)));
  return opened;
}

function logStep(log: Log, about: LogFields, step: Step, result: StepResult): void {
  const { status, message, hint, code, durationMs } = result;
  const fields = { ...about, step: step.id, status, message, hint, code, duration_ms: durationMs };
  if (status === 'failed') log.error('step.ended', fields);
  else if (status === 'warn' || status === 'stopped') log.warn('step.ended', fields);
  else if (status === 'success') log.info('step.ended', fields);
  else log.debug('step.ended', fields);
}

async function runPipeline(server: Server, due: Due, onBegin: () => void): Promise<void> {
  const { context, flags, log, first } = server;
  const { signal } = context;
  const name = due.pipeline;
  const command = `tidemill serve: ${name}`;
  const about = { pipeline: name, tick: new Date(due.tickMs).toISOString(), missed: due.missed };
  const onWait = (who: string): void => log.info('run.waiting', { ...about, for: who });
  const startedMs = first.clock.now();
  let runId: string | undefined;
  try {
    using lock = await lockProject(first, { command, signal, waitMaxMs, onWait });
    onBegin();
    // Read now and not before the wait: what runs is what is declared when it runs.
    using opened = openOrRecord(server, name, command);
    const pipeline = opened.project.pipelines.find((one) => one.name === name);
    if (!pipeline) return;
    const result = await runProject(opened, {
      select: pipeline.select,
      exclude: pipeline.exclude,
      ...(flags.threads === undefined ? {} : { threads: flags.threads }),
      pipeline: name,
      command,
      signal,
      cut: server.cut.signal,
      lock,
      waitMaxMs,
      onWait,
      onRun: (id) => {
        runId = id;
        log.info('run.started', { ...about, run_id: id });
      },
      onPlan: (plan) => {
        for (const warning of plan.warnings) log.warn('plan.warning', { ...about, warning });
        for (const fault of plan.faults) log.error('plan.fault', { ...about, ...fault });
      },
      onWarning: (message) => log.warn('run.warning', { ...about, message }),
      onEnd: (step, ended) => logStep(log, { pipeline: name, run_id: runId }, step, ended),
    });
    const { status, steps } = result;
    const failed = steps.filter((step) => step.status === 'failed').length;
    const ended = { ...about, run_id: runId, status, steps: steps.length, failed };
    const fields = { ...ended, duration_ms: first.clock.now() - startedMs };
    if (status === 'failed') log.error('run.ended', fields);
    else log.info('run.ended', fields);
  } catch (error) {
    const code = error instanceof TerminalError ? error.code : 'unexpected';
    const fields = { ...about, code, message: formatError(error) };
    if (signal.aborted) log.info('run.not_done', { ...fields, message: messageOf(error) });
    else log.error('run.failed', fields);
  }
}

/** A `pipelines.yaml` that is at fault is a failed run of its own, not a run of the one before. */
function openOrRecord(server: Server, pipeline: string, command: string): OpenedProject {
  const { clock, state } = server.first;
  try {
    return reopen(server);
  } catch (error) {
    recordLostRun({ state, clock, command, pipeline, error });
    throw error;
  }
}

/** Resolves once the grace time after a stop is over. */
async function waitForGrace({ context, flags, log, first }: Server, done: AbortSignal) {
  const { signal } = context;
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    done.addEventListener('abort', () => resolve(), { once: true });
  });
  if (!done.aborted) {
    log.info('serve.stopping', { because: messageOf(signal.reason), grace_s: flags.grace });
    await first.clock.sleep(flags.grace * 1_000, done).catch(() => undefined);
  }
  return 'late' as const;
}

async function serve(server: Server): Promise<void> {
  const { context, log, first } = server;
  const { clock, state } = first;
  const done = new AbortController();
  const schedule = runSchedule({
    clock,
    signal: context.signal,
    store: createScheduleStore(state),
    log,
    readPipelines: () => {
      using opened = reopen(server);
      return opened.project.pipelines;
    },
    run: (due, onBegin) => runPipeline(server, due, onBegin),
  });
  const ended = schedule.then(() => 'clean' as const).finally(() => done.abort());
  const isLate = (await Promise.race([ended, waitForGrace(server, done.signal)])) === 'late';
  if (isLate && !done.signal.aborted) {
    log.error('serve.cut_off', {
      message: 'the step under way did not end within the grace time',
    });
    // What is not committed is rolled back, as after a kill; the next run resumes.
    server.cut.abort();
    const wait = clock.sleep(endWaitMs, done.signal).catch(() => undefined);
    await Promise.race([ended, wait]);
    if (!done.signal.aborted) endAtOnce();
  }
  await ended;
  log.info('serve.stopped');
}

/** `serve`: runs the pipelines of `pipelines.yaml` on their schedules until it is stopped. */
export const registerServe: RegisterCommand = (program, host) => {
  program
    .command('serve')
    .description('run the pipelines on their schedules, until stopped')
    .option(
      '--grace <seconds>',
      'how long a stop waits for the step under way',
      wholeNumber(1, 86_400),
      graceDefaultSeconds,
    )
    .option('--threads <number>', 'steps under way at once', wholeNumber(1, 64))
    .addOption(
      new Option('--log-level <level>', 'the least level written')
        .choices(logLevels)
        .default('info'),
    )
    .option('--json', 'write JSON lines on a terminal too')
    .addHelpText('after', '\nExample:\n  tidemill serve --grace 30')
    .action(
      host.action(async (context, flags: ServeFlags) => {
        const first = await context.openProject();
        if (first.project.pipelines.length === 0) {
          throw new TerminalError('there is nothing to serve: pipelines.yaml has no pipelines', {
            code: 'no-pipelines',
            hint: 'add one, e.g. pipelines: { hourly: { schedule: "0 * * * *" } }',
          });
        }
        using _lock = await lockProject(first, {
          name: 'serve',
          command: context.commandLine,
          signal: context.signal,
          waitMaxMs: startWaitMaxMs,
        });
        const secrets = [...first.project.secrets];
        const log = createLog({
          level: flags.logLevel,
          isPlain: Boolean(process.stdout.isTTY) && !flags.json,
          secrets,
          write: (line) => void process.stdout.write(line),
        });
        log.info('serve.started', { project: first.project.name });
        await serve({ context, flags, log, secrets, first, cut: new AbortController() });
        return exitCodes.success;
      }),
    );
};
