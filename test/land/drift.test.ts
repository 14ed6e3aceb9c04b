import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { joinTypes } from '../../engine/steps/land-schema.ts';
import type { ColumnType, Stream } from '../../engine/words/stream.ts';
import { withWarehouse } from '../warehouse/folder.ts';
import { csv, land, ndjson } from './landing.ts';

function withColumns(...columns: readonly [string, ColumnType][]): Stream {
  return {
    name: 'people',
    primaryKey: ['id'],
    columns: [{ name: 'id', type: 'string' }, ...columns.map(([name, type]) => ({ name, type }))],
  };
}

describe('a field of the source that', () => {
  test('is new becomes a column, null in older rows, and known versions stay known', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [ndjson([{ id: '1', a: 'x' }])], {
        stream: withColumns(['a', 'string']),
      });
      const stream = withColumns(['b', 'integer'], ['a', 'string']);
      const result = await land(
        warehouse,
        folder,
        [
          ndjson([
            { id: '1', a: 'x' },
            { id: '2', a: 'y', b: 7 },
          ]),
        ],
        { stream },
      );
      expect(result).toMatchObject({ inserted: 1, columnsAdded: ['b'], warnings: [] });
      expect(await warehouse.query(sql`select id, a, b from crm.people order by id`)).toEqual([
        { id: '1', a: 'x', b: null },
        { id: '2', a: 'y', b: 7 },
      ]);
    }));

  test('is removed keeps its column, null from then on', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [ndjson([{ id: '1', a: 'x' }])], {
        stream: withColumns(['a', 'string']),
      });
      await land(warehouse, folder, [ndjson([{ id: '2' }])], { stream: withColumns() });
      expect(await warehouse.query(sql`select id, a from crm.people order by id`)).toEqual([
        { id: '1', a: 'x' },
        { id: '2', a: null },
      ]);
    }));

  test('becomes wider widens its column without changing a value', () =>
    withWarehouse(async (warehouse, folder) => {
      const first = withColumns(['n', 'integer'], ['m', 'decimal(18,0)'], ['d', 'date']);
      const row = { id: '1', n: 42, m: '123456789012345678', d: '2026-01-02' };
      await land(warehouse, folder, [ndjson([row])], { stream: first });
      const second = withColumns(
        ['n', 'decimal(18,2)'],
        ['m', 'decimal(18,2)'],
        ['d', 'timestamp'],
      );
      const result = await land(
        warehouse,
        folder,
        [ndjson([{ id: '2', n: '1.25', m: '0.5', d: '2026-01-02T03:04:05Z' }])],
        { stream: second },
      );
      expect(result.warnings).toEqual([]);
      expect(await warehouse.query(sql`select id, n, m, d from crm.people order by id`)).toEqual([
        { id: '1', n: '42.00', m: '123456789012345678.00', d: '2026-01-02T00:00:00.000Z' },
        { id: '2', n: '1.25', m: '0.50', d: '2026-01-02T03:04:05.000Z' },
      ]);
    }));

  test('becomes another type goes to a sibling column, with a warning', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [ndjson([{ id: '1', a: 1 }])], {
        stream: withColumns(['a', 'integer']),
      });
      const stream = withColumns(['a', 'boolean']);
      const pages = [ndjson([{ id: '2', a: true }])];
      const result = await land(warehouse, folder, pages, { stream });
      expect(result.warnings).toEqual([expect.stringContaining('"a__boolean"')]);
      expect(
        await warehouse.query(sql`select id, a, a__boolean from crm.people order by id`),
      ).toEqual([
        { id: '1', a: 1, a__boolean: null },
        { id: '2', a: null, a__boolean: true },
      ]);
    }));

  test('is renamed in case only stays in its column', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [ndjson([{ id: '1', Name: 'x' }])], {
        stream: withColumns(['Name', 'string']),
      });
      const result = await land(warehouse, folder, [csv(['id', 'name'], [['2', 'y']])], {
        stream: withColumns(['name', 'string']),
      });
      expect(result).toMatchObject({ columnsAdded: [], inserted: 1 });
      expect(await warehouse.query(sql`select "Name" from crm.people order by id`)).toEqual([
        { Name: 'x' },
        { Name: 'y' },
      ]);
    }));

  test('nobody declared is kept in _extra, and only there', () =>
    withWarehouse(async (warehouse, folder) => {
      const stream: Stream = {
        name: 'people',
        primaryKey: ['id'],
        extraPath: ['properties'],
        columns: [
          { name: 'id', type: 'string' },
          { name: 'first "name"', type: 'string', path: ['properties', 'first "name"'] },
          { name: 'score', type: 'double', path: ['properties', 'score'] },
        ],
      };
      const declared = { 'first "name"': 'Ada', score: '1.5' };
      await land(
        warehouse,
        folder,
        [
          ndjson([
            { id: '1', properties: declared },
            { id: '2', properties: { ...declared, new_one: 'x', nested: { y: [1] } } },
            { id: '3', properties: { score: null, new_one: 'z' } },
            { id: '4' },
          ]),
        ],
        { stream },
      );
      const rows = await warehouse.query(sql`select id, score, _extra from crm.people order by id`);
      expect(rows).toEqual([
        { id: '1', score: 1.5, _extra: null },
        { id: '2', score: 1.5, _extra: { new_one: 'x', nested: { y: [1] } } },
        { id: '3', score: null, _extra: { new_one: 'z' } },
        { id: '4', score: null, _extra: null },
      ]);
    }));

  test('is excluded has no column and does not turn up in _extra', () =>
    withWarehouse(async (warehouse, folder) => {
      const stream: Stream = { ...withColumns(['a', 'string'], ['b', 'string']), extraPath: [] };
      await land(warehouse, folder, [ndjson([{ id: '1', a: 'x', b: 'secret', c: 'y' }])], {
        stream,
        settings: { exclude: ['b', 'id'] },
      });
      const [row] = await warehouse.query(sql`select * from crm.people`);
      expect(row).toMatchObject({ id: '1', a: 'x', _extra: { c: 'y' } });
      expect(JSON.stringify(row)).not.toContain('secret');
    }));
});

