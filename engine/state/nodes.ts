import { type RawBuilder, sql } from 'kysely';
import { type Column, formatRelation, type Relation } from '../words/table.ts';
import type { Dialect, Session, Warehouse } from '../words/warehouse.ts';

/**
 * What is remembered of a built node, in the warehouse: restoring an old warehouse rewinds it too.
 * A row describes the live relation: it is written in the transaction that publishes, be that one
 * of rows or of shapes, so a kill leaves both as they were or both as they became.
 */
export interface NodeState {
  readonly nodeId: string;
  /** The live relation, as `schema.name`: the targets of one project may share a warehouse. */
  readonly relation: string;
  readonly fingerprint: string;
  /** What a change of the fingerprint is explained by: it decides nothing. */
  readonly told?: string | undefined;
  /** As the fingerprint, whatever variables and the environment said. */
  readonly writtenAs?: string | undefined;
  /** Changes whenever the rows may have; what dependants compare. */
  readonly dataVersion: string;
  /** Each parent's data version when this node last read it. */
  readonly inputs: InputVersions;
  readonly builtAtMs: number;
  /** What an incremental build resumes from: the node's own text, `undefined` where unused. */
  readonly watermark: string | undefined;
  /** `failed`: the last attempt published nothing, or an after-hook failed. */
  readonly status: 'built' | 'failed';
}

/** A node as it stands under one target. */
export interface PlacedNode {
  readonly id: string;
  readonly relation: Relation;
}

/** What states are found by. */
export function stateKeyOf({ id, relation }: PlacedNode): string {
  return `${id} ${formatRelation(relation)}`;
}

/** Parent node or source id → its data version. */
export type InputVersions = Readonly<Record<string, string>>;

const nodesTable = sql.table('tidemill.nodes');

/** One making of the table a warehouse, however many steps wait for it: nothing drops it after. */
const ensured = new WeakMap<Warehouse, Promise<void>>();

/** Creates the table where it does not exist. Call before anything is built. */
export async function ensureNodeStates(warehouse: Warehouse): Promise<void> {
  const known = ensured.get(warehouse);
  if (known) return await known;
  const made = createWhereMissing(warehouse);
  ensured.set(warehouse, made);
  // A making that failed is tried again by the next step.
  await made.catch((error: unknown) => {
    ensured.delete(warehouse);
    throw error;
  });
}

async function createWhereMissing(warehouse: Warehouse): Promise<void> {
  const columns = await columnsOfNodes(warehouse);
  if (knowsRelations(columns)) return;
  await warehouse.ddl([
    sql`create schema if not exists tidemill`,
    // Of a shape that knew no relations: what is forgotten is built again.
    ...(columns ? [sql`drop table ${nodesTable}`] : []),
    createNodes(warehouse.dialect),
  ]);
}

async function columnsOfNodes(session: Session): Promise<readonly Column[] | undefined> {
  return await session.describe({ schema: 'tidemill', name: 'nodes' });
}

function knowsRelations(columns: readonly Column[] | undefined): boolean {
  return columns?.some(({ name }) => name === 'relation') ?? false;
}

function createNodes(dialect: Dialect) {
  const text = sql.raw(dialect.typeName('string'));
  const timestamp = sql.raw(dialect.typeName('timestamp'));
  return sql`
    create table if not exists ${nodesTable} (
      node_id ${text} not null,
      relation ${text} not null,
      fingerprint ${text} not null,
      data_version ${text} not null,
      inputs ${text} not null,
      built_at ${timestamp} not null,
      watermark ${text},
      status ${text} not null
    )`;
}

/** Every remembered node by `stateKeyOf`; empty where nothing was ever built. */
export async function readNodeStates(session: Session): Promise<Map<string, NodeState>> {
  if (!knowsRelations(await columnsOfNodes(session))) return new Map();
  const rows = await session.query<NodeRow>(selectNodes);
  return new Map(rows.map((row) => [`${row.node_id} ${row.relation}`, toState(row)]));
}

export async function readNodeState(
  session: Session,
  node: PlacedNode,
): Promise<NodeState | undefined> {
  const [row] = await session.query<NodeRow>(sql`${selectNodes} where ${isNode(node)}`);
  return row && toState(row);
}

function isNode({ id, relation }: PlacedNode): RawBuilder<unknown> {
  return sql`node_id = ${id} and relation = ${formatRelation(relation)}`;
}

/** Replaces the node's row. Call in the transaction that publishes. */
export async function saveNodeState(session: Session, state: NodeState): Promise<void> {
  for (const statement of replaceNodeState(state)) await session.execute(statement);
}

/**
 * As `saveNodeState`, for what is published by a change of shape: part of the same `ddl`.
 * `isFirst`: nothing is remembered of the node so far.
 */
