import { join } from 'node:path';
import { Option } from 'commander';
import type { ColumnGraph } from '../../engine/lineage/column-graph.ts';
import { type Direction, directions } from '../../engine/lineage/column-walk.ts';
import type { LineageView } from '../../engine/lineage/lineage-view.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import { plural } from '../../engine/words/plural.ts';
import { type CommandContext, exitCodes, type RegisterCommand } from '../host.ts';
import type { Terminal } from '../terminal.ts';

interface LineageFlags {
  readonly upstream?: boolean;
  readonly downstream?: boolean;
  readonly all?: boolean;
  readonly discover?: boolean;
  readonly json?: boolean;
  readonly mermaid?: boolean;
  readonly svg?: boolean;
}

async function readGraph(context: CommandContext, flags: LineageFlags): Promise<ColumnGraph> {
  const { withReadableWarehouse } = await import('../outline.ts');
  const { gatherProject } = await import('../work.ts');
  const { traceProject } = await import('../../engine/plan/project-lineage.ts');
  const { openLineageCache } = await import('../../engine/lineage/lineage-cache.ts');
  const asks = flags.discover ?? false;
  const opened = await context.openProject({ needsConnections: asks });
  return withReadableWarehouse(context, opened, async (warehouse) => {
    const kinds = new Set([...(asks ? ['extract' as const] : []), 'materialize', 'sync'] as const);
    const work = await gatherProject(opened, warehouse, { kinds, signal: context.signal });
    for (const fault of work.faults) context.terminal.note(`error: ${fault.message}`);
    const broken = work.nodeFaults.size;
    if (broken > 0) {
      const canAsk = !asks && opened.project.connections.size > 0;
      const hint = canAsk ? '; --discover asks the CRMs for what has not landed yet' : '';
      context.terminal.note(
        `${plural(broken, 'node')} read by text alone, not bound: \`tidemill plan\` says why${hint}`,
      );
    }
    return traceProject(work, openLineageCache(join(opened.stateFolder, 'lineage.json')));
  });
}

async function print(
  view: LineageView,
  graph: ColumnGraph,
  flags: LineageFlags,
  terminal: Terminal,
): Promise<string> {
  if (flags.json) {
    const { lineageJson } = await import('../lineage/lineage-json.ts');
    return JSON.stringify(lineageJson(view));
  }
  if (flags.mermaid) {
    const { lineageMermaid } = await import('../lineage/lineage-mermaid.ts');
    return lineageMermaid(view);
  }
  if (flags.svg) {
    const { lineageSvg } = await import('../lineage/lineage-svg.ts');
    return lineageSvg(view);
  }
  const { lineageText } = await import('../lineage/lineage-text.ts');
  const { spreadLabels } = await import('../../engine/lineage/labels.ts');
  return lineageText(
    {
      graph,
      labels: spreadLabels(graph),
      options: { withRows: flags.all ?? false },
      dim: (text) => terminal.style('dim', text),
      bold: (text) => terminal.style('bold', text),
    },
    view,
  );
}

/** `lineage`: what a column is made of, and what is made of it. */
export const registerLineage: RegisterCommand = (program, host) => {
  program
    .command('lineage')
    .description('what a column is made of, and what is made of it, from CRM field to CRM field')
    .argument('<node>', 'a model, source, stream or sync, or one of its columns: node.column')
    .option('--upstream', 'only what it follows from')
    .option('--downstream', 'only what follows from it')
    .option('--all', 'also what only chooses or orders rows')
    .option('--discover', 'ask the CRMs which fields they have')
    .addOption(new Option('--json', 'print one JSON object').conflicts(['mermaid', 'svg']))
    .addOption(new Option('--mermaid', 'print a Mermaid flowchart').conflicts(['svg']))
    .option('--svg', 'print a picture')
    .addHelpText(
      'after',
      '\nExample:\n  tidemill lineage account_360.open_amount\n  tidemill lineage salesforce.Contact.Email --downstream',
    )
    .action(
      host.action(async (context, text: string, flags: LineageFlags) => {
        const { findTarget } = await import('../../engine/lineage/find-column.ts');
        const { spreadLabels } = await import('../../engine/lineage/labels.ts');
        const { viewLineage } = await import('../../engine/lineage/lineage-view.ts');
        const graph = await readGraph(context, flags);
        const target = findTarget(graph, text);
        if ('complaint' in target) {
          throw new TerminalError(target.complaint, {
            code: 'lineage-unknown',
            hint: 'write name, schema.name, connection.Stream or sync.name, and .column behind it',
          });
        }
        const one: readonly Direction[] = directions.filter((direction) => flags[direction]);
        const view = viewLineage(graph, spreadLabels(graph), target, {
          withRows: flags.all ?? false,
          directions: one.length > 0 ? one : directions,
        });
        context.terminal.out(await print(view, graph, flags, context.terminal));
        return exitCodes.success;
      }),
    );
};
