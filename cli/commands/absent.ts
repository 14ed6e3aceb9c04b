import type { Command } from 'commander';
import { TerminalError } from '../../engine/words/errors.ts';
import type { Host, RegisterCommand } from '../host.ts';

interface Absent {
  readonly name: string;
  readonly what: string;
  readonly instead: string;
}

/** Commands of dbt that are not here. */
const absent = {
  debug: {
    name: 'debug',
    what: 'there is no command for the profile alone',
    instead:
      '`tidemill parse` reads the project and its profile, `tidemill query "select 1"` opens the ' +
      'warehouse, `tidemill check` signs in to connections',
  },
  deps: {
    name: 'deps',
    what: 'packages are not downloaded',
    instead:
      '`dbt deps` puts them into dbt_packages/, where they are read; a local path in packages.yml ' +
      'needs nothing',
  },
} as const satisfies Readonly<Record<string, Absent>>;

function registerAbsent({ name, what, instead }: Absent): RegisterCommand {
  return (program, host) => addAbsent(program, host, { name, what, instead });
}

/** A command that says what to do instead, whatever it is given. */
export function addAbsent(parent: Command, host: Host, { name, what, instead }: Absent): void {
  parent
    .command(name, { hidden: true })
    .description(`not here: ${what}`)
    .addHelpText('after', `\nExample:\n  tidemill ${name}: ${instead}`)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(
      host.action(() => {
        throw new TerminalError(`\`${name}\` is not here: ${what}`, {
          code: 'command-absent',
          hint: instead,
        });
      }),
    );
}

export const registerDebug = registerAbsent(absent.debug);
export const registerDeps = registerAbsent(absent.deps);