export function replaceNodeState(
  state: NodeState,
  isFirst = false,
): readonly RawBuilder<unknown>[] {
  if (isFirst) return [insertNodeState(state)];
  const { nodeId, relation } = state;
  return [
    sql`delete from ${nodesTable} where node_id = ${nodeId} and relation = ${relation}`,
    insertNodeState(state),
  ];
}

function insertNodeState(state: NodeState): RawBuilder<unknown> {
  const builtAt = new Date(state.builtAtMs).toISOString();
  return sql`
    insert into ${nodesTable}
      (node_id, relation, fingerprint, data_version, inputs, built_at, watermark, status)
    values (
      ${state.nodeId},
      ${state.relation},
      ${joinPrints(state)},
      ${state.dataVersion},
      ${JSON.stringify(state.inputs)},
      cast(${builtAt} as timestamp),
      ${state.watermark ?? null},
      ${state.status}
    )`;
}

/** In one text, parts that are missing left out at its end. */
function joinPrints({ fingerprint, told, writtenAs }: NodeState): string {
  if (writtenAs !== undefined) return [fingerprint, told ?? '', writtenAs].join('~');
  return told === undefined ? fingerprint : `${fingerprint}~${told}`;
}

/** The live relation is as it was; the node runs again at the next chance. */
export async function markNodeFailed(session: Session, node: PlacedNode): Promise<void> {
  await session.execute(sql`
    update ${nodesTable} set status = 'failed' where ${isNode(node)}`);
}

interface NodeRow {
  readonly node_id: string;
  readonly relation: string;
  readonly fingerprint: string;
  readonly data_version: string;
  readonly inputs: string;
  readonly built_at: string;
  readonly watermark: string | null;
  readonly status: 'built' | 'failed';
}

const selectNodes = sql`
  select node_id, relation, fingerprint, data_version, inputs, built_at, watermark, status
  from ${nodesTable}`;

function toState(row: NodeRow): NodeState {
  const [fingerprint = '', told, writtenAs] = row.fingerprint.split('~');
  return {
    nodeId: row.node_id,
    relation: row.relation,
    fingerprint,
    ...(told === undefined ? {} : { told }),
    ...(writtenAs === undefined ? {} : { writtenAs }),
    dataVersion: row.data_version,
    inputs: JSON.parse(row.inputs) as InputVersions,
    builtAtMs: Date.parse(row.built_at),
    watermark: row.watermark ?? undefined,
    status: row.status,
  };
}

/** Why a node is built, or that it need not be. One reason: the first that holds, in this order. */
export type ReuseReason =
  | { readonly kind: 'full_refresh' }
  /** `stands`: somebody else made a relation of that name. */
  | { readonly kind: 'new'; readonly stands: boolean }
  | { readonly kind: 'missing_table' }
  | { readonly kind: 'failed_last_time' }
  | { readonly kind: 'fingerprint_changed' }
  /** `ids`: the parents whose rows may have changed since this node read them. */
  | { readonly kind: 'input_has_new_rows'; readonly ids: readonly string[] }
  | { readonly kind: 'refresh_due'; readonly everyMs: number; readonly ageMs: number }
  | { readonly kind: 'unchanged' };

export interface ReuseDecision {
  readonly run: boolean;
  readonly reason: ReuseReason;
}

export interface ReuseFacts {
  readonly state: NodeState | undefined;
  readonly fingerprint: string;
  /** Each parent's data version now; a parent never built has none and counts as changed. */
  readonly inputs: Readonly<Record<string, string | undefined>>;
  readonly relationExists: boolean;
  /** Asked for on the command line, or by `full_refresh` in the node's config. */
  readonly fullRefresh: boolean;
  readonly refreshEveryMs?: number | undefined;
  readonly nowMs: number;
}

export function decideReuse(facts: ReuseFacts): ReuseDecision {
  const { state } = facts;
  const run = (reason: ReuseReason): ReuseDecision => ({ run: true, reason });
  if (facts.fullRefresh) return run({ kind: 'full_refresh' });
  if (!state) return run({ kind: 'new', stands: facts.relationExists });
  if (!facts.relationExists) return run({ kind: 'missing_table' });
  if (state.status === 'failed') return run({ kind: 'failed_last_time' });
  if (state.fingerprint !== facts.fingerprint) return run({ kind: 'fingerprint_changed' });
  const ids = changedInputs(state.inputs, facts.inputs);
  if (ids.length > 0) return run({ kind: 'input_has_new_rows', ids });
  const ageMs = facts.nowMs - state.builtAtMs;
  const everyMs = facts.refreshEveryMs;
  if (everyMs !== undefined && ageMs >= everyMs)
    return run({ kind: 'refresh_due', everyMs, ageMs });
  return { run: false, reason: { kind: 'unchanged' } };
}

function changedInputs(seen: InputVersions, now: ReuseFacts['inputs']): string[] {
  return Object.entries(now)
    .filter(([id, version]) => version === undefined || seen[id] !== version)
    .map(([id]) => id)
    .sort();
}
