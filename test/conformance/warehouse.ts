import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { type RawBuilder, sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { ColumnType, Stream } from '../../engine/words/stream.ts';
import { canonicalKinds, type Warehouse } from '../../engine/words/warehouse.ts';

/** Opens an empty warehouse and a folder beside it for the length of `work`. */
export type WithWarehouse = <T>(
  work: (warehouse: Warehouse, folder: string) => Promise<T>,
) => Promise<T>;

const types: readonly ColumnType[] = [
  'string',
  'boolean',
  'integer',
  'double',
  'decimal(18,2)',
  'date',
  'time',
  'timestamp',
  'json',
];

const stream: Stream = {
  name: 'things',
  primaryKey: ['id'],
  columns: [
    { name: 'id', type: 'string' },
    { name: 'size', type: 'decimal(18,2)', path: ['properties', 'size'] },
    { name: 'at', type: 'timestamp', path: ['properties', 'at'] },
    { name: 'Doc "x"', type: 'json', path: ['properties', 'doc'] },
  ],
};

/** What every warehouse owes the engine, whatever its product. */
export function testWarehouse(name: string, withWarehouse: WithWarehouse): void {
  describe(`${name} as a warehouse`, () => {
    test('names every column type so that a described column has that type again', () =>
      withWarehouse(async (warehouse) => {
        const { typeName, columnType } = warehouse.dialect;
        const columns = types.map(
          (type, index) => sql`${sql.id(`c${index}`)} ${sql.raw(typeName(type))}`,
        );
        await warehouse.ddl([sql`create schema s`, sql`create table s.t (${sql.join(columns)})`]);
        const described = await warehouse.describe({ schema: 's', name: 't' });
        expect(described?.map(({ type }) => type)).toEqual(types);
        for (const type of types) expect(columnType(typeName(type))).toBe(type);
      }));

    test('interrupts what is under way, rolls it back, and works on', () =>
      withWarehouse(async (warehouse) => {
        await warehouse.ddl([sql`create schema s`, sql`create table s.t (a bigint)`]);
        const endless = sql`select x from range(1000000000000) as r(x) where hash(x) = 1`;
        const reading = warehouse.query(endless).catch((error: unknown) => error);
        const writing = warehouse
          .transaction(async (session) => {
            await session.execute(sql`insert into s.t values (1)`);
            await session.execute(sql`insert into s.t ${endless}`);
          })
          .catch((error: unknown) => error);
        const turns = setInterval(() => warehouse.interrupt(), 20);
        expect(await reading).toMatchObject({ code: 'interrupted' });
        expect(await writing).toMatchObject({ code: 'interrupted' });
        clearInterval(turns);
        expect(await warehouse.query(sql`select count(*) as n from s.t`)).toEqual([{ n: 0 }]);
        expect(await warehouse.execute(sql`insert into s.t values (2)`)).toBe(1);
        warehouse.interrupt();
        expect(await warehouse.query(sql`select a from s.t`)).toEqual([{ a: 2 }]);
      }));

    test('commits a transaction as a whole or not at all', () =>
      withWarehouse(async (warehouse) => {
        await warehouse.ddl([sql`create schema s`, sql`create table s.t (a integer)`]);
        await expect(
          warehouse.transaction(async (session) => {
            expect(await session.execute(sql`insert into s.t values (1), (2)`)).toBe(2);
            throw new Error('no');
          }),
        ).rejects.toThrow('no');
        expect(await warehouse.query(sql`select count(*) as n from s.t`)).toEqual([{ n: 0 }]);
        await warehouse.transaction(async (session) => {
          await session.execute(sql`insert into s.t values (1)`);
        });
        await warehouse.checkpoint();
        expect(await warehouse.query(sql`select count(*) as n from s.t`)).toEqual([{ n: 1 }]);
      }));

    test('keeps a temporary table from one transaction to the next', () =>
      withWarehouse(async (warehouse) => {
        const write = (statement: RawBuilder<unknown>) =>
          warehouse.transaction((session) => session.execute(statement));
        await write(sql`create temporary table aside as select 1 as a`);
        await warehouse.ddl([sql`create schema s`, sql`create table s.t (a integer)`]);
        await write(sql`insert into s.t select a from aside`);
        await write(sql`drop table aside`);
        expect(await warehouse.query(sql`select a from s.t`)).toEqual([{ a: 1 }]);
      }));

    test('a failed statement is one of the two families, and the next one works', () =>
      withWarehouse(async (warehouse) => {
        await expect(warehouse.query(sql`select * from nowhere.at_all`)).rejects.toMatchObject({
          name: 'TerminalError',
          code: 'relation-not-found',
        });
        await expect(
          warehouse.transaction((session) => session.execute(sql`select cast(${'x'} as date)`)),
        ).rejects.toMatchObject({ code: 'value-does-not-fit' });
        expect(await warehouse.query(sql`select ${1} as one`)).toEqual([{ one: 1 }]);
      }));

    test('reads at most as many rows at once as it is told to', () =>
      withWarehouse(async (warehouse) => {
        const numbers = sql`select * from range(1000000000) as numbers(n)`;
        const refused = { code: 'too-many-rows', message: 'more than 5000 rows (rowsMax)' };
        await expect(warehouse.query(numbers, 5_000)).rejects.toMatchObject(refused);
        const inside = warehouse.transaction((session) => session.query(numbers, 5_000));
        await expect(inside).rejects.toMatchObject(refused);
        const few = sql`select * from range(5000) as numbers(n)`;
        expect(await warehouse.query(few, 5_000)).toHaveLength(5_000);
      }));

    test('streams a large result in parts and may be left early', () =>
      withWarehouse(async (warehouse) => {
        const digits = sql`(values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as`;
        const many = sql`
          select a.n * 1000 + b.n * 100 + c.n * 10 + d.n as n
          from ${digits} a(n) cross join ${digits} b(n) cross join ${digits} c(n)
          cross join ${digits} d(n)`;
        let rows = 0;
        for await (const part of warehouse.stream(many)) rows += part.length;
        expect(rows).toBe(10_000);
        for (let round = 0; round < 10; round += 1) {
          for await (const part of warehouse.stream(many)) {
            expect(part.length).toBeGreaterThan(0);
            break;
          }
        }
        expect(await warehouse.query(sql`select ${1} as one`)).toEqual([{ one: 1 }]);
      }));

    test('reads pages of both formats as one typed table', () =>
      withWarehouse(async (warehouse, folder) => {
        const ndjsonPath = join(folder, 'page.ndjson');
        const csvPath = join(folder, 'page.csv');
        const record = { size: '1.50', at: '2026-01-02T03:04:05+02:00', doc: { a: [1] } };
        await writeFile(ndjsonPath, `${JSON.stringify({ id: 1, properties: record })}\n`);
        await writeFile(
          csvPath,
          '"Doc ""x""","id","at","other"\n"{""a"":[1]}","2","2026-01-02T01:04:05.000+0000","y"\n',
        );
        const rows = await warehouse.transaction(async (session) => {
          const pages = await warehouse.pages(
            session,
            [
              { path: ndjsonPath, format: 'ndjson' },
              { path: csvPath, format: 'csv', header: ['Doc "x"', 'id', 'at', 'other'] },
            ],
            stream,
          );
          return session.query(sql`select * from ${pages} as page order by id`);
        });
        const at = '2026-01-02T01:04:05.000Z';
        expect(rows).toEqual([
          { id: '1', size: '1.50', at, 'Doc "x"': { a: [1] } },
          { id: '2', size: null, at, 'Doc "x"': { a: [1] } },
        ]);
      }));

    test('finds the cell of a page that does not fit', () =>
      withWarehouse(async (warehouse, folder) => {
        const path = join(folder, 'page.csv');
        await writeFile(path, 'id,size\n1,2.5\n7,large\n');
        const file = { path, format: 'csv' as const, header: ['id', 'size'] };
        expect(await warehouse.findMisfit([file], stream)).toEqual({
          column: 'size',
          recordId: '7',
        });
        await writeFile(path, 'id,size\n1,2.5\n');
        expect(await warehouse.findMisfit([file], stream)).toBeUndefined();
      }));

    test('digests texts, nulls left out, and has a canonical text of every kind', () =>
      withWarehouse(async (warehouse) => {
        const { digest, canonical } = warehouse.dialect;
        const [row] = await warehouse.query(sql`
          select
            ${digest([sql`${'a'}`, sql`cast(null as varchar)`])} as one,
            ${digest([sql`${'a'}`])} as same,
            ${digest([sql`${'ab'}`, sql`${'c'}`])} = ${digest([sql`${'a'}`, sql`${'bc'}`])} as met`);
        expect(row).toEqual({
          one: '0cc175b9c0f1b6a831c399e269772661',
          same: '0cc175b9c0f1b6a831c399e269772661',
          met: false,
        });
        for (const kind of canonicalKinds) {
          const text = canonical(kind, sql`cast(null as varchar)`);
          expect(await warehouse.query(sql`select ${text} as t`)).toEqual([{ t: null }]);
        }
      }));

    test('takes rows at hand as they are, whatever texts they hold', () =>
      withWarehouse(async (warehouse) => {
        const { dialect } = warehouse;
        const columns = types.map((type, index) => ({
          name: `c ${index}`,
          typeName: dialect.typeName(type),
        }));
        const at = '2026-02-28T23:59:59.999Z';
        const full = ['a "b"\n', true, 9_007_199_254_740_993n, 0.1, '12.30', at.slice(0, 10)];
        const rows = [
          [...full, '10:20:30', at, '{"a":[1,null]}'],
          types.map(() => null),
          types.map(() => undefined),
        ];
        const read = await warehouse.query(
          sql`select * from ${dialect.rowsOf(columns, rows)} as r`,
        );
        expect(read.map((row) => Object.values(row))).toEqual([
          [...full, '10:20:30', at, { a: [1, null] }],
          types.map(() => null),
          types.map(() => null),
        ]);
        const text = { name: 'text', typeName: dialect.typeName('string') };
        await fc.assert(
          fc.asyncProperty(fc.array(fc.string({ unit: 'binary' })), async (texts) => {
            const given = texts.map((one) => [one]);
            const back = await warehouse.query<{ text: string }>(
              sql`select text from ${dialect.rowsOf([text], given)} as r`,
            );
            expect(back.map((row) => row.text)).toEqual(texts);
          }),
          { numRuns: 50, examples: [[['', '\u0000', '[]', 'null', '\\u0041', '💧']]] },
        );
        const half = sql`select text from ${dialect.rowsOf([text], [['a\ud800']])} as r`;
        expect(await warehouse.query(half)).toEqual([{ text: 'a\ufffd' }]);
      }));

    test('keeps descriptions beside relations and columns, where it has a place for them', () =>
      withWarehouse(async (warehouse) => {
        const { comments } = warehouse.dialect;
        if (!comments) return;
        const [table, view] = [
          { schema: 's', name: 'A table' },
          { schema: 's', name: 'v' },
        ];
        await warehouse.ddl([
          sql`create schema s`,
          sql`create table ${sql.id('s', 'A table')} (n integer)`,
          sql`create view s.v as select 1 as n`,
          comments.onRelation(table, 'table', "it's\none"),
          comments.onRelation(view, 'view', 'a view'),
          comments.onColumn(table, 'n', 'a column'),
          comments.onColumn(view, 'n', 'gone'),
          comments.onColumn(view, 'n', ''),
        ]);
        const rows = await warehouse.query<{ name: string; column: string | null }>(comments.read);
        expect(rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))).toEqual([
          { schema: 's', name: 'A table', column: 'n', comment: 'a column' },
          { schema: 's', name: 'A table', column: null, comment: "it's\none" },
          { schema: 's', name: 'v', column: null, comment: 'a view' },
        ]);
      }));

    test('makes empty tables in a shadow, each in place of one of its name', () =>
      withWarehouse(async (warehouse) => {
        await using shadow = await warehouse.openShadow('bind');
        const relation = { schema: 'A schema', name: 'order "by"' };
        const typeName = warehouse.dialect.typeName('integer');
        await shadow.makeTables([{ relation, columns: [{ name: 'old', typeName }] }]);
        await shadow.makeTables([
          { relation, columns: [{ name: 'new; --', typeName }] },
          { relation: { ...relation, name: 'other' }, columns: [{ name: 'n', typeName }] },
        ]);
        const names = async (name: string) =>
          (await shadow.describe({ ...relation, name }))?.map((column) => column.name);
        expect(await names('order "by"')).toEqual(['new; --']);
        expect(await names('other')).toEqual(['n']);
        await expect(
          shadow.makeTables([{ relation, columns: [{ name: 'n', typeName: 'no_such_type' }] }]),
        ).rejects.toMatchObject({ code: expect.any(String) });
      }));

    test('tells the tables that a select names, without its own and its functions', () =>
      withWarehouse(async (warehouse) => {
        await using shadow = await warehouse.openShadow('bind');
        const names = await shadow.tablesIn(sql`
          with own as (select 1 as id)
          select extract(year from t.at_time) from own
          join s.t on true join "A schema"."order ""by""" as "an alias" on true, plain as p`);
        expect(names.toSorted()).toEqual([['A schema', 'order "by"'], ['plain'], ['s', 't']]);
        expect(await shadow.tablesIn(sql`no select at all`)).toEqual([]);
      }));

    test('binds against a shadow that has no data and leaves the warehouse alone', () =>
      withWarehouse(async (warehouse) => {
        await using shadow = await warehouse.openShadow();
        await shadow.ddl([
          sql`create schema s`,
          sql`create table s.t (a ${sql.raw(warehouse.dialect.typeName('timestamp'))})`,
          sql`create view s.v as select a from s.t`,
        ]);
        const described = await shadow.describeQuery(
          sql`select a, count(*) as n from s.v group by a`,
        );
        expect(described.map(({ name, type }) => [name, type])).toEqual([
          ['a', 'timestamp'],
          ['n', 'integer'],
        ]);
        expect(await warehouse.describe({ schema: 's', name: 't' })).toBeUndefined();
      }));
  });
}
