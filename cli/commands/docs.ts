import { join } from 'node:path';
import { formatFaults } from '../../engine/declare/model-fault.ts';
import { plural } from '../../engine/words/plural.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { readOutline, withReadableWarehouse } from '../outline.ts';
import { addAbsent } from './absent.ts';
import { startMoment } from './artifact-moment.ts';
import { type ScopeFlags, selectFlags } from './scope-flags.ts';

interface DocsFlags extends ScopeFlags {
  readonly compile: boolean;
  readonly json?: boolean;
}

/** `docs generate`: the project and what stands of it, for tools that show or check them. */
export const registerDocs: RegisterCommand = (program, host) => {
  const docs = program
    .command('docs')
    .description('about documentation: generate')
    .addHelpText('after', '\nExample:\n  tidemill docs generate');
  addAbsent(docs, host, {
    name: 'serve',
    what: 'there is no site',
    instead: 'tools that read catalog.json and manifest.json show what `docs generate` writes',
  });
  const generate = docs
    .command('generate')
    .description('write target/manifest.json and target/catalog.json')
    .option('--no-compile', 'leave the SQL of the models out')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  tidemill docs generate');
  selectFlags(generate).action(
    host.action(async (context, flags: DocsFlags) => {
      const { terminal } = context;
      const { buildCatalog } = await import('../../engine/artifacts/catalog.ts');
      const { writeArtifact } = await import('../../engine/artifacts/write-artifact.ts');
      const { writeManifest } = await import('../../engine/artifacts/write-manifest.ts');
      const { compileProject } = await import('../../engine/plan/compile-project.ts');
      const opened = await context.openProject({ needsConnections: false });
      const moment = startMoment(opened);
      const { models, ids, warnings } = await readOutline(opened, flags);
      for (const warning of warnings) terminal.note(`warning: ${warning}`);
      if (!models) return exitCodes.success;
      const { catalog, compiled, faults } = await withReadableWarehouse(
        context,
        opened,
        async (warehouse) => {
          const { boundaryMs, invocationId } = boundaryOf(moment());
          const result = flags.compile
            ? await compileProject({
                project: models,
                ids,
                session: warehouse,
                boundaryMs,
                invocationId,
              })
            : { compiled: [], faults: [] };
          const { dialect } = warehouse;
          const about = { project: models, ids, session: warehouse, dialect, moment: moment() };
          return { ...result, catalog: await buildCatalog(about) };
        },
      );
      for (const line of formatFaults([...models.faults, ...faults])) terminal.note(line);
      const sqlById = new Map(compiled.map(({ node, sql }) => [node.id, sql]));
      await writeManifest({ project: models, moment: moment(), compiled: sqlById });
      await writeArtifact(models, 'catalog', catalog);
      const counts = {
        nodes: Object.keys(catalog.nodes).length,
        sources: Object.keys(catalog.sources).length,
      };
      const fileOf = (name: string): string => join(models.targetPath, `${name}.json`);
      const told = `${plural(counts.nodes, 'table')} and ${plural(counts.sources, 'source')}`;
      if (flags.json) terminal.out(JSON.stringify(counts));
      else terminal.out(`wrote ${fileOf('manifest')}, and ${fileOf('catalog')} with ${told}`);
      const isBroken = [...models.faults, ...faults].some(({ severity }) => severity === 'error');
      return isBroken ? exitCodes.failure : exitCodes.success;
    }),
  );
};

function boundaryOf(moment: { readonly startedAtMs: number; readonly invocationId: string }) {
  return { boundaryMs: moment.startedAtMs, invocationId: moment.invocationId };
}
