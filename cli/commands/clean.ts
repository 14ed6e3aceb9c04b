import { existsSync, rmSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { readCleanTargets } from '../../engine/declare/project/dbt-project.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';

/** `clean`: what can be made again from the project's files. */
export const registerClean: RegisterCommand = (program, host) => {
  program
    .command('clean')
    .description('remove the folder of artifacts, or what clean-targets of dbt_project.yml names')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  tidemill clean')
    .action(
      host.action(async (context, flags: { json?: boolean }) => {
        const { terminal } = context;
        const { project } = await context.openProject({ needsConnections: false });
        const { targets, sources } = readCleanTargets(project);
        const removed: string[] = [];
        for (const target of targets) {
          const path = resolve(project.folder, target);
          const inside = relative(project.folder, path);
          const holds = sources.some((source) => !relative(path, source).startsWith('..'));
          if (inside === '' || inside.startsWith('..') || holds) {
            throw new TerminalError(`"${target}" is not removed`, {
              code: 'clean-refused',
              hint: 'clean-targets name folders inside the project that hold none of its files',
            });
          }
          if (!existsSync(path)) continue;
          rmSync(path, { recursive: true, force: true });
          removed.push(inside);
        }
        if (flags.json) terminal.out(JSON.stringify({ removed }));
        else terminal.out(removed.length > 0 ? `removed ${removed.join(', ')}` : 'nothing to do');
        return exitCodes.success;
      }),
    );
};
