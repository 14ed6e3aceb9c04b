import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openWorkbench, type Workbench } from '../materialize/workbench.ts';
import { type Deed, deed, perform } from './deeds.ts';
import { build, createPeople, type Decision, type Person } from './identity-bench.ts';
import {
  clusterPeople,
  followDecisions,
  type Memory,
  matchPeople,
  nameClusters,
  nameOf,
  reviewPairs,
  similarityOf,
} from './oracle.ts';

const runs = Number(process.env['IDENTITY_RUNS'] ?? 4);

/** The records and decisions that the deeds leave. */
interface World {
  readonly people: Map<string, Person>;
  readonly decisions: Decision[];
}

function live({ people, decisions }: World, deeds: readonly Deed[]): void {
  for (const one of deeds) {
    if (one.kind === 'put') people.set(nameOf(one.person), one.person);
    if (one.kind === 'remove') people.delete(one.record);
    if (one.kind === 'decide') decisions.push(one.decision);
  }
}

/** What the documentation says that the tables hold, as sorted lines. */
function foresee({ people, decisions }: World, memory: Memory) {
  const all = [...people.values()];
  const { matches, large } = matchPeople(all);
  const judged = [...matches, ...followDecisions(all, decisions)];
  const clusters = clusterPeople(all, judged);
  const whole = clusterPeople(all, judged, false);
  nameClusters(memory, all, clusters);
  const [...records] = people.keys();
  return {
    matches: judged.map((one) => `${one.left} ${one.right} ${one.rule} ${one.outcome}`).toSorted(),
    records: records
      .map((one) => `${one} ${memory.given.get(one)} ${[...(whole.get(one) ?? [])].toSorted()[0]}`)
      .toSorted(),
    review: reviewPairs(judged, clusters),
    oversize: large.toSorted(),
    ids: memory.ids
      .map((id) => `${id.canonical_id} ${id.born_from} ${id.founder} ${id.current_id}`)
      .toSorted(),
  };
}

async function readTables(bench: Workbench) {
  const lines = async (select: string) => {
    const rows = await bench.rows(select);
    return rows.map((row) => Object.values(row).map(String).join(' ')).toSorted();
  };
  const pair = 'left_record, right_record';
  return {
    matches: await lines(`select ${pair}, rule, outcome from mart.thing_matches`),
    records: await lines('select record, person_id, component from mart.thing'),
    review: await lines(`select ${pair}, reason from mart.thing_review`),
    oversize: await lines(
      "select rule, replace(block, chr(31), ' / ') as block from mart.thing_oversize",
    ),
    ids: await lines('select canonical_id, born_from, founder, current_id from mart.thing_ids'),
  };
}

const batches = fc.array(fc.array(deed, { minLength: 2, maxLength: 16 }), {
  minLength: 1,
  maxLength: 5,
});

test('matches, clusters, ids and review are, build after build, what the documentation says of the records', {
  timeout: 3_000_000,
}, async () => {
  await using bench = await openWorkbench();
  await fc.assert(
    fc.asyncProperty(batches, async (history) => {
      await bench.run('drop table if exists people', 'drop schema if exists mart cascade');
      await createPeople(bench);
      const world: World = { people: new Map(), decisions: [] };
      const memory: Memory = { ids: [], given: new Map() };
      for (const deeds of history) {
        await perform(bench, deeds);
        live(world, deeds);
        await build(bench);
        expect(await readTables(bench)).toEqual(foresee(world, memory));
      }
    }),
    { numRuns: runs, endOnFailure: true },
  );
});

test('texts of any alphabet are as alike as Jaro and Winkler say of their letters', async () => {
  await using bench = await openWorkbench();
  const word = (...letters: string[]) =>
    fc.string({ unit: fc.constantFrom(...letters), maxLength: 12 });
  const words = fc.oneof(
    word('a', 'b', 'c', 'n', ' '),
    word('a', 'ü', 'é', 'e\u0301', 'ø'),
    word('и', 'в', 'а', 'н', 'о', 'п'),
    word('李', '小', '龙', '王', '😀', '\u0001'),
  );
  const names = fc.sample(fc.tuple(words, words), 800);
  const pairs: typeof names = [
    ...names,
    ['мария кузнецова', 'марина соколова'],
    ['jürgen müller', 'jurgen muller'],
  ];
  const rows = pairs.map(([one, other]) => sql`(${one}, ${other})`);
  const alike = bench.warehouse.dialect.similarity(sql`one`, sql`other`);
  const found = await bench.warehouse.query<{ one: string; other: string; alike: number }>(sql`
    select one, other, ${alike} as alike
    from (values ${sql.join(rows)}) as words (one, other)`);
  for (const { one, other, alike: score } of found) {
    expect(score, `${one} ~ ${other}`).toBeCloseTo(similarityOf(one, other), 12);
  }
});
