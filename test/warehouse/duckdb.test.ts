import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { withFolder, withWarehouse } from './folder.ts';

describe('values', () => {
  test('come back exact: decimals as text, stamps as ISO, nested values parsed', () =>
    withWarehouse(async (warehouse) => {
      const rows = await warehouse.query(sql`
        select
          cast('12345678901234567890.10' as decimal(38, 2)) as money,
          timestamp '2026-01-02 03:04:05.678' as at_ms,
          timestamp '2026-01-02 03:04:05.678901' as at_us,
          timestamp '1969-12-31 23:59:59.999999' as before_epoch,
          date '2026-01-02' as day,
          time '03:04:05' as clock,
          cast(9007199254740993 as bigint) as big,
          cast(42 as bigint) as small,
          cast('{"a":[1,null]}' as json) as doc,
          [cast('{"b":2}' as json)] as docs,
          {'x': cast(1.5 as decimal(4, 2)), 'y': [1, 2]} as nested,
          map {'k': date '2026-01-02'} as dictionary,
          cast(null as integer) as nothing,
          true as yes,
          0.1 + cast(0.2 as double) as sum`);
      expect(rows).toEqual([
        {
          money: '12345678901234567890.10',
          at_ms: '2026-01-02T03:04:05.678Z',
          at_us: '2026-01-02T03:04:05.678901Z',
          before_epoch: '1969-12-31T23:59:59.999999Z',
          day: '2026-01-02',
          clock: '03:04:05',
          big: 9007199254740993n,
          small: 42,
          doc: { a: [1, null] },
          docs: [{ b: 2 }],
          nested: { x: '1.50', y: [1, 2] },
          dictionary: { k: '2026-01-02' },
          nothing: null,
          yes: true,
          sum: 0.30000000000000004,
        },
      ]);
    }));

  test('go in as typed parameters', () =>
    withWarehouse(async (warehouse) => {
      const at = new Date('2026-01-02T03:04:05.678Z');
      const rows = await warehouse.query(sql`
        select ${"o'clock"} as s, ${1} as i, ${1.5} as d, ${2n ** 60n} as b, ${2n ** 70n} as h,
          ${true} as t, ${null} as n, ${at} as at, list_contains(${['a', 'b']}, ${'b'}) as has,
          len(${[]}) as none, typeof(${at}) as type`);
      expect(rows).toEqual([
        {
          s: "o'clock",
          i: 1,
          d: 1.5,
          b: 2n ** 60n,
          h: 2n ** 70n,
          t: true,
          n: null,
          at: at.toISOString(),
          has: true,
          none: 0,
          type: 'TIMESTAMP',
        },
      ]);
    }));
});

