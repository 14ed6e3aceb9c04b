import {
  appendFileSync,
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createDice } from '../run/dice.ts';

/** A number below `max`, the same for the same seed. */
export type Dice = (max: number) => number;

export function openDice(seed: number): Dice {
  const next = createDice(seed);
  return (max) => Math.floor(next() * max);
}

/** Damage done to one file of a project. */
export interface Mutation {
  readonly name: string;
  /** Does it, and tells what was done. */
  apply(path: string, dice: Dice): void;
}

const pick = <T>(dice: Dice, list: readonly T[]): T => {
  const found = list[dice(list.length)];
  if (found === undefined) throw new Error('there is nothing to choose from');
  return found;
};

/** An edit of the file's text. */
function edit(name: string, change: (text: string, dice: Dice) => string): Mutation {
  return {
    name,
    apply: (path, dice) => writeFileSync(path, change(readFileSync(path, 'utf8'), dice)),
  };
}

function editLines(
  name: string,
  change: (lines: string[], dice: Dice) => readonly string[],
): Mutation {
  return edit(name, (text, dice) => change(text.split('\n'), dice).join('\n'));
}

function replaceOne(text: string, pattern: RegExp, dice: Dice, by: (found: string) => string) {
  const all = [...text.matchAll(pattern)];
  if (all.length === 0) return text;
  const found = pick(dice, all);
  const end = found.index + found[0].length;
  return text.slice(0, found.index) + by(found[0]) + text.slice(end);
}

const scraps = [
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  '#}',
  '{% if %}',
  '{% endif %}',
  '{% for x in %}',
  '{% endfor %}',
  '{% macro m() %}',
  '{% endmacro %}',
  '{{ ref( }}',
  "{{ ref('nowhere') }}",
  "{{ ref('a', 'b', 'c') }}",
  '{{ ref(1) }}',
  '{{ ref() }}',
  "{{ source('x') }}",
  "{{ source('no', 'where') }}",
  '{{ config(1) }}',
  "{{ config(materialized='nonsense') }}",
  '{{ config(materialized=[1]) }}',
  '{{ nothing() }}',
  '{{ nothing.at.all }}',
  '{{ 1 / 0 }}',
  '{{ [][3] }}',
  '{{ {}["a"] }}',
  '{{ none.x }}',
  '{{ this.x.y.z() }}',
  '{% set x = %}',
  '{% do %}',
  '{% call m() %}',
  '{% raw %}',
  '{% include "x" %}',
  '{% extends "x" %}',
  "{{ exceptions.raise_compiler_error('stop') }}",
  "{{ var('nobody') }}",
  "{{ env_var('NOBODY') }}",
  "{{ run_query('select') }}",
  "{{ run_query('drop table x') }}",
  '{{ adapter.nothing() }}',
  "{{ adapter.dispatch('nothing')() }}",
  '{{ graph.nodes.nothing.x }}',
  '{{ model.nothing.x }}',
  '{{ modules.nothing.x }}',
  '{{ "x" | nothing }}',
  '{{ 1 is nothing }}',
  '{{ "%d" % "x" }}',
  '{{ "a" + 1 }}',
  '{{ range(10 ** 9) | list }}',
  '{{ "x" * 10 ** 9 }}',
  '{% for i in range(10 ** 9) %}{% endfor %}',
  "{{ doc('nothing') }}",
  '{{ return(1) }}',
  '{{ loop.index }}',
  '{{ caller() }}',
  '{{ super() }}',
  "'",
  '"',
  '`',
  ';',
  '--',
  '/*',
  '*/',
  '$$',
  '(',
  ')',
  '\\',
  '\0',
  '\u{1F30A}',
  '\uFEFF',
  '\uD800',
] as const;

const yamlScraps = [
  ': ',
  '- ',
  '? ',
  '& ',
  '*nothing',
  'x: *nothing',
  'x: &x [*x]',
  'x: {<<: 3}',
  '!!python/object x',
  '!!binary x',
  '[',
  ']',
  '{',
  '}',
  '|',
  '>',
  '%YAML 9',
  '---',
  '...',
  'a: a: a',
  '<<: *x',
  '"',
  "'",
  '\t',
  'models: 7',
  'models: [7]',
  'models: {a: b}',
  'version: []',
  'null',
  '- - - -',
  'sources: [{name: [1]}]',
  'data_tests: {a: {b: [c]}}',
  '.inf',
  '2026-13-45',
  '0x',
  '~',
  'name: ~',
  'on-run-start: {a: 1}',
  'models: {+materialized: [1]}',
  'vars: [1]',
  'flags: 1',
  'packages: [{git: x}]',
  'unit_tests: [{given: 1}]',
  'snapshots: [{}]',
] as const;

const identifier = /\b[a-z_]\w{2,}\b/g;

