import { join } from 'node:path';
import { checksOf } from '../declare/checks.ts';
import { compileHooks, compileNode } from '../declare/compile-node.ts';
import { findDecisions } from '../declare/find-decisions.ts';
import { isModelNode, type ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { splitHooks } from '../declare/run-materialization.ts';
import { compileInputs } from '../declare/typescript/compile-inputs.ts';
import { decideNode } from '../plan/decide-node.ts';
import type { StandingReader } from '../plan/standing.ts';
import type { Work } from '../plan/work.ts';
import { ownChecks } from '../steps/audit.ts';
import type { MaterializeResult, ScriptSource, SeedSource } from '../steps/build-context.ts';
import { formatFailure } from '../steps/check.ts';
import { materialize } from '../steps/materialize.ts';
import { assertThat } from '../words/errors.ts';
import type { BuildNode, NodeConfig } from '../words/node.ts';
import { plural } from '../words/plural.ts';
import type { BuildStep } from '../words/step.ts';
import { customBuild } from './custom-build.ts';
import { findBatchWindow, narrowToWindow } from './microbatch.ts';
import type { RunNotes } from './run-notes.ts';
import type { StepOutcome } from './run-steps.ts';

const verbs: Readonly<Record<MaterializeResult['action'], string>> = {
  created: 'created',
  replaced: 'rebuilt',
  appended: 'appended',
  merged: 'merged',
  unchanged: 'unchanged',
  none: 'nothing to build',
  withheld: 'withheld',
};

/** Builds one node if what it reads or is made of has changed. */
export async function buildStep(
  work: Work,
  step: BuildStep,
  runId: string,
  standing: StandingReader,
  stateFolder: string,
  notes?: RunNotes,
): Promise<StepOutcome> {
  const { models, request } = work;
  const node = models?.nodes.get(step.id);
  assertThat(models && isModelNode(node), `${step.id} is a model of the project`);
  const { warehouse, boundaryMs, scope, signal, log, invocationId } = request;
  const fullRefresh = node.nodeConfig.fullRefresh ?? scope.fullRefresh ?? false;
  const now = await standing.read();
  const decision = decideNode(work, node, { standing: now, fullRefresh, boundaryMs });
  if (!decision.run) return { status: 'reused', message: decision.reasons.join('; ') };
  const fingerprint = work.fingerprints.get(step.id)?.fingerprint ?? '';
  const { materialization } = node.nodeConfig;
  const isAddedTo = !fullRefresh && decision.kind !== 'missing_table';
  // Rows made by another text are not added to: the table is built again whole. A materialization
  // of the project's own decides for itself.
  const isIncremental =
    isAddedTo &&
    (materialization === 'custom'
      ? node.nodeConfig.raw['materialized'] === 'incremental'
      : materialization === 'incremental' && now.states.get(step.id)?.fingerprint === fingerprint);
  const options = {
    relationName: (id: string) => work.deferred.get(id),
    isIncremental,
    moment: { boundaryMs, invocationId, isFullRefresh: fullRefresh },
    warehouse: {
      describe: (relation: Parameters<typeof warehouse.describe>[0]) =>
        warehouse.describe(relation),
      session: warehouse,
    },
  };
  const compiled = await compileNode(models, node, options);
  notes?.noteCompiled(node.id, compiled.sql);
  const bound = work.bound.get(step.id);
  const builtAtMs = isIncremental ? now.states.get(step.id)?.builtAtMs : undefined;
  // A retry makes the batches of the run it retries, and no later ones.
  const untilMs = scope.retry?.batchesUntilMs ?? boundaryMs;
  const batch = findBatchWindow(node.nodeConfig, { boundaryMs: untilMs, builtAtMs });
  const custom = customBuild(models, node, compiled.sql, options);
  const build: BuildNode = {
    id: node.id,
    name: node.name,
    file: node.file,
    relation: node.relation,
    config: {
      ...node.nodeConfig,
      ...(bound?.history ? { history: bound.history } : {}),
      ...placeDecisions(models, node),
      ...(await compileHooks(models, outsideHooks(node), options)),
    },
    ...(custom ? { custom } : {}),
    sql: batch ? narrowToWindow(compiled.sql, batch) : compiled.sql,
    isIncremental,
    checks: checksOf(models, node.id, {
      ...options,
      storeFailures: scope.storeFailures ?? false,
    }).filter((check) => work.selected.has(check.id)),
    fingerprint,
  };
  const seed: SeedSource | undefined =
    node.resourceType === 'seed' && bound
      ? { path: join(models.root, node.file), columns: bound.columns }
      : undefined;
  const script: ScriptSource | undefined = node.script && {
    script: node.script,
    inputs: await compileInputs(models, node, options),
    spoolFolder: join(stateFolder, 'spool', 'models', encodeURIComponent(node.id)),
  };
  // Also after a failure: hooks and marks may have been written.
  const result = await materialize(warehouse, build, {
    runId,
    boundaryMs: batch ? untilMs : boundaryMs,
    fullRefresh: fullRefresh || now.states.get(step.id)?.fingerprint !== fingerprint,
    signal,
    log,
    inputs: decision.inputs,
    ...(seed ? { seed } : {}),
    ...(script ? { script } : {}),
    ...(batch ? { batch } : {}),
  }).finally(() => forgetBuild(standing, build));
  noteGates(build, result, notes);
  return toOutcome(result, decision.reasons);
}

/** A person's own statements may have written anywhere; ours write their node. */
function forgetBuild(standing: StandingReader, { id, config, custom }: BuildNode): void {
  if (custom || config.preHooks.length > 0 || config.postHooks.length > 0) standing.forget();
  else standing.forgetNode(id);
}

/** Tests that were judged with the build: those it names as failures, and the others hold. */
function noteGates(build: BuildNode, result: MaterializeResult, notes?: RunNotes): void {
  if (result.action === 'unchanged' || result.action === 'none') return;
  for (const { id } of ownChecks(build)) {
    const failure = result.failures.find((one) => one.id === id);
    if (!failure) notes?.noteGate(id, build.id, { status: 'pass', failures: 0 });
    else {
      const status = failure.severity === 'error' ? 'fail' : 'warn';
      notes?.noteGate(id, build.id, { status, failures: failure.rows });
    }
  }
}

/** An identity's config names its decisions; the build reads the relation they stand in. */
function placeDecisions(models: ModelProject, node: ModelNode): Pick<NodeConfig, 'identity'> {
  const { identity } = node.nodeConfig;
  const relation = findDecisions(models, node)?.relation;
  if (!identity || !relation) return {};
  return { identity: { ...identity, decisionsRelation: relation } };
}

/** A materialization of the project's own runs most of its hooks itself. */
function outsideHooks(node: ModelNode): ModelNode {
  if (node.nodeConfig.materialization !== 'custom') return node;
  return { ...node, nodeConfig: { ...node.nodeConfig, ...splitHooks(node).outside } };
}

function toOutcome(result: MaterializeResult, reasons: readonly string[]): StepOutcome {
  const notes = [
    ...result.failures.map(formatFailure),
    ...result.warnings,
    ...(result.ties
      ? [`${plural(result.ties, 'version')} of one key and time, order not told`]
      : []),
  ];
  const counts = { rows: result.rows, failures: result.failures.length };
  if (result.action === 'withheld') {
    return {
      status: 'failed',
      message: `a test failed, nothing was published: ${notes.join('; ')}`,
      hint: 'the table is as it was; `tidemill test` shows the query of each test',
      counts,
    };
  }
  const rows = result.rows > 0 ? `, ${plural(result.rows, 'row')}` : '';
  const message = [`${verbs[result.action]}${rows}`, ...notes].join('; ');
  const isWarned = result.failures.length > 0 || result.warnings.length > 0;
  const hint = isWarned ? {} : { hint: reasons.join('; ') };
  return { status: isWarned ? 'warn' : 'success', message, counts, ...hint };
}
