import type { UndoneRun, UndoPlan } from '../engine/run/undo-run.ts';
import type { Step } from '../engine/words/step.ts';
import { lockProject } from './lock-project.ts';
import type { OpenedProject } from './open-project.ts';
import { gatherProject } from './work.ts';

export interface UndoOptions {
  readonly signal?: AbortSignal;
  /** As typed, for the lock and the run's record. */
  readonly command?: string;
  /** How long to wait for whoever holds the lock; default 2 s. */
  readonly waitMaxMs?: number;
  /** Who is waited for, as people read it. */
  onWait?(who: string): void;
}

const kinds: ReadonlySet<Step['kind']> = new Set(['sync']);

/**
 * What taking back a run's changes would do, as values: reads the CRMs, writes nothing.
 *
 * @throws TerminalError `unknown-run`, or `nothing-to-undo` where the run wrote to no CRM.
 */
export async function planUndoOf(
  opened: OpenedProject,
  runId: string,
  options: UndoOptions = {},
): Promise<readonly UndoPlan[]> {
  const { planUndo } = await import('../engine/run/undo-run.ts');
  const { state, clock } = opened;
  using _lock = await lockProject(opened, {
    ...options,
    command: options.command ?? 'tidemill undo',
  });
  await using warehouse = await opened.openWarehouse({ readOnly: true });
  const work = await gatherProject(opened, warehouse, { ...options, kinds });
  return await planUndo({ work, state, clock, undoes: runId });
}

/** Takes back what a run wrote to the CRMs; a run of its own, on record like any other. */
export async function undoRunOf(
  opened: OpenedProject,
  runId: string,
  options: UndoOptions = {},
): Promise<UndoneRun> {
  const { executeUndo } = await import('../engine/run/undo-run.ts');
  const { state, clock } = opened;
  const command = options.command ?? 'tidemill undo';
  using _lock = await lockProject(opened, { ...options, command });
  await using warehouse = await opened.openWarehouse();
  const work = await gatherProject(opened, warehouse, { ...options, kinds });
  return await executeUndo({ work, state, clock, undoes: runId, command });
}
