import { formatFaults } from '../../engine/declare/model-fault.ts';
import { plural } from '../../engine/words/plural.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { readOutline } from '../outline.ts';
import { startMoment } from './artifact-moment.ts';

/** `parse`: the models' files alone, and every fault in them. */
export const registerParse: RegisterCommand = (program, host) => {
  program
    .command('parse')
    .description('read every model and test, tell their faults, write target/manifest.json')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  tidemill parse')
    .action(
      host.action(async (context, flags: { json?: boolean }) => {
        const { terminal } = context;
        const { writeManifest } = await import('../../engine/artifacts/write-manifest.ts');
        const opened = await context.openProject({ needsConnections: false });
        const moment = startMoment(opened);
        const { models } = await readOutline(opened);
        const faults = models?.faults ?? [];
        for (const line of formatFaults(faults)) terminal.note(line);
        if (models) {
          await writeManifest({ project: models, moment: moment(), compiled: new Map() });
        }
        const nodes = models?.nodes.size ?? 0;
        const errors = faults.filter(({ severity }) => severity === 'error').length;
        if (flags.json) terminal.out(JSON.stringify({ nodes, errors }));
        else terminal.out(`${plural(nodes, 'node')} read, ${plural(errors, 'error')}`);
        return errors > 0 ? exitCodes.failure : exitCodes.success;
      }),
    );
};