export const mutations: readonly Mutation[] = [
  editLines('a line is gone', (lines, dice) => lines.toSpliced(dice(lines.length), 1)),
  editLines('half of the lines are gone', (lines, dice) => lines.filter(() => dice(2) === 0)),
  editLines('a line stands twice', (lines, dice) => {
    const at = dice(lines.length);
    return lines.toSpliced(at, 0, lines[at] ?? '');
  }),
  editLines('two lines changed places', (lines, dice) => {
    const [one, other] = [dice(lines.length), dice(lines.length)];
    return lines.with(one, lines[other] ?? '').with(other, lines[one] ?? '');
  }),
  editLines('a line is indented', (lines, dice) => {
    const at = dice(lines.length);
    return lines.with(at, pick(dice, ['  ', ' ', '\t', '      ']) + (lines[at] ?? ''));
  }),
  editLines('a line lost its indent', (lines, dice) => {
    const at = dice(lines.length);
    return lines.with(at, (lines[at] ?? '').trimStart());
  }),
  edit('the end is cut off', (text, dice) => text.slice(0, dice(text.length + 1))),
  edit('the start is cut off', (text, dice) => text.slice(dice(text.length + 1))),
  edit('a brace is another', (text, dice) =>
    replaceOne(text, /[{}()[\]]/g, dice, () => pick(dice, ['{', '}', '(', ')', '[', ']', '%'])),
  ),
  edit('a sign is gone', (text, dice) => replaceOne(text, /[^\w\s]/g, dice, () => '')),
  edit('a word is another', (text, dice) =>
    replaceOne(text, identifier, dice, () =>
      pick(dice, [
        'orders',
        'customers',
        'select',
        'nothing',
        'ref',
        'name',
        'null',
        'x'.repeat(300),
      ]),
    ),
  ),
  edit('a word lost a letter', (text, dice) =>
    replaceOne(text, identifier, dice, (word) => {
      const at = dice(word.length);
      return word.slice(0, at) + word.slice(at + 1);
    }),
  ),
  edit('a scrap of a template', (text, dice) => {
    const at = dice(text.length + 1);
    return text.slice(0, at) + pick(dice, scraps) + text.slice(at);
  }),
  edit('a scrap of YAML', (text, dice) => {
    const at = dice(text.length + 1);
    return `${text.slice(0, at)}${pick(dice, ['\n', ' ', '\n  '])}${pick(dice, yamlScraps)}\n${text.slice(at)}`;
  }),
  edit('it is empty', () => ''),
  edit('it is space', () => ' \n\t\n'),
  edit('it has a byte order mark', (text) => `\uFEFF${text}`),
  edit('its lines end as on Windows', (text) => text.replaceAll('\n', '\r\n')),
  edit('its lines end as on an old Mac', (text) => text.replaceAll('\n', '\r')),
  edit('its indents are tabs', (text) => text.replaceAll('  ', '\t')),
  edit('it stands twice', (text) => `${text}\n${text}`),
  edit(
    'it is deep',
    (text, dice) =>
      pick(dice, ['[', '{a: ', '- ', '(', '{{ (', '{% if 1 %}']).repeat(20_000) + text,
  ),
  edit(
    'it is long',
    (text, dice) => text + pick(dice, ['x', ' ', '\n', 'select 1\n', '- a\n']).repeat(300_000),
  ),
  {
    name: 'it is binary',
    apply: (path, dice) =>
      writeFileSync(path, Buffer.from(Array.from({ length: 2_000 }, () => dice(256)))),
  },
  {
    name: 'it is Latin-1',
    apply: (path, dice) => {
      const text = readFileSync(path, 'latin1');
      const at = dice(text.length + 1);
      writeFileSync(path, `${text.slice(0, at)}\xe9\xff${text.slice(at)}`, 'latin1');
    },
  },
  {
    name: 'it is UTF-16',
    apply: (path) => writeFileSync(path, `\uFEFF${readFileSync(path, 'utf8')}`, 'utf16le'),
  },
  { name: 'it is gone', apply: (path) => rmSync(path) },
  {
    name: 'it is a folder',
    apply: (path) => {
      rmSync(path);
      symlinkSync(dirname(path), path);
    },
  },
  {
    name: 'it leads to itself',
    apply: (path) => {
      rmSync(path);
      symlinkSync(path, path);
    },
  },
  {
    name: 'it leads nowhere',
    apply: (path) => {
      rmSync(path);
      symlinkSync(join(dirname(path), 'nowhere'), path);
    },
  },
  { name: 'nobody may read it', apply: (path) => chmodSync(path, 0o000) },
  {
    name: 'it is another file',
    apply: (path, dice) => writeFileSync(path, readFileSync(pick(dice, filesBelow(dirname(path))))),
  },
  { name: 'zeros follow', apply: (path) => truncateSync(path, readFileSync(path).length + 64) },
  {
    name: 'a copy of it stands beside it',
    apply: (path, dice) => {
      const folder = dirname(path);
      const name = path.slice(folder.length + 1);
      writeFileSync(
        join(folder, `${pick(dice, ['copy_', 'Copy of ', 'ü', '0', '..'])}${name}`),
        readFileSync(path),
      );
    },
  },
  {
    name: 'a macro calls itself',
    apply: (path) =>
      appendFileSync(
        path,
        '\n{% macro a_a() %}{{ b_b() }}{% endmacro %}{% macro b_b() %}{{ a_a() }}{% endmacro %}\n{{ a_a() }}',
      ),
  },
];

/** Files below a folder by their paths, sorted; not what tools put there. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) => !/\.tidemill|\/target\/|\.duckdb|\.gitignore|README/.test(relative(folder, path)),
    )
    .toSorted();
}
