import type { UndoPlan } from '../../engine/run/undo-run.ts';
import { plural } from '../../engine/words/plural.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import type { Terminal } from '../terminal.ts';
import { formatTable } from '../text-table.ts';
import { planUndoOf, undoRunOf } from '../undo.ts';
import { wholeNumber } from './flags.ts';

interface UndoFlags {
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly rows: number;
}

const waitMaxMs = 60 * 60 * 1_000;
const rowsDefault = 10;

const reasons = {
  update: 'restore',
  archive: 'archive: the run created it',
  edited: 'leave: edited since, or gone',
  not_restorable: 'leave: archived, only the CRM can bring it back',
} as const;

function explain(plan: UndoPlan): string {
  const parts = [
    ...(plan.restored > 0 ? [`${plural(plan.restored, 'record')} restored`] : []),
    ...(plan.archived > 0 ? [`${plural(plan.archived, 'created record')} archived`] : []),
    ...(plan.editedSince > 0
      ? [`${plural(plan.editedSince, 'record')} left alone: edited since, or gone`]
      : []),
    ...(plan.notRestorable > 0
      ? [`${plural(plan.notRestorable, 'record')} left archived: restore in the CRM’s bin`]
      : []),
    ...(plan.inDoubt > 0
      ? [`${plural(plan.inDoubt, 'record')} in doubt: the next run of the sync settles it`]
      : []),
  ];
  return `${plan.sync} → ${plan.target}: ${parts.join(', ') || 'nothing'}`;
}

function printPlan(terminal: Terminal, plans: readonly UndoPlan[], rowsMax: number): void {
  for (const plan of plans) {
    terminal.out(explain(plan));
    const shown = plan.rows.slice(0, rowsMax);
    if (shown.length === 0) continue;
    const cells = shown.map(({ push, action, field, before, after }) => [
      push.resultId ?? push.crmId ?? push.key,
      field ?? '',
      before ?? '',
      action === 'update' ? (after ?? '(empty)') : '',
      reasons[action],
    ]);
    terminal.out(formatTable(['record', 'field', 'written', 'back to', 'what'], cells));
    const left = plan.rows.length - shown.length;
    if (left > 0) terminal.out(`… and ${plural(left, 'row')} more: --rows ${plan.rows.length}`);
  }
}

const toJson = ({ rows, ...plan }: UndoPlan) => ({
  ...plan,
  rows: rows.map(({ push, action, field, before, after }) => ({
    record: push.resultId ?? push.crmId ?? null,
    key: push.key,
    action,
    field,
    written: before,
    back_to: after,
  })),
});

/** `undo`: shows what taking a run back would do; with `--yes` does it. */
export const registerUndo: RegisterCommand = (program, host) => {
  program
    .command('undo <run>')
    .description('show what taking back a run’s changes in the CRMs would do; --yes does it')
    .option('--yes', 'do it')
    .option('--rows <number>', 'rows shown of each sync', wholeNumber(0, 1_000_000), rowsDefault)
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  tidemill undo 20260301t090000-1a2b3c --yes')
    .action(
      host.action(async (context, runId: string, flags: UndoFlags) => {
        const { terminal, signal, commandLine: command } = context;
        const opened = await context.openProject();
        const onWait = (who: string): void => terminal.note(`waiting for ${who}`);
        const options = { signal, command, waitMaxMs, onWait };
        if (!flags.yes) {
          const plans = await planUndoOf(opened, runId, options);
          if (flags.json) {
            terminal.out(JSON.stringify({ undoes: runId, syncs: plans.map(toJson) }));
            return exitCodes.success;
          }
          terminal.out(`undo of run ${runId}`);
          printPlan(terminal, plans, flags.rows);
          terminal.out('nothing was changed; the same with --yes does it');
          terminal.out('correct the model first, or stop the sync: the next run writes it again');
          return exitCodes.success;
        }
        const undone = await undoRunOf(opened, runId, options);
        if (flags.json) terminal.out(JSON.stringify({ undoes: runId, ...undone }));
        else {
          for (const { sync, message, isDone } of undone.syncs) {
            const head = isDone ? terminal.style('green', 'ok') : terminal.style('red', 'failed');
            terminal.out(`${head}  undo  ${sync}: ${message}`);
          }
          terminal.out(`run ${undone.runId} ${undone.status}`);
        }
        return undone.status === 'succeeded' ? exitCodes.success : exitCodes.failure;
      }),
    );
};
