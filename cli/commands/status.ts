import { createTicks } from '../../engine/run/ticks.ts';
import { listCalls } from '../../engine/state/calls.ts';
import { formatOwner, type LockName, readLockOwner, takeLock } from '../../engine/state/lock.ts';
import { createRunStore, type RunStore } from '../../engine/state/runs.ts';
import { createScheduleStore } from '../../engine/state/schedules.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import type { OpenedProject } from '../open-project.ts';
import type { Terminal } from '../terminal.ts';
import { formatTable } from '../text-table.ts';

const runsShown = 1;
const accountsShown = 20;
/** Runs looked through for the last one of each pipeline. */
const runsLookedAt = 1_000;
/** A tick this far in the past with nothing running means that the scheduler hangs. */
const lateMs = 5 * 60_000;

/** Who holds one of the project's locks right now, or undefined. */
function findOwner(opened: OpenedProject, name: LockName): string | undefined {
  const { stateFolder: folder, clock } = opened;
  try {
    using _lock = takeLock({ folder, name, command: 'tidemill status', clock });
    return undefined;
  } catch (error) {
    if (error instanceof TerminalError && error.code === 'locked') {
      return formatOwner(readLockOwner(folder, name));
    }
    throw error;
  }
}

/** One line a pipeline: its times, its last run, and the ticks that had none. */
function listPipelines(opened: OpenedProject, runs: RunStore, isServing: boolean) {
  const { state, clock, project } = opened;
  const schedules = createScheduleStore(state);
  const recent = runs.listRuns(runsLookedAt);
  return project.pipelines.map((pipeline) => {
    const { name, schedule, timezone } = pipeline;
    const found = schedules.find(name);
    const last = recent.find((run) => run.pipeline === name);
    const fromMs = isServing && found ? Date.parse(found.decidedUntil) : clock.now();
    const nextMs = createTicks(pipeline).after(fromMs);
    return {
      pipeline: name,
      schedule,
      timezone,
      next: isServing && nextMs !== undefined ? new Date(nextMs).toISOString() : null,
      last_run: last?.runId ?? null,
      last_status: last?.status ?? null,
      skipped: found?.skipped ?? 0,
      last_skipped_at: found?.lastSkippedAt ?? null,
      missed: found?.missed ?? 0,
    };
  });
}

type PipelineStatus = ReturnType<typeof listPipelines>[number];

function formatHealth(server: string | undefined, pipelines: readonly PipelineStatus[]): string {
  if (pipelines.length === 0) return 'no pipelines are declared';
  if (!server) return 'not serving: `tidemill serve` runs the pipelines on their schedules';
  return `serving: ${server}`;
}

/** Pipelines whose tick has passed though nothing holds them up. */
function findLate(
  pipelines: readonly PipelineStatus[],
  nowMs: number,
  running: string | undefined,
): readonly PipelineStatus[] {
  if (running) return [];
  return pipelines.filter(({ next }) => next !== null && Date.parse(next) < nowMs - lateMs);
}

function printPipelines(terminal: Terminal, pipelines: readonly PipelineStatus[]): void {
  if (pipelines.length === 0) return;
  const headings = ['pipeline', 'schedule', 'zone', 'next', 'last run', 'skipped', 'missed'];
  const rows = pipelines.map((one) => [
    one.pipeline,
    one.schedule,
    one.timezone,
    one.next ?? '',
    one.last_run === null ? 'never' : `${one.last_run} ${one.last_status}`,
    one.skipped,
    one.missed,
  ]);
  terminal.out(`\n${formatTable(headings, rows)}`);
}

/** `status`: what runs, how the last run ended, what the CRMs were asked today. */
export const registerStatus: RegisterCommand = (program, host) => {
  program
    .command('status')
    .description('what runs now, how the last run ended, calls used today')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  tidemill status --json')
    .action(
      host.action(async (context, flags: { json?: boolean }) => {
        const { terminal } = context;
        const opened = await context.openProject({ needsConnections: false });
        const runs = createRunStore(opened.state, opened.clock);
        const owner = findOwner(opened, 'state');
        const server = findOwner(opened, 'serve');
        const pipelines = listPipelines(opened, runs, server !== undefined);
        const late = findLate(pipelines, opened.clock.now(), owner);
        const [last] = runs.listRuns(runsShown);
        const calls = listCalls(opened.state, accountsShown);
        if (flags.json) {
          terminal.out(
            JSON.stringify({
              running: owner ?? null,
              serving: server ?? null,
              last_run: last ?? null,
              pipelines,
              late: late.map(({ pipeline }) => pipeline),
              calls,
            }),
          );
          return exitCodes.success;
        }
        terminal.out(formatHealth(server, pipelines));
        for (const { pipeline, next } of late) {
          terminal.out(`  late: ${pipeline} was due at ${next}; see the log of \`tidemill serve\``);
        }
        terminal.out(owner ? `running: ${owner}` : 'nothing is running');
        if (!last) terminal.out('no run yet: `tidemill run` makes the first one');
        else {
          terminal.out(`last run ${last.runId}: ${last.status}, started ${last.startedAt}`);
          if (last.errorMessage) terminal.out(`  ${last.errorMessage}`);
          const steps = runs.listSteps(last.runId).filter(({ status }) => status === 'failed');
          for (const step of steps)
            terminal.out(`  failed ${step.name}: ${step.errorMessage ?? ''}`);
        }
        printPipelines(terminal, pipelines);
        if (calls.length > 0) {
          const rows = calls.map(({ account, day, used }) => [account, day, used]);
          terminal.out(`\n${formatTable(['account', 'day (UTC)', 'calls'], rows)}`);
        }
        return exitCodes.success;
      }),
    );
};
