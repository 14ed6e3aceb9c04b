import fc from 'fast-check';
import { expect, test } from 'vitest';
import { materialize } from '../../engine/steps/materialize.ts';
import type { HistoryConfig } from '../../engine/words/node.ts';
import { contextOf, nodeOf, openWorkbench, type Workbench } from '../materialize/workbench.ts';
import { appendLog, createLog } from './history-bench.ts';
import { type Belief, byPlace, replay, type Version } from './oracle.ts';
import { type TypedColumn, type TypedShape, typedShape } from './typed-columns.ts';
import { historyRounds, logOf } from './version-logs.ts';

const values = [1, 2, 3, 4, 5, 6, 7, 8, 9];
/** The values of a column in order. */
const listOf = (column: TypedColumn, count: number) =>
  `[${values.slice(0, count).map(column.at).join(', ')}]`;
const numberOf = { name: "case name when 'a' then 1 when 'b' then 2 end" } as const;
const survivorNumber = "case survivor when 'm0' then 1 when 'm1' then 2 end";

function pick(column: TypedColumn, count: number, number: string, name: string): string {
  return `list_extract(${listOf(column, count)}, ${number}) as ${name}`;
}

/** The log of numbers as a log of the shape's types. */
function selectOf(shape: TypedShape): string {
  const columns = [
    ...shape.keys.map((key, index) => `${key} as key_${index}`),
    pick(shape.valid, 6, 'valid', 'valid'),
    ...(shape.recorded ? [pick(shape.recorded, 6, 'recorded', 'recorded')] : []),
    ...(shape.sequence ? [pick(shape.sequence, 2, 'seq', 'seq')] : []),
    ...(shape.hasDeletes ? ['gone'] : []),
    ...(shape.survivor ? [pick(shape.survivor, 2, survivorNumber, 'survivor')] : []),
    pick(shape.name, 2, numberOf.name, 'name'),
    pick(shape.size, 2, 'size', 'size'),
    pick(shape.seen, 9, 'seen', 'seen'),
  ];
  return `select ${columns.join(', ')} from (select *, substr(id, 2)::integer as k from log) as log`;
}

/** The history with numbers again in place of its values. */
async function readBack(bench: Workbench, shape: TypedShape): Promise<Belief[]> {
  const place = (column: TypedColumn, count: number, name: string) =>
    `list_position(${listOf(column, count)}, thing.${name}) as ${name}`;
  const recorded = shape.recorded ?? shape.valid;
  const columns = [
    'names.id',
    `['a', 'b'][list_position(${listOf(shape.name, 2)}, thing.name)] as name`,
    place(shape.size, 2, 'size'),
    place(shape.seen, 9, 'seen'),
    ...['valid_from', 'valid_to'].map((name) => place(shape.valid, 6, name)),
    ...['valid_to_recorded_at', 'recorded_from', 'recorded_to'].map((name) =>
      place(recorded, 6, name),
    ),
    'is_current',
    shape.hasDeletes || shape.survivor ? 'is_deleted' : 'false as is_deleted',
    shape.survivor
      ? `['m0', 'm1'][list_position(${listOf(shape.survivor, 2)}, thing.superseded_by)] as superseded_by`
      : 'null as superseded_by',
  ];
  const keys = shape.keys.map((key, index) => `${key} as key_${index}`).join(', ');
  const same = shape.keys.map((_, index) => `names.key_${index} = thing.key_${index}`);
  const rows = await bench.rows(`
    select ${columns.join(', ')}
    from mart.thing as thing
    left join (
      select distinct id, ${keys} from (select id, substr(id, 2)::integer as k from log) as log
    ) as names on ${same.join(' and ')}`);
  return (rows as unknown as Belief[]).toSorted(byPlace);
}

/** What the shape can say of a version. */
function narrow(shape: TypedShape, version: Version): Version {
  return {
    ...version,
    recorded: shape.recorded ? version.recorded : version.valid,
    seq: shape.sequence ? version.seq : null,
    gone: shape.hasDeletes ? version.gone : null,
    survivor: shape.survivor ? version.survivor : null,
  };
}

function nodeOfShape(shape: TypedShape, changedBy: HistoryConfig['changedBy']) {
  const history: HistoryConfig = {
    uniqueKey: shape.keys.map((_, index) => `key_${index}`),
    validAt: 'valid',
    untracked: ['seen'],
    changedBy,
    ...(shape.recorded ? { recordedAt: 'recorded' } : {}),
    ...(shape.sequence ? { sequence: 'seq' } : {}),
    ...(shape.hasDeletes ? { deleted: 'gone' } : {}),
    ...(shape.survivor ? { supersededBy: 'survivor' } : {}),
  };
  return nodeOf(selectOf(shape), { materialization: 'history', history });
}

async function restart(bench: Workbench): Promise<void> {
  await bench.run('drop table if exists log', 'drop schema if exists mart cascade');
  await createLog(bench);
}

/** Logs of many keys take long to shrink; the shape and the seed say enough. */
const rounds = { ...historyRounds(4), endOnFailure: true };

test('a log of any types, read in batches by its clock, makes what a replay of it believes', async () => {
  await using bench = await openWorkbench();
  const cases = fc.tuple(typedShape, logOf(40), fc.subarray([2, 3, 4]));
  await fc.assert(
    fc.asyncProperty(cases, async ([drawn, log, cuts]) => {
      const shape = { ...drawn, recorded: drawn.recorded ?? drawn.valid };
      await restart(bench);
      const node = nodeOfShape(shape, 'recorded');
      let from = 0;
      for (const to of [...cuts, 6]) {
        const batch = log.filter(({ recorded }) => recorded > from && recorded <= to);
        await appendLog(bench, batch);
        const context = contextOf({ fullRefresh: from === 0 });
        expect((await materialize(bench.warehouse, node, context)).warnings).toEqual([]);
        const known = log.filter(({ recorded }) => recorded <= to);
        const expected = replay(known.map((version) => narrow(shape, version)));
        expect(await readBack(bench, shape)).toEqual(expected);
        from = to;
      }
    }),
    rounds,
  );
});

test('a log of any types that changes in any way makes what a replay of it believes', async () => {
  await using bench = await openWorkbench();
  const dice = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 40, maxLength: 40 });
  const cases = fc.tuple(typedShape, logOf(40), fc.array(dice, { minLength: 2, maxLength: 3 }));
  await fc.assert(
    fc.asyncProperty(cases, async ([shape, log, throws]) => {
      await restart(bench);
      const node = nodeOfShape(shape, 'content');
      for (const [build, thrown] of throws.entries()) {
        const kept = log.filter((_, index) => thrown[index % thrown.length] !== 0);
        await bench.run('delete from log');
        await appendLog(bench, kept);
        await materialize(bench.warehouse, node, contextOf({ fullRefresh: build === 0 }));
        const expected = replay(kept.map((version) => narrow(shape, version)));
        expect(await readBack(bench, shape)).toEqual(expected);
      }
    }),
    rounds,
  );
});
