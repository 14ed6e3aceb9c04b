import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalSql, prependTables, tokenizeSql } from '../../engine/declare/sql-text.ts';

const piece = fc.constantFrom(
  'select',
  'a',
  '"b  c"',
  "'it''s --  x'",
  "E'\\'  /*'",
  '$$ -- /* $$',
  '$t$ a  b $t$',
  ',',
  '(',
  ')',
  '->>',
  '1.5',
  '::',
  'from',
);
const gap = fc.constantFrom(' ', '\n', '  ', '\t', ' -- note\n', '/* a /* b */ c */', '\n\n-- x\n');

describe('canonical SQL', () => {
  test('is the same however the space and the comments between tokens are written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, gap, gap), { maxLength: 20 }), (parts) => {
        const write = (which: 1 | 2): string =>
          parts
            .map((part, index) => {
              const isText = (text = ''): boolean => /^(E?'|\$)/.test(text);
              // A newline between two texts joins them: there it is not free.
              const isFixed = isText(part[0]) && isText(parts[index + 1]?.[0]);
              return part[0] + (isFixed ? ' ' : part[which]);
            })
            .join('');
        expect(canonicalSql(write(1))).toBe(canonicalSql(write(2)));
      }),
    );
  });

  test('applied again changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, gap)), (parts) => {
        const once = canonicalSql(parts.flat().join(''));
        expect(canonicalSql(once)).toBe(once);
      }),
    );
  });

  test('keeps every text, name and word as written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, gap)), (parts) => {
        const sql = parts.flat().join('');
        const significant = (text: string) =>
          (tokenizeSql(text) ?? []).filter(({ kind }) => kind !== 'space' && kind !== 'comment');
        expect(significant(canonicalSql(sql))).toEqual(significant(sql));
      }),
    );
  });

  test('never throws, and splits without losing a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (sql) => {
        const tokens = tokenizeSql(sql);
        if (tokens) expect(tokens.map(({ text }) => text).join('')).toBe(sql);
        canonicalSql(sql);
      }),
    );
  });

  const different: readonly [string, string][] = [
    ["select 'a  b'", "select 'a b'"],
    ['select "a  b"', 'select "a b"'],
    ['select 1 - -1', 'select 1 --1'],
    ["select 'a'\n'b'", "select 'a' 'b'"],
    ['select /*+ hint */ 1', 'select 1'],
    ['select a b', 'select ab'],
    ["select '--x'", "select '--y'"],
    ['select $$ a $$', 'select $$ b $$'],
  ];
  for (const [left, right] of different) {
    test(`tells ${JSON.stringify(left)} from ${JSON.stringify(right)}`, () => {
      expect(canonicalSql(left)).not.toBe(canonicalSql(right));
    });
  }

  test('leaves what it cannot read alone', () => {
    expect(canonicalSql("select 'open  -- x")).toBe("select 'open  -- x");
  });
});

describe('common tables', () => {
  const table = { name: 'x', sql: 'select 1 as id' };
  // In dbt's spacing.
  const made = 'x as (\nselect 1 as id\n)';
  const cases: readonly [string, string][] = [
    ['select 1', `with ${made} select 1`],
    ['\n\nselect 1\n', `\n\nwith ${made} select 1\n`],
    ['-- why\nselect 1', `with ${made} -- why\nselect 1`],
    ['with a as (select 1) select 2', `with  ${made}, a as (select 1) select 2`],
    ['with\n a as (select 1) select 2', `with\n  ${made}, a as (select 1) select 2`],
    [
      '-- with\n WITH a as (select 1) select 2',
      `-- with\n WITH  ${made}, a as (select 1) select 2`,
    ],
    [
      'with recursive a as (select 1) select 2',
      `with recursive  ${made}, a as (select 1) select 2`,
    ],
    ['', `with ${made} `],
  ];
  for (const [sql, expected] of cases) {
    test(`stand before those of ${JSON.stringify(sql)}`, () => {
      expect(prependTables(sql, [table])).toBe(expected);
    });
  }
});
