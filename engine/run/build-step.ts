import { join } from 'node:path';
import { checksOf } from '../declare/checks.ts';
import { type CompileOptions, compileNode } from '../declare/compile-node.ts';
import { findDecisions } from '../declare/find-decisions.ts';
import type { InputWindow } from '../declare/input-window.ts';
import { isModelNode, type ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { compileInputs } from '../declare/typescript/compile-inputs.ts';
import { constraintChecks, selectByContract } from '../plan/contract.ts';
import { decideNode } from '../plan/decide-node.ts';
import { toldOf } from '../plan/gate-prints.ts';
import type { Standing, StandingReader } from '../plan/standing.ts';
import type { Work } from '../plan/work.ts';
import { stateKeyOf } from '../state/nodes.ts';
import { ownChecks } from '../steps/audit.ts';
import type { Batches, BatchOutcome } from '../steps/batch-spans.ts';
import type { MaterializeResult, ScriptSource, SeedSource, Seen } from '../steps/build-context.ts';
import { formatFailure } from '../steps/check.ts';
import { materialize } from '../steps/materialize.ts';
import { assertThat, TerminalError } from '../words/errors.ts';
import type { BuildNode, Check, NodeConfig } from '../words/node.ts';
import { plural } from '../words/plural.ts';
import type { BuildStep } from '../words/step.ts';
import { batchSelects } from './batch-selects.ts';
import { type BuildMode, chooseBuildMode } from './build-mode.ts';
import { customBuild } from './custom-build.ts';
import { nodeHooks } from './node-hooks.ts';
import { noteWarned } from './note-held.ts';
import type { GateNote, RunNotes } from './run-notes.ts';
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

/** Builds one node if what it reads or is made of has changed; a refusal names the node's file. */
export async function buildStep(...about: Parameters<typeof buildNode>): Promise<StepOutcome> {
  try {
    return await buildNode(...about);
  } catch (error) {
    const [{ models }, { id }] = about;
    const node = models?.nodes.get(id);
    const isBare =
      error instanceof TerminalError && error.message.startsWith('the warehouse refused');
    if (!isBare || !isModelNode(node)) throw error;
    throw new TerminalError(`${node.file}: ${error.message}`, { ...error.details, cause: error });
  }
}

async function buildNode(
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
  const mode = chooseBuildMode(work, node, now, decision);
  const { isIncremental, fingerprint } = mode;
  const options = {
    relationName: (id: string) => work.deferred.get(id),
    isIncremental,
    ...windowOf(mode),
    moment: { boundaryMs, invocationId, isFullRefresh: fullRefresh && !isIncremental },
    warehouse: {
      describe: (relation: Parameters<typeof warehouse.describe>[0]) =>
        warehouse.describe(relation),
      session: warehouse,
    },
    planner: warehouse,
  };
  const compiled = await compileNode(models, node, options);
  const isFirst = now.catalog.columnsOf(node.relation) === undefined && !fullRefresh;
  const batches = batchesOf(mode, batchSelects(models, node, compiled, options, isFirst));
  notes?.noteCompiled(node.id, compiled.sql);
  const bound = work.bound.get(step.id);
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
    },
    ...(custom ? { custom } : {}),
    ...(await rememberedOf({ ...work, models }, step.id, fingerprint)),
    ...nodeHooks({ models, node, options, sql: compiled.sql, warehouse }),
    sql: selectByContract(node, compiled.sql),
    isIncremental,
    checks: gatesOf(work, models, node, options),
  };
  const seed = bound && seedOf(models, node, bound.columns);
  const script: ScriptSource | undefined = node.script && {
    script: node.script,
    inputs: await compileInputs(models, node, options),
    spoolFolder: join(stateFolder, 'spool', 'models', encodeURIComponent(node.id)),
  };
  if (batches) notes?.noteBatches(node.id, noneMade(batches));
  // Also after a failure: hooks and marks may have been written.
  const result = await materialize(warehouse, build, {
    runId,
    boundaryMs: mode.boundaryMs,
    fullRefresh: mode.fullRefresh,
    keepsRows: mode.keepsRows,
    signal,
    log,
    inputs: mode.inputs,
    ...(seed ? { seed } : {}),
    ...(script ? { script } : {}),
    ...(batches ? { batches } : {}),
    ...(isPlain(build, script !== undefined, batches) ? { seen: seenIn(now, node) } : {}),
  }).then(
    async (built) => {
      noteEnd(standing, build, await forgetWarned({ models, request }, build, built));
      return built;
    },
    (error: unknown) => {
      noteEnd(standing, build);
      throw error;
    },
  );
  if (result.batches) notes?.noteBatches(node.id, result.batches);
  const gates = judgeGates(build, result);
  for (const { id, ...gate } of gates) notes?.noteGate(id, build.id, gate);
  return toOutcome(result, decision.reasons, countGates(gates));
}

