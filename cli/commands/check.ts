import { formatDuration } from '../../engine/words/duration.ts';
import { exitCodes, formatError, type RegisterCommand } from '../host.ts';

/** `check`: signs in to every connection and proves that it can be used. */
export const registerCheck: RegisterCommand = (program, host) => {
  program
    .command('check [connections...]')
    .description('sign in to every connection, or to the named ones')
    .option('--streams', 'list the streams each connection offers')
    .addHelpText('after', '\nExample:\n  tidemill check salesforce --streams')
    .action(
      host.action(async (context, names: string[], flags: { streams?: boolean }) => {
        const { terminal, signal } = context;
        const opened = await context.openProject();
        const wanted = names.length > 0 ? names : [...opened.project.connections.keys()];
        let failed = 0;
        for (const name of wanted) {
          const startedMs = opened.clock.now();
          try {
            const extractor = opened.extractor(name);
            await extractor.check(signal);
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
