import { TerminalError } from '../../engine/words/errors.ts';
import type { Recovery } from '../../engine/words/recovery.ts';
import { loaders } from '../../loaders/index.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { lockForCommand } from '../lock-project.ts';
import { formatStamp } from './stamp.ts';

interface RecoverFlags {
  readonly yes?: boolean;
  readonly json?: boolean;
}

const waitMaxMs = 2_000;

function explain(recovery: Recovery): readonly string[] {
  if (recovery.kind === 'sound') return ['the warehouse opens: there is nothing to recover'];
  if (recovery.kind === 'lost') return [recovery.reason];
  const { keptBytes, logBytes } = recovery;
  const count = (bytes: number): string => bytes.toLocaleString('en-US');
  return [
    `the log can be replayed up to byte ${count(keptBytes)} of ${count(logBytes)}`,
    'what was committed after that is left out, cursors too: the next run extracts it again.',
    'Versions of records that a CRM has since overwritten are not to be had again from there',
  ];
}

/** `recover`: says what of a broken log can be kept; with `--yes` keeps it. */
export const registerRecover: RegisterCommand = (program, host) => {
  program
    .command('recover')
    .description('show how a warehouse whose log is broken can be opened; --yes does it')
    .option('--yes', 'do it: the files are put aside first, as they are')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  tidemill recover --yes')
    .action(
      host.action(async (context, flags: RecoverFlags) => {
        const { terminal } = context;
        const opened = await context.openProject({ needsConnections: false });
        const { clock, warehousePath: path, project } = opened;
        if (!opened.hasWarehouse()) {
          throw new TerminalError(`there is no warehouse at ${path}`, {
            code: 'warehouse-missing',
            hint: '`tidemill run` makes one.',
          });
        }
        using _lock = await lockForCommand(context, opened, { waitMaxMs });
        const { files } = loaders[project.warehouse.type as keyof typeof loaders];
        const recovery = await files.planRecovery(path);
        const aside =
          recovery.kind === 'cut' && flags.yes
            ? await files.applyRecovery(path, recovery, formatStamp(clock))
            : undefined;
        if (aside !== undefined) await (await opened.openWarehouse())[Symbol.asyncDispose]();
        if (flags.json) terminal.out(JSON.stringify({ ...recovery, aside: aside ?? null }));
        else {
          for (const line of explain(recovery)) terminal.out(line);
          if (aside !== undefined) {
            terminal.out(`done: the files as they were are in ${aside}`);
            terminal.out('next: `tidemill run`');
          } else if (recovery.kind === 'cut') {
            terminal.out('nothing was changed; the same with --yes does it');
          } else if (recovery.kind === 'lost') {
            terminal.out('next: put the newest backup in its place, then `tidemill run`');
          }
        }
        return recovery.kind === 'lost' ? exitCodes.failure : exitCodes.success;
      }),
    );
};
