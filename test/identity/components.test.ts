import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { connectComponents } from '../../engine/steps/components.ts';
import { keepApart } from '../../engine/steps/identity-apart.ts';
import type { Session } from '../../engine/words/warehouse.ts';
import { openWorkbench, type Workbench } from '../materialize/workbench.ts';

const signal = new AbortController().signal;

/** Components as records by component, and how many statements they took. */
async function connect(bench: Workbench, edges: string) {
  let statements = 0;
  const found = await bench.warehouse.transaction(async (session) => {
    await session.execute(sql`create temporary table edges as ${sql.raw(edges)}`);
    const counting: Session = {
      ...session,
      execute: (statement) => {
        statements += 1;
        return session.execute(statement);
      },
    };
    const table = await connectComponents(counting, sql.id('edges'), signal);
    const rows = await session.query<{ component: string; records: number; first: string }>(sql`
      select component, count(*) as records, min(record) as first
      from ${table} group by component order by component`);
    await session.execute(sql`drop table ${table}`);
    await session.execute(sql`drop table edges`);
    return rows;
  });
  return { found, statements };
}

const chain = (name: string) => `
  select ${name.replaceAll('#', 'range')} as left_record,
    ${name.replaceAll('#', '(range + 1)')} as right_record
  from range(9999)`;

/** Handing labels on from neighbour to neighbour would take ten thousand rounds of one each. */
const statementsMax = 150;

test.each([
  ['in order', "printf('r%05d', #)"],
  ['in no order', 'md5((#)::varchar)'],
  ['zigzag', "printf('r%05d', case when (#) % 2 = 0 then (#) else 20000 - (#) end)"],
])('a chain of ten thousand, %s, is one component after a few rounds', async (_, name) => {
  await using bench = await openWorkbench();
  const { found, statements } = await connect(bench, chain(name));
  expect(found).toHaveLength(1);
  expect(found[0]?.records).toBe(10_000);
  expect(found[0]?.component).toBe(found[0]?.first);
  expect(statements).toBeLessThan(statementsMax);
});

test('a star, a clique and a loop are told apart, and no edges are no components', async () => {
  await using bench = await openWorkbench();
  const edges = `
    select 'z' as left_record, 's' || range as right_record from range(1000)
    union all
    select 'c' || a.range, 'c' || b.range from range(30) as a, range(30) as b
    union all
    select 'o1', 'o2' union all select 'o2', 'o3' union all select 'o3', 'o1'`;
  const { found } = await connect(bench, edges);
  expect(found.map(({ component, records }) => [component, records])).toEqual([
    ['c0', 30],
    ['o1', 3],
    ['s0', 1001],
  ]);
  expect((await connect(bench, `${edges} limit 0`)).found).toEqual([]);
});

const pair = (max: number) =>
  fc
    .tuple(fc.integer({ min: 0, max }), fc.integer({ min: 0, max }))
    .filter(([left, right]) => left !== right)
    .map(([left, right]) => ({ left: `r${left}`, right: `r${right}` }));

test('any graph has the components that a walk finds', async () => {
  await using bench = await openWorkbench();
  await fc.assert(
    fc.asyncProperty(fc.array(pair(40), { minLength: 1, maxLength: 45 }), async (edges) => {
      const values = edges.map(({ left, right }) => `('${left}', '${right}')`).join(', ');
      const { found } = await connect(
        bench,
        `select * from (values ${values}) as t (left_record, right_record)`,
      );
      const walked = new Map<string, number>();
      for (const cluster of keepApart(edges, []).values()) {
        walked.set(cluster, (walked.get(cluster) ?? 0) + 1);
      }
      expect(new Map(found.map(({ component, records }) => [component, records]))).toEqual(walked);
    }),
    { numRuns: 15 },
  );
});

/** The definition, word for word: slow, and with nothing remembered. */
function cutSlowly(matches: readonly { left: string; right: string }[], apart: typeof matches) {
  const clusters = new Map<string, Set<string>>();
  for (const { left, right } of matches) {
    for (const one of [left, right]) if (!clusters.has(one)) clusters.set(one, new Set([one]));
    const joined = new Set([...(clusters.get(left) ?? []), ...(clusters.get(right) ?? [])]);
    if (apart.some((two) => joined.has(two.left) && joined.has(two.right))) continue;
    for (const one of joined) clusters.set(one, joined);
  }
  return new Map([...clusters].map(([one, all]) => [one, [...all].toSorted()[0]]));
}

test('matches are cut from the weakest on so that no two decided to be different are together', () => {
  fc.assert(
    fc.property(
      fc.array(pair(8), { maxLength: 20 }),
      fc.array(pair(8), { maxLength: 5 }),
      (matches, apart) => {
        expect(keepApart(matches, apart)).toEqual(cutSlowly(matches, apart));
      },
    ),
    { numRuns: 500 },
  );
});

test('a hundred thousand matches with a decision among them are weighed one by one', () => {
  const matches = Array.from({ length: 100_000 }, (_, index) => ({
    left: `r${index}`,
    right: `r${index + 1}`,
  }));
  const clusters = keepApart(matches, [{ left: 'r0', right: 'r100000' }]);
  expect(new Set(clusters.values()).size).toBe(2);
  expect(clusters.get('r99999')).toBe('r0');
});
