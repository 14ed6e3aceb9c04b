import { didYouMean } from '../words/suggest.ts';
import { asTexts } from './config.ts';
import { externalOf } from './external-source.ts';
import type { SourceNode } from './model-node.ts';
import type { PackageSource } from './package-source.ts';
import type { SourceTable } from './properties.ts';
import { sourceFqn } from './yaml-folders.ts';

/** A connection whose streams are sources without anyone declaring them. */
export interface ConnectionSource {
  readonly name: string;
  /** Names of its streams, where they are known; absent: any table may be named. */
  readonly streams?: readonly string[];
}

export interface SourceIndex {
  /** Declared tables, and those of connections that were asked for so far. */
  readonly nodes: ReadonlyMap<string, SourceNode>;
  /** The node, or why there is none. */
  find(source: string, table: string, packageName: string): SourceNode | { complaint: string };
}

const rawPrefix = 'raw_';

/**
 * Sources by name. Besides those declared in YAML every connection is two: `<connection>` holds the
 * views of current records, `raw_<connection>` the logs of every version.
 */
export function indexSources(
  packages: readonly PackageSource[],
  connections: readonly ConnectionSource[],
): SourceIndex {
  const nodes = new Map<string, SourceNode>();
  const connected = connectedSources(connections);
  for (const node of declaredNodes(packages, connected, true)) nodes.set(node.id, node);
  return createIndex(
    nodes,
    connected,
    packages.map((pack) => pack.name),
  );
}

/** Declared tables that are switched off. */
export function disabledSources(
  packages: readonly PackageSource[],
  connections: readonly ConnectionSource[],
): SourceNode[] {
  return declaredNodes(packages, connectedSources(connections), false);
}

/** The index over nodes that were found before. */
export function restoreSources(
  nodes: readonly SourceNode[],
  connections: readonly ConnectionSource[],
  packageNames: readonly string[],
): SourceIndex {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return createIndex(byId, connectedSources(connections), packageNames);
}

function connectedSources(connections: readonly ConnectionSource[]): Map<string, ConnectionSource> {
  const connected = new Map<string, ConnectionSource>();
  for (const connection of connections) {
    connected.set(connection.name, connection);
    connected.set(`${rawPrefix}${connection.name}`, connection);
  }
  return connected;
}

function createIndex(
  nodes: Map<string, SourceNode>,
  connected: ReadonlyMap<string, ConnectionSource>,
  names: readonly string[],
): SourceIndex {
  const rootName = names[0] ?? '';
  const find: SourceIndex['find'] = (source, table, packageName) => {
    for (const name of new Set([packageName, ...names])) {
      const node = nodes.get(`source.${name}.${source}.${table}`);
      if (node) return node;
    }
    const connection = connected.get(source);
    if (connection && (connection.streams?.includes(table) ?? true)) {
      const node = connectionNode(rootName, connection, source, table);
      nodes.set(node.id, node);
      return node;
    }
    return { complaint: describeMissing(source, table, nodes, connected) };
  };
  return { nodes, find };
}

function declaredNodes(
  packages: readonly PackageSource[],
  connected: ReadonlyMap<string, ConnectionSource>,
  isOn: boolean,
): SourceNode[] {
  return packages.flatMap((pack) =>
    pack.properties.sources
      .filter(({ config }) => (config['enabled'] !== false) === isOn)
      .map((table) => declaredNode(pack, table, connected)),
  );
}

function declaredNode(
  pack: PackageSource,
  table: SourceTable,
  connected: ReadonlyMap<string, ConnectionSource>,
): SourceNode {
  const fqn = sourceFqn(pack, table);
  const { config } = table;
  const connection = connected.get(table.source);
  const streamId = connection && streamIdOf(connection.name, table.identifier);
  const { name, identifier, schema = table.source } = table;
  const written = table.writtenSchema ?? table.schema;
  const external = externalOf({ name, identifier, schema }, table.sourceMeta, config);
  return {
    id: `source.${pack.name}.${table.source}.${table.name}`,
    resourceType: 'source',
    name: table.name,
    sourceName: table.source,
    packageName: pack.name,
    fqn,
    file: table.place.file,
    tags: asTexts(config['tags']),
    config,
    dependsOn: streamId === undefined ? [] : [streamId],
    relation: { schema, name: identifier },
    description: table.description,
    columns: table.columns,
    sourceDescription: table.sourceDescription,
    sourceMeta: table.sourceMeta,
    ...(written === undefined ? {} : { writtenSchema: written }),
    ...(table.docBlocks === undefined ? {} : { docBlocks: table.docBlocks }),
    ...(streamId === undefined ? {} : { streamId }),
    ...(external === undefined ? {} : { external }),
  };
}

function connectionNode(
  packageName: string,
  connection: ConnectionSource,
  source: string,
  table: string,
): SourceNode {
  const streamId = streamIdOf(connection.name, table);
  return {
    id: `source.${packageName}.${source}.${table}`,
    resourceType: 'source',
    name: table,
    sourceName: source,
    packageName,
    fqn: [packageName, source, table],
    file: '',
    tags: [],
    config: {},
    dependsOn: [streamId],
    relation: { schema: source, name: table },
    description: '',
    columns: [],
    streamId,
  };
}

/** The id of the step that lands a stream. */
export function streamIdOf(connection: string, stream: string): string {
  return `extract.${connection}.${stream}`;
}

function describeMissing(
  source: string,
  table: string,
  nodes: ReadonlyMap<string, SourceNode>,
  connected: ReadonlyMap<string, ConnectionSource>,
): string {
  const declared = [...nodes.values()];
  const tables = declared.filter((node) => node.sourceName === source).map((node) => node.name);
  const streams = connected.get(source)?.streams ?? [];
  if (tables.length > 0 || connected.has(source)) {
    const meant = didYouMean(table, [...tables, ...streams]);
    return `the source "${source}" has no table "${table}"${meant}`;
  }
  const sources = [...declared.map((node) => node.sourceName), ...connected.keys()];
  return `there is no source "${source}"${didYouMean(source, sources)}`;
}
