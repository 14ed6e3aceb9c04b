import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildGraph, type GraphNode } from '../../engine/declare/graph.ts';

function node(id: string, dependsOn: readonly string[] = []): GraphNode {
  return {
    id,
    name: id,
    resourceType: 'model',
    packageName: 'shop',
    fqn: ['shop', id],
    file: `models/${id}.sql`,
    tags: [],
    config: {},
    dependsOn,
  };
}

/** A random graph whose edges only point backwards: free of cycles. */
const acyclic = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 30 })
  .map((rows) =>
    rows.map((parents, index) =>
      node(`n${index}`, index === 0 ? [] : parents.map((parent) => `n${parent % index}`)),
    ),
  );

describe('the graph', () => {
  test('puts every node after all it depends on, whatever the order they were given in', () => {
    fc.assert(
      fc.property(acyclic, fc.infiniteStream(fc.nat()), (nodes, random) => {
        const shuffled = nodes
          .map((one) => ({ one, at: random.next().value ?? 0 }))
          .sort((left, right) => left.at - right.at)
          .map(({ one }) => one);
        const graph = buildGraph(shuffled);
        expect(graph.cycles).toEqual([]);
        expect(graph.order).toEqual(buildGraph(nodes).order);
        const place = new Map(graph.order.map((id, index) => [id, index]));
        for (const one of nodes) {
          for (const parent of one.dependsOn) {
            expect(place.get(parent)).toBeLessThan(place.get(one.id) ?? -1);
          }
        }
      }),
    );
  });

  test('finds as ancestors exactly those that find the node as descendant', () => {
    fc.assert(
      fc.property(acyclic, (nodes) => {
        const graph = buildGraph(nodes);
        for (const one of nodes) {
          for (const ancestor of graph.ancestorsOf([one.id])) {
            expect(graph.descendantsOf([ancestor])).toContain(one.id);
          }
          expect([...graph.ancestorsOf([one.id], 1)].sort()).toEqual(
            [...graph.parentsOf(one.id)].sort(),
          );
        }
      }),
    );
  });

  test('reports a cycle once, in the direction data flows, closed', () => {
    const graph = buildGraph([
      node('a', ['c']),
      node('b', ['a']),
      node('c', ['b']),
      node('d', ['a']),
    ]);
    expect(graph.cycles).toEqual([['a', 'b', 'c', 'a']]);
    expect(graph.order).toHaveLength(4);
  });

  test('reports a node that reads itself', () => {
    expect(buildGraph([node('a', ['a'])]).cycles).toEqual([['a', 'a']]);
  });

  test('reports a cycle behind another cycle, but not the nodes behind both', () => {
    const graph = buildGraph([
      node('a', ['b']),
      node('b', ['a']),
      node('c', ['b', 'd']),
      node('d', ['c']),
      node('e', ['d']),
    ]);
    expect(graph.cycles).toEqual([
      ['a', 'b', 'a'],
      ['c', 'd', 'c'],
    ]);
  });

  test('survives a chain of 100,000 nodes', () => {
    const chain = Array.from({ length: 100_000 }, (_, index) =>
      node(`n${index}`, index === 0 ? [] : [`n${index - 1}`]),
    );
    const graph = buildGraph(chain);
    expect(graph.order).toHaveLength(100_000);
    expect(graph.ancestorsOf(['n99999']).size).toBe(99_999);
  });
});
