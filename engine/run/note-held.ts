import { isModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { printOf } from '../plan/fingerprint-change.ts';
import { gatedBy, toldWith, toldWithout } from '../plan/gate-prints.ts';
import type { Work } from '../plan/work.ts';
import {
  type NodeState,
  type PlacedNode,
  readNodeState,
  saveNodeState,
  stateKeyOf,
} from '../state/nodes.ts';
import type { StepResult } from '../words/step.ts';

/**
 * Remembers of nodes that were not built, in one transaction, the tests that their rows have been
 * held to: those are not asked again until rows or tests change.
 */
export async function noteHeld(work: Work, steps: readonly StepResult[]): Promise<void> {
  const { models, deferred, request, fingerprints, standing } = work;
  if (!models) return;
  const passed = steps.filter(({ kind, status }) => kind === 'check' && status === 'success');
  if (passed.length === 0) return;
  const { states } = await standing.read();
  const byNode = Map.groupBy(passed, ({ id }) => gatedBy(models, id));
  const changes = await Promise.all(
    [...byNode].map(async ([nodeId = '', tests]) => {
      const node = models.nodes.get(nodeId);
      if (!isModelNode(node) || deferred.has(nodeId)) return [];
      const state = states.get(stateKeyOf(node));
      // A unit test held of the text as it is now, which may not be what was built.
      const isOfNow = state?.fingerprint === printOf(state, fingerprints.get(nodeId));
      if (state?.status !== 'built' || !isOfNow) return [];
      const told = await toldWith(
        { models, request },
        state.told,
        tests.map(({ id }) => id),
      );
      return told === state.told ? [] : [{ node, state: { ...state, told } }];
    }),
  );
  const noted = changes.flat();
  if (noted.length === 0) return;
  await request.warehouse.transaction(async (session) => {
    for (const { state } of noted) await saveNodeState(session, state);
  });
  for (const { node, state } of noted) standing.noteBuilt(node, state);
}

/**
 * A test that warns is asked again until it holds: nothing is remembered of it. Answers the node's
 * state as it then is.
 */
export async function noteWarned(
  { models, request }: Pick<Work, 'request'> & { readonly models: ModelProject },
  node: PlacedNode,
  testIds: readonly string[],
): Promise<NodeState | undefined> {
  return await request.warehouse.transaction(async (session) => {
    const state = await readNodeState(session, node);
    if (!state) return undefined;
    const told = await toldWithout({ models, request }, state.told, testIds);
    if (told === state.told) return state;
    await saveNodeState(session, { ...state, told });
    return { ...state, told };
  });
}