test('nothing is written to a table that fits already', () =>
  withWarehouse(async (warehouse, folder) => {
    await land(warehouse, folder, []);
    let changes = 0;
    const watched = {
      ...warehouse,
      ddl: async (...args: Parameters<typeof warehouse.ddl>) => {
        changes += 1;
        return warehouse.ddl(...args);
      },
    };
    await land(watched, folder, []);
    expect(changes).toBe(0);
  }));

test('weird names of connections, streams and fields are only names', () =>
  withWarehouse(async (warehouse, folder) => {
    const odd = ['select', 'o"quote', "a'b", 'two words', 'ünïcödé', 'semi;colon', '_hash', 'a.b'];
    const stream: Stream = {
      name: 'odd "table"; --',
      primaryKey: ['o"quote', 'two words'],
      columns: odd.map((name) => ({ name, type: 'string' })),
    };
    const record = Object.fromEntries(odd.map((name) => [name, `value of ${name}`]));
    const options = { stream, connection: 'my "crm"' };
    await land(warehouse, folder, [ndjson([record])], options);
    const result = await land(warehouse, folder, [csv(odd, [Object.values(record)])], options);
    expect(result.inserted).toBe(0);
    const [row] = await warehouse.query(
      sql`select * from ${sql.id('my "crm"')}.${sql.id(stream.name)}`,
    );
    expect(row).toMatchObject({
      ...Object.fromEntries(odd.filter((name) => name !== '_hash').map((n) => [n, record[n]])),
      _hash__source: record['_hash'],
      _record_id: `${record['o"quote']}|${record['two words']}`,
    });
  }));

test('weird values come through unchanged', () =>
  withWarehouse(async (warehouse, folder) => {
    const values = [
      'a "quoted"\r\nline',
      "it's; --",
      '\u{1f600}é\u2028',
      '\t x ',
      '#N/A',
      'NULL',
      '{}',
    ];
    const stream = withColumns(['v', 'string'], ['big', 'decimal(38,0)'], ['doc', 'json']);
    const big = '12345678901234567890123456789012345678';
    const rows = values.map((v, index) => ({ id: `${index}`, v, big, doc: { v } }));
    await land(warehouse, folder, [ndjson(rows)], { stream });
    const cells = rows.map(({ id, v, doc }) => [id, v, big, JSON.stringify(doc)]);
    const again = await land(warehouse, folder, [csv(['id', 'v', 'big', 'doc'], cells)], {
      stream,
    });
    expect(again.inserted).toBe(0);
    expect(
      await warehouse.query(
        sql`select id, v, big, doc from crm.people order by cast(id as integer)`,
      ),
    ).toEqual(rows);
  }));

test('types join only where no value can change', () => {
  const join = (left: ColumnType, right: ColumnType) => joinTypes(left, right);
  expect(join('integer', 'double')).toBeUndefined();
  expect(join('decimal(38,0)', 'decimal(18,2)')).toBeUndefined();
  expect(join('boolean', 'string')).toBe('string');
  expect(join('integer', 'decimal(18,2)')).toBe('decimal(21,2)');
});
