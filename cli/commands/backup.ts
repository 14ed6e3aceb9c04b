import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { messageOf, TerminalError, TransientError } from '../../engine/words/errors.ts';
import { loaders } from '../../loaders/index.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { lockForCommand } from '../lock-project.ts';
import type { OpenedProject } from '../open-project.ts';
import { wholeNumber } from './flags.ts';
import { formatStamp, stampPattern } from './stamp.ts';

interface BackupFlags {
  readonly to?: string;
  readonly keep?: number;
  readonly json?: boolean;
}

const waitMaxMs = 60 * 60 * 1_000;

/** Older backups than the newest `keep`; what was not named by us is nobody's to remove. */
function listOld(folder: string, keep: number): readonly string[] {
  const names = readdirSync(folder).filter((name) => stampPattern.test(name));
  return names.toSorted().slice(0, Math.max(0, names.length - keep));
}

/** Under another name until all of it is there: what bears a moment's name is whole. */
async function writeBackup(opened: OpenedProject, folder: string, stamp: string): Promise<void> {
  const { warehousePath, project } = opened;
  const next = join(folder, `.${stamp}.next`);
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  try {
    const { files } = loaders[project.warehouse.type as keyof typeof loaders];
    if (opened.hasWarehouse()) {
      // Closing it brings everything from the log into the file.
      await (await opened.openWarehouse())[Symbol.asyncDispose]();
      await files.copy(warehousePath, join(next, basename(warehousePath)));
    }
    opened.state.copyTo(join(next, 'state.db'));
    renameSync(next, join(folder, stamp));
  } catch (error) {
    rmSync(next, { recursive: true, force: true });
    throw error;
  }
}

/** The system's refusals (no space, no right to write) are people's to mend. */
async function asBackupFault(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof TerminalError || error instanceof TransientError) throw error;
    throw new TerminalError(`cannot back up to ${folder}: ${messageOf(error)}`, {
      code: 'backup-failed',
      hint: 'Free space there or allow writing, or name another folder with --to.',
      cause: error,
    });
  }
}

/** `backup`: the warehouse and the state, each whole, in a folder named by the moment. */
export const registerBackup: RegisterCommand = (program, host) => {
  program
    .command('backup')
    .description('copy the warehouse and the state, while nothing runs, to a folder of their own')
    .option('--to <folder>', 'where backups are kept (default: backups beside the project file)')
    .option('--keep <number>', 'remove all but the newest so many', wholeNumber(1, 100_000))
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  tidemill backup --to /mnt/backups/revenue --keep 7')
    .action(
      host.action(async (context, flags: BackupFlags) => {
        const { terminal } = context;
        const opened = await context.openProject({ needsConnections: false });
        const { clock, project } = opened;
        const folder = resolve(flags.to ?? join(project.folder, 'backups'));
        using _lock = await lockForCommand(context, opened, { waitMaxMs });
        const stamp = formatStamp(clock);
        await asBackupFault(folder, () => writeBackup(opened, folder, stamp));
        const removed = flags.keep === undefined ? [] : listOld(folder, flags.keep);
        await asBackupFault(folder, async () => {
          for (const name of removed) rmSync(join(folder, name), { recursive: true });
        });
        const path = join(folder, stamp);
        if (flags.json) terminal.out(JSON.stringify({ backup: path, removed }));
        else {
          terminal.out(`backed up to ${path}`);
          if (!opened.hasWarehouse()) terminal.note('the state alone: there is no warehouse yet');
          if (removed.length > 0) terminal.out(`removed ${removed.join(', ')}`);
        }
        return exitCodes.success;
      }),
    );
};
