import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { landStream } from '../../engine/steps/land.ts';
import { readCursor, readDataVersions } from '../../engine/steps/land-cursor.ts';
import { BudgetExhausted } from '../../engine/words/errors.ts';
import type { Page, Stream } from '../../engine/words/stream.ts';
import { withWarehouse } from '../warehouse/folder.ts';
import { csv, land, ndjson, optionsFor, people, readTables } from './landing.ts';

const ada = { id: '1', name: 'Ada', age: 36, updated: '2026-01-01T00:00:00.000Z', gone: false };
const bob = { id: '2', name: 'Bob', age: null, updated: '2026-01-02T00:00:00.000Z', gone: false };
const key = { connection: 'crm', stream: 'people' };

const names = async (warehouse: Parameters<typeof readTables>[0]) =>
  (await readTables(warehouse)).current.map((row) => row['name']);

describe('rows and cursor', () => {
  test('land together, and landing the same page again changes nothing', () =>
    withWarehouse(async (warehouse, folder) => {
      const page = ndjson([ada, bob], { checkpoint: { since: '2026-01-02' }, records: 2 });
      const first = await land(warehouse, folder, [page, page]);
      expect(first).toMatchObject({ pages: 2, batches: 1, records: 4, inserted: 2 });
      expect(await readCursor(warehouse, key)).toEqual({ since: '2026-01-02' });
      const version = (await readDataVersions(warehouse)).get('crm.people');
      const before = await readTables(warehouse);
      expect(before.current).toHaveLength(2);

      const again = await land(warehouse, folder, [page], { runId: 'run-2' });
      expect(again).toMatchObject({ records: 2, inserted: 0 });
      expect(await readTables(warehouse)).toEqual(before);
      expect((await readDataVersions(warehouse)).get('crm.people')).toBe(version);
      expect(await readdir(join(folder, 'spool'))).toEqual([]);
    }));

  test('are the same whether a record came as CSV or as JSON', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [ndjson([ada, bob])]);
      const page = csv(
        ['updated', 'id', 'name', 'age', 'gone'],
        [
          ['2026-01-01T00:00:00.000+0000', '1', 'Ada', '36', 'false'],
          ['2026-01-02T02:00:00+02:00', '2', 'Bob', '', 'false'],
        ],
      );
      expect(await land(warehouse, folder, [page])).toMatchObject({ records: 2, inserted: 0 });
    }));

  test('land before an error of the source, which is then thrown', () =>
    withWarehouse(async (warehouse, folder) => {
      const stop = new BudgetExhausted('crm', 10, 10);
      async function* pages(): AsyncGenerator<Page> {
        yield ndjson([ada], { checkpoint: { at: 1 } });
        throw stop;
      }
      await expect(landStream(warehouse, pages(), optionsFor(folder))).rejects.toBe(stop);
      expect(await names(warehouse)).toEqual(['Ada']);
      expect(await readCursor(warehouse, key)).toEqual({ at: 1 });
    }));

  test('stop at a page border when the signal aborts, and the source is closed', () =>
    withWarehouse(async (warehouse, folder) => {
      const controller = new AbortController();
      let isClosed = false;
      async function* pages(): AsyncGenerator<Page> {
        try {
          yield ndjson([ada], { checkpoint: { at: 1 } });
          controller.abort(new Error('stopped'));
          yield ndjson([bob], { checkpoint: { at: 2 } });
          yield ndjson([bob], { checkpoint: { at: 3 } });
        } finally {
          isClosed = true;
        }
      }
      const options = optionsFor(folder, { signal: controller.signal });
      await expect(landStream(warehouse, pages(), options)).rejects.toThrow('stopped');
      expect(isClosed).toBe(true);
      expect(await readCursor(warehouse, key)).toEqual({ at: 2 });
    }));

  test('a checkpoint without records moves the cursor and no data version', () =>
    withWarehouse(async (warehouse, folder) => {
      const result = await land(warehouse, folder, [ndjson([], { checkpoint: { at: 9 } })]);
      expect(result).toMatchObject({ records: 0, inserted: 0, cursor: { at: 9 } });
      expect(await readCursor(warehouse, key)).toEqual({ at: 9 });
      expect((await readDataVersions(warehouse)).size).toBe(0);
    }));

  test('a header alone is an empty page', () =>
    withWarehouse(async (warehouse, folder) => {
      const page = csv(['id', 'name'], [], { records: 0, checkpoint: { at: 1 } });
      expect(await land(warehouse, folder, [page])).toMatchObject({ records: 0, inserted: 0 });
    }));
});

