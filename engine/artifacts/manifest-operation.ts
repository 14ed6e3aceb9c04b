import { posix } from 'node:path';
import type { Config } from '../declare/config.ts';
import { findCalls } from '../declare/jinja/find-calls.ts';
import { parseTemplate } from '../declare/jinja/parse-template.ts';
import { findMacroCalls } from '../declare/macro-calls.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { type Operation, operationsOf } from '../declare/operation.ts';
import { sha256, uniqueCalls, versionOf } from './manifest-node.ts';
import type { ManifestSources } from './manifest-sources.ts';
import { contractOf, docsOf, manifestConfig } from './node-config.ts';

/** Hooks of a run: dbt keeps them among the nodes, and nothing else does. */
export function manifestOperations(from: ManifestSources): Record<string, Config> {
  const all = (['start', 'end'] as const).flatMap((when) => operationsOf(from.project, when));
  return Object.fromEntries(
    all.map((operation) => [operation.id, manifestOperation(from, operation)]),
  );
}

function manifestOperation(from: ManifestSources, operation: Operation): Config {
  const { project } = from;
  const { id, name, packageName, text, when, position } = operation;
  const pack = project.packages.find((one) => one.name === packageName);
  const fqn = [packageName, 'hooks', name];
  const raw: Config = { materialized: 'view', ...pack?.hookConfig };
  const schema = typeof raw['schema'] === 'string' ? `_${raw['schema']}` : '';
  const { access: _, freshness: __, ...config } = manifestConfig('model', raw);
  const file = from.fileTexts.get(posix.join(pack?.folder ?? '', 'dbt_project.yml'));
  const { refs, sources, nodes } = callsOf(project, operation);
  return {
    database: project.target.database,
    schema: `${project.target.schema}${schema}`,
    name,
    resource_type: 'operation',
    package_name: packageName,
    path: `hooks/${name}.sql`,
    original_file_path: './dbt_project.yml',
    unique_id: id,
    fqn,
    alias: name,
    checksum: { name: 'sha256', checksum: sha256((file ?? '').trim()) },
    config: { ...config, tags: [] },
    tags: [`on-run-${when}`],
    description: '',
    columns: {},
    meta: {},
    group: null,
    docs: docsOf({}),
    patch_path: null,
    build_path: null,
    unrendered_config: {},
    created_at: from.createdAt,
    relation_name: null,
    raw_code: text,
    doc_blocks: [],
    language: 'sql',
    refs,
    sources,
    metrics: [],
    depends_on: { macros: findMacroCalls(project.library, packageName, text), nodes },
    compiled_path: null,
    contract: { ...contractOf({}), checksum: null },
    index: position,
  };
}

/** What a hook's text names; a broken one is told when its turn comes. */
function callsOf(project: ModelProject, { text, packageName }: Operation) {
  const nothing = { refs: [], sources: [], nodes: [] };
  if (!/\{[{%]/.test(text)) return nothing;
  const calls = (() => {
    try {
      return findCalls(parseTemplate(text, { file: 'dbt_project.yml' }), ['ref', 'source']);
    } catch {
      return [];
    }
  })();
  const refs: Config[] = [];
  const sources: string[][] = [];
  const nodes = new Set<string>();
  for (const { name, args, kwargs } of calls) {
    const [first, second] = args.map((arg) => (typeof arg === 'string' ? arg : undefined));
    if (first === undefined) continue;
    if (name === 'source' && second !== undefined) {
      sources.push([first, second]);
      const found = project.sources.find(first, second, packageName);
      if ('id' in found) nodes.add(found.id);
    } else if (name === 'ref') {
      const written = kwargs.get('version') ?? kwargs.get('v');
      const version = written === undefined || written === null ? undefined : String(written);
      const owner = second === undefined ? undefined : first;
      const model = second ?? first;
      refs.push({ name: model, package: owner ?? null, version: versionOf(version) });
      const found = project.refs.find({ packageName: owner, name: model, version }, packageName);
      if ('id' in found) nodes.add(found.id);
    }
  }
  return { refs: uniqueCalls(refs), sources: uniqueCalls(sources), nodes: [...nodes] };
}
