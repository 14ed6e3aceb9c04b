import { expect, test } from 'vitest';
import { collectFaults } from '../../engine/declare/model-fault.ts';
import { parseYamlSource } from '../../engine/declare/project/yaml-source.ts';
import { parseYaml } from '../../engine/declare/yaml-file.ts';

test('YAML is read as Python reads it, dates as they are written', () => {
  const faults = collectFaults();
  const text =
    '{a: n, b: Y, c: yes, d: no, e: off, f: 2026-01-01, g: true, h: "n", i: 2026-01-01 10:00:00}';
  expect(parseYaml('x.yml', text, faults)?.value).toEqual({
    a: 'n',
    b: 'Y',
    c: true,
    d: false,
    e: false,
    f: '2026-01-01',
    g: true,
    h: 'n',
    i: '2026-01-01 10:00:00',
  });
  expect(faults.all).toEqual([]);
});

/** What Python's reader makes of texts without the white space around them, as dbt reads them. */
test.each([
  ['a: |\n  one\n  two', 'one\ntwo'],
  ['a: |\n  one\n  two\n\n\n', 'one\ntwo'],
  ['a: >\n  one\n  two\n', 'one two'],
  ['a: |+\n  one\n\n\n', 'one'],
  ['a: >+\n  one\n\n  two\n\n', 'one\ntwo'],
  ['a: |-\n  one\n', 'one'],
  ['a: >-\n  one\n\n', 'one'],
  ['a: |2\n   one\n', ' one'],
  ['a: |\n  one\n# a comment\n', 'one\n'],
  ['a: |+\n  one\n\n# a comment\n', 'one\n\n'],
  ['a: "one\\n"\n', 'one\n'],
  ["a: 'one\n\n  two'\n", 'one\ntwo'],
])('a text that ends the file has no line break at its end: %j', (text, value) => {
  for (const [before, read] of [
    ['', { a: value }],
    ['b: |\n  first\n', { b: 'first\n', a: value }],
  ] as const) {
    const faults = collectFaults();
    expect(parseYaml('x.yml', before + text, faults)?.value).toEqual(read);
    expect(faults.all).toEqual([]);
  }
});

const bomb = [
  'a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]',
  ...[...'bcdefgh'].map((name, index) => {
    const before = `*${'abcdefg'[index]}`;
    return `${name}: &${name} [${Array.from({ length: 9 }, () => before).join(', ')}]`;
  }),
].join('\n');

test.each([
  ['an alias of nothing', 'a: 1\nb: *nowhere', 2, /"\*nowhere" stands for nothing/],
  ['an alias in itself', 'a: &x [1, *x]', 1, /"\*x" stands in what it stands for/],
  ['aliases of aliases of aliases', bomb, 1, /more than 1000 values/],
  ['a merge of what is no map', 'x: &x {b: 1}\na: {<<: [*x, 3]}', 1, /[Mm]erge/],
  ['a depth that no reader has a stack for', '['.repeat(20_000), 1, /nested deeper/],
  ['lists in lists beyond any stack', '- '.repeat(20_000), 1, /nested deeper/],
  ['thousands of mistakes', '{% if 1 %}'.repeat(5_000), 1, /directive indicator/],
])('%s is told in a line or three', (_, text, line, message) => {
  const faults = collectFaults();
  expect(parseYaml('x.yml', text, faults)).toBeUndefined();
  expect(faults.all.length).toBeLessThanOrEqual(3);
  expect(faults.all[0]).toMatchObject({ file: 'x.yml', line });
  expect(faults.all[0]?.message).toMatch(message);
  const { issues, value } = parseYamlSource('pipelines.yaml', text);
  if (!message.test('merge')) expect([value, issues.length > 0]).toEqual([undefined, true]);
  expect(issues.length).toBeLessThanOrEqual(3);
});
