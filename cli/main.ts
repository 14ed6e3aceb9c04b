#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { loadCommands } from './commands/index.ts';
import { addDbtFlags, applyDbtDefaults, moveDbtFlags } from './dbt-flags.ts';
import { createHost, exitCodes } from './host.ts';
import { packageFile } from './package-root.ts';
import { addProjectFlags } from './project-flags.ts';

function readVersion(): string {
  const text = readFileSync(packageFile('package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Runs the command line; resolves when the command has ended and its exit code is set. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('tidemill')
    .description('CRM objects into the warehouse, SQL models with history, changes back out.')
    .version(readVersion())
    .showHelpAfterError('(tidemill --help shows what there is)')
    .showSuggestionAfterError()
    .exitOverride();
  addProjectFlags(program);
  addDbtFlags(program, (text) => process.stderr.write(`${text}\n`));
  program.hook('preAction', (_, command) => {
    moveDbtFlags(program, command);
    return applyDbtDefaults(program, command, process.env);
  });
  const host = createHost(program, {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    argv,
  });
  for (const register of await loadCommands(argv.slice(2))) register(program, host);
  for (const command of program.commands) {
    command.showHelpAfterError(`(tidemill ${command.name()} --help shows what it takes)`);
  }
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end here too, with exit code 0.
    process.exitCode = error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
  }
}

await main(process.argv);
// All is closed by now: to give memory back piece by piece takes as long as a small command.
if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit();
