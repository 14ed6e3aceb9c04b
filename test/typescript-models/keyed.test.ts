import { join } from 'node:path';
import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { compileInputs } from '../../engine/declare/typescript/compile-inputs.ts';
import { selectKeyDigests } from '../../engine/steps/typescript/keyed-statements.ts';
import { assertThat } from '../../engine/words/errors.ts';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { checkOf } from '../materialize/workbench.ts';
import { openScriptBench, type ScriptBench } from './script-bench.ts';

/** Runs of visits without a day's pause: what window functions say only with contortions. */
const stays = `
import { defineModel, source } from 'tidemill';

export const thing = defineModel({
  inputs: {
    visits: source('crm', 'visits', { who: 'varchar', hour: 'bigint', place: 'varchar' }, { orderBy: ['hour'] }),
    names: source('crm', 'names', { who: 'varchar', name: 'varchar' }),
  },
  by: ['who'],
  key: ['who', 'nr'],
  columns: { who: 'varchar', nr: 'integer', name: 'varchar', since: 'bigint', places: 'varchar' },
  runKey({ who }, { visits, names }) {
    const found: { nr: number; name: string | null; since: bigint; places: string; last: bigint }[] = [];
    for (const { hour: at, place } of visits) {
      const open = found.at(-1);
      if (at === null) continue;
      if (open && at - open.last <= 2n) {
        open.places += '>' + place;
        open.last = at;
      } else {
        const name = names.map((one) => one.name).sort()[0] ?? null;
        found.push({ nr: found.length + 1, name, since: at, places: place ?? '', last: at });
      }
    }
    return found.map(({ last, ...row }) => row);
  },
});
`;

async function openStays(): Promise<ScriptBench> {
  const opened = await openScriptBench(stays, ['visits', 'names']);
  await opened.bench.run(...create);
  return opened;
}

const create = [
  'create table crm.visits (who varchar, hour bigint, place varchar)',
  'create table crm.names (who varchar, name varchar)',
  'create table crm.bin as from crm.visits',
];
const who = fc.constantFrom('ann', 'bob', 'cyd', 'dan');
const edit = fc.oneof(
  fc.record({ kind: fc.constant('visit' as const), who, at: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ kind: fc.constant('forget' as const), who, at: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ kind: fc.constant('move' as const), who, at: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ kind: fc.constant('delete' as const), who }),
  fc.record({ kind: fc.constant('restore' as const), who }),
  fc.record({ kind: fc.constant('rename' as const), who, name: fc.constantFrom('A', 'B', 'C') }),
);

function statementsOf(one: typeof edit extends fc.Arbitrary<infer E> ? E : never): string[] {
  const key = `who = '${one.who}'`;
  switch (one.kind) {
    case 'visit':
      return [`insert into crm.visits values ('${one.who}', ${one.at}, 'p${one.at}')`];
    case 'forget':
      return [`delete from crm.visits where ${key} and hour >= ${one.at}`];
    case 'move':
      return [`update crm.visits set place = 'moved' where ${key} and hour = ${one.at}`];
    case 'delete':
      return [
        `insert into crm.bin select * from crm.visits where ${key}`,
        `delete from crm.visits where ${key}`,
        `delete from crm.names where ${key}`,
      ];
    case 'restore':
      return [
        `insert into crm.visits select * from crm.bin where ${key}`,
        `delete from crm.bin where ${key}`,
      ];
    case 'rename':
      return [
        `delete from crm.names where ${key}`,
        `insert into crm.names values ('${one.who}', '${one.name}')`,
      ];
  }
}

test('adding changed keys equals building whole, whatever was edited, deleted and restored', async () => {
  const batches = fc.array(fc.array(edit, { maxLength: 5 }), { minLength: 2, maxLength: 4 });
  await using stage = await openStays();
  await fc.assert(
    fc.asyncProperty(batches, async (edits) => {
      for (const name of ['visits', 'names', 'bin']) {
        await stage.bench.run(`delete from crm.${name}`);
      }
      for (const batch of edits) {
        await stage.bench.warehouse.transaction(async (session) => {
          for (const text of batch.flatMap(statementsOf)) await session.execute(sql.raw(text));
        });
        await stage.build();
      }
      const added = await stage.rows();
      expect((await stage.build()).action).toBe('unchanged');
      await stage.build({ fullRefresh: true });
      expect(added).toEqual(await stage.rows());
    }),
    { numRuns: Number(process.env['SCRIPT_RUNS'] ?? 3) },
  );
}, 300_000);

