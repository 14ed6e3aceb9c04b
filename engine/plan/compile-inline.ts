import { type CompileOptions, compileTest } from '../declare/compile-node.ts';
import type { TestNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';

/** A statement that is in no file, as dbt's `--inline`: it may name every node of the project. */
export async function compileInline(
  project: ModelProject,
  text: string,
  options: CompileOptions,
): Promise<string> {
  const name = 'inline_query';
  const file = '--inline';
  const node: TestNode = {
    id: `sql_operation.${project.name}.${name}`,
    resourceType: 'test',
    testType: 'singular',
    name,
    packageName: project.name,
    fqn: [project.name, name],
    file,
    tags: [],
    config: {},
    nodeConfig: {},
    dependsOn: [...project.nodes.keys()],
    text,
    place: { file, line: 1, column: 1 },
  };
  Object.assign(project, { selected: [node.id] });
  return (await compileTest(project, node, options)).sql;
}
