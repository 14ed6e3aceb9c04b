import { asConfig, asTexts, type Config } from '../declare/config.ts';
import { reprValue } from '../declare/jinja/print.ts';
import { toPython } from '../declare/jinja/python-value.ts';
import type { TestNode, UnitTestNode } from '../declare/model-node.ts';
import { isModelNode, isSourceNode } from '../declare/model-node.ts';
import { parseUnitCsv } from '../steps/unit-csv.ts';
import { filePathOf, packageFile } from './file-path.ts';
import { compiledParts, sha256, versionOf } from './manifest-node.ts';
import type { ManifestSources } from './manifest-sources.ts';
import { manifestTestConfig } from './node-config.ts';
import { writeRelationName } from './relation-name.ts';

/** A test as an entry of `nodes`. */
export function manifestTest(from: ManifestSources, test: TestNode): Config {
  const { project } = from;
  const { nodeConfig } = test;
  const kept = from.testRelations.get(test.id);
  const written = typeof nodeConfig['alias'] === 'string' ? nodeConfig['alias'] : test.name;
  const alias = kept?.name ?? written;
  const schema =
    typeof nodeConfig['schema'] === 'string' ? nodeConfig['schema'] : 'dbt_test__audit';
  const isGeneric = test.testType === 'generic';
  const file = packageFile(project, test.packageName, test.file);
  return {
    database: project.target.database,
    schema: kept?.schema ?? `${project.target.schema}_${schema}`,
    name: test.name,
    resource_type: 'test',
    package_name: test.packageName,
    ...(isGeneric
      ? { original_file_path: file, path: `${fileNameOf(test)}.sql` }
      : filePathOf(project, test, test.fqn.slice(1, -1))),
    unique_id: test.id,
    fqn: test.fqn,
    alias,
    checksum: isGeneric
      ? { name: 'none', checksum: '' }
      : { name: 'sha256', checksum: sha256(test.text.trim()) },
    config: manifestTestConfig(nodeConfig),
    tags: test.tags,
    description: test.entry?.description ?? test.description ?? '',
    columns: {},
    meta: nodeConfig['meta'] ?? {},
    group: groupOf(from, test),
    docs: { show: true, node_color: null },
    patch_path: null,
    build_path: null,
    unrendered_config: nodeConfig,
    created_at: from.createdAt,
    relation_name: kept ? writeRelationName(project, kept) : null,
    raw_code: isGeneric ? genericCode(test) : test.text.trim(),
    doc_blocks: [],
    ...compiledParts(from, test, { refs: callsOf(from, test), sources: sourcesOf(from, test) }),
    contract: { enforced: false, alias_types: true, checksum: null },
    ...(isGeneric ? genericParts(from, test) : {}),
  };
}

/** What dbt would call its file: its name, cut where it is too long; no alias of people’s. */
function fileNameOf({ name, nodeConfig: { alias }, entry }: TestNode): string {
  const isOwn = entry?.config['alias'] !== undefined;
  return typeof alias === 'string' && !isOwn ? alias : name;
}

/** A generic test belongs to the group of what it tests. */
function groupOf({ project }: ManifestSources, test: TestNode): string | null {
  const tested = project.nodes.get(test.testedId ?? '');
  const config = isModelNode(tested) ? tested.nodeConfig.raw : test.nodeConfig;
  return typeof config['group'] === 'string' ? config['group'] : null;
}

function genericCode(test: TestNode): string {
  const [first = '', second] = (test.entry?.test ?? '').split('.');
  const macro = second === undefined ? `test_${first}` : `${first}.test_${second}`;
  const { alias } = test.nodeConfig;
  const rendered = Object.entries(test.entry?.config ?? {}).map(([key, value]) => [
    key,
    typeof value === 'string' ? (test.nodeConfig[key] ?? value) : value,
  ]);
  const written: Config = { alias, ...Object.fromEntries(rendered) };
  const keys = [
    ...configOrder,
    ...Object.keys(written).filter((key) => !configOrder.includes(key)),
  ];
  const parts = keys
    .filter((key) => written[key] !== undefined && written[key] !== null)
    .map((key) => `${key}=${pythonText(written[key])}`);
  const config = parts.length === 0 ? '' : `{{ config(${parts.join(',')}) }}`;
  return `{{ ${macro}(**_dbt_generic_test_kwargs) }}${config}`;
}

/** The order in which dbt writes a test's config into its text. */
const configOrder: readonly string[] = [
  'severity',
  'tags',
  'enabled',
  'where',
  'limit',
  'warn_if',
  'error_if',
  'fail_calc',
  'store_failures',
  'store_failures_as',
  'meta',
  'database',
  'schema',
  'alias',
];

function pythonText(value: unknown): string {
  if (typeof value === 'string') return `"${value.replaceAll('"', '\\"')}"`;
  return reprValue(toPython(value));
}