describe('a statement that fails', () => {
  test('says so without the values it was given or found', () =>
    withWarehouse(async (warehouse) => {
      const secret = 'ada@example.com';
      const failures = await Promise.all([
        warehouse.query(sql`select cast(${secret} as integer)`).catch((e: unknown) => e),
        warehouse
          .query(sql`select cast(v as date) from (values (${secret})) as t(v)`)
          .catch((e: unknown) => e),
        warehouse
          .query(sql`select cast(v as decimal(3, 1)) from (values (${123456})) as t(v)`)
          .catch((e: unknown) => e),
        warehouse.query(sql`select cast(${`{"${secret}"`} as json)`).catch((e: unknown) => e),
      ]);
      for (const failure of failures) {
        expect(failure).toMatchObject({ name: 'TerminalError' });
        const text = `${String(failure)} ${String((failure as Error).cause)}`;
        expect(text).not.toContain(secret);
        expect(text).not.toContain('123456');
        expect(text).toContain('$1');
      }
    }));

  test('names the candidates for a missing column', () =>
    withWarehouse(async (warehouse) => {
      await warehouse.ddl([sql`create table t (first_name varchar)`]);
      await expect(warehouse.query(sql`select frist_name from t`)).rejects.toMatchObject({
        code: 'column-not-found',
        message: expect.stringContaining('"first_name"'),
      });
      await expect(warehouse.query(sql`select * from nope.t`)).rejects.toMatchObject({
        code: 'relation-not-found',
      });
    }));
});

describe('transactions', () => {
  test('commit when the work resolves and roll back when it rejects', () =>
    withWarehouse(async (warehouse) => {
      await warehouse.ddl([sql`create table t (a integer)`]);
      await warehouse.transaction((session) => session.execute(sql`insert into t values (1)`));
      const boom = new Error('boom');
      await expect(
        warehouse.transaction(async (session) => {
          await session.execute(sql`insert into t values (2)`);
          expect(await session.query(sql`select count(*) as n from t`)).toEqual([{ n: 2 }]);
          expect(await warehouse.query(sql`select count(*) as n from t`)).toEqual([{ n: 1 }]);
          throw boom;
        }),
      ).rejects.toBe(boom);
      expect(await warehouse.query(sql`select a from t`)).toEqual([{ a: 1 }]);
    }));

  test('run one after the other, and a write from within is refused rather than stuck', () =>
    withWarehouse(async (warehouse) => {
      await warehouse.ddl([sql`create table t (a integer)`]);
      await Promise.all(
        Array.from({ length: 20 }, (_, a) =>
          warehouse.transaction(async (session) => {
            const [row] = await session.query<{ n: number }>(sql`select count(*) as n from t`);
            await session.execute(sql`insert into t values (${row?.n ?? a})`);
          }),
        ),
      );
      expect(await warehouse.query(sql`select count(distinct a) as n from t`)).toEqual([{ n: 20 }]);
      await expect(
        warehouse.transaction(() => warehouse.execute(sql`insert into t values (1)`)),
      ).rejects.toThrow(/must use its session/);
    }));

  test('a query that writes goes to the writer', () =>
    withWarehouse(async (warehouse) => {
      await warehouse.ddl([sql`create table t (a integer)`]);
      const rows = await warehouse.query(sql`insert into t values (7) returning a`);
      expect(rows).toEqual([{ a: 7 }]);
      expect(await warehouse.execute(sql`insert into t select * from range(5)`)).toBe(5);
    }));
});

describe('shape', () => {
  test('describe answers exact types, or undefined for what does not exist', () =>
    withWarehouse(async (warehouse) => {
      await warehouse.ddl([
        sql`create schema "odd ""schema"`,
        sql`create table "odd ""schema"."select" ("from" decimal(18, 2), "ünï" timestamp, j json)`,
        sql`create view "odd ""schema".v as select * from "odd ""schema"."select"`,
      ]);
      const columns = [
        { name: 'from', type: 'decimal(18,2)', typeName: 'DECIMAL(18,2)' },
        { name: 'ünï', type: 'timestamp', typeName: 'TIMESTAMP' },
        { name: 'j', type: 'json', typeName: 'JSON' },
      ];
      expect(await warehouse.describe({ schema: 'odd "schema', name: 'select' })).toEqual(columns);
      expect(await warehouse.describe({ schema: 'odd "schema', name: 'v' })).toEqual(columns);
      expect(await warehouse.describe({ schema: 'odd "schema', name: 'nope' })).toBeUndefined();
      expect(await warehouse.describe({ schema: 'nope', name: 'nope' })).toBeUndefined();
      expect(await warehouse.describeQuery(sql`select ${'x'} as a, [1] as b`)).toEqual([
        { name: 'a', type: 'string', typeName: 'VARCHAR' },
        { name: 'b', type: 'json', typeName: 'INTEGER[]' },
      ]);
    }));

  test('a shadow has the same catalog name, no data, and leaves the file alone', () =>
    withWarehouse(async (warehouse) => {
      await using shadow = await warehouse.openShadow();
      await shadow.ddl([sql`create schema s`, sql`create table warehouse.s.t (a integer)`]);
      expect(await shadow.describe({ schema: 's', name: 't' })).toHaveLength(1);
      expect(await warehouse.describe({ schema: 's', name: 't' })).toBeUndefined();
    }));

  test('ddl while a reader streams is made durable without waiting for it', () =>
    withWarehouse(async (warehouse) => {
      await warehouse.ddl([sql`create table big as select range as r from range(100000)`]);
      let rows = 0;
      for await (const chunk of warehouse.stream(sql`select * from big`)) {
        if (rows === 0) await warehouse.ddl([sql`create table beside (a integer)`]);
        rows += chunk.length;
      }
      expect(rows).toBe(100_000);
    }));
});

describe('the file', () => {
  test.each(['warehouse.duckdb', 'my-data.v1.duckdb', 'main_x.duckdb', '1 odd"name.db'])(
    'views of %s stay valid when a person opens it directly',
    (name) =>
      withFolder(async (folder) => {
        const path = join(folder, name);
        {
          await using warehouse = await openDuckDb({ path, log: silentLog });
          await warehouse.ddl([
            sql`create schema raw_crm`,
            sql`create table raw_crm.t as select 1 as a`,
            sql`create schema crm`,
            sql`create view crm.t as select * from raw_crm.t`,
          ]);
        }
        const instance = await DuckDBInstance.create(path);
        const connection = await instance.connect();
        const reader = await connection.runAndReadAll('select * from crm.t');
        expect(reader.getRows()).toEqual([[1]]);
        connection.closeSync();
        instance.closeSync();
      }),
  );

  test('is refused to a second opening in this process and to another process', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'warehouse.duckdb');
      await using warehouse = await openDuckDb({ path, log: silentLog });
      await warehouse.ddl([sql`create table t (a integer)`]);
      await expect(openDuckDb({ path, log: silentLog })).rejects.toMatchObject({
        code: 'warehouse-open-twice',
      });
      const child = spawn(process.execPath, [
        '-e',
        `const { openDuckDb } = await import(${JSON.stringify(
          new URL('../../loaders/duckdb/duckdb.ts', import.meta.url).href,
        )});
        const log = { debug() {}, info() {}, warn() {}, error() {} };
        try { await openDuckDb({ path: ${JSON.stringify(path)}, log }); }
        catch (error) { console.log(error.code, error.message); }`,
      ]);
      let output = '';
      child.stdout.on('data', (text) => {
        output += text;
      });
      await once(child, 'close');
      expect(output).toContain('warehouse-locked');
      expect(output).toContain(`process ${process.pid}`);
    }));

  test('opened for reading refuses to write and leaves nothing behind', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'warehouse.duckdb');
      {
        await using warehouse = await openDuckDb({ path, log: silentLog });
        await warehouse.ddl([sql`create table t as select 1 as a`]);
      }
      await using reader = await openDuckDb({ path, log: silentLog, readOnly: true });
      expect(await reader.query(sql`select a from t`)).toEqual([{ a: 1 }]);
      await expect(reader.execute(sql`insert into t values (2)`)).rejects.toMatchObject({
        code: 'warehouse-read-only',
      });
      expect(await readdir(folder)).toEqual(['warehouse.duckdb']);
    }));

  test('is not written to when the disk is nearly full', () =>
    withFolder(async (folder) => {
      await using warehouse = await openDuckDb({
        path: join(folder, 'warehouse.duckdb'),
        log: silentLog,
        freeBytesMin: Number.MAX_SAFE_INTEGER,
      });
      await expect(warehouse.execute(sql`create table t (a integer)`)).rejects.toMatchObject({
        code: 'disk-full',
      });
    }));

  test('that cannot put aside what memory does not hold says that it is the disk', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'warehouse.duckdb');
      await using warehouse = await openDuckDb({ path, log: silentLog, memoryLimit: '40MB' });
      await warehouse.ddl([sql`set global max_temp_directory_size = '1MB'`]);
      const large = sql`
        create table t as select md5(range::varchar) as a from range(3000000) order by a`;
      await expect(warehouse.ddl([large])).rejects.toMatchObject({
        code: 'disk-full',
        hint: expect.stringContaining('Free space'),
      });
      expect(await warehouse.describe({ schema: 'main', name: 't' })).toBeUndefined();
    }));

  test('that is no DuckDB file, or named like a schema of ours, is refused with the reason', () =>
    withFolder(async (folder) => {
      const { writeFile } = await import('node:fs/promises');
      await writeFile(join(folder, 'text.duckdb'), 'x'.repeat(20_000));
      const open = (name: string) => openDuckDb({ path: join(folder, name), log: silentLog });
      await expect(open('text.duckdb')).rejects.toMatchObject({ code: 'warehouse-unreadable' });
      await expect(open('tidemill.duckdb')).rejects.toMatchObject({
        code: 'warehouse-name-reserved',
      });
      await expect(open('no/such/folder.duckdb')).rejects.toMatchObject({
        code: 'warehouse-folder-missing',
      });
    }));
});
