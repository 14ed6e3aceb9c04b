import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { type CompileOptions, compileNode, compileTest } from '../declare/compile-node.ts';
import { findDecisions } from '../declare/find-decisions.ts';
import { stillWindow } from '../declare/input-window.ts';
import type { ModelFault } from '../declare/model-fault.ts';
import {
  isAddedTo,
  isEmptyModel,
  isModelNode,
  isSourceNode,
  isTestNode,
  type ModelNode,
  type SourceNode,
  type TestNode,
} from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import type { RenderMoment } from '../declare/node-render.ts';
import { compileInputWhole } from '../declare/typescript/compile-inputs.ts';
import type { ScriptInput } from '../declare/typescript/script-definition.ts';
import { TerminalError } from '../words/errors.ts';
import type { HistoryConfig } from '../words/node.ts';
import type { Column, Relation } from '../words/table.ts';
import type { Session, Shadow } from '../words/warehouse.ts';
import { describeFailure } from './bind-failure.ts';
import { bindIdentity } from './bind-identity.ts';
import { checkScriptInputs } from './bind-script.ts';
import { addedColumns, resolveHistory } from './bound-shape.ts';
import { checkContract, hasContract, isHeld, selectByContract } from './contract.ts';
import { watchOutsideTables } from './outside-tables.ts';
import { type KnownColumn, openShadowTables, type ShadowTables } from './shadow-tables.ts';

export type { KnownColumn };

export interface BoundNode {
  readonly id: string;
  /** The relation's columns, exact, in order. */
  readonly columns: readonly Column[];
  /** For `history`: the config with what the select's columns decide filled in. */
  readonly history?: HistoryConfig;
}

/** Columns of nodes by fingerprint: a node that has not changed need not be bound again. */
export interface BindCache {
  get(fingerprint: string): readonly Column[] | undefined;
  set(fingerprint: string, columns: readonly Column[]): void;
}

export interface BindRequest {
  readonly project: ModelProject;
  readonly shadow: Shadow;
  /**
   * For templates that query while they are rendered; absent: such a model fails with a message.
   */
  readonly session?: Session;
  readonly moment?: RenderMoment;
  /** A source's columns: from its stream, or from the table that stands. Undefined: not known. */
  sourceColumns(node: SourceNode): Promise<readonly KnownColumn[] | undefined>;
  /** A seed's columns, by its file. */
  seedColumns(node: ModelNode): Promise<readonly KnownColumn[]>;
  /** Nodes to bind; what they are built from is bound too. Absent: all. */
  readonly ids?: Iterable<string>;
  readonly fingerprints?: ReadonlyMap<string, string>;
  readonly cache?: BindCache;
}

export interface BindResult {
  readonly nodes: ReadonlyMap<string, BoundNode>;
  /** One fault per node that does not bind, with its place and what was probably meant. */
  readonly failures: readonly ModelFault[];
  /** Nodes left out because of another: id → the id of the node that failed. */
  readonly skipped: ReadonlyMap<string, string>;
  /** Nodes that read tables which no edge leads to: see `OutsideTables`. */
  readonly outside: ReadonlySet<string>;
  /** Columns of any relation that was bound or is a source: what templates were told. */
  describe(relation: Relation): Promise<readonly KnownColumn[] | undefined>;
}

/**
 * Binds every model against an empty twin of the warehouse, in order: exact columns and types, and
 * every failure at once, before any data is touched. Tests are bound too.
 */
export async function bindModels(asked: BindRequest): Promise<BindResult> {
  const { project } = asked;
  const outside = watchOutsideTables(asked);
  const request = { ...asked, shadow: outside.shadow };
  const failures: ModelFault[] = [];
  const causes = new Map<string, string>();
  const nodes = new Map<string, BoundNode>();
  const open = new Set<string>();
  const order = orderOf(request);
  const tables = openShadowTables(request.shadow, readersIn(project, order));
  const binding: Binding = { request, tables, nodes, open, outside: outside.readers };
  for (const id of project.broken) causes.set(id, id);
  for (const id of order) {
    const node = project.nodes.get(id);
    if (node === undefined || causes.has(id)) continue;
    if (isModelNode(node) && isEmptyModel(node)) continue;
    const cause = node.dependsOn.map((parent) => causes.get(parent)).find((one) => one);
    if (cause !== undefined) {
      causes.set(id, cause);
      continue;
    }
    outside.enter(node);
    try {
      if (isSourceNode(node)) await bindSource(binding, node);
      else if (isModelNode(node)) await bindModel(binding, node);
      else if (isTestNode(node)) await bindTest(binding, node);
    } catch (error) {
      // What its text will be is known when its turn comes, from rows that may not be there yet.
      if (outside.mayComeYet(node, error) || readsAltered(project, node)) open.add(id);
      if (isOpen(open, node)) continue;
      causes.set(id, id);
      failures.push(describeFailure(error, project, node, nodes));
    }
  }
  const skipped = [...causes].filter(([id, cause]) => id !== cause);
  const describe: BindResult['describe'] = async (relation) => binding.tables.columnsOf(relation);
  return { nodes, failures, skipped: new Map(skipped), outside: outside.readers, describe };
}

