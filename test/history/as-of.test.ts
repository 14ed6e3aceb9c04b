import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openWorkbench } from '../materialize/workbench.ts';
import { appendLog, build, createLog, renderMacro } from './history-bench.ts';
import { intervalsOf, type Version } from './oracle.ts';
import { historyRounds, logOf } from './version-logs.ts';

const instants = [...Array(8).keys()];

interface Answer {
  readonly v: number;
  readonly r: number;
  readonly id: string;
  readonly name: string | null;
  readonly size: number | null;
  readonly valid_to: number | null;
}

const spell = ({ v, r, id, name, size, valid_to }: Answer) =>
  `${v}|${r}|${id}|${name}|${size}|${valid_to}`;

/** For every two instants: the log cut at what was known, and read as if it were all there is. */
function answerByHand(log: readonly Version[]): string[] {
  return instants.flatMap((r) => {
    const known = log.filter(({ recorded }) => recorded <= r);
    const intervals = [...Map.groupBy(known, ({ id }) => id).values()].flatMap(intervalsOf);
    return instants.flatMap((v) =>
      intervals
        .filter(({ valid_from, valid_to }) => valid_from <= v && (valid_to ?? 99) > v)
        .map((row) => spell({ ...row, v, r })),
    );
  });
}

test('as_of answers for any two instants what the log known by then says', async () => {
  await using bench = await openWorkbench();
  const condition = await renderMacro("{{ as_of('v.v', recorded='r.r', alias='h') }}");
  const now = await renderMacro("{{ as_of('v.v', alias='h') }}");
  const end = await renderMacro("{{ valid_to_as_of('r.r', alias='h') }}");
  await fc.assert(
    fc.asyncProperty(logOf(30), fc.boolean(), async (log, isBatched) => {
      await bench.run('drop table if exists log', 'drop schema if exists mart cascade');
      await createLog(bench);
      for (const [from, to] of isBatched ? [[0, 3] as const, [3, 6] as const] : [[0, 6] as const]) {
        const batch = log.filter(({ recorded }) => recorded > from && recorded <= to);
        await appendLog(bench, batch);
        await build(bench, {}, from === 0);
      }
      const answers = (await bench.rows(`
        select v, r, id, name, size, ${end} as valid_to
        from range(8) as v (v), range(8) as r (r), mart.thing as h
        where ${condition}`)) as unknown as Answer[];
      const byHand = answerByHand(log);
      expect(answers.map(spell).toSorted()).toEqual(byHand.toSorted());
      const believed = (await bench.rows(`
        select v, 7 as r, id, name, size, valid_to
        from range(8) as v (v), mart.thing as h
        where ${now}`)) as unknown as Answer[];
      const atLast = byHand.filter((text) => text.split('|')[1] === '7');
      expect(believed.map(spell).toSorted()).toEqual(atLast.toSorted());
    }),
    historyRounds(),
  );
});
