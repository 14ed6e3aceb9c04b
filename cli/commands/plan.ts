import { explainPlan } from '../../engine/plan/explain-plan.ts';
import { formatOwner, waitForLock } from '../../engine/state/lock.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { planProject } from '../work.ts';
import { type ScopeFlags, scopeFlags, toScope } from './scope-flags.ts';
import { type TimeFlags, timeFlags, toTimes } from './time-flags.ts';

const waitMaxMs = 10 * 60 * 1_000;

/** `plan`: what a run would do, before anything happens. */
export const registerPlan: RegisterCommand = (program, host) => {
  const command = program
    .command('plan')
    .description('what `run` would do and why, without doing it')
    .option('--json', 'print the plan as one JSON object')
    .addHelpText('after', '\nExample:\n  tidemill plan --select "+account_360"');
  scopeFlags(timeFlags(command)).action(
    host.action(async (context, flags: ScopeFlags & TimeFlags & { json?: boolean }) => {
      const { terminal, signal } = context;
      const opened = await context.openProject();
      using _lock = await waitForLock({
        folder: opened.stateFolder,
        command: context.commandLine,
        clock: opened.clock,
        signal,
        waitMaxMs,
        onWait: (owner) => terminal.note(`waiting for ${formatOwner(owner)}`),
      });
      const times = await toTimes(flags, opened.clock.now());
      const plan = await planProject(opened, { ...toScope(flags), ...times, signal });
      terminal.out(flags.json ? JSON.stringify(plan) : explainPlan(plan));
      const hasFault = plan.faults.length > 0 || plan.steps.some(({ fault }) => fault);
      return hasFault ? exitCodes.failure : exitCodes.success;
    }),
  );
};
