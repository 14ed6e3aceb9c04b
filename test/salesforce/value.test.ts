import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SalesforceField } from '../../apis/salesforce/describe.ts';
import { quoteText } from '../../apis/salesforce/soql.ts';
import { toCell, toWireValue } from '../../reverse-etl/salesforce/value.ts';

function field(type: string): SalesforceField {
  return {
    name: 'F__c',
    label: 'F',
    type,
    length: 255,
    precision: 18,
    scale: 2,
    nillable: true,
    createable: true,
    updateable: true,
    defaultedOnCreate: false,
    calculated: false,
    unique: false,
    externalId: false,
    idLookup: false,
    filterable: true,
    sortable: true,
    restrictedPicklist: false,
  };
}

const stampMs = fc.integer({ min: Date.UTC(1700, 0), max: Date.UTC(4000, 0) });

describe('a value on the wire', () => {
  test('any instant keeps its time, whatever zone and form it is written in', () => {
    fc.assert(
      fc.property(stampMs, fc.integer({ min: -14 * 4, max: 14 * 4 }), (atMs, quarters) => {
        const offsetMs = quarters * 15 * 60_000;
        const local = new Date(atMs + offsetMs).toISOString().slice(0, -1);
        const sign = quarters < 0 ? '-' : '+';
        const [h, m] = [Math.floor(Math.abs(quarters) / 4), (Math.abs(quarters) % 4) * 15];
        const zone = `${sign}${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`;
        const expected = { value: new Date(atMs).toISOString() };
        expect(toWireValue(field('datetime'), `${local}${zone}`)).toEqual(expected);
        const duckdb = `${local.replace('T', ' ')}000${m === 0 ? zone.slice(0, 3) : zone}`;
        expect(toWireValue(field('datetime'), duckdb)).toEqual(expected);
      }),
    );
  });

  test('any finite number keeps its value', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const wire = toWireValue(field('double'), number);
        // Minus zero is written as zero.
        expect('value' in wire ? Number(wire.value) : wire).toBe(number + 0);
      }),
    );
  });

  test('a decimal that a double cannot hold stays a text', () => {
    const exact = '123456789012345678.25';
    expect(toWireValue(field('currency'), exact)).toEqual({ value: exact });
    expect(toWireValue(field('currency'), '10.50')).toEqual({ value: 10.5 });
  });

  test('a day is a day in every form and no other day', () => {
    for (const text of ['2026-01-31', '2026-01-31T00:00:00Z', '2026-01-31 00:00:00']) {
      expect(toWireValue(field('date'), text)).toEqual({ value: '2026-01-31' });
    }
    for (const text of ['2026-02-30', '2026-13-01', '31/01/2026', 'x', '2026-1-1']) {
      expect(toWireValue(field('date'), text)).toHaveProperty('refusal');
    }
  });

  test('null and empty text clear every type', () => {
    for (const type of ['string', 'double', 'date', 'datetime', 'picklist', 'reference']) {
      expect(toWireValue(field(type), null)).toEqual({ value: null });
      expect(toWireValue(field(type), '')).toEqual({ value: null });
    }
  });

  test('texts stay texts, numbers in text fields become texts', () => {
    expect(toWireValue(field('string'), 7)).toEqual({ value: '7' });
    expect(toWireValue(field('phone'), '007')).toEqual({ value: '007' });
    expect(toWireValue(field('textarea'), { a: [1] })).toEqual({ value: '{"a":[1]}' });
  });

  test('in CSV null is said where an empty cell would leave the field alone', () => {
    expect(toCell(null, true)).toBe('#N/A');
    expect(toCell(null, false)).toBe('');
    expect(toCell(false, true)).toBe('false');
  });
});

test('a SOQL literal ends where the text ends, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("'", '\\', '\n', '\r', '\t', 'a', '"') }),
      (text) => {
        const literal = quoteText(text);
        const body = literal.slice(1, -1);
        expect(literal).toMatch(/^'.*'$/);
        const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t' };
        const back = body.replace(/\\(.)/g, (_, c: string) => escapes[c] ?? c);
        expect(back).toBe(text);
        expect(body.replace(/\\./g, '')).not.toContain("'");
      },
    ),
  );
});
