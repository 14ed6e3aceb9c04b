import { explainPlan } from '../../engine/plan/explain-plan.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { lockForCommand } from '../lock-project.ts';
import { planProject } from '../work.ts';
import { wholeNumber } from './flags.ts';
import { type ScopeFlags, scopeFlags, toScope } from './scope-flags.ts';
import { type TimeFlags, timeFlags, toTimes } from './time-flags.ts';

interface PlanFlags extends ScopeFlags, TimeFlags {
  readonly json?: boolean;
  readonly rows: number;
}

/** `plan`: what a run would do, before anything happens. */
export const registerPlan: RegisterCommand = (program, host) => {
  const command = program
    .command('plan')
    .description('what `run` would do and why, without doing it')
    .option('--json', 'print the plan as one JSON object')
    .option(
      '--rows <number>',
      'show fields that syncs would change, so many of each: before and after',
      wholeNumber(0, 1_000_000),
      0,
    )
    .addHelpText(
      'after',
      '\nExample:\n  tidemill plan --select "+account_360"\n  tidemill plan --select sync:contact_health --rows 20',
    );
  scopeFlags(timeFlags(command)).action(
    host.action(async (context, flags: PlanFlags) => {
      const { terminal, signal } = context;
      const opened = await context.openProject();
      using _lock = await lockForCommand(context, opened);
      const times = await toTimes(flags, opened.clock.now());
      const plan = await planProject(opened, {
        ...toScope(flags),
        ...times,
        previewRows: flags.rows,
        signal,
      });
      terminal.out(flags.json ? JSON.stringify(plan) : explainPlan(plan));
      const hasFault = plan.faults.length > 0 || plan.steps.some(({ fault }) => fault);
      return hasFault ? exitCodes.failure : exitCodes.success;
    }),
  );
};