/** Tests of one column need no table. */
function readersIn(project: ModelProject, order: readonly string[]): (id: string) => boolean {
  const read = new Set<string>();
  for (const id of order) {
    const node = project.nodes.get(id);
    if (isModelNode(node)) for (const parent of node.dependsOn) read.add(parent);
  }
  return (id) => read.has(id);
}

function orderOf({ project, ids }: BindRequest): readonly string[] {
  if (ids === undefined) return project.graph.order;
  const wanted = new Set(ids);
  for (const id of project.graph.ancestorsOf(wanted)) wanted.add(id);
  return project.graph.order.filter((id) => wanted.has(id));
}

/** Whether a hook gives a parent other columns than its select: they are known once it ran. */
function readsAltered(project: ModelProject, { dependsOn }: { dependsOn: readonly string[] }) {
  return dependsOn.some((id) => {
    const parent = project.nodes.get(id);
    const { preHooks = [], postHooks = [] } = isModelNode(parent) ? parent.nodeConfig : {};
    return [...preHooks, ...postHooks].some((text) => /\balter\b/i.test(text));
  });
}

interface Binding {
  readonly request: BindRequest;
  readonly tables: ShadowTables;
  readonly nodes: Map<string, BoundNode>;
  /**
   * Nodes whose templates asked the warehouse for rows or whose columns a macro of the project
   * makes, and all that is built from them.
   */
  readonly open: Set<string>;
  readonly outside: ReadonlySet<string>;
}

/** Whether the node's text or its parents' columns follow from rows. Marks it, parents first. */
function isOpen(
  open: Set<string>,
  node: { readonly id: string; readonly dependsOn: readonly string[] },
): boolean {
  if (!open.has(node.id) && node.dependsOn.some((parent) => open.has(parent))) open.add(node.id);
  return open.has(node.id);
}

async function bindSource({ request, tables }: Binding, node: SourceNode): Promise<void> {
  // Its readers have what reads the files in their own text.
  if (node.external !== undefined) return;
  const columns = await request.sourceColumns(node);
  if (columns === undefined) {
    throw new TerminalError(`nothing is known of the table ${node.sourceName}.${node.name}`, {
      code: 'source-unknown',
      hint: 'extract the stream first, or correct the name in source()',
    });
  }
  tables.know(node.id, node.relation, columns);
}

async function bindModel(binding: Binding, node: ModelNode): Promise<void> {
  const { request, tables, nodes } = binding;
  const isCustom = node.nodeConfig.materialization === 'custom';
  if (isCustom && (await bindStanding(binding, node))) return;
  const isKnown = !isCustom && !isOpen(binding.open, node);
  const fingerprint = isKnown ? request.fingerprints?.get(node.id) : undefined;
  const known = fingerprint === undefined ? undefined : request.cache?.get(fingerprint);
  // A history's config is completed by its select: only binding knows it.
  if (known !== undefined && node.nodeConfig.history === undefined) {
    nodes.set(node.id, { id: node.id, columns: known });
    tables.know(node.id, node.relation, known);
    return;
  }
  const bound =
    node.resourceType === 'seed'
      ? {
          id: node.id,
          columns: await tables.createEmpty(node.relation, await request.seedColumns(node)),
        }
      : await bindSelect(binding, node);
  if (hasContract(node) && !isHeld(node)) {
    await checkContract(node, bound.columns, request.shadow);
  }
  nodes.set(node.id, bound);
  // Columns of a table that others make are asked for anew each time.
  const isOutside = binding.outside.has(node.id);
  if (fingerprint !== undefined && !isOutside) request.cache?.set(fingerprint, bound.columns);
}

/** What a materialization of the project's own will make is best told by what stands. */
async function bindStanding(binding: Binding, node: ModelNode): Promise<boolean> {
  const { request, tables, nodes, open } = binding;
  await request.shadow.describeQuery(await renderSelect(binding, node, false));
  open.add(node.id);
  const columns = await request.session?.describe(node.relation);
  if (columns === undefined) return false;
  tables.know(node.id, node.relation, columns);
  nodes.set(node.id, { id: node.id, columns });
  return true;
}

