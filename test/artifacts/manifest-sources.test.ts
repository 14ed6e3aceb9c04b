import { expect, test } from 'vitest';
import { gatherManifestSources } from '../../engine/artifacts/manifest-sources.ts';
import { readFiles } from '../models/project-folder.ts';

/*
 * In production: one of two thousand models is edited, and what the others' entries say stands as
 * it was written; each node that is looked at all the same is read out of the memory for nothing.
 */
test('what a manifest is made from looks at no node but those that say they need it', async () => {
  const project = await readFiles({
    'models/a.sql': 'select 1 as n',
    'models/b.sql': "select n from {{ ref('a') }}",
    'models/all.yml': `models:
  - name: a
    columns: [{ name: n, data_tests: [unique, not_null: { config: { store_failures: true } }] }]
  - { name: b, columns: [{ name: n, data_tests: [unique] }] }`,
  });
  const asked: string[] = [];
  const nodes: ReadonlyMap<string, never> = new Proxy(project.nodes as ReadonlyMap<string, never>, {
    get: (map, name) => {
      if (name !== 'get') throw new Error(`all nodes are asked for: ${String(name)}`);
      return (id: string) => {
        asked.push(id);
        return map.get(id);
      };
    },
  });
  const moment = { invocationId: '', startedAtMs: 0, generatedAtMs: 0 };
  const from = { project: Object.assign({}, project, { nodes }), moment, compiled: new Map() };
  const { testRelations } = await gatherManifestSources(from);
  expect(asked.every((id) => id.includes('not_null_a_n'))).toBe(true);
  expect([...testRelations.values()].map(({ name }) => name)).toEqual(['not_null_a_n']);
});
