import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatherProject } from '../../cli/work.ts';
import { compileNode } from '../../engine/declare/compile-node.ts';
import { isModelNode } from '../../engine/declare/model-node.ts';
import type { ColumnGraph, LineageNode } from '../../engine/lineage/column-graph.ts';
import { walkColumns } from '../../engine/lineage/column-walk.ts';
import type { NodeLineage } from '../../engine/lineage/node-lineage.ts';
import { traceProject } from '../../engine/plan/project-lineage.ts';
import type { Work } from '../../engine/plan/work.ts';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { type Loop, startLoop } from '../loop/loop.ts';
import { type Change, type InputTable, startExperiment } from './perturb.ts';

/** The reference project as two sandboxes offer it, nothing landed yet. */
let loop: Loop;
let graph: ColumnGraph;
let again: ColumnGraph;
let work: Work;
/** Statements that were read: in all, and the first time. */
let [reads, readsAtFirst] = [0, 0];
const folder = mkdtempSync(join(tmpdir(), 'lineage-'));

beforeAll(async () => {
  loop = await startLoop({ contacts: 10 });
  using opened = loop.open();
  await using warehouse = await openDuckDb({ path: join(folder, 'w.duckdb'), log: silentLog });
  work = await gatherProject(opened, warehouse, {});
  const known = new Map<string, NodeLineage>();
  const cache = {
    get: (key: string) => known.get(key),
    set: (key: string, lineage: NodeLineage) => {
      known.set(key, lineage);
      reads += 1;
    },
    save: () => {},
  };
  graph = await traceProject(work, cache);
  readsAtFirst = reads;
  again = await traceProject(work, cache);
});

afterAll(async () => {
  await loop[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('the reference project', () => {
  test('has lineage for every column of every model, and no gap', () => {
    const gaps = [...graph.nodes.values()].flatMap(({ id, gap }) => (gap ? [`${id}: ${gap}`] : []));
    expect(gaps).toEqual([]);
  });

  test('has every column that the warehouse bound, by its name and in its order', () => {
    for (const [id, { columns }] of work.bound) {
      const names = graph.nodes.get(id)?.columns.map(({ name }) => name);
      expect(names, id).toEqual(columns.map(({ name }) => name));
    }
    expect(work.bound.size).toBeGreaterThan(50);
  });

  test('names no column that nobody has', () => {
    const all = new Set(
      [...graph.nodes.values()].flatMap(({ id, columns }) =>
        columns.map(({ name }) => `${id} ${name}`),
      ),
    );
    const strange = [...graph.nodes.values()].flatMap(({ id, columns, rows }) =>
      [...columns.flatMap(({ from }) => from), ...rows]
        .filter(({ node, column }) => !all.has(`${node} ${column}`))
        .map(({ node, column }) => `${id} < ${node}.${column}`),
    );
    expect(strange).toEqual([]);
    expect(
      [...graph.nodes.values()].flatMap(({ columns }) => columns).filter((one) => one.isMissing),
    ).toEqual([]);
  });

  test('leads every column of its syncs back to fields of a CRM', () => {
    const syncs = [...graph.nodes.values()].filter(({ kind }) => kind === 'sync');
    expect(syncs.map(({ label }) => label).toSorted()).toEqual([
      'closed_won',
      'contact_health',
      'missing_companies',
      'missing_contacts',
    ]);
    const blind = syncs.flatMap((node) =>
      node.columns.flatMap(({ name }) => {
        const { refs } = walkColumns(graph, [{ node: node.id, column: name }], 'upstream', {
          withRows: true,
        });
        const isField = refs.some((ref) => graph.nodes.get(ref.node)?.kind === 'stream');
        return isField ? [] : [`${node.label}.${name}`];
      }),
    );
    // A count of rows follows from no value, only from which rows there are.
    expect(blind).toEqual(['closed_won.closed_won_deals']);
  });

  test('is read once: the second time every statement is known', () => {
    expect(readsAtFirst).toBeGreaterThan(50);
    expect(reads).toBe(readsAtFirst);
    expect([...again.nodes]).toEqual([...graph.nodes]);
  });

  test('misses nothing that really follows from anything', async () => {
    const missed: string[] = [];
    let [ran, seen] = [0, 0];
    for (const node of graph.nodes.values()) {
      const model = work.models?.nodes.get(node.id);
      if (!work.models || !isModelNode(model) || model.resourceType !== 'model') continue;
      const moment = { boundaryMs: 1_790_000_000_000, invocationId: 'x', isFullRefresh: false };
      const { sql } = await compileNode(work.models, model, { moment });
      const tables = node.reads.map(inputOf);
      using experiment = await startExperiment(sql, tables);
      if (!experiment.runs) continue;
      ran += 1;
      const unread: Change[] = [];
      for (const table of tables) {
        for (const { name: column } of table.columns) {
          const from = { node: table.id, column };
          if (graph.choosesRowsOf(from).some((one) => one.node === node.id)) continue;
          const told = graph.readersOf(from).filter(({ to }) => to.node === node.id);
          const names = new Set(told.map(({ to }) => to.column));
          if (names.size === 0) unread.push({ table, columns: [column] });
          else {
            const changed = await experiment.perturb([{ table, columns: [column] }]);
            seen += changed.size;
            // A history's log has columns that its table has not.
            for (const name of changed) {
              if (hasColumn(node, name) && !names.has(name))
                missed.push(`${node.label}.${name} < ${table.id}.${column}`);
            }
          }
        }
      }
      for (const name of await experiment.perturb(unread)) {
        if (hasColumn(node, name)) missed.push(`${node.label}.${name} < what it does not read`);
      }
    }
    expect(missed).toEqual([]);
    // The experiment itself must not be an empty one.
    expect(ran).toBeGreaterThan(45);
    expect(seen).toBeGreaterThan(400);
  });
});

const hasColumn = ({ columns }: LineageNode, name: string): boolean =>
  columns.some((column) => column.name === name);

function inputOf(id: string): InputTable & { readonly id: string } {
  const node = graph.nodes.get(id);
  const [schema = '', name = ''] = node?.label.split('.') ?? [];
  const columns = (node?.columns ?? []).map((column) => ({
    name: column.name,
    typeName: node?.types.get(column.name) ?? 'VARCHAR',
  }));
  return { id, schema, name, columns };
}