async function bindSelect(binding: Binding, node: ModelNode): Promise<BoundNode> {
  const { tables, request } = binding;
  const { relation, nodeConfig, id } = node;
  if (node.script) await checkScriptInputs(node, (input) => describeInput(binding, node, input));
  const select = await renderSelect(binding, node, false);
  if (nodeConfig.materialization === 'ephemeral') {
    return { id, columns: await request.shadow.describeQuery(select) };
  }
  if (nodeConfig.history !== undefined || node.resourceType === 'snapshot') {
    const log = await request.shadow.describeQuery(select);
    const history = nodeConfig.history && resolveHistory(nodeConfig.history, log);
    const all = await addedColumns(node, log, history, request.shadow);
    const columns = await tables.createEmpty(relation, all);
    return { id, columns, ...(history ? { history } : {}) };
  }
  if (nodeConfig.identity) {
    const decisions = decisionsOf(binding, node);
    const all = await bindIdentity(node, nodeConfig.identity, select, request.shadow, decisions);
    return { id, columns: await tables.createEmpty(relation, all) };
  }
  const columns = await tables.defineFrom(id, relation, select);
  if (isAddedTo(node)) {
    // The part that only increments run reads the table itself.
    await tables.makeReady([id]);
    await request.shadow.describeQuery(await renderSelect(binding, node, true));
  }
  return { id, columns };
}

/** The relation of an identity's decisions with its columns, once it is bound. */
function decisionsOf({ request, tables }: Binding, node: ModelNode) {
  const relation = findDecisions(request.project, node)?.relation;
  const columns = relation && tables.columnsOf(relation);
  return relation && columns ? { relation, columns } : undefined;
}

async function describeInput(
  binding: Binding,
  node: ModelNode,
  input: ScriptInput,
): Promise<readonly Column[]> {
  const { tables, request } = binding;
  const options = compileOptions(binding, node.id);
  const { sql: text, reads } = await compileInputWhole(request.project, node, input, options);
  await tables.makeReady(reads);
  return request.shadow.describeQuery(sql.raw(trimStatement(text)));
}

async function renderSelect(binding: Binding, node: ModelNode, isIncremental: boolean) {
  const { tables, request } = binding;
  const options = {
    ...compileOptions(binding, node.id),
    ...stillWindow(node.nodeConfig),
    isIncremental,
  };
  const { sql: text, reads } = await compileNode(request.project, node, options);
  await tables.makeReady(reads);
  const select = sql.raw(trimStatement(text));
  if (!isHeld(node)) return select;
  await checkContract(node, await request.shadow.describeQuery(select), request.shadow);
  return sql.raw(selectByContract(node, text));
}

async function bindTest(binding: Binding, test: TestNode): Promise<void> {
  const { tables, request, nodes, outside } = binding;
  const tested = nodes.get(test.testedId ?? '');
  if (tested && isPlainColumn(test, tested)) return;
  const key = keyOfTest(request, test);
  if (key !== undefined && request.cache?.get(key) !== undefined) return;
  const compiled = await compileTest(request.project, test, compileOptions(binding, test.id));
  await tables.makeReady(compiled.reads);
  await request.shadow.describeQuery(sql.raw(trimStatement(compiled.sql)));
  if (key !== undefined && !outside.has(test.id)) request.cache?.set(key, []);
}

/** All that decides whether a test binds; undefined where it reads what has no fingerprint. */
function keyOfTest({ fingerprints, project }: BindRequest, test: TestNode): string | undefined {
  const parents = test.dependsOn.map((id) => fingerprints?.get(id));
  if (parents.includes(undefined)) return undefined;
  const macros = project.library.all.map(({ id, digest }) => [id, digest]);
  const { id, text, entry, column, nodeConfig } = test;
  const made = JSON.stringify([id, text, entry, column, nodeConfig, parents, macros]);
  return `test.${createHash('sha256').update(made).digest('hex')}`;
}

function compileOptions({ request, tables, open }: Binding, id: string): CompileOptions {
  const { moment } = request;
  const session = request.session && noteQueries(request.session, () => open.add(id));
  return {
    ...(moment === undefined ? {} : { moment }),
    warehouse: {
      describe: async (relation) => tables.columnsOf(relation),
      ...(session === undefined ? {} : { session }),
    },
  };
}

function noteQueries(session: Session, note: () => void): Session {
  const noted = <A, R>(ask: (statement: A) => Promise<R>) => {
    return (statement: A): Promise<R> => {
      note();
      return ask(statement);
    };
  };
  return {
    query: (statement, rowsMax) => {
      note();
      return session.query(statement, rowsMax);
    },
    execute: noted(session.execute),
    describe: noted(session.describe),
    describeQuery: noted(session.describeQuery),
  };
}

function trimStatement(text: string): string {
  return text.replace(/[\s;]+$/, '');
}

const plainTests = new Set(['unique', 'not_null']);

/** Whether the test certainly binds: one of dbt's own on a column that is there. */
function isPlainColumn(test: TestNode, tested: BoundNode): boolean {
  if (!plainTests.has(test.entry?.test ?? '') || 'where' in test.nodeConfig) return false;
  const wanted = test.column?.toLowerCase();
  return tested.columns.some((column) => column.name.toLowerCase() === wanted);
}
