import { hash } from 'node:crypto';
import { asConfig, asTexts, type Config } from '../declare/config.ts';
import {
  type AnalysisNode,
  isAnalysisNode,
  isFileNode,
  isModelNode,
  languageOf,
  type ModelNode,
  type RefCall,
  type SourceCall,
  type TestNode,
} from '../declare/model-node.ts';
import { nodePath } from '../declare/node-path.ts';
import { parseMoment } from '../words/batch-time.ts';
import { compiledPath } from './compiled-path.ts';
import { constraintsOf, contractChecksum } from './constraints.ts';
import { packageFile, packageOf } from './file-path.ts';
import { manifestColumns } from './manifest-columns.ts';
import type { ManifestSources } from './manifest-sources.ts';
import { contractOf, docsOf, manifestConfig } from './node-config.ts';
import { relationNameOf } from './relation-name.ts';

/** dbt looks at the path of a larger seed, not at what is in it. */
const seedBytesMax = 1024 * 1024;

type FileNode = ModelNode | AnalysisNode;

/** A model, seed, snapshot or analysis as an entry of `nodes`. */
export function manifestNode(from: ManifestSources, node: FileNode): Config {
  const { project } = from;
  const relation = isAnalysisNode(node) ? node.wouldBe : node.relation;
  const { raw } = node.nodeConfig;
  const isPromised = isModelNode(node) && contractOf(raw)['enforced'] === true;
  const config = manifestConfig(node.resourceType, {
    ...raw,
    materialized: node.nodeConfig.materialization,
  });
  return {
    database: project.target.database,
    schema: relation.schema,
    name: node.name,
    resource_type: node.resourceType,
    package_name: node.packageName,
    original_file_path: packageFile(project, node.packageName, node.file),
    path: nodePath(node),
    unique_id: node.id,
    fqn: node.fqn,
    alias: relation.name,
    checksum: checksumOf(from, node),
    config: { ...config, ...ownAlias(node, config) },
    tags: node.tags,
    description: node.description,
    columns: manifestColumns(node.columns),
    meta: asConfig(raw['meta']),
    group: typeof raw['group'] === 'string' ? raw['group'] : null,
    docs: docsOf(raw),
    patch_path: patchPathOf(from, node),
    build_path: null,
    unrendered_config: raw,
    created_at: from.createdAt,
    relation_name: isAnalysisNode(node) ? null : relationNameOf(project, node),
    raw_code: rawCodeOf(node),
    doc_blocks: node.docBlocks ?? [],
    ...(node.resourceType === 'seed'
      ? { root_path: project.root, depends_on: { macros: [] } }
      : {
          ...compiledParts(from, node, node),
          contract: {
            ...contractOf(raw),
            checksum: isPromised ? contractChecksum(node) : null,
          },
        }),
    ...(node.resourceType === 'model' ? modelParts(from, node) : {}),
  };
}

/** A version is built under an alias that nobody wrote. */
function ownAlias({ name, version }: FileNode, { alias }: Config): Config {
  const isMade = version !== undefined && alias === `${name}_v${version.replaceAll('.', '_')}`;
  return isMade ? { alias: null } : {};
}

function patchPathOf({ project }: ManifestSources, node: FileNode): string | null {
  const { patchFile } = node;
  if (patchFile === undefined) return null;
  const packageName = packageOf(project, patchFile);
  return `${packageName}://${packageFile(project, packageName, patchFile)}`;
}

/** What is known of a node that has SQL: what it calls, and what became of its template. */
export function compiledParts(
  from: ManifestSources,
  node: FileNode | TestNode,
  calls: { readonly refs: readonly RefCall[]; readonly sources: readonly SourceCall[] },
): Config {
  const sql = from.compiled.get(node.id);
  return {
    language: isFileNode(node) ? languageOf(node) : 'sql',
    refs: uniqueCalls(
      calls.refs.map(({ name, packageName, version }) => ({
        name,
        package: packageName ?? null,
        version: versionOf(version),
      })),
    ),
    sources: uniqueCalls(calls.sources.map(({ source, table }) => [source, table])),
    metrics: [],
    depends_on: { macros: from.macrosOf(node), nodes: node.dependsOn },
    compiled_path: sql !== undefined && from.hasFiles ? compiledPath(from.project, node) : null,
    ...(sql === undefined
      ? {}
      : { compiled: true, compiled_code: sql, extra_ctes_injected: true, extra_ctes: [] }),
  };
}

function modelParts(from: ManifestSources, node: ModelNode): Config {
  const { raw } = node.nodeConfig;
  const { access } = raw;
  return {
    access: access === 'private' || access === 'public' ? access : 'protected',
    constraints: constraintsOf(node.constraints, 'model'),
    version: versionOf(node.version),
    latest_version: versionOf(node.latestVersion),
    deprecation_date: momentOf(raw['deprecation_date']),
    primary_key: from.primaryKeyOf(node),
    time_spine: timeSpineOf(node),
  };
}

/** As dbt writes it: with a zone, which is UTC where nobody wrote one. */
function momentOf(date: unknown): string | null {
  if (typeof date !== 'string') return null;
  const ms = parseMoment(date);
  return Number.isNaN(ms) ? date : new Date(ms).toISOString().replace(/(\.0+)?Z$/, '+00:00');
}

function timeSpineOf({ timeSpine }: ModelNode): Config | null {
  if (timeSpine === undefined) return null;
  const custom = timeSpine['custom_granularities'];
  return {
    standard_granularity_column: timeSpine['standard_granularity_column'] ?? null,
    custom_granularities: (Array.isArray(custom) ? custom : []).map((one) => ({
      column_name: null,
      ...asConfig(one),
    })),
  };
}

/** YAML's numbers stay numbers. */
export function versionOf(version: string | undefined): string | number | null {
  if (version === undefined) return null;
  return /^\d+(\.\d+)?$/.test(version) ? Number(version) : version;
}

/** dbt's own: of the file without the white space around it, so that an editor changes nothing. */
function checksumOf(from: ManifestSources, node: FileNode): Config {
  const isOwn = node.resourceType === 'model' || isAnalysisNode(node);
  const text = isOwn ? node.text : from.fileTexts.get(node.file);
  if (text === undefined) return { name: 'none', checksum: '' };
  if (node.resourceType === 'seed' && Buffer.byteLength(text) > seedBytesMax) {
    return { name: 'path', checksum: node.file };
  }
  return { name: 'sha256', checksum: sha256(text.trim()) };
}

export function sha256(text: string): string {
  return hash('sha256', text);
}

/** A snapshot's text is a block of its file; any other node has its file for itself. */
function rawCodeOf(node: FileNode): string {
  if (node.resourceType !== 'snapshot') return node.text.trim();
  const block = new RegExp(
    `\\{%[-+]?\\s*snapshot\\s+${node.name}\\s*[-+]?%\\}([\\s\\S]*?)\\{%[-+]?\\s*endsnapshot\\s*[-+]?%\\}`,
  );
  return block.exec(node.text)?.[1] ?? node.text.trim();
}

/** Calls written twice are told once. */
export function uniqueCalls<T>(calls: readonly T[]): T[] {
  return [...new Map(calls.map((call) => [JSON.stringify(call), call])).values()];
}

export function tagsOf(config: Config): readonly string[] {
  return asTexts(config['tags']);
}
