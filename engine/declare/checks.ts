import type { Check } from '../words/node.ts';
import type { Relation } from '../words/table.ts';
import { type CompileOptions, compileTest } from './compile-node.ts';
import { isModelNode, isTestNode, type TestNode } from './model-node.ts';
import type { ModelProject } from './model-project.ts';
import { nameTestRelation, storeOf } from './test-relation.ts';

export interface CheckOptions extends CompileOptions {
  /** Keep failing rows of tests whose config does not say. */
  readonly storeFailures?: boolean;
}

/** Every test that reads the node, as checks of its rows. */
export function checksOf(
  project: ModelProject,
  nodeId: string,
  options: CheckOptions = {},
): Check[] {
  return project.graph
    .childrenOf(nodeId)
    .map((id) => project.nodes.get(id))
    .filter(isTestNode)
    .map((test) => toCheck(project, test, options));
}

/** A test as the steps run it: rendered when asked, with the relations it is told to read. */
export function toCheck(project: ModelProject, test: TestNode, options: CheckOptions = {}): Check {
  const config = test.nodeConfig;
  const text = (key: string): string | undefined =>
    typeof config[key] === 'string' ? config[key] : undefined;
  const store = storeOf(config, options.storeFailures ?? false);
  const [errorIf, warnIf, failCalc] = [text('error_if'), text('warn_if'), text('fail_calc')];
  return {
    id: test.id,
    name: test.name,
    file: test.file,
    severity: String(config['severity'] ?? 'error').toLowerCase() === 'warn' ? 'warn' : 'error',
    reads: readsOf(project, test),
    sql: async (relationName, asked) => {
      const warehouse = asked && {
        session: asked,
        describe: (relation: Relation) => asked.describe(relation),
        rename: (statement: string) => asked.rename(statement),
      };
      const seen = { ...options, ...(warehouse ? { warehouse } : {}), relationName };
      const compiled = await compileTest(project, test, seen);
      return asked ? asked.rename(compiled.sql) : compiled.sql;
    },
    ...(errorIf === undefined ? {} : { errorIf }),
    ...(warnIf === undefined ? {} : { warnIf }),
    ...(failCalc === undefined ? {} : { failCalc }),
    ...(typeof config['limit'] === 'number' ? { limit: config['limit'] } : {}),
    ...(store === undefined
      ? {}
      : { store: { kind: store, relation: () => nameTestRelation(project, test) } }),
  };
}

/** What the node's statement names: an ephemeral parent stands for what it reads itself. */
export function readsOf(
  project: ModelProject,
  node: { readonly dependsOn: readonly string[] },
): string[] {
  const reads = new Set<string>();
  const visited = new Set<string>();
  const waiting = [...node.dependsOn];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (visited.has(id)) continue;
    visited.add(id);
    const parent = project.nodes.get(id);
    if (isModelNode(parent) && parent.nodeConfig.materialization === 'ephemeral') {
      waiting.push(...parent.dependsOn);
    } else reads.add(id);
  }
  return [...reads].sort();
}