test('the function is asked for changed keys only, and a key that is gone loses its rows', async () => {
  await using stage = await openStays();
  const { bench } = stage;
  await bench.run(
    "insert into crm.visits select 'w' || (i // 3), i % 3 * 5, 'p' from range(3000) as r(i)",
  );
  expect(await stage.build()).toMatchObject({ action: 'created', rows: 3000 });
  await bench.run(
    "update crm.visits set place = 'q' where who = 'w7' and hour = 5",
    "delete from crm.visits where who = 'w8'",
    "insert into crm.names values ('w9', 'Nine')",
  );
  const { action, rows, dataVersion } = await stage.build();
  expect({ action, rows }).toEqual({ action: 'merged', rows: 6 });
  const changed = await bench.rows(
    "from main.thing where who in ('w7', 'w8', 'w9') and nr = 2 order by who",
  );
  expect(changed).toEqual([
    { who: 'w7', nr: 2, name: null, since: 5, places: 'q' },
    { who: 'w9', nr: 2, name: 'Nine', since: 5, places: 'p' },
  ]);
  expect(await stage.build()).toMatchObject({ action: 'unchanged', rows: 0, dataVersion });
  expect(await bench.relations('tidemill')).toEqual([
    'digests__main__thing base table',
    'nodes base table',
  ]);
});

test('rows without a key stop the build before the function is asked', async () => {
  await using stage = await openStays();
  await stage.bench.run("insert into crm.visits values (null, 1, 'secret')");
  const failure = await stage.build().catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'null-keys' });
  expect(String(failure)).toContain('without a value in who');
  await stage.bench.run("update crm.visits set who = 'ann'");
  expect((await stage.build()).rows).toBe(1);
});

test('a check that fails keeps its rows, and leaves rows and digests as they were: the keys are asked again', async () => {
  await using stage = await openStays();
  await stage.bench.run("insert into crm.visits values ('ann', 1, 'a'), ('bob', 1, 'b')");
  await stage.build();
  const before = await stage.rows();
  await stage.bench.run("update crm.visits set place = 'bad' where who = 'bob'");
  const checks = [{ ...checkOf("places = 'bad'"), reads: [stage.node.id] }].map((check) => ({
    ...check,
    sql: async (nameOf: (id: string) => string) =>
      `select * from ${nameOf(stage.node.id)} where places = 'bad'`,
    store: { kind: 'table' as const, relation: async () => ({ schema: 'main', name: 'kept' }) },
  }));
  expect((await stage.build({}, { checks })).action).toBe('withheld');
  expect(await stage.rows()).toEqual(before);
  expect(await stage.bench.rows('select who, places from main.kept')).toEqual([
    { who: 'bob', places: 'bad' },
  ]);
  await stage.bench.run("update crm.visits set place = 'good' where who = 'bob'");
  expect(await stage.build({}, { checks })).toMatchObject({ action: 'merged', rows: 1 });
});

test.each([
  ["throw new Error('private')", /^models\/thing\.ts:\d+:\d+: the function threw Error$/],
  ["yield { n: 1, who: 'ann' }", /of another key than it was asked for: its "who"/],
  ['yield { n: 1, who: null }', /of another key than it was asked for: its "who"/],
  ['yield {}', /answered no value for the column "n"/],
  ['yield { n: [1] }', /answered for the column "n" a list that is no bigint/],
  ['yield { n: 2n ** 63n }', /answered for the column "n" a bigint that is no bigint/],
  ['yield { n: null }', /answered for the column "n" null, which it must not be/],
  ['yield { n: 1 }; yield { n: 1 }', /1 key on more than one row/],
  ['for (;;) yield { n: count++ }', /more than 100 rows \(limits\.rows\)/],
])(
  'the table and its digests stay as they were where the function, half-way, does: %s',
  async (does, message) => {
    await using stage = await openScriptBench(
      `import { defineModel, source } from 'tidemill';
let count = 1;
export const thing = defineModel({
  inputs: { visits: source('crm', 'visits', { who: 'varchar', hour: 'bigint' }) },
  by: ['who'],
  key: ['who', 'n'],
  columns: { who: 'varchar', n: 'bigint' },
  limits: { rows: 100 },
  *runKey({ who }, { visits }) {
    if (visits.some(({ hour }) => hour === 99n)) { ${does}; }
    else yield { who, n: visits.length };
  },
});`,
      ['visits'],
    );
    const { bench } = stage;
    await bench.run(
      "create table crm.visits as select 'w' || i as who, i as hour from range(5) as r(i)",
    );
    await stage.build();
    const standing = async () => [
      await stage.rows(),
      await bench.rows('from tidemill.digests__main__thing order by all'),
      await bench.relations('main'),
      await bench.relations('tidemill'),
    ];
    const before = await standing();
    await bench.run(
      'insert into crm.visits select who, 7 from crm.visits',
      "insert into crm.visits values ('w3', 99)",
    );
    for (const fullRefresh of [false, true]) {
      const failure = await stage.build({ fullRefresh }).catch((error: unknown) => error);
      expect((failure as Error).message).toMatch(message);
      expect((failure as Error).message).not.toContain('private');
      expect(await standing()).toEqual(before);
    }
    await bench.run('delete from crm.visits where hour = 99');
    expect(await stage.build()).toMatchObject({ action: 'merged', rows: 5 });
  },
);