describe('versions under one stamp', () => {
  test('A, then B, then A again: the view shows A', () =>
    withWarehouse(async (warehouse, folder) => {
      const b = { ...ada, name: 'Ada L.' };
      await land(warehouse, folder, [ndjson([ada])]);
      await land(warehouse, folder, [ndjson([b])]);
      expect(await names(warehouse)).toEqual(['Ada L.']);
      expect(await land(warehouse, folder, [ndjson([ada])])).toMatchObject({ inserted: 1 });
      expect(await names(warehouse)).toEqual(['Ada']);
      expect(await land(warehouse, folder, [ndjson([ada])])).toMatchObject({ inserted: 0 });
    }));

  test('an older version that arrives late does not hide the newer one', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [
        ndjson([{ ...ada, name: 'new', updated: '2026-03-01T00:00:00Z' }]),
      ]);
      await land(warehouse, folder, [ndjson([ada])]);
      expect(await names(warehouse)).toEqual(['new']);
      expect((await readTables(warehouse)).log).toHaveLength(2);
    }));

  test('without any stamp the last content seen is current', () =>
    withWarehouse(async (warehouse, folder) => {
      const { modifiedField: _, cursorField: __, deletedField: ___, ...rest } = people;
      const stream: Stream = rest;
      for (const name of ['A', 'B', 'A', 'A']) {
        await land(warehouse, folder, [ndjson([{ id: '1', name }])], { stream });
      }
      expect(await names(warehouse)).toEqual(['A']);
      expect((await readTables(warehouse)).log).toHaveLength(3);
    }));
});

describe('deletion', () => {
  const tombstone = (records: readonly object[]) => ndjson(records, { kind: 'tombstones' });

  test('a tombstone keeps the last known values and hides the record until it is restored', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [ndjson([ada, bob]), tombstone([{ id: '1' }])]);
      expect(await names(warehouse)).toEqual(['Bob']);
      const { log } = await readTables(warehouse);
      expect(log.filter((row) => row['_deleted'])).toMatchObject([
        { id: '1', name: 'Ada', age: 36, _modified_at: ada.updated },
      ]);
      expect(await land(warehouse, folder, [tombstone([{ id: '1' }])])).toMatchObject({
        inserted: 0,
      });
      await land(warehouse, folder, [ndjson([ada])]);
      expect(await names(warehouse)).toEqual(['Ada', 'Bob']);
    }));

  test('a tombstone with a stamp deletes what is older and nothing newer', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [
        tombstone([
          { id: '1', updated: '2026-02-01T00:00:00Z' },
          { id: '2', updated: '2026-01-01T00:00:00Z' },
        ]),
        ndjson([ada, bob]),
      ]);
      expect(await names(warehouse)).toEqual(['Bob']);
    }));

  test("a source's own flag deletes, and a later version restores", () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [ndjson([ada])]);
      await land(warehouse, folder, [
        ndjson([{ ...ada, gone: true, updated: '2026-02-01T00:00:00Z' }]),
      ]);
      expect(await names(warehouse)).toEqual([]);
      await land(warehouse, folder, [ndjson([{ ...ada, updated: '2026-03-01T00:00:00Z' }])]);
      expect(await names(warehouse)).toEqual(['Ada']);
    }));

  const many = Array.from({ length: 10 }, (_, index) => ({ ...ada, id: `${index}` }));
  const scanned = (records: readonly object[], id: string, complete?: boolean) =>
    ndjson(records, { scan: { id, ...(complete === undefined ? {} : { complete }) } });

  test('absence counts only after a complete scan, over all its pages and runs', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [ndjson(many)]);
      await land(warehouse, folder, [scanned(many.slice(0, 5), 's1')]);
      expect((await readTables(warehouse)).current).toHaveLength(10);
      const result = await land(warehouse, folder, [scanned(many.slice(5, 9), 's1', true)]);
      expect(result).toMatchObject({ deletedByAbsence: 1, inserted: 1, warnings: [] });
      expect((await readTables(warehouse)).current).toHaveLength(9);
      await land(warehouse, folder, [scanned(many, 's2', true)]);
      expect((await readTables(warehouse)).current).toHaveLength(10);
    }));

  test('too much absence is a warning and deletes nothing', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [ndjson(many)]);
      const result = await land(warehouse, folder, [scanned(many.slice(0, 7), 's1', true)]);
      expect(result.deletedByAbsence).toBe(0);
      expect(result.warnings).toEqual([expect.stringContaining('missed 3 of 10')]);
      const none = await land(warehouse, folder, [scanned([], 's2', true)]);
      expect(none.warnings).toHaveLength(1);
      expect((await readTables(warehouse)).current).toHaveLength(10);
      const allowed = await land(warehouse, folder, [scanned(many.slice(0, 7), 's3', true)], {
        guardRatio: 0.5,
      });
      expect(allowed.deletedByAbsence).toBe(3);
    }));

  test('an abandoned scan does not count for the next one', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [ndjson(many)]);
      await land(warehouse, folder, [scanned(many.slice(0, 5), 's1')]);
      const result = await land(warehouse, folder, [scanned(many.slice(5), 's2', true)]);
      expect(result.warnings).toHaveLength(1);
    }));

  test('records seen for the first time during a scan are not absent from it', () =>
    withWarehouse(async (warehouse, folder) => {
      await land(warehouse, folder, [scanned(many, 's1')]);
      await land(warehouse, folder, [ndjson([{ ...bob, id: 'new' }]), scanned([], 's1', true)]);
      expect((await readTables(warehouse)).current).toHaveLength(11);
    }));
});

