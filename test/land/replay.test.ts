import * as fc from 'fast-check';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Page } from '../../engine/words/stream.ts';
import { withWarehouse } from '../warehouse/folder.ts';
import { csv, land, ndjson, people, readTables } from './landing.ts';

interface Version {
  readonly id: string;
  readonly name: string | null;
  readonly age: number | null;
  readonly updated: string;
  readonly gone: boolean;
}

const header = people.columns.map(({ name }) => name);

/** Few ids, stamps and names, so that versions meet: equal, of one stamp, or late. */
const version: fc.Arbitrary<Version> = fc.record({
  id: fc.constantFrom('a', 'b', 'ü"\n', "o'c"),
  name: fc.constantFrom('A', 'B', 'quo"te, \n new', null),
  age: fc.constantFrom(1, -5, 9_007_199_254_740_991, null),
  updated: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'),
  gone: fc.boolean(),
});

const pageOf = fc.tuple(fc.array(version, { maxLength: 6 }), fc.boolean(), fc.boolean());
type Spec = readonly [readonly Version[], boolean, boolean];

/** The same records as either format, stamps as either API writes them. */
function toPage([versions, isCsv, isTombstones]: Spec): Page {
  if (isTombstones) {
    const keys = versions.map(({ id, updated }) => ({ id, updated }));
    return ndjson(keys, { kind: 'tombstones', records: keys.length });
  }
  if (!isCsv) return ndjson(versions, { records: versions.length });
  const rows = versions.map((record) => [
    record.id,
    record.name ?? '',
    record.age === null ? '' : String(record.age),
    record.updated.replace('Z', '+0000'),
    String(record.gone),
  ]);
  return csv(header, rows, { records: rows.length });
}

/** What the log must hold: each content under each stamp once. */
function expectedVersions(specs: readonly Spec[]): number {
  const contents = specs.flatMap(([versions, , isTombstones]) =>
    versions.map(({ id, updated, ...rest }) =>
      JSON.stringify(isTombstones ? [id, updated, 'tombstone'] : [id, updated, rest]),
    ),
  );
  return new Set(contents).size;
}

const runs = { numRuns: 12 };

describe('for any pages', () => {
  test('order, repetition and batching do not change the log or the view', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(pageOf, { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 1, max: 8 }),
        async (specs, numbers, batchRecordsMax) => {
          const take = () => numbers.next().value;
          const isRecords = (spec: Spec) => !spec[2];
          // A tombstone copies the values known when it lands, so records come before tombstones.
          const shuffled = [...specs, ...specs].toSorted(() => (take() % 2) * 2 - 1);
          const ordered = [
            ...shuffled.filter(isRecords),
            ...shuffled.filter((spec) => !isRecords(spec)),
          ];
          const plain = [...specs.filter(isRecords), ...specs.filter((spec) => !isRecords(spec))];
          const expected = await withWarehouse(async (warehouse, folder) => {
            await land(warehouse, folder, plain.map(toPage));
            return readTables(warehouse);
          });
          expect(expected.log).toHaveLength(expectedVersions(specs));
          const actual = await withWarehouse(async (warehouse, folder) => {
            await land(warehouse, folder, ordered.map(toPage), { batchRecordsMax });
            return readTables(warehouse);
          });
          expect(actual).toEqual(expected);
        },
      ),
      runs,
    ));

  test('landing everything again in later runs adds nothing where each stamp has one content', () =>
    fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(version, { selector: ({ id, updated }) => id + updated, maxLength: 8 }),
        async (versions) => {
          await withWarehouse(async (warehouse, folder) => {
            await land(warehouse, folder, [toPage([versions, false, false])]);
            const before = await readTables(warehouse);
            for (const runId of ['run-2', 'run-3']) {
              const page = toPage([versions.toReversed(), true, false]);
              const result = await land(warehouse, folder, [page], { runId });
              expect(result.inserted).toBe(0);
            }
            expect(await readTables(warehouse)).toEqual(before);
          });
        },
      ),
      runs,
    ));

  test('the view shows one row a record, the last one told, unless that one is a deletion', () =>
    fc.assert(
      fc.asyncProperty(fc.array(version, { minLength: 1, maxLength: 8 }), async (versions) => {
        await withWarehouse(async (warehouse, folder) => {
          const last = new Map<string, Version>();
          for (const [index, one] of versions.entries()) {
            await land(warehouse, folder, [ndjson([one])], { runId: `run-${index}` });
            const known = last.get(one.id);
            if (!known || one.updated >= known.updated) last.set(one.id, one);
          }
          const live = [...last.values()].filter(({ gone }) => !gone);
          const rows = await warehouse.query(sql`select id, name, age from crm.people`);
          expect(new Set(rows.map((row) => JSON.stringify(row)))).toEqual(
            new Set(live.map(({ id, name, age }) => JSON.stringify({ id, name, age }))),
          );
        });
      }),
      runs,
    ));
});
