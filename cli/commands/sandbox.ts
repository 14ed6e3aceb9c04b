import { plural } from '../../engine/words/plural.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { wholeNumber } from './flags.ts';

interface SandboxFlags {
  readonly data?: string;
  readonly port: number;
  readonly scale: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** `sandbox`: both CRMs on this machine, with a company in them, until they are stopped. */
export const registerSandbox: RegisterCommand = (program, host) => {
  program
    .command('sandbox')
    .description('serve a Salesforce and a HubSpot on this machine, with a company in them')
    .option('--data <folder>', 'load these files instead of the invented company')
    .option('--port <number>', 'Salesforce here, HubSpot on the next', wholeNumber(0, 65_534), 4010)
    .option('--scale <contacts>', 'people the company knows', wholeNumber(1, 1_000_000), 1_500)
    .option('--seed <number>', 'another seed, another company', wholeNumber(0, 2 ** 31), 7)
    .option('--json', 'print one line of JSON once they serve')
    .addHelpText('after', '\nExample:\n  tidemill sandbox --port 4010 --scale 10000')
    .action(
      host.action(async (context, flags: SandboxFlags) => {
        const { terminal, signal } = context;
        const { startSandboxes } = await import('../../sandbox/start-sandboxes.ts');
        const { data, port, scale, seed } = flags;
        await using sandboxes = await startSandboxes({
          port,
          contacts: scale,
          seed,
          ...(data === undefined ? {} : { data }),
        });
        const { env, loaded, salesforce, hubspot } = sandboxes;
        if (flags.json) terminal.out(JSON.stringify({ env, loaded }));
        else {
          const records = Object.values(loaded).reduce((sum, each) => sum + each, 0);
          terminal.out(`Salesforce  ${salesforce.url}`);
          terminal.out(`HubSpot     ${hubspot.url}`);
          terminal.out(
            `${plural(records, 'record')}. Put these lines into .env; stop with Ctrl-C.`,
          );
          for (const [name, value] of Object.entries(env)) terminal.out(`${name}=${value}`);
        }
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        return exitCodes.success;
      }),
    );
};
