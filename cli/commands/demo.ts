import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '../../engine/words/clock.ts';
import { formatDuration } from '../../engine/words/duration.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import { plural } from '../../engine/words/plural.ts';
import { findDeeds } from '../demo/people.ts';
import { queriesToTry, reportChanges } from '../demo/reports.ts';
import { type SandboxProcess, startSandboxProcess } from '../demo/sandbox-process.ts';
import { type CommandContext, type ExitCode, exitCodes, type RegisterCommand } from '../host.ts';
import { openProject } from '../open-project.ts';
import { createRunPrinter } from '../run-printer.ts';
import { runProject } from '../work.ts';
import { wholeNumber } from './flags.ts';

interface DemoFlags {
  readonly scale: number;
  readonly seed: number;
  readonly data?: string;
}

/** Time that passes between the two runs. */
const pauseMs = 2 * 3_600_000;
const warehouseName = 'warehouse.duckdb';

/** A demo starts from nothing; a warehouse that no demo made is nobody's to throw away. */
function clearLastDemo(folder: string): void {
  const marker = join(folder, '.tidemill', 'demo');
  const hasWarehouse = existsSync(join(folder, warehouseName));
  if (hasWarehouse && !existsSync(marker)) {
    throw new TerminalError(`${join(folder, warehouseName)} is there and no demo made it`, {
      code: 'demo-would-overwrite',
      hint: 'run the demo in another folder: mkdir demo && cd demo && tidemill init && tidemill demo',
    });
  }
  for (const name of readdirSync(folder)) {
    if (name.startsWith(warehouseName)) rmSync(join(folder, name), { recursive: true });
  }
  rmSync(join(folder, '.tidemill'), { recursive: true, force: true });
  mkdirSync(join(folder, '.tidemill'), { recursive: true });
  writeFileSync(marker, 'A demo made this folder and the warehouse beside it.\n');
}

async function runOnce(
  context: CommandContext,
  folder: string,
  sandboxes: SandboxProcess,
  clock: Clock,
) {
  const { terminal, signal } = context;
  const env = { ...context.env, ...sandboxes.env };
  using opened = openProject({ folder, env, clock });
  const printer = createRunPrinter(terminal, opened);
  const before = await sandboxes.countCalls();
  let boundary = '';
  const result = await runProject(opened, {
    signal,
    command: context.commandLine,
    onPlan: (plan) => {
      boundary = plan.boundary;
      printer.onPlan(plan);
      for (const fault of plan.faults) terminal.note(fault.message);
    },
    onStart: printer.onStart,
    onProgress: printer.onProgress,
    onEnd: printer.onEnd,
  });
  printer.finish(result);
  const after = await sandboxes.countCalls();
  const calls = (['salesforce', 'hubspot'] as const)
    .map((crm) => `${plural(after[crm] - before[crm], 'call')} to ${crm}`)
    .join(', ');
  terminal.out(`it cost ${calls}`);
  return { ...result, boundary, opened };
}

async function playDemo(context: CommandContext, flags: DemoFlags): Promise<ExitCode> {
  const { terminal } = context;
  const folder = resolve(context.folder);
  const startedMs = systemClock.now();
  const title = (text: string): void => terminal.out(`\n${terminal.style('bold', `— ${text}`)}`);
  // A large company takes minutes to invent: what is wrong with the folder is said before.
  openProject({ folder, env: context.env, needsConnections: false })[Symbol.dispose]();
  clearLastDemo(folder);

  title('Two CRM sandboxes start with a company in them');
  await using sandboxes = await startSandboxProcess(flags);
  for (const crm of ['salesforce', 'hubspot']) {
    const objects = Object.entries(sandboxes.loaded).filter(([name]) => name.startsWith(crm));
    const records = objects.reduce((sum, [, count]) => sum + count, 0);
    const names = objects.map(([name, count]) => `${count} ${name.slice(crm.length + 1)}`);
    terminal.out(`${crm}: ${plural(records, 'record')} (${names.join(', ')})`);
  }

  title('First run: everything is read, every model is built, the syncs fill the gaps');
  const first = await runOnce(context, folder, sandboxes, systemClock);
  if (context.signal.aborted) {
    terminal.out('the demo was asked to stop: what was built stays, the next one starts anew');
    return exitCodes.failure;
  }

  title('People work in the CRMs, and two hours pass');
  await sandboxes.advance(pauseMs);
  using opened = openProject({ folder, env: { ...context.env, ...sandboxes.env } });
  await tellDeeds(context, opened, sandboxes);

  title('Second run: only what changed');
  const later: Clock = { ...systemClock, now: () => systemClock.now() + pauseMs };
  const second = await runOnce(context, folder, sandboxes, later);
  {
    await using warehouse = await opened.openWarehouse({ readOnly: true });
    await reportChanges(terminal, warehouse, second.boundary, second.runId);
  }

  title(`Done in ${formatDuration(systemClock.now() - startedMs)}. Three queries to try:`);
  const isInstalled = !existsSync(join(folder, 'cli', 'main.ts'));
  const call = isInstalled ? 'npx tidemill' : 'npm run -s tidemill --';
  for (const query of queriesToTry) terminal.out(`${call} query "${query}"`);
  const isWell = first.status === 'succeeded' && second.status === 'succeeded';
  return isWell ? exitCodes.success : exitCodes.failure;
}

async function tellDeeds(
  { terminal }: CommandContext,
  opened: ReturnType<typeof openProject>,
  sandboxes: SandboxProcess,
): Promise<void> {
  await using warehouse = await opened.openWarehouse({ readOnly: true });
  for (const { story, crm, edit } of await findDeeds(warehouse)) {
    await sandboxes.edit(crm, edit);
    terminal.out(`${crm}: ${story}`);
  }
}

/** `demo`: the whole loop, twice, against two CRMs on this machine. */
export const registerDemo: RegisterCommand = (program, host) => {
  program
    .command('demo')
    .description('see the whole loop turn twice, against two CRMs on this machine')
    .option('--scale <contacts>', 'people the company knows', wholeNumber(1, 1_000_000), 1_500)
    .option('--seed <number>', 'another seed, another company', wholeNumber(0, 2 ** 31), 7)
    .option('--data <folder>', 'use these files instead of the invented company')
    .addHelpText('after', '\nExample:\n  tidemill demo --scale 10000')
    .action(host.action(playDemo));
};
