import { messageOf } from '../../engine/words/errors.ts';
import { withoutSecrets } from '../../engine/words/secret-name.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { lockForCommand } from '../lock-project.ts';
import { startMoment } from './artifact-moment.ts';

/** `run-operation`: one macro, which may write. */
export const registerOperation: RegisterCommand = (program, host) => {
  program
    .command('run-operation <macro>')
    .description('call a macro of the project or a package; what it runs is written')
    .option('--args <map>', 'its arguments, as YAML or JSON', '{}')
    .option('--json', 'print one JSON object')
    .addHelpText('after', `\nExample:\n  tidemill run-operation grant_all --args '{schema: marts}'`)
    .action(
      host.action(async (context, macro: string, flags: { args: string; json?: boolean }) => {
        const { terminal } = context;
        const { parseVars } = await import('../../engine/declare/project/dbt-project.ts');
        const { findOperation, runOperation } = await import('../../engine/run/run-operation.ts');
        const { buildOperationResults } = await import('../../engine/artifacts/run-results.ts');
        const artifacts = await import('../../engine/artifacts/run-artifacts.ts');
        const { readOutline, requireModels } = await import('../outline.ts');
        const args = parseVars(flags.args, '--args');
        const opened = await context.openProject({ needsConnections: false });
        const { clock, project } = opened;
        const models = requireModels(await readOutline(opened));
        const { id } = findOperation(models, macro);
        using _lock = await lockForCommand(context, opened);
        await using warehouse = await opened.openWarehouse();
        const moment = startMoment(opened);
        const { startedAtMs: startedMs, invocationId } = moment();
        const tell = async (message: string | null): Promise<void> => {
          const note = { isGood: message === null, message, startedMs, endedMs: clock.now() };
          const results = buildOperationResults(id, note, moment(), {
            ...{ which: 'run-operation', macro, args: withoutSecrets(args) },
            invocation_command: context.commandLine,
            vars: withoutSecrets(opened.vars),
            ...{ project_dir: project.folder, target: project.target?.name ?? null },
          });
          await artifacts.writeOperationArtifacts(models, results, moment());
        };
        try {
          await runOperation(models, {
            macro,
            args,
            warehouse,
            invocationId,
            boundaryMs: startedMs,
          });
        } catch (error) {
          await tell(messageOf(error));
          throw error;
        }
        await tell(null);
        await warehouse.checkpoint();
        if (flags.json) terminal.out(JSON.stringify({ macro, status: 'succeeded' }));
        else terminal.note(`${macro} ran`);
        return exitCodes.success;
      }),
    );
};
