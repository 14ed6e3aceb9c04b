import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type OutputOf,
  parseColumnSpec,
  type RowOf,
} from '../../engine/declare/typescript/column-spec.ts';
import {
  chooseComparison,
  chooseWriter,
  describeMisfit,
} from '../../engine/steps/typescript/value-text.ts';
import { defineModel, ref } from '../../index.ts';

function write(spec: string, value: unknown): string | undefined {
  const column = parseColumnSpec('x', spec);
  if (!column) throw new Error(`${spec} is no type`);
  return chooseWriter(column)(value);
}

test('rows have the types of their declared columns', () => {
  type Row = RowOf<{ id: 'bigint not null'; money: 'decimal(18,2)'; day: 'date'; yes: 'boolean' }>;
  expectTypeOf<Row>().toEqualTypeOf<{
    readonly id: bigint;
    readonly money: string | null;
    readonly day: string | null;
    readonly yes: boolean | null;
  }>();
  expectTypeOf<OutputOf<{ n: 'timestamp not null'; m: 'decimal(9,2)' }>>().toEqualTypeOf<{
    readonly n: string | Date;
    readonly m: string | bigint | number | null;
  }>();
  const inputs = { people: ref('people', { id: 'bigint', name: 'varchar not null' }) };
  defineModel({
    inputs,
    columns: { id: 'bigint', length: 'integer' },
    async *run({ people }) {
      for await (const row of people.rows()) {
        expectTypeOf(row).toEqualTypeOf<{ readonly id: bigint | null; readonly name: string }>();
        yield { id: row.id, length: row.name.length };
      }
    },
  });
  defineModel({
    inputs,
    by: ['id'],
    columns: { id: 'bigint', names: 'varchar' },
    runKey(key, { people }) {
      expectTypeOf(key).toEqualTypeOf<{ readonly id: bigint | null }>();
      return [{ names: people.map(({ name }) => name).join() }];
    },
  });
});

describe('a value becomes text that casts to its type exactly, or is refused', () => {
  test.each([
    ['integer', 2_147_483_647, '2147483647'],
    ['integer', 2_147_483_648, undefined],
    ['integer', 1n, undefined],
    ['bigint', 9_007_199_254_740_992, undefined],
    ['bigint', 2n ** 63n, undefined],
    ['bigint', -(2n ** 63n), '-9223372036854775808'],
    ['decimal(4,2)', '12.34', '12.34'],
    ['decimal(4,2)', '0012.3400', '0012.3400'],
    ['decimal(4,2)', '123.4', undefined],
    ['decimal(4,2)', '1.234', undefined],
    ['decimal(4,2)', 1.5, undefined],
    ['decimal(4,2)', 7, '7'],
    ['decimal(4,2)', '1e2', undefined],
    ['decimal(4,2)', '', undefined],
    ['decimal(4,2)', '-', undefined],
    ['date', '2024-02-29', '2024-02-29'],
    ['date', '2023-02-29', undefined],
    ['date', '2024-2-9', undefined],
    ['date', new Date(0), undefined],
    ['time', '24:00:00', undefined],
    ['timestamp', '2026-01-01T00:30:00.123456+01:00', '2025-12-31 23:30:00.123456'],
    ['timestamp', '2026-01-01 00:30:00', '2026-01-01 00:30:00'],
    ['timestamp', new Date(1_500), '1970-01-01 00:00:01.500'],
    ['timestamp', new Date(Number.NaN), undefined],
    ['timestamp', '2026-13-01T00:00:00Z', undefined],
    ['timestamp', '9999-12-31T23:30:00-01:00', undefined],
    ['timestamp', '0001-01-01T00:30:00+01:00', undefined],
    ['timestamp', '2026-01-01T00:00:00.1234567Z', undefined],
    ['boolean', 'true', undefined],
    ['double', '1', undefined],
    ['json', '{"a":1}', '{"a":1}'],
    ['json', '{a:1}', undefined],
    ['json', { a: 1 }, undefined],
  ])('%s %s', (spec, value, text) => {
    expect(write(spec, value)).toBe(text);
  });

  test('of any decimal that fits, no digit is lost', () => {
    const digits = fc.stringMatching(/^[0-9]{1,12}$/);
    fc.assert(
      fc.property(fc.boolean(), digits, fc.stringMatching(/^[0-9]{0,6}$/), (minus, whole, part) => {
        const text = `${minus ? '-' : ''}${whole}${part === '' ? '' : `.${part}`}`;
        expect(write('decimal(18,6)', text)).toBe(text);
      }),
    );
  });

  test.each([
    ['decimal(9,4)', '1.5', '01.5000', true],
    ['decimal(9,4)', '10', '1', false],
    ['decimal(9,4)', '-0.5', '0.5', false],
    ['timestamp', '2026-01-01T01:00:00.500+01:00', '2026-01-01T00:00:00.5Z', true],
    ['varchar', '1.0', '1', false],
    ['bigint', 7, 7n, true],
    ['bigint', null, 7n, false],
  ])('of %s, %s and %s are one: %s', (spec, left, right, isSame) => {
    const column = parseColumnSpec('x', spec);
    expect(column && chooseComparison(column)(left, right)).toBe(isSame);
  });

  test('a message tells the kind of a value and never itself', () => {
    const column = parseColumnSpec('x', 'decimal(9,2)');
    if (!column) throw new Error('it is a type');
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (text) => {
        expect(describeMisfit(column, text)).toBe('a string that is no decimal(9,2)');
      }),
    );
    expect(describeMisfit(column, 1.5)).toContain('write it as text');
  });
});

test.each(['bigit', 'decimal', 'decimal(39,0)', 'decimal(2,3)', 'varchar(10)', 'bigint null', 7])(
  '%s is no type of a column',
  (spec) => {
    expect(parseColumnSpec('x', spec)).toBeUndefined();
  },
);
