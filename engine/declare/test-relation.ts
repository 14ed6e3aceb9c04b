import type { FailureStore } from '../words/node.ts';
import type { Relation } from '../words/table.ts';
import type { Config } from './config.ts';
import { isTestNode, type TestNode } from './model-node.ts';
import type { ModelProject } from './model-project.ts';
import { askNamingMacro } from './read-node.ts';
import { renderOfTest } from './test-config.ts';

/** dbt's schema of failing rows, where the config names no other. */
const auditSchema = 'dbt_test__audit';

/** Where a test's failing rows are kept: `<target schema>_dbt_test__audit` in a dbt project. */
export async function nameTestRelation(project: ModelProject, test: TestNode): Promise<Relation> {
  const config = test.nodeConfig;
  const written = (key: string): string | undefined => {
    const value = config[key];
    return value === undefined || value === null ? undefined : String(value).trim();
  };
  const schema = written('schema') ?? auditSchema;
  const render = renderOfTest(project, test, config);
  const plain = project.isDbt ? `${project.target.schema}_${schema}` : schema;
  return {
    schema: (await askNamingMacro(project, render, 'generate_schema_name', schema)) ?? plain,
    name:
      (await askNamingMacro(project, render, 'generate_alias_name', written('alias'))) ??
      written('alias') ??
      test.name,
  };
}

/** dbt's rules: `store_failures_as` says all, `store_failures` means a table, the flag is last. */
export function storeOf(config: Config, isAsked: boolean): FailureStore['kind'] | undefined {
  const kind = config['store_failures_as'];
  if (kind === 'table' || kind === 'view') return kind;
  if (kind === 'ephemeral') return undefined;
  const wanted = config['store_failures'];
  return (typeof wanted === 'boolean' ? wanted : isAsked) ? 'table' : undefined;
}

/** Tests that keep their failing rows; `isAsked`: see `storeOf`. */
export function storingTests(project: ModelProject, isAsked: boolean): TestNode[] {
  // The graph says enough of those that keep none: of a remembered project they are not read.
  return [...project.graph.nodes.values()]
    .filter(({ resourceType, config }) => resourceType === 'test' && storeOf(config, isAsked))
    .map(({ id }) => project.nodes.get(id))
    .filter(isTestNode);
}

/** Of the tests that keep their failing rows, where: by the test's id. */
export async function nameTestRelations(
  project: ModelProject,
  isAsked: boolean,
): Promise<ReadonlyMap<string, Relation>> {
  return await nameAll(project, storingTests(project, isAsked));
}

/** Where those that are switched off would keep them. */
export async function nameDisabledTests(
  project: ModelProject,
): Promise<ReadonlyMap<string, Relation>> {
  const off = project.disabled.filter(isTestNode);
  return await nameAll(
    project,
    off.filter(({ nodeConfig }) => storeOf(nodeConfig, false)),
  );
}

async function nameAll(
  project: ModelProject,
  tests: readonly TestNode[],
): Promise<ReadonlyMap<string, Relation>> {
  const named = tests.map(
    async (test) => [test.id, await nameTestRelation(project, test)] as const,
  );
  return new Map(await Promise.all(named));
}
