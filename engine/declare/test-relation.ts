import type { Relation } from '../words/table.ts';
import type { TestNode } from './model-node.ts';
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
