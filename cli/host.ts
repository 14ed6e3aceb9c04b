import type { Command } from 'commander';
import {
  BudgetExhausted,
  messageOf,
  TerminalError,
  TransientError,
} from '../engine/words/errors.ts';
import { shownArguments } from '../engine/words/secret-name.ts';
import type { OpenedProject, OpenProjectOptions } from './assemble-project.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import { createTerminalLog } from './terminal-log.ts';

/** What the process ends with: success, a failure of the work, a wrong use of the command line. */
export const exitCodes = { success: 0, failure: 1, usage: 2 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What every command gets: where to write, and the stop signal. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Aborts on the first SIGINT or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Opens the project of `--project-dir` and masks its secrets from then on. */
  openProject(options?: { needsConnections?: boolean }): Promise<OpenedProject>;
  readonly folder: string;
  /** Only results and faults are wanted. */
  readonly isQuiet: boolean;
  /** The command as typed, for the lock and the run's record. */
  readonly commandLine: string;
}

export interface Host {
  /** Makes a function that commander can call: runs the work, sets the exit code, prints errors. */
  action<Args extends unknown[]>(
    work: (context: CommandContext, ...args: Args) => Promise<ExitCode>,
  ): (...args: Args) => Promise<void>;
}

/** A command adds itself to the program. */
export type RegisterCommand = (program: Command, host: Host) => void;

export interface HostStreams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly argv: readonly string[];
}

/** What went wrong and what to do next, as people read it. */
export function formatError(error: unknown): string {
  if (
    error instanceof TerminalError ||
    error instanceof TransientError ||
    error instanceof BudgetExhausted
  ) {
    const hint = 'hint' in error && error.hint ? `\n  ${error.hint}` : '';
    return `${error.message}${hint}`;
  }
  const detail = error instanceof Error && error.stack ? error.stack : messageOf(error);
  return `an unexpected fault of tidemill itself: ${detail}\n  please report it with these lines`;
}

/**
 * Ends the process without waiting for anything. `process.exit` would wait for a statement that the
 * warehouse's own threads are working on; a kill is what every commit is made for.
 */
export function endAtOnce(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Connectors are loaded where a project may have connections. */
async function openFolder(options: OpenProjectOptions): Promise<OpenedProject> {
  const { assembleProject, isWithoutConnections } = await import('./assemble-project.ts');
  if (isWithoutConnections(options.folder ?? '.')) {
    return assembleProject(options, { extractors: {}, destinations: {} });
  }
  const { openProject } = await import('./open-project.ts');
  return openProject(options);
}

function stopOnSignals(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) endAtOnce();
    controller.abort(new TerminalError(`stopped by ${name}`, { code: 'stopped' }));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}

export function createHost(program: Command, streams: HostStreams): Host {
  return {
    action:
      (work) =>
      async (...args) => {
        const secrets: string[] = [];
        const terminal = createTerminal({ ...streams, secrets });
        const { signal, release } = stopOnSignals();
        const folder = String(program.opts()['projectDir'] ?? '.');
        let project: OpenedProject | undefined;
        const context: CommandContext = {
          terminal,
          signal,
          env: streams.env,
          folder,
          isQuiet: program.opts()['quiet'] === true,
          commandLine: ['tidemill', ...shownArguments(streams.argv.slice(2))].join(' '),
          openProject: async (options = {}) => {
            const { readProjectFlags } = await import('./project-flags.ts');
            const flags = await readProjectFlags(program.opts());
            const log = createTerminalLog(terminal);
            project ??= await openFolder({ ...flags, env: streams.env, log, ...options });
            secrets.push(...project.project.secrets);
            return project;
          },
        };
        try {
          process.exitCode = await work(context, ...args);
        } catch (error) {
          terminal.note(terminal.style('red', `error: ${formatError(error)}`));
          process.exitCode = exitCodes.failure;
        } finally {
          project?.[Symbol.dispose]();
          release();
        }
      },
  };
}
