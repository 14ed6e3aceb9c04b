import { createRunStore, type RunRecord, type StepRecord } from '../../engine/state/runs.ts';
import { formatDuration } from '../../engine/words/duration.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { formatTable } from '../text-table.ts';
import { wholeNumber } from './flags.ts';

function durationOf(record: {
  startedAt: string | undefined;
  finishedAt: string | undefined;
}): string {
  if (!record.startedAt || !record.finishedAt) return '';
  return formatDuration(Date.parse(record.finishedAt) - Date.parse(record.startedAt));
}

const runRow = (run: RunRecord): unknown[] => [
  run.runId,
  run.command,
  run.status,
  run.startedAt,
  durationOf(run),
  run.errorMessage ?? '',
];

const stepRow = (step: StepRecord): unknown[] => [
  step.kind,
  step.name,
  step.status,
  durationOf(step),
  step.errorMessage ?? step.reason ?? '',
];

/** `runs`: the last runs, or the steps of one. */
export const registerRuns: RegisterCommand = (program, host) => {
  program
    .command('runs [run]')
    .description('the last runs, or the steps of one')
    .option('--limit <number>', 'how many runs', wholeNumber(1, 10_000), 20)
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', '\nExample:\n  tidemill runs --limit 5')
    .action(
      host.action(
        async (context, runId: string | undefined, flags: { limit: number; json?: boolean }) => {
          const { terminal } = context;
          const opened = await context.openProject({ needsConnections: false });
          const runs = createRunStore(opened.state, opened.clock);
          if (runId !== undefined && !runs.findRun(runId)) {
            throw new TerminalError(`there is no run ${runId}`, {
              code: 'unknown-run',
              hint: '`tidemill runs` lists those that are kept: see keep_runs in pipelines.yaml',
            });
          }
          const records = runId === undefined ? runs.listRuns(flags.limit) : runs.listSteps(runId);
          if (flags.json) for (const record of records) terminal.out(JSON.stringify(record));
          else if (runId === undefined) {
            const headings = ['run', 'command', 'status', 'started', 'took', 'error'];
            terminal.out(formatTable(headings, (records as RunRecord[]).map(runRow)));
          } else {
            const headings = ['kind', 'name', 'status', 'took', 'why'];
            terminal.out(formatTable(headings, (records as StepRecord[]).map(stepRow)));
          }
          return exitCodes.success;
        },
      ),
    );
};
