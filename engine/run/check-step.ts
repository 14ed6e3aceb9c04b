import { toCheck } from '../declare/checks.ts';
import { isModelNode, isSourceNode, isTestNode, isUnitTestNode } from '../declare/model-node.ts';
import type { Work } from '../plan/work.ts';
import { formatFailure, runPublishedCheck } from '../steps/check.ts';
import { assertThat } from '../words/errors.ts';
import type { Check } from '../words/node.ts';
import type { CheckStep } from '../words/step.ts';
import type { RunNotes } from './run-notes.ts';
import type { StepOutcome } from './run-steps.ts';
import { unitTestStep } from './unit-test-step.ts';

/** Runs one test on what is published, or a unit test on the rows it gives. */
export async function checkStep(
  work: Work,
  step: CheckStep,
  notes?: RunNotes,
): Promise<StepOutcome> {
  const { models, request } = work;
  const test = models?.nodes.get(step.id);
  if (isUnitTestNode(test)) return unitTestStep(work, test);
  assertThat(models && isTestNode(test), `${step.id} is a test of the project`);
  if (notes?.gates.has(step.id)) return { status: 'reused', message: 'its model was held to it' };
  const { boundaryMs, invocationId } = request;
  const check = toCheck(models, test, {
    storeFailures: request.scope.storeFailures ?? false,
    moment: { boundaryMs, invocationId, isFullRefresh: false },
    warehouse: {
      describe: (relation) => request.warehouse.describe(relation),
      session: request.warehouse,
    },
  });
  const noted: Check = {
    ...check,
    sql: async (relationName) => {
      const text = await check.sql((id) => work.deferred.get(id) ?? relationName(id));
      notes?.noteCompiled(step.id, text);
      return text;
    },
  };
  const failure = await runPublishedCheck(request.warehouse, noted, (id) => {
    const node = models.nodes.get(id);
    return isModelNode(node) || isSourceNode(node) ? node.relation : undefined;
  });
  if (!failure) return { status: 'success', message: 'holds', counts: { failures: 0 } };
  return {
    status: failure.severity === 'warn' ? 'warn' : 'failed',
    message: formatFailure(failure),
    hint: `see the rows: tidemill show --select ${test.name}`,
    counts: { failures: failure.rows },
  };
}
