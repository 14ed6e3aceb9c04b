import fs from 'node:fs';
import { join, posix } from 'node:path';
import { asConfig, asList, asTexts, type Config } from '../declare/config.ts';
import { findMacroCalls } from '../declare/macro-calls.ts';
import {
  type AnalysisNode,
  isModelNode,
  isTestNode,
  isUnitTestNode,
  type ModelNode,
  type TestNode,
} from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { nodesOfType } from '../declare/nodes-of-type.ts';
import { nameDisabledTests, nameTestRelations } from '../declare/test-relation.ts';
import type { Relation } from '../words/table.ts';
import type { ArtifactMoment } from './metadata.ts';

export interface ManifestRequest {
  readonly project: ModelProject;
  readonly moment: ArtifactMoment;
  /** SQL of the nodes that were compiled, by id. */
  readonly compiled: ReadonlyMap<string, string>;
  /** True where that SQL was also written to files. */
  readonly hasFiles?: boolean;
}

/** What the entries of a manifest are made from. */
export interface ManifestSources extends ManifestRequest {
  /** Seconds since the epoch, as dbt counts them. */
  readonly createdAt: number;
  /** Files whose text no node holds: seeds, fixtures, and those of snapshots. */
  readonly fileTexts: ReadonlyMap<string, string>;
  /** Where tests keep their failing rows, by id; only those whose config says so. */
  readonly testRelations: ReadonlyMap<string, Relation>;
  /** Columns that tests hold to be unique and never null: together they name a row. */
  primaryKeyOf(node: ModelNode): readonly string[];
  /** Ids of the macros that the node's template calls. */
  macrosOf(node: ModelNode | AnalysisNode | TestNode): readonly string[];
}

export async function gatherManifestSources(request: ManifestRequest): Promise<ManifestSources> {
  const { project, moment } = request;
  const off = project.disabled.filter(isTestNode);
  return {
    ...request,
    createdAt: moment.generatedAtMs / 1_000,
    fileTexts: await readTexts(project),
    testRelations: new Map([
      ...(await nameDisabledTests(project)),
      ...(await nameTestRelations(project, false)),
    ]),
    primaryKeyOf: (node) => primaryKeyOf(project, node, off),
    macrosOf: openMacroCalls(project),
  };
}

/** There are thousands of tests of a few kinds. */
function openMacroCalls({ library }: ModelProject): ManifestSources['macrosOf'] {
  const known = new Map<string, readonly string[]>();
  return (node) => {
    if (!isTestNode(node) || node.entry === undefined) {
      return findMacroCalls(library, node.packageName, node.text);
    }
    const [first = '', second] = node.entry.test.split('.');
    const text = second === undefined ? `{{ test_${first}() }}` : `{{ ${first}.test_${second}() }}`;
    const key = `${node.packageName} ${text}`;
    const calls = known.get(key) ?? findMacroCalls(library, node.packageName, text);
    known.set(key, calls);
    return calls;
  };
}

/**
 * As dbt infers it: what a constraint says, else columns with a test `unique` and one `not_null`,
 * else those with `unique`.
 */
function primaryKeyOf(
  project: ModelProject,
  node: ModelNode,
  disabled: readonly TestNode[],
): readonly string[] {
  const ofModel = findPrimaryKey(node.constraints);
  if (ofModel) return asTexts(ofModel['columns']);
  const ofColumn = node.columns.find(({ constraints }) => findPrimaryKey(constraints));
  if (ofColumn) return [ofColumn.name];
  const unique = new Set<string>();
  const notNull = new Set<string>();
  // As in dbt, what tests of it that are off would hold counts as well.
  const tests = project.graph.childrenOf(node.id).map((id) => project.nodes.get(id));
  for (const test of [...tests, ...disabled]) {
    if (!isTestNode(test) || test.testedId !== node.id) continue;
    const { combination_of_columns: combined, column_name: named = combined } = test.kwargs ?? {};
    const columns = asTexts(test.column ?? named);
    const isUnique =
      test.testName === 'unique' || test.testName === 'unique_combination_of_columns';
    const kind = isUnique ? unique : test.testName === 'not_null' ? notNull : undefined;
    for (const column of columns) kind?.add(column);
  }
  const both = [...unique].filter((column) => notNull.has(column));
  return (both.length > 0 ? both : [...unique]).sort();
}

function findPrimaryKey(constraints: unknown): Config | undefined {
  return asList(constraints)
    .map(asConfig)
    .find(({ type }) => type === 'primary_key');
}

async function readTexts(project: ModelProject): Promise<Map<string, string>> {
  const all = [...project.graph.nodes.values()];
  const nodes = [...all, ...project.disabled].filter(
    (node) => isModelNode(node) && node.resourceType !== 'model',
  );
  const tests = [...nodesOfType(project, 'unit_test'), ...project.disabled];
  const units = tests.filter(isUnitTestNode);
  const fixtures = units.flatMap(({ given, expect }) =>
    [expect, ...given.map(({ rows }) => rows)].flatMap(({ fixtureFile }) => fixtureFile ?? []),
  );
  const projects = project.packages
    .filter(({ hooks }) => hooks.start.length + hooks.end.length > 0)
    .map(({ folder }) => posix.join(folder, 'dbt_project.yml'));
  const files = [...new Set([...nodes.map(({ file }) => file), ...fixtures, ...projects])];
  const texts = files.map(async (file) => [file, await readOptional(join(project.root, file))]);
  const found = (await Promise.all(texts)) as [string, string | undefined][];
  return new Map(found.filter((one): one is [string, string] => one[1] !== undefined));
}

/** A file that cannot be read is told of where it is needed; its checksum is left out here. */
async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await fs.promises.readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}
