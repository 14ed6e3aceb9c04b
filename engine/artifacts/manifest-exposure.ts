import { asConfig, asTexts, type Config } from '../declare/config.ts';
import type { ExposureNode, GroupNode } from '../declare/model-node.ts';
import { filePathOf, packageFile } from './file-path.ts';
import { uniqueCalls, versionOf } from './manifest-node.ts';
import type { ManifestSources } from './manifest-sources.ts';

const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** An exposure as an entry of `exposures`. */
export function manifestExposure(from: ManifestSources, node: ExposureNode): Config {
  const { entry, config } = node;
  const meta = asConfig(config['meta']);
  const tags = [...asTexts(config['tags'])].sort();
  return {
    name: node.name,
    resource_type: 'exposure',
    package_name: node.packageName,
    ...filePathOf(from.project, node, node.fqn.slice(1, -1)),
    unique_id: node.id,
    fqn: node.fqn,
    type: entry['type'],
    owner: ownerOf(entry),
    description: textOr(entry['description']) ?? '',
    label: textOr(entry['label']),
    maturity: textOr(entry['maturity']),
    meta,
    tags,
    config: { ...config, enabled: config['enabled'] !== false, tags, meta },
    unrendered_config: asConfig(entry['config']),
    url: textOr(entry['url']),
    depends_on: { macros: [], nodes: node.dependsOn },
    refs: uniqueCalls(
      node.refs.map(({ name, packageName, version }) => ({
        name,
        package: packageName ?? null,
        version: versionOf(version),
      })),
    ),
    sources: uniqueCalls(node.sources.map(({ source, table }) => [source, table])),
    metrics: node.metrics.map((name) => [name]),
    created_at: from.createdAt,
  };
}

function ownerOf(entry: Config): Config {
  const { name, email, ...others } = asConfig(entry['owner']);
  return { ...others, email: email ?? null, name: textOr(name) };
}

/** A group as an entry of `groups`. */
export function manifestGroup(from: ManifestSources, group: GroupNode): Config {
  const file = packageFile(from.project, group.packageName, group.file);
  const config = asConfig(group.entry['config']);
  return {
    name: group.name,
    resource_type: 'group',
    package_name: group.packageName,
    path: withoutFirst(file),
    original_file_path: file,
    unique_id: group.id,
    owner: ownerOf(group.entry),
    description: textOr(group.entry['description']),
    config: { ...config, meta: asConfig(config['meta']) },
  };
}

/** Docs blocks as entries of `docs`. */
export function manifestDocs({ project }: ManifestSources): Record<string, Config> {
  return Object.fromEntries(
    [...project.docs.values()].map(({ id, name, packageName, file, contents }) => {
      const original = packageFile(project, packageName, file);
      const path = withoutFirst(original);
      return [
        id,
        {
          name,
          resource_type: 'doc',
          package_name: packageName,
          path,
          original_file_path: original,
          unique_id: id,
          block_contents: contents,
        },
      ];
    }),
  );
}

/** Within the folder that its kind is looked for in. */
function withoutFirst(file: string): string {
  return file.split('/').slice(1).join('/') || file;
}
