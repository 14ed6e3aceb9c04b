import { asConfig, type Config } from '../declare/config.ts';
import type { SourceNode } from '../declare/model-node.ts';
import { packageFile } from './file-path.ts';
import { manifestColumns } from './manifest-columns.ts';
import { tagsOf } from './manifest-node.ts';
import type { ManifestSources } from './manifest-sources.ts';
import { relationNameOf } from './relation-name.ts';

const unlimited = { count: null, period: null };

/** A source table as an entry of `sources`. */
export function manifestSource(from: ManifestSources, node: SourceNode): Config {
  const { project } = from;
  const file = packageFile(project, node.packageName, node.file);
  const { config } = node;
  const freshness = freshnessOf(config['freshness']);
  const loadedAt = config['loaded_at_field'] ?? null;
  return {
    database: project.target.database,
    schema: node.relation.schema,
    name: node.name,
    resource_type: 'source',
    package_name: node.packageName,
    original_file_path: file,
    path: file,
    unique_id: node.id,
    fqn: node.fqn,
    source_name: node.sourceName,
    source_description: node.sourceDescription ?? '',
    loader: '',
    identifier: node.relation.name,
    quoting: { database: null, schema: null, identifier: null, column: null },
    loaded_at_field: loadedAt,
    loaded_at_query: config['loaded_at_query'] ?? null,
    freshness,
    external: null,
    description: node.description,
    columns: manifestColumns(node.columns),
    meta: asConfig(config['meta']),
    source_meta: node.sourceMeta ?? {},
    tags: tagsOf(config),
    config: {
      ...config,
      enabled: config['enabled'] !== false,
      event_time: config['event_time'] ?? null,
      freshness,
      loaded_at_field: loadedAt,
      loaded_at_query: config['loaded_at_query'] ?? null,
      meta: asConfig(config['meta']),
      tags: tagsOf(config),
    },
    patch_path: null,
    unrendered_config: {},
    relation_name: relationNameOf(project, node),
    created_at: from.createdAt,
    unrendered_database: null,
    unrendered_schema: node.writtenSchema ?? null,
    doc_blocks: node.docBlocks ?? [],
  };
}

/** What a source says of its age; null where it says that it wants none. */
function freshnessOf(value: unknown): Config | null {
  if (value === null) return null;
  const written = asConfig(value);
  const limit = (key: string): Config | null => {
    if (written[key] === null) return null;
    const { count, period } = asConfig(written[key]);
    return typeof count === 'number' ? { count, period } : unlimited;
  };
  const { filter } = written;
  return {
    warn_after: limit('warn_after'),
    error_after: limit('error_after'),
    filter: typeof filter === 'string' ? filter : null,
  };
}
