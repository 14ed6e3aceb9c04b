import { sql } from 'kysely';
import { describe, expect, test, vi } from 'vitest';
import {
  decideReuse,
  ensureNodeStates,
  markNodeFailed,
  type NodeState,
  type ReuseFacts,
  readNodeState,
  readNodeStates,
  replaceNodeState,
  saveNodeState,
  stateKeyOf,
} from '../../engine/state/nodes.ts';
import { openWorkbench } from './workbench.ts';

const node = { id: 'model.p.a', relation: { schema: 'main', name: 'a' } };
const state: NodeState = {
  nodeId: 'model.p.a',
  relation: 'main.a',
  fingerprint: 'f1',
  dataVersion: 'r1',
  inputs: { 'source.p.x': 'v1', "model.p.o'b": 'v2' },
  builtAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  watermark: undefined,
  status: 'built',
};

describe('the state of nodes', () => {
  test('is empty where nothing was ever built, without a table being made for it', async () => {
    await using bench = await openWorkbench();
    expect(await readNodeStates(bench.warehouse)).toEqual(new Map());
    expect(await bench.relations('tidemill')).toEqual([]);
  });

  test('comes back as it was saved, one row a node', async () => {
    await using bench = await openWorkbench();
    const { warehouse } = bench;
    await ensureNodeStates(warehouse);
    await ensureNodeStates(warehouse);
    await saveNodeState(warehouse, state);
    await saveNodeState(warehouse, { ...state, watermark: '2026-01-01', dataVersion: 'r2' });
    const found = await readNodeStates(warehouse);
    expect([...found.values()]).toEqual([{ ...state, watermark: '2026-01-01', dataVersion: 'r2' }]);
    await markNodeFailed(warehouse, node);
    expect((await readNodeState(warehouse, node))?.status).toBe('failed');
  });

  test('is made once, however many steps of a run are the first, and again where that failed', async () => {
    await using bench = await openWorkbench();
    const { warehouse } = bench;
    const makings = vi.spyOn(warehouse, 'ddl').mockRejectedValueOnce(new Error('the disk is full'));
    await expect(ensureNodeStates(warehouse)).rejects.toThrow('the disk is full');
    // The last comes when the first has been published: what is remembered of it must stand.
    const first = ensureNodeStates(warehouse).then(() => saveNodeState(warehouse, state));
    const others = [1, 2, 3].map(() => ensureNodeStates(warehouse));
    await Promise.all([first, ...others]);
    expect(makings).toHaveBeenCalledTimes(2);
    expect([...(await readNodeStates(warehouse)).values()]).toEqual([state]);
  });

  test('is of one relation: what another target built under the same name is another row', async () => {
    await using bench = await openWorkbench();
    const { warehouse } = bench;
    await ensureNodeStates(warehouse);
    await saveNodeState(warehouse, state);
    await saveNodeState(warehouse, { ...state, relation: 'dev.a', dataVersion: 'r9' });
    const other = { id: node.id, relation: { schema: 'dev', name: 'a' } };
    await markNodeFailed(warehouse, other);
    expect(await readNodeState(warehouse, node)).toEqual(state);
    expect(await readNodeState(warehouse, other)).toMatchObject({
      dataVersion: 'r9',
      status: 'failed',
    });
    expect([...(await readNodeStates(warehouse)).keys()].toSorted()).toEqual(
      [node, other].map(stateKeyOf).toSorted(),
    );
  });

  test('of a shape that knew no relations is forgotten, not misread', async () => {
    await using bench = await openWorkbench();
    const { warehouse } = bench;
    await warehouse.ddl([
      sql`create schema tidemill`,
      sql`create table tidemill.nodes as select 'model.p.a' as node_id, 'f1' as fingerprint`,
    ]);
    expect(await readNodeStates(warehouse)).toEqual(new Map());
    await ensureNodeStates(warehouse);
    await saveNodeState(warehouse, state);
    expect([...(await readNodeStates(warehouse)).values()]).toEqual([state]);
  });

  test('goes back with the transaction that it was saved in', async () => {
    await using bench = await openWorkbench();
    await ensureNodeStates(bench.warehouse);
    const work = bench.warehouse.transaction(async (session) => {
      await saveNodeState(session, state);
      throw new Error('the publish failed');
    });
    await expect(work).rejects.toThrow('the publish failed');
    expect(await readNodeStates(bench.warehouse)).toEqual(new Map());
  });

  test('stands with the change of shape that it is part of, or not at all', async () => {
    await using bench = await openWorkbench();
    const { warehouse } = bench;
    await ensureNodeStates(warehouse);
    const change = (text: string) => warehouse.ddl([...replaceNodeState(state), sql.raw(text)]);
    await expect(change('create view main.a as select * from nowhere')).rejects.toThrow('nowhere');
    expect(await readNodeStates(warehouse)).toEqual(new Map());
    await change('create view main.a as select 1 as a');
    expect([...(await readNodeStates(warehouse)).values()]).toEqual([state]);
  });
});

describe('a node', () => {
  const facts: ReuseFacts = {
    state,
    fingerprint: 'f1',
    inputs: state.inputs,
    relationExists: true,
    fullRefresh: false,
    nowMs: state.builtAtMs + 1_000,
  };
  const reasonOf = (changes: Partial<ReuseFacts>) => {
    const { run, reason } = decideReuse({ ...facts, ...changes });
    expect(run).toBe(reason.kind !== 'unchanged');
    return reason;
  };

  test('is reused when nothing it depends on has changed', () => {
    expect(reasonOf({})).toEqual({ kind: 'unchanged' });
  });

  test('is built for the first reason that holds', () => {
    expect(reasonOf({ fullRefresh: true, state: undefined })).toEqual({ kind: 'full_refresh' });
    expect(reasonOf({ state: undefined, relationExists: false })).toEqual({
      kind: 'new',
      stands: false,
    });
    expect(reasonOf({ state: undefined, relationExists: true })).toEqual({
      kind: 'new',
      stands: true,
    });
    expect(reasonOf({ relationExists: false })).toEqual({ kind: 'missing_table' });
    expect(reasonOf({ state: { ...state, status: 'failed' } })).toEqual({
      kind: 'failed_last_time',
    });
    expect(reasonOf({ fingerprint: 'f2' })).toEqual({ kind: 'fingerprint_changed' });
  });

  test('names the inputs that have new rows, those never built among them', () => {
    expect(reasonOf({ inputs: { ...state.inputs, b: 'v9', a: undefined } })).toEqual({
      kind: 'input_has_new_rows',
      ids: ['a', 'b'],
    });
    expect(reasonOf({ inputs: { 'source.p.x': 'v2' } })).toEqual({
      kind: 'input_has_new_rows',
      ids: ['source.p.x'],
    });
  });

  test('is built again when it has grown too old', () => {
    expect(reasonOf({ refreshEveryMs: 1_001 })).toEqual({ kind: 'unchanged' });
    expect(reasonOf({ refreshEveryMs: 1_000 })).toEqual({
      kind: 'refresh_due',
      everyMs: 1_000,
      ageMs: 1_000,
    });
  });
});