describe('bad input', () => {
  test('a value that does not fit names record, column and type, and nothing of its batch lands', () =>
    withWarehouse(async (warehouse, folder) => {
      const pages = [
        ndjson([ada], { checkpoint: { at: 1 } }),
        ndjson([{ ...bob, age: 'secret' }], { checkpoint: { at: 2 } }),
      ];
      const failure = await land(warehouse, folder, pages).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'value-does-not-fit',
        details: { stream: 'people', connection: 'crm' },
        message: expect.stringMatching(/record 2 .*"age".*integer/),
      });
      expect(String(failure)).not.toContain('secret');
      expect((await readTables(warehouse)).log).toEqual([]);
      expect(await readCursor(warehouse, key)).toBeUndefined();
      const fixed = await land(warehouse, folder, [ndjson([ada, bob])]);
      expect(fixed.inserted).toBe(2);
    }));

  test.each([['1.5'], ['1e99'], ['99999999999999999999']])('%s is no integer', (age) =>
    withWarehouse(async (warehouse, folder) => {
      const page = csv(['id', 'age'], [['1', age]]);
      await expect(land(warehouse, folder, [page])).rejects.toMatchObject({
        code: 'value-does-not-fit',
      });
    }),
  );

  test.each([
    ['a cut record', '{"id":"1"}\n{"id":"2","name":"secret'],
    ['no object', '{"id":"1"}\n"secret"\n'],
    ['no key', '{"id":"1"}\n{"name":"secret"}\n'],
    ['no JSON', '<html>secret</html>\n'],
  ])('%s is an invalid record, said without its text', (_, text) =>
    withWarehouse(async (warehouse, folder) => {
      const page: Page = { format: 'ndjson', body: Buffer.from(text) };
      const failure = await land(warehouse, folder, [page]).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'invalid-record', details: { stream: 'people' } });
      expect(String(failure)).not.toContain('secret');
      expect((await readTables(warehouse)).log).toEqual([]);
    }),
  );

  test('a CSV row of another width, or an open quote, names its line', () =>
    withWarehouse(async (warehouse, folder) => {
      for (const text of ['id,name\n1,a\n2,b,secret\n', 'id,name\n1,a\n2,"secret\n']) {
        const page: Page = { format: 'csv', body: Buffer.from(text) };
        const failure = await land(warehouse, folder, [page]).catch((error: unknown) => error);
        expect(String(failure)).toMatch(/crm\.people.*CSV line 3/);
        expect(String(failure)).not.toContain('secret');
      }
    }));

  test('fewer records than the source said is a page cut short: transient', () =>
    withWarehouse(async (warehouse, folder) => {
      const pages = [ndjson([ada], { records: 2 }), csv(['id'], [['1']], { records: 2 })];
      for (const page of pages) {
        await expect(land(warehouse, folder, [page])).rejects.toMatchObject({
          name: 'TransientError',
          code: 'page-truncated',
        });
      }
    }));
});
