import { Option } from 'commander';
import { asConfig } from '../../engine/declare/config.ts';
import type { GraphNode } from '../../engine/declare/graph.ts';
import { formatFaults } from '../../engine/declare/model-fault.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { readListing } from '../outline.ts';
import { type ScopeFlags, selectFlags, toTypes, typeFlags } from './scope-flags.ts';

const outputs = ['selector', 'name', 'path', 'json'] as const;
type Output = (typeof outputs)[number];

interface LsFlags extends ScopeFlags {
  /** dbt's older names of `select`. */
  readonly models?: readonly string[];
  readonly model?: readonly string[];
  readonly output: Output;
  readonly json?: boolean;
  readonly outputKeys?: readonly string[];
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
  if (node.resourceType === 'unit_test') return `unit_test:${node.packageName}.${node.name}`;
  return ownMethods.has(node.resourceType) ? `${node.resourceType}:${fqn}` : fqn;
}

function describeNode(node: GraphNode): Readonly<Record<string, unknown>> {
  return {
    unique_id: node.id,
    name: node.name,
    resource_type: node.resourceType,
    package_name: node.packageName,
    original_file_path: node.file,
    fqn: node.fqn,
    ...(node.sourceName === undefined ? {} : { source_name: node.sourceName }),
    alias: node.config['alias'] ?? node.name,
    tags: node.tags,
    config: node.config,
    depends_on: { nodes: node.dependsOn },
  };
}

/** By names, or paths into maps; what is not there is left out. */
function pickKeys(entry: Readonly<Record<string, unknown>>, keys?: readonly string[]): unknown {
  if (!keys) return entry;
  const wanted = keys.flatMap((key) => key.split(/[\s,]+/)).filter((key) => key !== '');
  const read = (path: string): unknown =>
    path.split('.').reduce<unknown>((value, key) => asConfig(value)[key], entry);
  return Object.fromEntries(wanted.map((key) => [key, read(key)]));
}

function toLine(node: GraphNode, output: Output, keys?: readonly string[]): string {
  switch (output) {
    case 'selector':
      return selectorOf(node);
    case 'name':
      return node.name;
    case 'path':
      return node.file;
    case 'json':
      return JSON.stringify(pickKeys(describeNode(node), keys));
  }
}

/** As in dbt, analyses are listed where they are asked for. */
function listedTypes(flags: LsFlags): ReturnType<typeof toTypes> {
  const types = toTypes(flags);
  const isAsked = flags.resourceType?.some((type) => type === 'all' || type === 'analysis');
  return isAsked
    ? types
    : { ...types, excludedTypes: [...(types.excludedTypes ?? []), 'analysis'] };
}

/** `ls`: what a selector chooses. */
export const registerLs: RegisterCommand = (program, host) => {
  const command = program
    .command('ls')
    .alias('list')
    .description('list models, tests, sources and syncs that a selector chooses')
    .addOption(
      new Option('--output <output>', 'what a line says of a node')
        .choices(outputs)
        .default('selector'),
    )
    .option('--output-keys <key...>', 'of the JSON, these keys alone: name, config.tags')
    .option('--json', 'the same as --output json')
    .addHelpText(
      'after',
      '\nExample:\n  tidemill ls --select "+account_360" --resource-type model\n' +
        '  tidemill ls --select state:modified --state prod-artifacts',
    );
  typeFlags(selectFlags(command)).action(
    host.action(async (context, flags: LsFlags) => {
      const { terminal } = context;
      const opened = await context.openProject({ needsConnections: false });
      const { faults, graph, ids, warnings } = await readListing(opened, {
        ...flags,
        // As in dbt, where `-m` is an older name of `--select` everywhere else.
        ...listedTypes(
          (flags.models ?? flags.model) ? { resourceType: ['model'], ...flags } : flags,
        ),
      });
      for (const warning of warnings) terminal.note(`warning: ${warning}`);
      for (const line of formatFaults(faults)) terminal.note(line);
      const lines = ids.flatMap((id) => {
        const node = graph.nodes.get(id);
        if (!node) return [];
        return [toLine(node, flags.json ? 'json' : flags.output, flags.outputKeys)];
      });
      if (lines.length > 0) terminal.out(lines.join('\n'));
      const isBroken = faults.some(({ severity }) => severity === 'error');
      return isBroken ? exitCodes.failure : exitCodes.success;
    }),
  );
};
