import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  joinNodes,
  type KeptNode,
  type KeptNodes,
  listModels,
  restoreNodes,
  storeNodes,
  usersOf,
  verifyNodes,
} from '../../engine/artifacts/kept-nodes.ts';
import { digestContent } from '../../engine/artifacts/manifest-layout.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const macroNames = ['macro.shop.one', 'macro.shop.two', 'macro.shop.three'];

const nodeOf = (id: string): fc.Arbitrary<KeptNode> =>
  fc.record({
    id: fc.constant(id),
    path: fc.constant(`target/${id}.sql`),
    digest: fc.string(),
    isModel: fc.boolean(),
    macros: fc.subarray(macroNames),
  });
const nodes = fc
  .shuffledSubarray(names)
  .chain((ids) => fc.tuple(...ids.map(nodeOf)))
  .map((list) => new Map(list.map((node) => [node.id, node])));

/** What the columns say, node by node. */
function listOf({ ids, paths, digests, models, macros, macroLists }: KeptNodes): KeptNode[] {
  return ids.map((id, index) => ({
    id,
    path: paths[index] ?? 'none',
    digest: digests[index] ?? 'none',
    isModel: models[index] === 1,
    macros: macroLists[macros[index] ?? -1] ?? ['none'],
  }));
}

test('nodes made anew take the place of kept ones, and all others stay as they were', () => {
  fc.assert(
    fc.property(nodes, nodes, fc.shuffledSubarray(names), (first, second, wanted) => {
      const kept = joinNodes([...first.keys()], first);
      expect(listOf(kept)).toEqual([...first.values()]);
      const stored = JSON.parse(JSON.stringify(storeNodes(kept))) as ReturnType<typeof storeNodes>;
      const joined = joinNodes(wanted, second, restoreNodes(stored));
      const expected = wanted.flatMap((id) => second.get(id) ?? first.get(id) ?? []);
      expect(listOf(joined)).toEqual(expected);
      const models = expected.filter(({ isModel }) => isModel);
      expect(listModels(joined)).toEqual(models.map(({ id, digest }) => [id, digest]));
      for (const macro of macroNames) {
        const users = expected.filter(({ macros }) => macros.includes(macro));
        expect(usersOf(joined, new Set([macro]))).toEqual(users.map(({ id }) => id));
      }
    }),
  );
});

test('files are found untouched by stamps that go with them, and changed ones are told', () => {
  const root = mkdtempSync(join(tmpdir(), 'kept-nodes-'));
  mkdirSync(join(root, 'target'));
  const laterMs = Date.now() + 60_000;
  const write = (id: string, text = id): void =>
    writeFileSync(join(root, `target/${id}.sql`), text);
  const made = names.map((id) => ({
    id,
    path: `target/${id}.sql`,
    digest: digestContent(id),
    isModel: true,
    macros: [],
  }));
  for (const id of names) write(id);
  const young = joinNodes(names, new Map(made.map((node) => [node.id, node])));
  // Written just now, none of them can be known by its stamp.
  expect(verifyNodes(young, root, Date.now())).toMatchObject({ fresh: names.length });
  expect(verifyNodes(young, root, Date.now())?.nodes.stamps.every((one) => one === 0)).toBe(true);
  const known = verifyNodes(young, root, laterMs)?.nodes ?? young;
  expect(verifyNodes(known, root, laterMs)).toEqual({ nodes: known, fresh: 0 });
  const elsewhere = { ...known, paths: known.paths.map((path) => join(root, path)) };
  expect(verifyNodes(elsewhere, '/nowhere', laterMs)?.fresh).toBe(0);
  // Stamps stay with their nodes where others come, go and change places.
  const others = ['f', 'new', 'b', 'a'];
  const added = { id: 'new', path: 'target/new.sql', digest: digestContent('new'), isModel: false };
  write('new');
  const joined = joinNodes(others, new Map([['new', { ...added, macros: [] }]]), known);
  expect(verifyNodes(joined, root, laterMs)).toMatchObject({ fresh: 1 });
  const settled = verifyNodes(joined, root, laterMs)?.nodes ?? joined;
  expect(verifyNodes(settled, root, laterMs)?.fresh).toBe(0);
  // Touched alone, its content is looked at; of another content, or gone, it is not what was kept.
  utimesSync(join(root, 'target/b.sql'), 1, 1);
  expect(verifyNodes(settled, root, laterMs)).toMatchObject({ fresh: 1 });
  write('b', 'B');
  expect(verifyNodes(settled, root, laterMs)).toBeUndefined();
  rmSync(join(root, 'target/b.sql'));
  expect(verifyNodes(settled, root, laterMs)).toBeUndefined();
});

test('what was stored in part is not taken', () => {
  const made = new Map(
    names.map((id) => [id, { id, path: id, digest: '', isModel: true, macros: [] }]),
  );
  const stored = storeNodes(joinNodes(names, made));
  expect(restoreNodes({ ...stored, stamps: stored.stamps.slice(8) })).toBeUndefined();
});
