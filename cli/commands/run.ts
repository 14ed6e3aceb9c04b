import type { Command } from 'commander';
import type { ResourceType } from '../../engine/declare/graph.ts';
import type { WorkScope } from '../../engine/plan/work.ts';
import { systemClock } from '../../engine/words/clock.ts';
import {
  type CommandContext,
  type ExitCode,
  exitCodes,
  type Host,
  type RegisterCommand,
} from '../host.ts';
import { createRunPrinter } from '../run-printer.ts';
import { everyKind, type RunOptions, runProject } from '../work.ts';
import { type ScopeFlags, scopeFlags, toScope } from './scope-flags.ts';
import { type TimeFlags, timeFlags, toTimes } from './time-flags.ts';

/** A command that executes the steps of some kinds. */
function registerWork(
  program: Command,
  host: Host,
  about: {
    readonly name: string;
    readonly description: string;
    readonly example: string;
    readonly kinds: WorkScope['kinds'];
    /** Nodes of one type alone. */
    readonly type?: ResourceType;
  },
): void {
  const command = program
    .command(about.name)
    .description(about.description)
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', `\nExample:\n  ${about.example}`);
  if (about.kinds.has('check')) {
    command.option('--store-failures', 'keep the failing rows of tests in tables');
  }
  if (about.kinds.has('materialize')) timeFlags(command);
  scopeFlags(command).action(
    host.action(async (context, flags: ScopeFlags & TimeFlags & { json?: boolean }) => {
      return executeWork(context, flags.json ?? false, {
        ...toScope(flags),
        ...(about.type ? { resourceTypes: [about.type] } : {}),
        ...(await toTimes(flags, systemClock.now())),
        kinds: about.kinds,
        projectFlags: keptFlags(program.opts()),
      });
    }),
  );
}

const keptNames = ['vars', 'warehouse', 'target', 'profile', 'profilesDir', 'targetPath'];

/** Flags about the project that a retry of the run must have too. */
function keptFlags(flags: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    keptNames.flatMap((name) => {
      const value = flags[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

/** Runs what the options ask for and tells how it went. */
export async function executeWork(
  context: CommandContext,
  isJson: boolean,
  options: RunOptions,
): Promise<ExitCode> {
  const { terminal, signal, commandLine, isQuiet } = context;
  const kinds = options.kinds ?? everyKind;
  const needsConnections = kinds.has('extract') || kinds.has('sync');
  const opened = await context.openProject({ needsConnections });
  const printer = createRunPrinter(terminal, opened);
  const warn = (message: string): void => {
    if (!isQuiet) terminal.note(`warning: ${message}`);
  };
  const result = await runProject(opened, {
    ...options,
    signal,
    command: commandLine,
    onPlan: (plan) => {
      printer.onPlan(plan);
      for (const warning of plan.warnings) warn(warning);
      for (const fault of plan.faults) terminal.note(terminal.style('red', fault.message));
    },
    onWarning: warn,
    ...(isJson
      ? {}
      : {
          onStart: printer.onStart,
          onProgress: printer.onProgress,
          onEnd: (step, ended) => {
            if (!isQuiet || ended.status === 'failed') printer.onEnd(step, ended);
          },
        }),
  });
  if (isJson) terminal.out(JSON.stringify(result));
  else if (!isQuiet || result.status !== 'succeeded') printer.finish(result);
  return result.status === 'succeeded' ? exitCodes.success : exitCodes.failure;
}

/** `run`: extract, build, test, sync. */
export const registerRun: RegisterCommand = (program, host) => {
  registerWork(program, host, {
    name: 'run',
    description: 'extract what is new, build and test what it changes, sync what differs',
    example: 'tidemill run --select "source:hubspot+"',
    kinds: everyKind,
  });
};

export const registerExtract: RegisterCommand = (program, host) => {
  registerWork(program, host, {
    name: 'extract',
    description: 'read the CRMs and land what is new',
    example: 'tidemill extract --select "source:salesforce"',
    kinds: new Set(['extract']),
  });
};

export const registerBuild: RegisterCommand = (program, host) => {
  registerWork(program, host, {
    name: 'build',
    description: 'build and test the models whose inputs or text changed',
    example:
      'tidemill build --select account_360+\n' +
      '  tidemill build --select state:modified+ --defer --state prod-artifacts',
    kinds: new Set(['materialize', 'history', 'check']),
  });
};

export const registerTest: RegisterCommand = (program, host) => {
  registerWork(program, host, {
    name: 'test',
    description: 'run the tests on what stands',
    example: 'tidemill test --select contact',
    kinds: new Set(['check']),
  });
};

/** `seed`: dbt's name of a build of the seeds alone. */
export const registerSeed: RegisterCommand = (program, host) => {
  registerWork(program, host, {
    name: 'seed',
    description: 'load the seeds whose files changed: `build --resource-type seed`',
    example: 'tidemill seed --select countries',
    kinds: new Set(['materialize']),
    type: 'seed',
  });
};

/** `snapshot`: dbt's name of a build of the snapshots alone. */
export const registerSnapshot: RegisterCommand = (program, host) => {
  registerWork(program, host, {
    name: 'snapshot',
    description: 'take the snapshots: `build --resource-type snapshot`',
    example: 'tidemill snapshot --select prices_over_time',
    kinds: new Set(['materialize']),
    type: 'snapshot',
  });
};

export const registerSync: RegisterCommand = (program, host) => {
  registerWork(program, host, {
    name: 'sync',
    description: 'send the CRMs what differs from the models as they stand',
    example: 'tidemill sync --select contact_health',
    kinds: new Set(['sync']),
  });
};