/** What the rows are remembered to be made of, and to be held to. */
async function rememberedOf(
  work: Work & { readonly models: ModelProject },
  id: string,
  fingerprint: string,
) {
  const print = work.fingerprints.get(id);
  const told = await toldOf(work, id);
  return { fingerprint, told, ...(print && { writtenAs: print.writtenAs }) };
}

/** What the rows are held to: the constraints of the contract, and the tests that are meant. */
function gatesOf(
  { request, selected }: Work,
  models: ModelProject,
  node: ModelNode,
  options: CompileOptions,
): Check[] {
  const storeFailures = request.scope.storeFailures ?? false;
  const tests = checksOf(models, node.id, { ...options, storeFailures });
  return [...constraintChecks(node), ...tests.filter(({ id }) => selected.has(id))];
}

function seedOf(
  { root }: ModelProject,
  { resourceType, file }: ModelNode,
  columns: SeedSource['columns'],
): SeedSource | undefined {
  return resourceType === 'seed' ? { path: join(root, file), columns } : undefined;
}

function batchesOf({ batches }: BuildMode, selects: ReturnType<typeof batchSelects>) {
  return batches && { ...batches, ...selects };
}

/** What becomes of a build's batches if it ends before it says so. */
function noneMade({ spans, made }: Batches): BatchOutcome {
  return { successful: [], failed: spans, ...(made ? { earlier: made } : {}) };
}

/** What a text that is no batch's own is rendered as: what the newest of them would be. */
function windowOf({ window, batches }: BuildMode): { readonly window?: InputWindow } {
  const batch = batches?.spans.at(-1);
  return window || batch ? { window: { ...window, ...(batch ? { batch } : {}) } } : {};
}

/** A person's own statements may have written anywhere; ours write their node. */
function writesElsewhere({ config, custom }: BuildNode): boolean {
  return custom !== undefined || config.preHooks.length > 0 || config.postHooks.length > 0;
}

function noteEnd(standing: StandingReader, build: BuildNode, result?: MaterializeResult): void {
  if (writesElsewhere(build)) standing.forget();
  else if (result?.state && !result.batches) standing.noteBuilt(build, result.state);
  else standing.forgetNode(build);
}

/** A test that warned is asked at the next build too, be the node reused. */
async function forgetWarned(
  work: Parameters<typeof noteWarned>[0],
  build: BuildNode,
  result: MaterializeResult,
): Promise<MaterializeResult> {
  if (result.failures.length === 0 || result.action === 'withheld') return result;
  const warned = result.failures.map(({ id }) => id);
  const state = await noteWarned(work, build, warned);
  return result.state && state ? { ...result, state } : result;
}

/** What was seen before the build holds for all of it: it is one select, published once. */
function isPlain(build: BuildNode, isScript: boolean, batches?: Batches): boolean {
  return !writesElsewhere(build) && !batches && !isScript;
}

