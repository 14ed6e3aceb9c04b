import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatFault } from '../../engine/declare/model-fault.ts';
import type { CompiledNode } from '../../engine/plan/compile-project.ts';
import { plural } from '../../engine/words/plural.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import type { OpenedProject } from '../open-project.ts';
import { readOutline, withReadableWarehouse } from '../outline.ts';
import { type ScopeFlags, selectFlags } from './scope-flags.ts';

interface CompileFlags extends ScopeFlags {
  readonly json?: boolean;
}

/** Where dbt writes it too: below the package's name, under the file's own path. */
function compiledPath({ node }: CompiledNode): string {
  const own = node.resourceType === 'test' && node.testType === 'generic';
  const path = node.file.replace(/^dbt_packages\/[^/]+\//, '').replaceAll('../', '');
  const file = own || node.resourceType === 'snapshot' ? join(path, `${node.name}.sql`) : path;
  return join('target', 'compiled', node.packageName, file);
}

function writeCompiled(opened: OpenedProject, compiled: readonly CompiledNode[]): void {
  for (const one of compiled) {
    const path = join(opened.project.folder, compiledPath(one));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${one.sql.trim()}\n`);
  }
}

/** `compile`: templates to SQL, nothing built. */
export const registerCompile: RegisterCommand = (program, host) => {
  const command = program
    .command('compile')
    .description('render models and tests to SQL in target/compiled; prints a single one')
    .option('--full-refresh', 'render incremental models as built from nothing')
    .option('--json', 'print one JSON object a node')
    .addHelpText('after', '\nExample:\n  tidemill compile --select account_360');
  selectFlags(command).action(
    host.action(async (context, flags: CompileFlags) => {
      const { terminal } = context;
      const { compileProject } = await import('../../engine/plan/compile-project.ts');
      const opened = await context.openProject({ needsConnections: false });
      const outline = await readOutline(opened, flags);
      for (const warning of outline.warnings) terminal.note(`warning: ${warning}`);
      const { models, ids } = outline;
      if (!models) return exitCodes.success;
      const result = await withReadableWarehouse(context, opened, (session) =>
        compileProject({
          project: models,
          ids,
          session,
          boundaryMs: opened.clock.now(),
          invocationId: randomUUID(),
          fullRefresh: flags.fullRefresh ?? false,
        }),
      );
      const { compiled } = result;
      writeCompiled(opened, compiled);
      const faults = [...models.faults, ...result.faults];
      for (const fault of faults) terminal.note(`${fault.severity}: ${formatFault(fault)}`);
      const chosen = compiled.filter(({ node }) => node.resourceType !== 'test');
      const [only] = chosen;
      if (flags.json) {
        for (const { node, sql } of compiled) {
          terminal.out(JSON.stringify({ unique_id: node.id, name: node.name, compiled: sql }));
        }
      } else if (flags.select && only && chosen.length === 1) terminal.out(only.sql.trim());
      else terminal.out(`wrote ${plural(compiled.length, 'file')} to target/compiled`);
      const isBroken = faults.some(({ severity }) => severity === 'error');
      return isBroken ? exitCodes.failure : exitCodes.success;
    }),
  );
};
