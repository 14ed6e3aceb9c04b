import { isModelNode, type TestNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { relationKey, relationsOf } from '../declare/shared-relations.ts';
import { nameTestRelation, storingTests } from '../declare/test-relation.ts';
import type { PlanFault } from '../words/step.ts';
import type { Relation } from '../words/table.ts';

/**
 * Tests whose failing rows would be written in the place of a model, or of another test's: what is
 * written there takes the place of what stands. `isAsked`: see `storeOf`.
 */
export async function findTakenRelations(
  models: ModelProject,
  isAsked: boolean,
): Promise<ReadonlyMap<string, PlanFault>> {
  const faults = new Map<string, PlanFault>();
  const tests = storingTests(models, isAsked);
  if (tests.length === 0) return faults;
  const taken = takenByModels(models);
  const named = tests.map(async (test) => [test, await nameWherePossible(models, test)] as const);
  for (const [test, relation] of await Promise.all(named)) {
    if (relation === undefined) continue;
    const key = relationKey(relation);
    const other = taken.get(key);
    if (other === undefined) taken.set(key, test.id);
    else {
      faults.set(test.id, {
        id: test.id,
        code: 'relation-taken',
        message: `${test.file}: the failing rows of ${test.name} would take the place of ${key}, which is written by ${other}`,
        hint: 'give the test another alias or schema',
      });
    }
  }
  return faults;
}

function takenByModels(models: ModelProject): Map<string, string> {
  const taken = new Map<string, string>();
  for (const { id, resourceType } of models.graph.nodes.values()) {
    if (resourceType === 'test') continue;
    const node = models.nodes.get(id);
    if (!isModelNode(node)) continue;
    for (const relation of relationsOf(node)) taken.set(relationKey(relation), node.file);
  }
  return taken;
}

/** A naming macro that throws is told by the test, when its rows are to be kept. */
async function nameWherePossible(
  models: ModelProject,
  test: TestNode,
): Promise<Relation | undefined> {
  return await nameTestRelation(models, test).catch(() => undefined);
}
