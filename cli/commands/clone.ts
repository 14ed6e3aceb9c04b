import { TerminalError } from '../../engine/words/errors.ts';
import { withoutSecrets } from '../../engine/words/secret-name.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { lockForCommand } from '../lock-project.ts';
import { readOutline, requireModels } from '../outline.ts';
import { startMoment } from './artifact-moment.ts';
import { type ScopeFlags, selectFlags, toTypes, typeFlags } from './scope-flags.ts';

const words = { success: 'ok', failed: 'failed', reused: 'left' } as const;
const wordWidth = 8;

/** `clone`: views of what another environment has, under the names they have here. */
export const registerClone: RegisterCommand = (program, host) => {
  const command = program
    .command('clone')
    .description('make each node a view of what the environment of --state has of it')
    .option('-f, --full-refresh', 'also in place of what stands here')
    .option('--json', 'print the results as one JSON object')
    .addHelpText('after', '\nExample:\n  tidemill clone --state prod-artifacts --select orders+');
  typeFlags(selectFlags(command)).action(
    host.action(async (context, flags: ScopeFlags & { json?: boolean }) => {
      const { terminal, commandLine, signal } = context;
      const { cloneNodes } = await import('../../engine/run/clone-nodes.ts');
      const { buildRunResults } = await import('../../engine/artifacts/run-results.ts');
      const artifacts = await import('../../engine/artifacts/run-artifacts.ts');
      if (flags.state === undefined) {
        throw new TerminalError('clone shows what another environment has', {
          code: 'state-unreadable',
          hint: 'name the folder of its manifest.json with --state',
        });
      }
      const opened = await context.openProject({ needsConnections: false });
      const { clock } = opened;
      const outline = await readOutline(opened, { ...flags, ...toTypes(flags) });
      const models = requireModels(outline);
      const { ids, state, warnings } = outline;
      for (const warning of warnings) terminal.note(`warning: ${warning}`);
      if (!state) return exitCodes.failure;
      const moment = startMoment(opened);
      using _lock = await lockForCommand(context, opened);
      await using warehouse = await opened.openWarehouse();
      const { fullRefresh = false } = flags;
      const request = { models, ids, state, warehouse, clock, fullRefresh, signal };
      const steps = await cloneNodes(request);
      await warehouse.checkpoint();
      const empty = new Map<never, never>();
      const results = buildRunResults({
        project: models,
        moment: moment(),
        steps,
        selected: new Set(ids),
        testRelations: empty,
        notes: { compiled: empty, gates: empty, batches: empty, operations: empty },
        args: {
          ...{ which: 'clone', full_refresh: fullRefresh, invocation_command: commandLine },
          vars: withoutSecrets(opened.vars),
        },
      });
      await artifacts.writeOperationArtifacts(models, results, moment());
      if (flags.json) terminal.out(JSON.stringify({ steps }));
      for (const { id, status, message } of flags.json ? [] : steps) {
        const word = words[status as keyof typeof words].padEnd(wordWidth);
        terminal.out(`${word}${id}: ${message}`);
      }
      const isBad = steps.some(({ status }) => status === 'failed');
      return isBad ? exitCodes.failure : exitCodes.success;
    }),
  );
};
