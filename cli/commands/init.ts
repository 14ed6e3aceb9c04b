import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TerminalError } from '../../engine/words/errors.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { packageFile } from '../package-root.ts';

const envExample = `# Copy to .env and fill in. \`tidemill sandbox\` prints these lines for its own two CRMs.
SALESFORCE_URL=https://your-domain.my.salesforce.com
SALESFORCE_CLIENT_ID=
SALESFORCE_CLIENT_SECRET=
HUBSPOT_URL=https://api.hubapi.com
HUBSPOT_TOKEN=
`;

const gitIgnore = '.env\n.tidemill/\nwarehouse.duckdb*\ntarget/\nbackups/\n';

/** Files of a new project: what is there already is left alone. */
function writeProject(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  const write = (name: string, text: string): void => {
    const path = join(folder, name);
    if (existsSync(path)) return;
    writeFileSync(path, text);
    written.push(name);
  };
  for (const name of ['pipelines.yaml', 'pipelines.schema.json']) {
    write(name, readFileSync(packageFile(name), 'utf8'));
  }
  write('.env.example', envExample);
  write('.gitignore', gitIgnore);
  if (!existsSync(join(folder, 'models'))) {
    cpSync(packageFile('models'), join(folder, 'models'), { recursive: true });
    written.push('models/');
  }
  return written;
}

/** `init`: the reference revenue project, to change. */
export const registerInit: RegisterCommand = (program, host) => {
  program
    .command('init')
    .description('write the reference project into this folder')
    .addHelpText('after', '\nExample:\n  mkdir revenue && cd revenue && tidemill init')
    .action(
      host.action(async ({ terminal, folder }) => {
        const target = resolve(folder);
        if (existsSync(join(target, 'pipelines.yaml'))) {
          throw new TerminalError(`${join(target, 'pipelines.yaml')} is there already`, {
            code: 'project-exists',
            hint: 'run `tidemill init` in an empty folder, or name one with --project-dir',
          });
        }
        const isEmpty = !existsSync(target) || readdirSync(target).length === 0;
        const written = writeProject(target);
        terminal.out(`wrote ${written.join(', ')}`);
        if (!isEmpty) terminal.note('files that were there already were left as they are');
        terminal.out(
          'next: `tidemill demo` to see it turn; or copy .env.example to .env, fill it in, and `tidemill check`',
        );
        return exitCodes.success;
      }),
    );
};
