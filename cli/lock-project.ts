import type { LockName, ProcessLock } from '../engine/state/lock.ts';
import type { CommandContext } from './host.ts';
import type { OpenedProject } from './open-project.ts';

export interface LockOptions {
  /** Default `state`. */
  readonly name?: LockName;
  /** As typed, for whoever waits. */
  readonly command: string;
  /** Default: 2 s, which outlasts whoever only asks for the status. */
  readonly waitMaxMs?: number;
  readonly signal?: AbortSignal;
  /** Who is waited for, as people read it. */
  onWait?(who: string): void;
}

const waitMaxMsDefault = 2_000;

/** Takes the project for this process, waiting for whoever has it: see `waitForLock`. */
export async function lockProject(
  { stateFolder, clock }: Pick<OpenedProject, 'stateFolder' | 'clock'>,
  options: LockOptions,
): Promise<ProcessLock> {
  const { formatOwner, waitForLock } = await import('../engine/state/lock.ts');
  const { name, command, waitMaxMs = waitMaxMsDefault, signal } = options;
  return await waitForLock({
    folder: stateFolder,
    ...(name === undefined ? {} : { name }),
    command,
    clock,
    waitMaxMs,
    onWait: (owner) => options.onWait?.(formatOwner(owner)),
    ...(signal ? { signal } : {}),
  });
}

/** A command that somebody waits for in front of a terminal. */
const commandWaitMaxMs = 10 * 60 * 1_000;

/** The same for a command, which says on the terminal whom it waits for. */
export function lockForCommand(
  { terminal, signal, commandLine }: CommandContext,
  opened: OpenedProject,
  options: Partial<Pick<LockOptions, 'command' | 'waitMaxMs'>> = {},
): Promise<ProcessLock> {
  return lockProject(opened, {
    command: commandLine,
    waitMaxMs: commandWaitMaxMs,
    signal,
    onWait: (who) => terminal.note(`waiting for ${who}`),
    ...options,
  });
}
