import * as fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CanonicalKind, Shadow } from '../../engine/words/warehouse.ts';
import { duckdbDialect } from '../../loaders/duckdb/dialect.ts';
import { withWarehouse } from './folder.ts';

let shadow: Shadow;
beforeAll(async () => {
  shadow = await withWarehouse((warehouse) => warehouse.openShadow());
});
afterAll(async () => {
  await shadow[Symbol.asyncDispose]();
});

async function canonical(kind: CanonicalKind, value: unknown, type?: string): Promise<unknown> {
  const typed = type === undefined ? sql`${value}` : sql`cast(${value} as ${sql.raw(type)})`;
  const [row] = await shadow.query<{ text: unknown }>(
    sql`select ${duckdbDialect.canonical(kind, typed)} as text`,
  );
  return row?.text;
}

describe('values that mean the same', () => {
  test.each<[CanonicalKind, [unknown, string?], [unknown, string?]]>([
    ['email', [' Ada@Example.COM '], ['ada@example.com']],
    ['record_id', ['003A000001abcDe'], ['003A000001abcDeIAI']],
    ['number', ['1.50'], ['1.5', 'double']],
    ['number', ['1234567.89'], ['1234567.89', 'double']],
    ['number', ['1234567.89', 'decimal(18,2)'], ['1234567.8900']],
    ['number', ['100'], ['1e2']],
    ['number', ['0.30000000000000004', 'double'], ['0.3']],
    ['number', ['-0.0', 'double'], ['0']],
    ['number', ['1e30', 'double'], ['1000000000000000000000000000000']],
    ['number', ['100', 'bigint'], ['100.000']],
    ['boolean', ['TRUE'], ['true', 'boolean']],
    ['boolean', ['0'], ['false', 'boolean']],
    ['date', ['2026-01-02'], ['2026-01-02T00:00:00.000Z']],
    ['date', ['2026-01-02', 'date'], ['1767312000000']],
    ['datetime', ['2026-01-02T03:04:05.000+0000'], ['2026-01-02T03:04:05Z']],
    ['datetime', ['2026-01-02T05:04:05+02:00'], ['2026-01-02 03:04:05', 'timestamp']],
    ['datetime', ['1767323045000'], ['2026-01-02T03:04:05.000Z']],
    ['multi_select', ['b;a; c'], ['a;b;c;']],
    ['json', ['{ "a": [1, 2] }'], ['{"a":[1,2]}', 'json']],
  ])('%s %j and %j have one text', async (kind, left, right) => {
    const text = await canonical(kind, ...left);
    expect(text).not.toBeNull();
    expect(await canonical(kind, ...right)).toBe(text);
  });

  test('null and empty are one for every kind', async () => {
    const kinds: CanonicalKind[] = [
      'text',
      'email',
      'record_id',
      'number',
      'boolean',
      'date',
      'datetime',
      'multi_select',
      'json',
    ];
    for (const kind of kinds) {
      expect([kind, await canonical(kind, ''), await canonical(kind, null)]).toEqual([
        kind,
        null,
        null,
      ]);
    }
  });
});

describe('values that differ', () => {
  test.each<[CanonicalKind, unknown, unknown]>([
    ['text', 'a', 'A'],
    ['text', ' ', ''],
    ['record_id', '003A000001abcDe', '003A000001abcdE'],
    ['record_id', '123456789012345678', '123456789012345679'],
    ['number', '1000', '1'],
    ['number', '0.1', '0.01'],
    ['number', '12345678901234567890', '12345678901234567891'],
    ['number', 'abc', 'abd'],
    ['boolean', 'true', ''],
    ['date', '2026-01-02', '2026-01-03'],
    ['datetime', '2026-01-02T03:04:05.000Z', '2026-01-02T03:04:05.001Z'],
    ['datetime', '2026-01-02T03:04:05+02:00', '2026-01-02T03:04:05Z'],
    ['multi_select', 'a;b', 'ab'],
    ['json', '{"a":1}', '{"a":"1"}'],
  ])('%s %j is not %j', async (kind, left, right) => {
    expect(await canonical(kind, left)).not.toBe(await canonical(kind, right));
  });
});

describe('for any value', () => {
  const check = { numRuns: 60 };

  test('two numbers have one text exactly when they are equal', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 0, max: 5 }),
        fc.boolean(),
        async (digits, scale, zeros, isSame) => {
          const text = (units: number) => {
            const sign = units < 0 ? '-' : '';
            const padded = String(Math.abs(units)).padStart(scale + 1, '0');
            const whole = padded.slice(0, padded.length - scale);
            return `${sign}${whole}${scale + zeros > 0 ? '.' : ''}${padded.slice(whole.length)}`;
          };
          const other = isSame ? digits : digits + 1;
          const left = await canonical('number', text(digits), `decimal(38,${scale})`);
          const right = await canonical('number', `${text(other)}${'0'.repeat(zeros)}`);
          expect(left === right).toBe(isSame);
          expect(await canonical('number', text(digits), 'double')).toBe(left);
        },
      ),
      check,
    ));

  test('a moment has one text in whatever zone it is written', () =>
    fc.assert(
      fc.asyncProperty(
        fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        async (moment, offset) => {
          const local = new Date(moment.getTime() + offset * 60_000).toISOString().slice(0, -1);
          const size = Math.abs(offset);
          const pad = (n: number) => String(n).padStart(2, '0');
          const zone = `${offset < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
          const text = await canonical('datetime', `${local}${zone}`);
          expect(text).toBe(String(moment.getTime()));
          expect(await canonical('datetime', moment)).toBe(text);
        },
      ),
      check,
    ));

  test('a canonical text is its own canonical text', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom<CanonicalKind>('text', 'email', 'record_id', 'boolean', 'multi_select'),
        fc.string({ maxLength: 24 }).filter((text) => !text.includes('\0')),
        async (kind, value) => {
          const once = await canonical(kind, value);
          expect(await canonical(kind, once)).toBe(once);
        },
      ),
      check,
    ));

  test('the order and spacing of chosen values does not matter', () =>
    fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}( [a-z]{1,3})?$/), { maxLength: 6 }),
        async (chosen) => {
          const shuffled = chosen.toReversed().map((word) => ` ${word} `);
          expect(await canonical('multi_select', shuffled.join(';'))).toBe(
            await canonical('multi_select', chosen.join(';')),
          );
        },
      ),
      check,
    ));
});

test('of keys the blanks at both ends are no part, whatever else stands there', async () => {
  const piece = fc.constantFrom(
    ' ',
    '\t',
    '\r',
    '\n',
    '\v',
    '\u0001',
    '\u00a0',
    'ä',
    '🌊',
    'a',
    'B',
    '1',
  );
  const texts = fc.array(
    fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
    {
      minLength: 200,
      maxLength: 200,
    },
  );
  await fc.assert(
    fc.asyncProperty(texts, async (values) => {
      const rows = await shadow.query<{ email: unknown; id: unknown }>(sql`
        select ${duckdbDialect.canonical('email', sql`value`)} as email,
          ${duckdbDialect.canonical('record_id', sql`value`)} as id
        from (select unnest([${sql.join(values)}]) as value)`);
      const bare = values.map((value) => value.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '') || null);
      expect(rows.map(({ id }) => id)).toEqual(bare);
      expect(rows.map(({ email }) => email)).toEqual(bare.map((one) => one?.toLowerCase() ?? null));
    }),
    { numRuns: 10 },
  );
});
