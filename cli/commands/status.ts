import { listCalls } from '../../engine/state/calls.ts';
import { formatOwner, readLockOwner, takeLock } from '../../engine/state/lock.ts';
import { createRunStore } from '../../engine/state/runs.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import type { OpenedProject } from '../open-project.ts';
import { formatTable } from '../text-table.ts';

const runsShown = 1;
const accountsShown = 20;

/** Who runs right now, or undefined. */
function findOwner(opened: OpenedProject): string | undefined {
  try {
    using _lock = takeLock({
      folder: opened.stateFolder,
      command: 'tidemill status',
      clock: opened.clock,
    });
    return undefined;
  } catch (error) {
    if (error instanceof TerminalError && error.code === 'locked') {
      return formatOwner(readLockOwner(opened.stateFolder));
    }
    throw error;
  }
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
        const owner = findOwner(opened);
        const [last] = runs.listRuns(runsShown);
        const calls = listCalls(opened.state, accountsShown);
        if (flags.json) {
          terminal.out(JSON.stringify({ running: owner ?? null, last_run: last ?? null, calls }));
          return exitCodes.success;
        }
        terminal.out(owner ? `running: ${owner}` : 'nothing is running');
        if (!last) terminal.out('no run yet: `tidemill run` makes the first one');
        else {
          terminal.out(`last run ${last.runId}: ${last.status}, started ${last.startedAt}`);
          const steps = runs.listSteps(last.runId).filter(({ status }) => status === 'failed');
          for (const step of steps)
            terminal.out(`  failed ${step.name}: ${step.errorMessage ?? ''}`);
        }
        if (calls.length > 0) {
          const rows = calls.map(({ account, day, used }) => [account, day, used]);
          terminal.out(`\n${formatTable(['account', 'day (UTC)', 'calls'], rows)}`);
        }
        return exitCodes.success;
      }),
    );
};
