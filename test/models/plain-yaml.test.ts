import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collectFaults } from '../../engine/declare/model-fault.ts';
import { placeOfPlain, readPlainYaml } from '../../engine/declare/yaml/plain-yaml.ts';
import { parseByLibrary, type YamlPath } from '../../engine/declare/yaml-file.ts';

const repository = join(import.meta.dirname, '../..');

/** Whether it was read at all; if so, the library must say the same of every value and place. */
function compare(text: string): boolean {
  const plain = readPlainYaml(text);
  if (plain === undefined) return false;
  const faults = collectFaults();
  const whole = parseByLibrary('x.yml', text, faults);
  expect(faults.all, text).toEqual([]);
  expect(plain.value, text).toStrictEqual(whole?.value);
  const walk = (value: unknown, path: YamlPath): void => {
    for (const part of ['key', 'value'] as const) {
      const place = placeOfPlain(plain, path, part);
      if (place === undefined) expect(value, path.join('.')).toBeNull();
      else expect({ file: 'x.yml', ...place }, text).toEqual(whole?.placeOf(path, part));
    }
    if (value === null || typeof value !== 'object') return;
    for (const [key, item] of Object.entries(value)) {
      walk(item, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  walk(plain.value, []);
  return true;
}

const plainWords = [
  'id',
  'model',
  'not_null',
  'data_tests',
  '+tags',
  'yes',
  "ref('x')",
  'a b',
  '1',
  '1.5',
];
const oddWords = [
  ...['id', 'model', 'not_null', 'data_tests', '+tags', 'yes', 'No', 'n', 'null', '~', 'E12', 'on'],
  ...["ref('x')", "source('a', 'b')", 'a b', 'a:b', 'a#b', 'x, y', '50%', 'naïve', '🌊', '<<', '='],
  ...[
    '1',
    '-1',
    '007',
    '1.5',
    '.5',
    '1e5',
    '1_000',
    '12:30',
    '0x1f',
    '1.2.3',
    '2026-01-01',
    '.inf',
  ],
  ...['{{ x }}', '&a', '*a', '!t', '- x', '? y', '|', '>', '%d', '@m', '`q`', '"', "it's", '---'],
  ...['a: b', 'a :b', ' #c', 'end:', '', ' lead', '__proto__', '10', 'a\\b', '[', '}', ','],
];
const word = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...plainWords) },
  { weight: 1, arbitrary: fc.constantFrom(...oddWords) },
);

type Tree = string | readonly Tree[] | { readonly [key: string]: Tree };

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    word,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(word, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

/** Writes a tree the ways that people do; `choose` answers a number below the one it is given. */
function writeTree(value: Tree, choose: (below: number) => number): string {
  const scalar = (text: string): string => {
    const style = choose(4);
    if (style === 0) return JSON.stringify(text);
    return style === 1 ? `'${text.replaceAll("'", "''")}'` : text;
  };
  const note = (): string => ['', '', '', '', '', ' # note', '  ', '#x'][choose(8)] ?? '';
  const between = (indent: string): string =>
    ['', '', '', '', '\n', `${indent}# about\n`, '# left\n', '   \n'][choose(8)] ?? '';
  const flow = (item: Tree): string => {
    if (typeof item === 'string') return scalar(item);
    if (Array.isArray(item)) return `[${(item as Tree[]).map(flow).join(choose(2) ? ', ' : ',')}]`;
    const pairs = Object.entries(item).map(([key, one]) => `${scalar(key)}: ${flow(one)}`);
    return choose(2) ? `{${pairs.join(', ')}}` : `{ ${pairs.join(' , ')} }`;
  };
  const textBlock = (text: string, indent: string): string => {
    const head = ['|', '>', '|-', '>-', '|+', '>2'][choose(6)] ?? '|';
    const lines = [text, 'more', ['', ' deeper', 'x: y', '# no note'][choose(4)] ?? '', 'last'];
    return `${head}\n${lines.map((line) => (line === '' ? '' : indent + line)).join('\n')}`;
  };
  const block = (item: Tree, indent: string): string => {
    const deeper = `${indent}${' '.repeat(1 + choose(3))}`;
    const behind = (one: Tree, isDash: boolean): string => {
      if (typeof one === 'string' || Object.keys(one).length === 0 || choose(5) === 0) {
        if (typeof one === 'string' && choose(6) === 0) return ` ${textBlock(one, deeper)}\n`;
        const folded = typeof one === 'string' && choose(6) === 0 ? `\n${deeper}goes on` : '';
        return ` ${flow(one)}${folded}${note()}\n`;
      }
      const isBeside = isDash && choose(3) > 0;
      if (isBeside) return ` ${block(one, `${indent}  `).trimStart()}`;
      const below = Array.isArray(one) && !isDash && choose(2) ? indent : deeper;
      return `${note()}\n${block(one, below)}`;
    };
    if (typeof item === 'string') return `${indent}${flow(item)}\n`;
    if (Array.isArray(item)) {
      const items = item as readonly Tree[];
      return items.map((one) => `${between(indent)}${indent}-${behind(one, true)}`).join('');
    }
    const pairs = Object.entries(item);
    return pairs
      .map(([key, one]) => `${between(indent)}${indent}${scalar(key)}:${behind(one, false)}`)
      .join('');
  };
  return block(value, '');
}

const document = fc
  .tuple(tree, fc.array(fc.nat(999), { minLength: 60, maxLength: 60 }))
  .map(([value, choices]) => {
    let at = 0;
    return writeTree(value, (below) => (choices[at++ % choices.length] ?? 0) % below);
  });

const realTexts = globSync(['{test,examples,sandbox,bench}/**/*.{yml,yaml}', '*.yaml'], {
  cwd: repository,
  exclude: (name) => /node_modules|target|\.tidemill|\.peers/.test(name),
}).map((file) => readFileSync(join(repository, file), 'utf8'));

const runs = Number(process.env['YAML_RUNS'] ?? 1);

describe('the plain part of YAML', () => {
  test('is read as the library reads it, with the same places, however it is written', () => {
    let read = 0;
    fc.assert(
      fc.property(document, (text) => {
        if (compare(text)) read += 1;
        compare(text.trimEnd());
      }),
      { numRuns: 3_000 * runs },
    );
    expect(read).toBeGreaterThan(300 * runs);
  });

  test('is most of what real projects hold', () => {
    const read = realTexts.filter((text) => compare(text));
    expect(read.length).toBeGreaterThan(realTexts.length * 0.7);
  });

  test('is left to the library where an edit made it anything else', () => {
    const odd = [...' \n\t:#-?,[]{}&*!|>\'"%@`~<=.0+_\\eé'];
    const edit = fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...odd));
    const base = fc.oneof(
      fc.constantFrom(...realTexts.map((text) => text.slice(0, 1_500))),
      document,
    );
    fc.assert(
      fc.property(base, fc.array(edit, { minLength: 1, maxLength: 3 }), (text, edits) => {
        let edited = text;
        for (const [where, length, letter] of edits) {
          const at = edited.length === 0 ? 0 : where % edited.length;
          edited = edited.slice(0, at) + letter + edited.slice(at + length);
        }
        compare(edited);
      }),
      { numRuns: 2_000 * runs },
    );
  });
});
