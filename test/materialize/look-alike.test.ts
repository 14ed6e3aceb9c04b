import fc from 'fast-check';
import { expect, test } from 'vitest';
import { materialize } from '../../engine/steps/materialize.ts';
import { flattenRelation, type Relation } from '../../engine/words/table.ts';
import { contextOf, nodeOf, openWorkbench } from './workbench.ts';

const part = fc.string({ unit: fc.constantFrom('a', '_', '.', '-'), minLength: 1, maxLength: 5 });
const relation: fc.Arbitrary<Relation> = fc.record({ schema: part, name: part });

test('tables of the engine’s own that belong to two relations never bear one name', () => {
  expect(flattenRelation({ schema: 'main_marts', name: 'stg__x' })).toBe('main_marts__stg__x');
  fc.assert(
    fc.property(relation, relation, (left, right) => {
      const isSame = left.schema === right.schema && left.name === right.name;
      expect(flattenRelation(left) === flattenRelation(right)).toBe(isSame);
    }),
    { numRuns: 5_000 },
  );
});

test('two histories of one log whose names read alike are both added to', async () => {
  await using bench = await openWorkbench();
  await bench.run("create table log as select 1 as id, 1 as at, 'old' as name");
  const history = {
    uniqueKey: ['id'],
    validAt: 'at',
    recordedAt: 'at',
    changedBy: 'content',
  } as const;
  const config = { materialization: 'history', uniqueKey: ['id'], history } as const;
  const nodes = [
    { schema: 'a__b', name: 'c' },
    { schema: 'a', name: 'b__c' },
  ].map((place, index) =>
    nodeOf('select * from log', config, { id: `m${index}`, relation: place }),
  );
  const build = async () => {
    const actions = [];
    for (const node of nodes) {
      actions.push((await materialize(bench.warehouse, node, contextOf())).action);
    }
    return actions;
  };
  expect(await build()).toEqual(['created', 'created']);
  await bench.run("insert into log select 1, 2, 'new'");
  expect(await build()).toEqual(['merged', 'merged']);
  const [left, right] = await Promise.all(
    ['a__b.c', 'a.b__c'].map((name) => bench.rows(`from ${name} order by all`)),
  );
  expect(left).toHaveLength(2);
  expect(right).toEqual(left);
});

test.each(['table', 'view', 'incremental'] as const)(
  'a %s in a schema that was made in other letters is found where it stands',
  async (materialization) => {
    await using bench = await openWorkbench();
    await bench.run('create schema "Mart"');
    const build = () =>
      materialize(
        bench.warehouse,
        nodeOf('select 1 as id', { materialization }),
        contextOf({ fullRefresh: true }),
      );
    expect((await build()).action).toBe('created');
    expect((await build()).action).toBe('replaced');
    expect(await bench.relations('Mart')).toHaveLength(1);
  },
);