test('digests of keys need no memory for the rows that a key has', async () => {
  await using stage = await openStays();
  const inputs = await compileInputs(stage.project, stage.node);
  const { script } = stage.node;
  assertThat(script, 'it is a model in TypeScript');
  const path = join(stage.project.root, 'small.duckdb');
  await using small = await openDuckDb({ path, memoryLimit: '60MB', threads: 1, log: silentLog });
  await small.ddl([
    sql`create schema crm`,
    sql`create table crm.names as select 'ann' as who, 'a' as name`,
    sql`create table crm.visits as
      select 'ann' as who, range as hour, 'place ' || range as place from range(700000)`,
  ]);
  const digests = selectKeyDigests({ script, inputs, spoolFolder: '' }, small.dialect);
  expect(await small.query(digests)).toMatchObject([{ who: 'ann' }]);
});

test('what a killed build left beside the table is in nobody’s way', async () => {
  await using stage = await openStays();
  const { bench } = stage;
  await bench.run("insert into crm.visits values ('ann', 1, 'a')");
  await stage.build();
  await bench.run(
    "create table tidemill.keys__main__thing as select 99 as tidemill_group, 'zed' as who",
    'create table tidemill.fresh__main__thing (who varchar)',
    'create table main.thing__tidemill_next (who varchar)',
    'create table tidemill.digests__main__thing__tidemill_next (who varchar)',
    "update crm.visits set place = 'b'",
  );
  expect(await stage.build()).toMatchObject({ action: 'merged', rows: 1 });
  expect(await stage.build({ fullRefresh: true })).toMatchObject({ action: 'replaced', rows: 1 });
  expect(await bench.relations('tidemill')).toEqual([
    'digests__main__thing base table',
    'nodes base table',
  ]);
  expect(await bench.relations('main')).toEqual(['thing base table']);
});

test('keys of several columns, and keys of rows that must be one over all groups', async () => {
  await using stage = await openScriptBench(
    `import { defineModel, source } from 'tidemill';
export const thing = defineModel({
  inputs: { visits: source('crm', 'visits', { who: 'varchar', hour: 'bigint', place: 'varchar' }) },
  by: ['who', 'hour'],
  key: ['place'],
  columns: { place: 'varchar', hour: 'bigint', who: 'varchar' },
  runKey: (_, { visits }) => visits.map(({ place }) => ({ place })),
});`,
    ['visits'],
  );
  await stage.bench.run(
    'create table crm.visits (who varchar, hour bigint, place varchar)',
    "insert into crm.visits values ('ann', 1, 'a'), ('ann', 2, 'b'), ('bob', 1, 'c')",
  );
  await stage.build();
  await stage.bench.run("insert into crm.visits values ('bob', 2, 'a')");
  const before = await stage.rows();
  await expect(stage.build()).rejects.toThrow('1 key on more than one row, such as place=a');
  expect(await stage.rows()).toEqual(before);
  await stage.bench.run(
    "update crm.visits set place = 'd' where who = 'bob' and hour = 2",
    "insert into crm.visits values ('bob', null, 'e')",
  );
  await expect(stage.build()).rejects.toMatchObject({ code: 'null-keys' });
  expect(await stage.rows()).toEqual(before);
  await stage.bench.run('delete from crm.visits where hour is null');
  expect((await stage.build()).rows).toBe(1);
  expect(await stage.rows()).toHaveLength(4);
});
