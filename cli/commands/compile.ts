import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ArtifactMoment } from '../../engine/artifacts/metadata.ts';
import { formatFault } from '../../engine/declare/model-fault.ts';
import type { ModelProject } from '../../engine/declare/model-project.ts';
import type { CompiledNode } from '../../engine/plan/compile-project.ts';
import { plural } from '../../engine/words/plural.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { deferOutline, readOutline, withWarehouseOnDemand } from '../outline.ts';
import { startMoment } from './artifact-moment.ts';
import { deferFlags, type ScopeFlags, selectFlags } from './scope-flags.ts';

interface CompileFlags extends ScopeFlags {
  readonly json?: boolean;
}

/** Thousands of files are read in a fraction of the time in which they are written. */
function writeWhereNew(path: string, text: string): void {
  try {
    if (readFileSync(path, 'utf8') === text) return;
  } catch {
    mkdirSync(dirname(path), { recursive: true });
  }
  writeFileSync(path, text);
}

async function writeCompiled(
  models: ModelProject,
  compiled: readonly CompiledNode[],
  moment: ArtifactMoment,
): Promise<void> {
  const { compiledPath } = await import('../../engine/artifacts/compiled-path.ts');
  const { writeManifest } = await import('../../engine/artifacts/write-manifest.ts');
  for (const one of compiled) {
    const path = join(models.root, compiledPath(models, one.node));
    writeWhereNew(path, one.sql);
  }
  const sqlById = new Map(compiled.map(({ node, sql }) => [node.id, sql]));
  await writeManifest({ project: models, moment, compiled: sqlById, hasFiles: true });
}

/** `compile`: templates to SQL, nothing built. */
export const registerCompile: RegisterCommand = (program, host) => {
  const command = program
    .command('compile')
    .description('render models and tests to SQL in target/compiled; prints a single one')
    .option('--full-refresh', 'render incremental models as built from nothing')
    .option('--json', 'print one JSON object a node')
    .addHelpText('after', '\nExample:\n  tidemill compile --select account_360');
  deferFlags(selectFlags(command)).action(
    host.action(async (context, flags: CompileFlags) => {
      const { terminal } = context;
      const { compileProject } = await import('../../engine/plan/compile-project.ts');
      const opened = await context.openProject({ needsConnections: false });
      const moment = startMoment(opened.clock);
      const outline = await readOutline(opened, flags);
      for (const warning of outline.warnings) terminal.note(`warning: ${warning}`);
      const { models, ids } = outline;
      if (!models) return exitCodes.success;
      const result = await withWarehouseOnDemand(context, opened, async (session) =>
        compileProject({
          deferred: await deferOutline(opened, session, flags, outline),
          project: models,
          ids,
          session,
          boundaryMs: moment().startedAtMs,
          invocationId: moment().invocationId,
          fullRefresh: flags.fullRefresh ?? false,
        }),
      );
      const { compiled } = result;
      await writeCompiled(models, compiled, moment());
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
