import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutRecords, parseLastRecord, readToken } from '../../engine/wire/cut.ts';
import { TransientError } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';

const where = 'GET /query';

function parseLines(lines: Buffer): unknown[] {
  const text = lines.toString('utf8');
  if (text === '') return [];
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

/** Texts full of what a careless scanner trips over. */
const hostile = fc.string({
  unit: fc.constantFrom(
    '"',
    '\\',
    '\n',
    '\r',
    '\t',
    ',',
    '{',
    '}',
    '[',
    ']',
    'ü',
    '𝄞',
    'a',
    ':',
    ' ',
  ),
});
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    hostile,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(hostile, tie('any'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;
const page = fc.record({
  before: fc.dictionary(hostile, value, { maxKeys: 3, noNullPrototype: true }),
  records: fc.array(value, { maxLength: 12 }),
  after: fc.dictionary(hostile, value, { maxKeys: 3, noNullPrototype: true }),
  indent: fc.constantFrom(undefined, 2, '\t', ' \r\n '.trim()),
});

describe('cutting records out of a page', () => {
  test('gives the records and the rest that JSON.parse gives, compact or pretty', () => {
    fc.assert(
      fc.property(page, ({ before, records, after, indent }) => {
        const whole = { ...before, records, ...after };
        const text = JSON.stringify(whole, undefined, indent);
        const expected = JSON.parse(text) as { records: unknown[] };
        const cut = cutRecords(Buffer.from(text), { key: 'records', where });
        expect(cut.count).toBe(expected.records.length);
        expect(parseLines(cut.lines)).toEqual(expected.records);
        expect(cut.rest).toEqual({ ...expected, records: [] });
      }),
      { numRuns: 500 },
    );
  });

  test('CRLF pretty printing gives one record a line', () => {
    const text = JSON.stringify({ done: true, records: [{ a: '1\r\n2' }, { b: [1, 2] }] }, null, 2);
    const cut = cutRecords(Buffer.from(text.replaceAll('\n', '\r\n')), { key: 'records', where });
    expect(parseLines(cut.lines)).toEqual([{ a: '1\r\n2' }, { b: [1, 2] }]);
  });

  test('takes the array of the top level, not one of the same name further down', () => {
    const text =
      '{"x":{"records":[9]},"y":"records","records":[{"records":[1,2]}],"z":[{"records":[3]}]}';
    const cut = cutRecords(Buffer.from(text), { key: 'records', where });
    expect(parseLines(cut.lines)).toEqual([{ records: [1, 2] }]);
  });

  test('a key spelled with escapes is found by parsing', () => {
    const cut = cutRecords(Buffer.from('{"re\\u0063ords":[{"a":1},{"a":2}]}'), {
      key: 'records',
      where,
    });
    expect(cut.count).toBe(2);
    expect(parseLines(cut.lines)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test('any prefix of a page is refused as transient, never taken for a shorter page', () => {
    const text = JSON.stringify({ totalSize: 2, records: [{ a: '}]' }, { b: '\\"' }], done: true });
    for (let bytes = 0; bytes < text.length; bytes += 1) {
      const cut = (): unknown =>
        cutRecords(Buffer.from(text.slice(0, bytes)), { key: 'records', where });
      expect(cut, `${bytes} bytes`).toThrow(TransientError);
    }
  });

  test.each(['', 'null', '[]', '"x"', '<html>', '{"records":{}}', '{"records":null}', '{}'])(
    'refuses %j and says what it is',
    (text) => {
      const cut = (): unknown => cutRecords(Buffer.from(text), { key: 'records', where });
      expect(cut).toThrow(/GET \/query: the page (is not|has no)/);
    },
  );

  test('a page that breaks its own count is refused', () => {
    const countOf = (rest: JsonObject): number => Number(rest['totalSize']);
    const good = Buffer.from('{"totalSize":2,"records":[1,2]}');
    expect(cutRecords(good, { key: 'records', where, countOf }).count).toBe(2);
    const short = Buffer.from('{"totalSize":3,"records":[1,2]}');
    expect(() => cutRecords(short, { key: 'records', where, countOf })).toThrow(
      'holds 2 records where it says 3',
    );
  });

  test('error texts hold no values of the page', () => {
    const page = Buffer.from('{"records":[{"email":"ann@example.org"');
    expect(() => cutRecords(page, { key: 'records', where })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('ann') as string }) as Error,
    );
  });
});

test('tokens are read by path, and their absence is no error', () => {
  const rest = { paging: { next: { after: '17' } }, list: [1] };
  expect(readToken(rest, ['paging', 'next', 'after'])).toBe('17');
  expect(readToken(rest, ['paging', 'prev', 'after'])).toBeUndefined();
  expect(readToken(rest, ['list', '0'])).toBeUndefined();
});

test('the last record of cut lines tells where to go on', () => {
  expect(parseLastRecord(Buffer.from('{"Id":"1"}\n {"Id":"2"} \n'))).toEqual({ Id: '2' });
  expect(parseLastRecord(Buffer.from('{"Id":"1"}\n'))).toEqual({ Id: '1' });
  expect(parseLastRecord(Buffer.alloc(0))).toBeUndefined();
});