function seenIn({ catalog, schemas, states }: Standing, node: ModelNode): Seen {
  return {
    kindOf: (relation) => catalog.kindOf(relation),
    hasSchema: (schema) => schemas.has(schema),
    hasState: states.has(stateKeyOf(node)),
  };
}

/** Tests that were judged with the build: those it names as failures, and the others hold. */
function judgeGates(build: BuildNode, result: MaterializeResult): (GateNote & { id: string })[] {
  if (result.action === 'unchanged' || result.action === 'none') return [];
  const tests = ownChecks(build).filter(({ isConstraint }) => !isConstraint);
  return tests.map(({ id }) => {
    const failure = result.failures.find((one) => one.id === id);
    if (!failure) return { id, status: 'pass', failures: 0 };
    const status = failure.severity === 'error' ? 'fail' : 'warn';
    const { rows, failCalc } = failure;
    return { id, status, failures: rows, ...(failCalc === undefined ? {} : { failCalc }) };
  });
}

type GateCounts = Readonly<Record<'tests_passed' | 'tests_warned' | 'tests_failed', number>>;

function countGates(gates: readonly GateNote[]): GateCounts {
  const count = (status: GateNote['status']): number =>
    gates.filter((gate) => gate.status === status).length;
  return {
    tests_passed: count('pass'),
    tests_warned: count('warn'),
    tests_failed: count('fail'),
  };
}

/** An identity's config names its decisions; the build reads the relation they stand in. */
function placeDecisions(models: ModelProject, node: ModelNode): Pick<NodeConfig, 'identity'> {
  const { identity } = node.nodeConfig;
  const relation = findDecisions(models, node)?.relation;
  if (!identity || !relation) return {};
  return { identity: { ...identity, decisionsRelation: relation } };
}

/** Batches named in a message; the others are counted. */
const batchesToldMax = 5;

function toPartialOutcome(
  result: MaterializeResult,
  { successful, failed }: BatchOutcome,
  notes: readonly string[],
  gates: GateCounts,
): StepOutcome {
  const told = failed.slice(0, batchesToldMax).map(({ from }) => from.replace(/T00:00.*/, ''));
  const more = failed.length > told.length ? [`${failed.length - told.length} more`] : [];
  const total = successful.length + failed.length;
  const what = `${failed.length} of ${plural(total, 'batch', 'batches')} failed`;
  return {
    status: 'failed',
    message: `${what} (${[...told, ...more].join(', ')}): ${notes.join('; ')}`,
    hint: 'the other batches are published; `tidemill retry` makes those that failed again',
    counts: {
      rows: result.rows,
      failures: result.failures.length,
      ...gates,
      batches: successful.length,
      batches_failed: failed.length,
    },
  };
}

function toOutcome(
  result: MaterializeResult,
  reasons: readonly string[],
  gates: GateCounts,
): StepOutcome {
  const notes = [
    ...result.failures.map(formatFailure),
    ...result.warnings,
    ...(result.ties
      ? [`${plural(result.ties, 'version')} of one key and time, order not told`]
      : []),
  ];
  const counts = { rows: result.rows, failures: result.failures.length, ...gates };
  if (result.action === 'withheld') {
    return {
      status: 'failed',
      message: `a test failed, nothing was published: ${notes.join('; ')}`,
      hint: 'the table is as it was; `tidemill test` shows the query of each test',
      counts,
    };
  }
  if (result.batches?.failed.length) {
    return toPartialOutcome(result, result.batches, notes, gates);
  }
  const rows = result.rows > 0 ? `, ${plural(result.rows, 'row')}` : '';
  const held = gates.tests_passed;
  const tests = held > 0 ? `, ${plural(held, 'test holds', 'tests hold')}` : '';
  const message = [`${verbs[result.action]}${rows}${tests}`, ...notes].join('; ');
  const isWarned = result.failures.length > 0 || result.warnings.length > 0;
  const hint = isWarned ? {} : { hint: reasons.join('; ') };
  return { status: isWarned ? 'warn' : 'success', message, counts, ...hint };
}