function genericParts(from: ManifestSources, test: TestNode): Config {
  const tested = from.project.nodes.get(test.testedId ?? '');
  const isSource = isSourceNode(tested);
  const [first = '', second] = (test.entry?.test ?? '').split('.');
  return {
    column_name: test.column ?? null,
    file_key_name: isSource
      ? `sources.${tested.sourceName}`
      : `${tested?.resourceType ?? 'model'}s.${tested?.name ?? ''}`,
    attached_node: isSource ? null : (test.testedId ?? null),
    test_metadata: {
      name: second ?? first,
      kwargs: test.kwargs ?? {},
      namespace: second === undefined ? null : first,
    },
  };
}

/** Edges of a test as calls: what was written is in its arguments or its file. */
function callsOf({ project }: ManifestSources, test: TestNode) {
  if (test.unlinked) return test.unlinked.refs;
  return test.dependsOn.flatMap((id) => {
    const node = project.nodes.get(id);
    if (!isModelNode(node)) return [];
    const isOwn = node.packageName === test.packageName;
    const packageName = isOwn ? undefined : node.packageName;
    return [{ name: node.name, packageName, version: node.version, place: test.place }];
  });
}

function sourcesOf({ project }: ManifestSources, test: TestNode) {
  if (test.unlinked) return test.unlinked.sources;
  return test.dependsOn.flatMap((id) => {
    const node = project.nodes.get(id);
    if (!isSourceNode(node)) return [];
    return [{ source: node.sourceName, table: node.name, place: test.place }];
  });
}

/** A unit test as an entry of `unit_tests`. */
export function manifestUnitTest(from: ManifestSources, test: UnitTestNode): Config {
  const { project } = from;
  const model = project.nodes.get(test.modelId);
  const rows = (given: UnitTestNode['expect']) => ({
    rows: rowsOf(from, given),
    format: given.format,
    fixture: given.fixture ?? null,
  });
  const paths = filePathOf(project, test, test.fqn.slice(1, -2));
  const entry = {
    model: model?.name ?? '',
    given: test.given.map(({ input, rows: given }) => ({
      input: inputText(from, input),
      ...rows(given),
    })),
    expect: rows(test.expect),
    overrides: overridesOf(from, test),
  };
  return {
    ...entry,
    name: test.name,
    resource_type: 'unit_test',
    package_name: test.packageName,
    ...paths,
    unique_id: test.id,
    fqn: test.fqn,
    description: test.description ?? '',
    depends_on: { macros: [], nodes: test.dependsOn },
    config: {
      tags: asTexts(test.config['tags']),
      meta: test.config['meta'] ?? {},
      enabled: test.config['enabled'] !== false,
    },
    checksum: sha256(JSON.stringify(entry)),
    schema: isModelNode(model) ? model.relation.schema : null,
    created_at: from.createdAt,
    versions: versionsOf(from, test),
    version: isModelNode(model) ? versionOf(model.version) : null,
  };
}

/** CSV as records of texts; null where a fixture's file is not there. */
function rowsOf({ fileTexts }: ManifestSources, given: UnitTestNode['expect']): unknown {
  const { fixture, fixtureFile = '', format, rows } = given;
  const text = fixture === undefined ? given.text : fileTexts.get(fixtureFile);
  if (fixture !== undefined && format === 'sql') return text?.trim() ?? null;
  if (format !== 'csv' || text === undefined) return rows ?? text ?? null;
  return parseUnitCsv(text, given.delimiter).rows;
}

function writtenOf({ project }: ManifestSources, { packageName, place }: UnitTestNode): Config {
  const pack = project.packages.find(({ name }) => name === packageName);
  const entries = pack?.properties.unitTests ?? [];
  const isIt = (one: { readonly place: UnitTestNode['place'] }): boolean =>
    one.place.file === place.file && one.place.line === place.line;
  return entries.find(isIt)?.entry ?? {};
}

function versionsOf(from: ManifestSources, test: UnitTestNode): Config | null {
  const { versions } = writtenOf(from, test);
  if (versions === undefined || versions === null) return null;
  const { include = null, exclude = null } = asConfig(versions);
  return { include, exclude };
}

/** As written: null where nothing was. */
function overridesOf(from: ManifestSources, test: UnitTestNode): Config | null {
  const { overrides } = writtenOf(from, test);
  if (overrides === undefined || overrides === null) return null;
  return { macros: asConfig(asConfig(overrides)['macros']), vars: test.vars, env_vars: test.env };
}

function inputText({ project }: ManifestSources, input: string): string {
  const node = project.nodes.get(input);
  if (isSourceNode(node)) return `source('${node.sourceName}', '${node.name}')`;
  return node === undefined ? input : `ref('${node.name}')`;
}
