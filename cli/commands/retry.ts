import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { IndirectSelection } from '../../engine/declare/select.ts';
import type { Retry } from '../../engine/run/find-retry.ts';
import { systemClock } from '../../engine/words/clock.ts';
import { plural } from '../../engine/words/plural.ts';
import type { Step } from '../../engine/words/step.ts';
import { type CommandContext, exitCodes, type RegisterCommand } from '../host.ts';
import type { RunOptions } from '../work.ts';
import { wholeNumber } from './flags.ts';
import { executeWork } from './run.ts';

interface RetryFlags {
  readonly json?: boolean;
  readonly threads?: number;
}

/** What a run is asked for to do again what another one left. */
export function toRunOptions({ invocation, ids, done }: Retry): RunOptions {
  const { kinds, project: _, batchesUntilMs, indirectSelection: indirect, ...flags } = invocation;
  return {
    ...flags,
    ...(indirect === undefined ? {} : { indirectSelection: indirect as IndirectSelection }),
    kinds: new Set(kinds as Step['kind'][]),
    retry: { ...(ids ? { ids } : {}), done, batchesUntilMs },
    projectFlags: invocation.project,
  };
}

async function readRetry({ folder }: CommandContext): Promise<Retry> {
  const { openStateDb } = await import('../../engine/state/state-db.ts');
  const { findRetry } = await import('../../engine/run/find-retry.ts');
  const { TerminalError } = await import('../../engine/words/errors.ts');
  const stateFolder = join(folder, '.tidemill');
  if (!existsSync(join(stateFolder, 'state.db'))) {
    throw new TerminalError(`there is nothing to retry: no run is on record in ${stateFolder}`, {
      code: 'nothing-to-retry',
      hint: 'run or build first, or name the project with --project-dir',
    });
  }
  using state = openStateDb(stateFolder);
  return findRetry(state, systemClock);
}

/** `retry`: the failed and skipped steps of the last run, and nothing else. */
export const registerRetry: RegisterCommand = (program, host) => {
  program
    .command('retry')
    .description('do again what the last run failed at or skipped, with its flags')
    .option('--threads <number>', 'steps under way at once', wholeNumber(1, 64))
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', '\nExample:\n  tidemill build --select account_360+; tidemill retry')
    .action(
      host.action(async (context, flags: RetryFlags) => {
        const { terminal } = context;
        const retry = await readRetry(context);
        for (const [name, value] of Object.entries(retry.invocation.project)) {
          if (program.getOptionValueSource(name) !== 'cli') program.setOptionValue(name, value);
        }
        const { run, ids } = retry;
        const what = ids ? plural(ids.size, 'step') : 'what was not done';
        if (!flags.json) terminal.note(`retrying ${what} of ${run.runId}: ${run.command}`);
        if (retry.ids?.size === 0) return exitCodes.success;
        const { threads } = flags;
        return executeWork(context, flags.json ?? false, {
          ...toRunOptions(retry),
          ...(threads === undefined ? {} : { threads }),
        });
      }),
    );
};
