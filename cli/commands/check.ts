import { formatDuration } from '../../engine/words/duration.ts';
import { TransientError } from '../../engine/words/errors.ts';
import { exitCodes, formatError, type RegisterCommand } from '../host.ts';
import { wholeNumber } from './flags.ts';

interface CheckFlags {
  readonly streams?: boolean;
  readonly timeout: number;
}

const timeoutDefaultSeconds = 30;

/** Ends with the work, with its own signal, or when the time is up, whatever comes first. */
async function within<T>(
  seconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(seconds * 1_000);
  try {
    return await work(AbortSignal.any([signal, timeout]));
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error;
    throw new TransientError(`not signed in within ${seconds} s`, {
      code: 'timed-out',
      hint: 'check the address in pipelines.yaml and the network, or wait longer with --timeout',
      cause: error,
    });
  }
}

/** `check`: signs in to every connection and proves that it can be used. */
export const registerCheck: RegisterCommand = (program, host) => {
  program
    .command('check [connections...]')
    .description('sign in to every connection, or to the named ones')
    .option('--streams', 'list the streams each connection offers')
    .option(
      '--timeout <seconds>',
      'how long each connection is waited for',
      wholeNumber(1, 3_600),
      timeoutDefaultSeconds,
    )
    .addHelpText('after', '\nExample:\n  tidemill check salesforce --streams')
    .action(
      host.action(async (context, names: string[], flags: CheckFlags) => {
        const { terminal, signal } = context;
        const opened = await context.openProject();
        const wanted = names.length > 0 ? names : [...opened.project.connections.keys()];
        if (wanted.length === 0)
          terminal.note('no connections are declared: there is nothing to check');
        let failed = 0;
        for (const name of wanted) {
          const startedMs = opened.clock.now();
          terminal.progress(`signing in to ${name}`);
          try {
            const extractor = opened.extractor(name);
            await within(flags.timeout, signal, (end) => extractor.check(end));
            const took = formatDuration(opened.clock.now() - startedMs);
            terminal.out(`${terminal.style('green', 'ok')}      ${name} (${took})`);
            if (!flags.streams) continue;
            for (const stream of await extractor.discover(signal)) {
              const cursor = stream.cursorField ? `by ${stream.cursorField}` : 'read whole';
              terminal.out(`        ${stream.name}  ${stream.columns.length} columns, ${cursor}`);
            }
          } catch (error) {
            failed += 1;
            terminal.out(`${terminal.style('red', 'failed')}  ${name}: ${formatError(error)}`);
          }
        }
        return failed === 0 ? exitCodes.success : exitCodes.failure;
      }),
    );
};
