import { Option } from 'commander';
import { type GraphNode, resourceTypes } from '../../engine/declare/graph.ts';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { readListing } from '../outline.ts';
import { type ScopeFlags, selectFlags } from './scope-flags.ts';

const outputs = ['selector', 'name', 'path', 'json'] as const;
type Output = (typeof outputs)[number];

interface LsFlags extends ScopeFlags {
  readonly output: Output;
  readonly json?: boolean;
  readonly resourceType?: readonly string[];
}

/** Chosen by the method of their kind, not by their name alone. */
const ownMethods: ReadonlySet<string> = new Set([
  'exposure',
  'semantic_model',
  'metric',
  'saved_query',
]);

/** The text that selects this one node. */
function selectorOf(node: GraphNode): string {
  const fqn = node.fqn.join('.');
  if (node.resourceType === 'source') {
    return `source:${[node.packageName, node.sourceName, node.name].join('.')}`;
  }
  if (node.resourceType === 'sync') return `sync:${node.name}`;
  return ownMethods.has(node.resourceType) ? `${node.resourceType}:${fqn}` : fqn;
}

function toLine(node: GraphNode, output: Output): string {
  switch (output) {
    case 'selector':
      return selectorOf(node);
    case 'name':
      return node.name;
    case 'path':
      return node.file;
    case 'json':
      return JSON.stringify({
        unique_id: node.id,
        name: node.name,
        resource_type: node.resourceType,
        package_name: node.packageName,
        original_file_path: node.file,
        fqn: node.fqn,
        tags: node.tags,
        config: node.config,
        depends_on: { nodes: node.dependsOn },
      });
  }
}

/** `ls`: what a selector chooses. */
export const registerLs: RegisterCommand = (program, host) => {
  const command = program
    .command('ls')
    .alias('list')
    .description('list models, tests, sources and syncs that a selector chooses')
    .addOption(
      new Option('--resource-type <type...>', 'only nodes of these types').choices(resourceTypes),
    )
    .addOption(
      new Option('--output <output>', 'what a line says of a node')
        .choices(outputs)
        .default('selector'),
    )
    .option('--json', 'the same as --output json')
    .addHelpText(
      'after',
      '\nExample:\n  tidemill ls --select "+account_360" --resource-type model\n' +
        '  tidemill ls --select state:modified --state prod-artifacts',
    );
  selectFlags(command).action(
    host.action(async (context, flags: LsFlags) => {
      const { terminal } = context;
      const opened = await context.openProject({ needsConnections: false });
      const { faults, graph, ids, warnings } = await readListing(opened, flags);
      for (const warning of warnings) terminal.note(`warning: ${warning}`);
      for (const fault of faults) {
        terminal.note(`${fault.severity}: ${formatFault(fault)}`);
      }
      const lines = ids.flatMap((id) => {
        const node = graph.nodes.get(id);
        if (!node || (flags.resourceType?.includes(node.resourceType) ?? true) === false) return [];
        return [toLine(node, flags.json ? 'json' : flags.output)];
      });
      if (lines.length > 0) terminal.out(lines.join('\n'));
      const isBroken = faults.some(({ severity }) => severity === 'error');
      return isBroken ? exitCodes.failure : exitCodes.success;
    }),
  );
};
