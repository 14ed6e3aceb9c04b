import { randomUUID } from 'node:crypto';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { lockForCommand } from '../lock-project.ts';

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
        const { runOperation } = await import('../../engine/run/run-operation.ts');
        const { readOutline, requireModels } = await import('../outline.ts');
        const args = parseVars(flags.args, '--args');
        const opened = await context.openProject({ needsConnections: false });
        const models = requireModels(await readOutline(opened));
        using _lock = await lockForCommand(context, opened);
        await using warehouse = await opened.openWarehouse();
        await runOperation(models, {
          ...{ macro, args, warehouse, invocationId: randomUUID() },
          boundaryMs: opened.clock.now(),
        });
        await warehouse.checkpoint();
        if (flags.json) terminal.out(JSON.stringify({ macro, status: 'succeeded' }));
        else terminal.note(`${macro} ran`);
        return exitCodes.success;
      }),
    );
};
