import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readsOf } from '../declare/checks.ts';
import { compileTest } from '../declare/compile-node.ts';
import { internalPackage } from '../declare/macro-library.ts';
import {
  isTestNode,
  isUnitTestNode,
  type ModelNode,
  type TestNode,
  type UnitTestNode,
} from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { canonicalSql } from '../declare/sql-text.ts';
import { storeOf } from '../declare/test-relation.ts';
import { findVolatile } from '../declare/volatile-sql.ts';
import { stateKeyOf } from '../state/nodes.ts';
import type { Standing } from './standing.ts';
import type { Work } from './work.ts';

type Project = Pick<Work, 'request'> & { readonly models: ModelProject };
type Chosen = Project & Pick<Work, 'selected'>;

/** Whether the test is judged with the build of the one node that it reads. */
export function isGateOf(models: ModelProject, test: TestNode, nodeId: string): boolean {
  const reads = readsOf(models, test);
  // A test of an ephemeral model reads what that reads, and is no gate of it.
  return reads.length === 1 && reads[0] === nodeId && test.dependsOn.includes(nodeId);
}

/** Hex digits of each: of one model's tests no two are taken for one. */
const printLength = 12;

/** Config of a test that decides what its rows mean. */
const judging = ['severity', 'error_if', 'warn_if', 'fail_calc', 'limit'] as const;

const plainTests = new Set(['unique', 'not_null', 'accepted_values']);
/** What says how those are asked, where a project or a package has one of its own. */
const askingMacros =
  /^(\w+__)?(test_(unique|not_null|accepted_values)|get_where_subquery|string_literal|escape_single_quotes)$/;

/** Projects in which those tests are asked as they are built in. */
const builtIn = new WeakMap<ModelProject, boolean>();

function asksAsBuiltIn(models: ModelProject): boolean {
  const known = builtIn.get(models);
  if (known !== undefined) return known;
  const found = !models.library.all.some(
    ({ name, packageName }) => packageName !== internalPackage && askingMacros.test(name),
  );
  builtIn.set(models, found);
  return found;
}

/** What a test says that needs no rendering: its entry is all that it is made of. */
function plainPart(models: ModelProject, test: TestNode): unknown {
  const { entry, column, testedId = '' } = test;
  if (!plainTests.has(entry?.test ?? '') || 'where' in test.nodeConfig) return undefined;
  const tested = models.nodes.get(testedId);
  const made = [entry?.test, entry?.arguments, column];
  const isTemplate = JSON.stringify(made).includes('{{');
  if (isTemplate || !tested || !('relation' in tested) || !asksAsBuiltIn(models)) return undefined;
  return [made, tested.relation];
}

/** Undefined where the same text may answer otherwise of the same rows. */
async function printOfTest(
  { models, request }: Project,
  test: TestNode,
): Promise<string | undefined> {
  const store = storeOf(test.nodeConfig, request.scope.storeFailures ?? false);
  const judged = [
    ...judging.map((key) => test.nodeConfig[key] ?? null),
    // Rows that are to be kept are only there once it has been asked.
    ...(store ? [store] : []),
  ];
  const plain = plainPart(models, test);
  if (plain !== undefined) return digestOf([plain, judged]);
  try {
    const { sql, trace } = await compileTest(models, test);
    if (trace.readsClock || trace.asksWarehouse || findVolatile(sql) !== undefined)
      return undefined;
    return digestOf([canonicalSql(sql), judged]);
  } catch {
    // Running it says what is wrong.
    return undefined;
  }
}

/** A unit test with the files that its rows stand in. */
async function printOfUnitTest(root: string, test: UnitTestNode): Promise<string | undefined> {
  const { given, expect, after, isIncremental, macros, vars, env } = test;
  const files = [...given.map(({ rows }) => rows), expect].flatMap(
    (rows) => rows.fixtureFile ?? [],
  );
  try {
    const texts = await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')));
    return digestOf([given, expect, after ?? null, isIncremental, macros, vars, env, texts]);
  } catch {
    return undefined;
  }
}

function digestOf(made: unknown): string {
  return createHash('sha256').update(JSON.stringify(made)).digest('hex').slice(0, printLength);
}

async function gatePrints(project: Chosen, nodeId: string) {
  const { models, selected } = project;
  const prints = new Map<string, string | undefined>();
  for (const id of models.graph.childrenOf(nodeId)) {
    if (!selected.has(id) || gatedBy(models, id) !== nodeId) continue;
    prints.set(id, await printOfGate(project, id));
  }
  return prints;
}

/** The one node whose rows a test or a unit test lets pass; undefined where it is none's gate. */
export function gatedBy(models: ModelProject, testId: string): string | undefined {
  const test = models.nodes.get(testId);
  if (isUnitTestNode(test)) return test.modelId;
  if (!isTestNode(test)) return undefined;
  return readsOf(models, test).find((id) => isGateOf(models, test, id));
}

async function printOfGate(project: Project, testId: string): Promise<string | undefined> {
  const { models } = project;
  const test = models.nodes.get(testId);
  if (isUnitTestNode(test)) return await printOfUnitTest(models.root, test);
  return isTestNode(test) ? await printOfTest(project, test) : undefined;
}

/**
 * What is remembered of a node as it is built: why it may be built again, and what it was held to.
 */
export async function toldOf(
  work: Chosen & Pick<Work, 'fingerprints'>,
  nodeId: string,
): Promise<string> {
  const isHeld = work.request.scope.kinds.has('check');
  const prints = isHeld ? await gatePrints(work, nodeId) : new Map<string, undefined>();
  const held = [...prints.values()].filter((print) => print !== undefined);
  return [work.fingerprints.get(nodeId)?.told ?? '.', held.join(',')].join('.');
}

function heldBy(told: string | undefined): readonly string[] {
  return told?.split('.')[2]?.split(',') ?? [];
}

/** What is remembered of a node whose rows were held to these tests too, as they stand. */
export async function toldWith(
  project: Project,
  told: string | undefined,
  testIds: readonly string[],
): Promise<string> {
  return joinHeld(told, [...heldBy(told), ...(await printsOf(project, testIds))]);
}

/** What is remembered of a node of which these tests are to be asked again. */
export async function toldWithout(
  project: Project,
  told: string | undefined,
  testIds: readonly string[],
): Promise<string> {
  const prints = await printsOf(project, testIds);
  return joinHeld(
    told,
    heldBy(told).filter((print) => !prints.includes(print)),
  );
}

async function printsOf(project: Project, testIds: readonly string[]): Promise<string[]> {
  const prints = await Promise.all(testIds.map((id) => printOfGate(project, id)));
  return prints.filter((print) => print !== undefined);
}

function joinHeld(told: string | undefined, prints: readonly string[]): string {
  const [own = '', read = ''] = told?.split('.') ?? [];
  return [own, read, [...new Set(prints)].filter((print) => print).join(',')].join('.');
}

/** Tests of a node that its rows, as they stand, were not held to. */
export async function findNewGates(
  work: Chosen,
  node: ModelNode,
  { states }: Pick<Standing, 'states'>,
): Promise<string[]> {
  const held = heldBy(states.get(stateKeyOf(node))?.told);
  const prints = await gatePrints(work, node.id);
  return [...prints]
    .filter(([, print]) => print === undefined || !held.includes(print))
    .map(([id]) => id);
}
