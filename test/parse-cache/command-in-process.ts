import { Writable } from 'node:stream';
import { Command } from 'commander';
import { loadCommands } from '../../cli/commands/index.ts';
import { createHost } from '../../cli/host.ts';
import { addProjectFlags } from '../../cli/project-flags.ts';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `tidemill COMMAND` in this process: a process for each of hundreds would take minutes. */
export async function runIn(
  folder: string,
  env: Readonly<Record<string, string>>,
  words: readonly string[],
): Promise<Ended> {
  const written = { out: '', err: '' };
  const into = (name: keyof typeof written): NodeJS.WriteStream =>
    new Writable({
      write: (chunk, _encoding, done) => {
        written[name] += String(chunk);
        done();
      },
    }) as NodeJS.WriteStream;
  const argv = ['node', 'tidemill', '--project-dir', folder, ...words];
  const program = addProjectFlags(new Command('tidemill')).exitOverride();
  const streams = {
    stdout: into('out'),
    stderr: into('err'),
    env: { ...env, NO_COLOR: '1' },
    argv,
  };
  const host = createHost(program, streams);
  for (const register of await loadCommands(words)) register(program, host);
  try {
    await program.parseAsync(argv);
    return { code: Number(process.exitCode ?? 0), ...written };
  } finally {
    process.exitCode = 0;
  }
}

export function compileIn(
  folder: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<Ended> {
  return runIn(folder, env, ['compile', ...args]);
}
