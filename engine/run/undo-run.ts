import { prepareSync } from '../plan/prepare-sync.ts';
import type { SyncNode } from '../plan/sync-nodes.ts';
import type { Work } from '../plan/work.ts';
import { type Ledger, openLedger, type Push } from '../state/ledger.ts';
import { createRunStore } from '../state/runs.ts';
import type { StateDb } from '../state/state-db.ts';
import { judgeUndo, type UndoResult, type UndoRow, undoRun } from '../steps/undo.ts';
import type { Clock } from '../words/clock.ts';
import { messageOf, TerminalError } from '../words/errors.ts';
import { plural } from '../words/plural.ts';
import { copyRunLog } from './record-run.ts';

export interface UndoRunRequest {
  readonly work: Work;
  readonly state: StateDb;
  readonly clock: Clock;
  /** The run whose changes are to be taken back. */
  readonly undoes: string;
}

/** What would become of the records one run wrote through one sync. */
export interface UndoPlan {
  readonly sync: string;
  /** `connection.object`. */
  readonly target: string;
  /** Records whose fields get back the values of before. */
  readonly restored: number;
  /** Records the run created, which are archived. */
  readonly archived: number;
  /** Records of which something was edited since, or which are gone: that is left alone. */
  readonly editedSince: number;
  /** Records the run archived: only a person can bring them back, in the CRM's own bin. */
  readonly notRestorable: number;
  /** Records of which nobody knows yet whether the run's change was applied. */
  readonly inDoubt: number;
  readonly rows: readonly UndoRow[];
}

const pushPageMax = 1_000;

function listPushes(ledger: Ledger, runId: string): Push[] {
  const pushes: Push[] = [];
  for (;;) {
    const page = ledger.pushesOf(runId, pushes.at(-1)?.seq ?? 0, pushPageMax);
    if (page.length === 0) return pushes;
    pushes.push(...page);
  }
}

/** Syncs the run wrote through, the last one first: children before what they belong to. */
function syncsOf(pushes: readonly Push[]): string[] {
  return [...new Set(pushes.map(({ sync }) => sync))].reverse();
}

async function prepare({ work, undoes }: UndoRunRequest, ledger: Ledger, sync: string) {
  const node: SyncNode | undefined = work.syncs.find((one) => one.declaration.name === sync);
  const prepared = node && (await prepareSync(work.request, node));
  if (!prepared) {
    throw new TerminalError(`run ${undoes} wrote through the sync ${sync}, which is not usable`, {
      code: 'undo-sync-missing',
      hint: 'Put the sync, its model and its stream back into the project until it is undone.',
      sync,
      runId: undoes,
    });
  }
  const { warehouse, signal, log } = work.request;
  return { warehouse, ledger, ...prepared, signal, log, undoes };
}

function nothingToUndo({ state, clock, undoes }: UndoRunRequest): TerminalError {
  const isKnown = createRunStore(state, clock).findRun(undoes) !== undefined;
  const message = isKnown ? `run ${undoes} wrote nothing to a CRM` : `there is no run ${undoes}`;
  return new TerminalError(message, {
    code: isKnown ? 'nothing-to-undo' : 'unknown-run',
    hint: '`tidemill runs` lists those that are kept: see keep_runs in pipelines.yaml.',
    runId: undoes,
  });
}

/**
 * What an undo would do. Reads the ledger and the CRMs, writes to neither. The caller holds the
 * lock.
 *
 * @throws TerminalError `unknown-run`, `nothing-to-undo`, `undo-sync-missing`.
 */
export async function planUndo(request: UndoRunRequest): Promise<readonly UndoPlan[]> {
  const ledger = openLedger(request.state, request.clock);
  const pushes = listPushes(ledger, request.undoes);
  if (pushes.length === 0) throw nothingToUndo(request);
  const plans: UndoPlan[] = [];
  for (const sync of syncsOf(pushes)) {
    const rows = await judgeUndo(await prepare(request, ledger, sync));
    const own = pushes.filter((push) => push.sync === sync);
    const keys = (action: UndoRow['action']): number =>
      new Set(rows.filter((row) => row.action === action).map(({ push }) => push.key)).size;
    const [first] = own;
    plans.push({
      sync,
      target: `${first?.connection}.${first?.object}`,
      restored: keys('update'),
      archived: keys('archive'),
      editedSince: keys('edited'),
      notRestorable: keys('not_restorable'),
      inDoubt: own.filter(({ status }) => status === 'in_doubt').length,
      rows,
    });
  }
  return plans;
}

export interface UndoneRun {
  readonly runId: string;
  readonly status: 'succeeded' | 'failed' | 'stopped';
  readonly syncs: readonly {
    readonly sync: string;
    readonly message: string;
    readonly isDone: boolean;
  }[];
}

function describeResult({ tally, editedSince, notRestorable }: UndoResult): string {
  const counts = Object.entries(tally).filter(([, count]) => count > 0);
  const parts = [
    ...counts.map(([name, count]) => `${count.toLocaleString('en-US')} ${name.replace('_', ' ')}`),
    ...(editedSince > 0 ? [`${plural(editedSince, 'record')} edited since, left alone`] : []),
    ...(notRestorable > 0 ? [`${plural(notRestorable, 'archived record')} left archived`] : []),
  ];
  return parts.join(', ') || 'nothing left to take back';
}

/**
 * Takes back what a run wrote, sync by sync; on record as a run of its own, with a step a sync. A
 * sync that cannot be undone does not keep the others from it. The caller holds the lock.
 *
 * @throws TerminalError as `planUndo`, before anything is written.
 */
export async function executeUndo(
  request: UndoRunRequest & { readonly command: string },
): Promise<UndoneRun> {
  const { work, state, clock, command, undoes } = request;
  const { signal, warehouse, log, boundaryMs } = work.request;
  const ledger = openLedger(state, clock);
  const pushes = listPushes(ledger, undoes);
  const runs = createRunStore(state, clock);
  if (pushes.length === 0) throw nothingToUndo(request);
  const prepared = [];
  for (const sync of syncsOf(pushes)) {
    prepared.push({ sync, ...(await prepare(request, ledger, sync)) });
  }
  const runId = runs.startRun({ command, boundaryMs });
  const syncs: UndoneRun['syncs'][number][] = [];
  for (const { sync, ...one } of prepared) {
    if (signal.aborted) break;
    const step = { step: `undo.${sync}`, kind: 'sync', name: `undo.${sync}` };
    runs.startStep(runId, step);
    try {
      const result = await undoRun({ ...one, clock, runId });
      const { tally } = result;
      const message = describeResult(result);
      const isDone = tally.rejected === 0 && tally.in_doubt === 0 && tally.deferred === 0;
      const counts = { ...tally, editedSince: result.editedSince };
      runs.finishStep(runId, step, { status: 'succeeded', reason: message, counts });
      syncs.push({ sync, message, isDone });
    } catch (error) {
      const isNothing = error instanceof TerminalError && error.code === 'nothing-to-undo';
      const message = isNothing ? 'nothing left to take back' : messageOf(error);
      if (isNothing) runs.finishStep(runId, step, { status: 'succeeded', reason: message });
      else runs.finishStep(runId, step, { status: 'failed', reason: message, error });
      syncs.push({ sync, message, isDone: isNothing });
    }
  }
  const status = signal.aborted
    ? 'stopped'
    : syncs.every((one) => one.isDone)
      ? 'succeeded'
      : 'failed';
  runs.finishRun(runId, { status, counts: { syncs: syncs.length } });
  await copyRunLog(warehouse, runs, log);
  await warehouse.checkpoint();
  return { runId, status, syncs };
}
