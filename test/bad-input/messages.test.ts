import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeFolder } from '../models/project-folder.ts';
import { runIn } from '../parse-cache/command-in-process.ts';

const project = {
  'dbt_project.yml': 'name: shop\nvars: { paid_statuses: [paid] }\n',
  'models/orders.sql': 'select 1 as order_id, 2 as amount',
  'macros/in_list.sql': '{% macro in_list(values) %}({{ values | join }}){% endmacro %}',
  'dbt_packages/tools/dbt_project.yml': 'name: tools\n',
  'dbt_packages/tools/macros/cents.sql': '{% macro cents(x) %}{{ x }}{% endmacro %}',
};

/** Every mistake in a file of its own, all of them in one project. */
async function tell(command: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = writeFolder({ ...project, ...files });
  const { code, out, err } = await runIn(folder, { HOME: folder }, [command]);
  expect(code).toBe(1);
  expect(`${out}${err}`).not.toMatch(/unexpected fault|\n {4}at /);
  return `${out}${err}`;
}

describe('mistakes in templates, all told at once', () => {
  const mistakes: readonly (readonly [text: string, told: string])[] = [
    ["select {{ in_lst('a') }}", '1:11 \'in_lst\' is undefined; did you mean "in_list"?'],
    [
      "select {{ tools.cent('a') }}",
      "1:17 'package object' has no attribute 'cent'; did you mean \"cents\"?",
    ],
    [
      'select {{ dbt_utils.star(1) }}',
      "1:21 'dbt_utils' is undefined; a package is known by its name once it is in dbt_packages: `dbt deps` puts it there",
    ],
    [
      "select {{ var('paid_statusses') }}",
      '1:11 the variable "paid_statusses" is not set; did you mean "paid_statuses"?',
    ],
    [
      'select * from {{ ref(orders) }}',
      "1:18 'orders' is undefined; a name of a model is a text: put it in quotes",
    ],
    ["select {{ 'a'.uper() }}", "1:15 'str object' has no attribute 'uper'\n"],
    [
      'select 1 as a\n{% if true %}, 2 as b\n{% for x in [1] %}\n{% endif %}',
      "4:4 Encountered unknown tag 'endif'. Jinja was looking for 'endfor' or 'else'; the {% for %} of line 3 is not closed before",
    ],
    [
      'select 1 as a\n{% if true %}\n, 2 as b',
      "3:9 Unexpected end of template. Jinja was looking for 'elif' or 'else' or 'endif'; the {% if %} of line 2 is not closed before",
    ],
    ["select {{ 'a' | uper }}", "1:17 No filter named 'uper'; did you mean 'upper'?"],
    ["select * from {{ ref('ordes') }}", '1:18 there is no model "ordes"; did you mean "orders"?'],
  ];

  test('say where, what, and what was probably meant; what is whole is compiled', async () => {
    const files = mistakes.map(([text], index) => [`models/m${index}.sql`, text]);
    const told = await tell('compile', Object.fromEntries(files) as Record<string, string>);
    for (const [index, [, message]] of mistakes.entries()) {
      expect(told).toContain(`error: models/m${index}.sql:${message}`);
    }
    expect(told).toContain('wrote 1 file to');
  });
});

test('several faults of one node stand below each other in the plan, each once', async () => {
  const told = await tell('plan', {
    'models/more.sql': "select * from {{ ref('ordes') }}",
    'models/tabs.yml': 'models:\n\t- name: orders\n',
    'models/marts/more.sql': 'select 1 as a',
  });
  expect(told).toMatch(
    /\n {6}cannot run: models\/more\.sql:1:1 .*\n {6}models\/more\.sql:1:18 .*\n {6}models\/tabs\.yml:1:1 .*\n(?! {6})/,
  );
});

test('a test of a package that is not there names the package', async () => {
  const yaml = 'models: [{name: orders, data_tests: [dbt_utils.expression_is_true, toools.x]}]';
  expect(await tell('ls', { 'models/orders.yml': yaml })).toContain(
    'no test "dbt_utils.expression_is_true": the package dbt_utils is not in dbt_packages',
  );
});

test('a properties file that nobody can read is told once, however many models it may speak of', async () => {
  const told = await tell('ls', {
    'models/more.sql': 'select 1 as a',
    'models/tabs.yml': 'models:\n\t- name: orders\n',
  });
  expect(told.match(/^error: .*$/gm)).toEqual([
    'error: models/tabs.yml:1:1 until this file can be read nothing in models/ is built: it may hold tests of what is there',
    expect.stringMatching(/^error: models\/tabs\.yml:2:1 .*[Tt]abs/),
  ]);
});

test('what a statement has wrong is told at its place in the file, also beside templates', async () => {
  const told = await tell('plan', {
    'models/comma.sql': "select 1 as a,\n  2 as b,,\n  3 as c from {{ ref('orders') }}",
    'models/empty.sql': '-- later\n',
    'models/insert.sql': 'insert into orders values (1)',
    'models/quote.sql': "select 1 as a,\n  'abc as b",
    'models/two.sql': 'select 1 as a; select 2 as b',
    'models/column.sql': "select o.amuont from {{ ref('orders') }} as o",
  });
  for (const line of [
    'models/comma.sql:2:10 does not bind: Parser Error: syntax error at or near ","',
    'The file holds no select.',
    'models/insert.sql:1:8 does not bind: ',
    'A model is a select: what it answers is the table.',
    'models/quote.sql:2:3 does not bind: Parser Error: unterminated quoted string',
    'models/two.sql:1:14 does not bind: ',
    'A model is one select, with no statement after it.',
    'column named "amuont"; Candidate bindings: "amount"',
  ]) {
    expect(told).toContain(line);
  }
});

test('a seed that is no table says which cell or line is at fault', async () => {
  const told = await tell('plan', {
    'seeds/empty.csv': '',
    'seeds/nameless.csv': 'a,,c\n1,2,3\n',
    'seeds/ragged.csv': 'a,b\n1,2\n3\n',
    'seeds/twice.csv': 'a,A\n1,2\n',
    'seeds/unclosed.csv': 'a,b\n1,"2\n3,4\n',
  });
  for (const line of [
    'seeds/empty.csv:1:1 the file is empty: its first line names the columns',
    'seeds/nameless.csv:1:1 column 2 has no name in the first line',
    'seeds/ragged.csv:3:1 the line has 1 cell, the first 2',
    'seeds/twice.csv:1:1 the first line names the column "A" twice',
    'a quote above is never closed; add the closing "',
  ]) {
    expect(told).toContain(line);
  }
});

test('a seed whose lines end in two ways is told so when it is built', async () => {
  const told = await tell('build', { 'seeds/mixed.csv': 'a,b\r\n1,2\r\n3,4\n' });
  expect(told).toContain(
    'seeds/mixed.csv: the warehouse refused a statement: the lines of the CSV',
  );
  expect(told).toContain('Its lines end in two ways (CRLF and LF), or a quote is not closed');
  expect(told).not.toContain('state machine');
});

test('a seed that is not UTF-8 is told with its line', async () => {
  const folder = writeFolder(project);
  mkdirSync(join(folder, 'seeds'));
  writeFileSync(join(folder, 'seeds/latin.csv'), Buffer.from('a,b\n1,caf\xe9\n', 'latin1'));
  const { out } = await runIn(folder, { HOME: folder }, ['plan']);
  expect(out).toContain('seeds/latin.csv:2:1 cannot be read: it is not UTF-8; save it as UTF-8');
});

test('what is said of sources and cannot be meant is told at the table', async () => {
  const told = await tell('ls', {
    'models/a.yml': `sources:
  - name: crm
    freshness: {warn_after: {count: 12, period: horus}, error_after: {count: many, period: day}}
    tables: [{name: people}]
  - name: crm
    tables: [{name: people}]
`,
  });
  expect(told).toContain(
    'a.yml:4:21 warn_after of the source crm.people: the period is "horus"; did you mean "hour"?',
  );
  expect(told).toContain('error_after of the source crm.people: the count is "many"');
  expect(told).toContain(
    'a.yml:6:21 the source crm.people is declared twice; the other is models/a.yml:4; keep one',
  );
});

test('what the warehouse refuses while a node is built names its file', async () => {
  const folder = writeFolder({
    ...project,
    'models/late.sql': "{{ config(materialized='table') }} select cast('x' as integer) as a",
    'models/hook.sql': "{{ config(post_hook='grnt nothing') }} select 1 as a",
    'models/asks.sql': "select {{ run_query('select * from main.nothing').columns | length }} as a",
  });
  const { code, out } = await runIn(folder, { HOME: folder }, ['build']);
  expect(code).toBe(1);
  expect(out).toContain('models/late.sql: the warehouse refused a statement: Conversion Error');
  expect(out).toContain('models/hook.sql: the warehouse refused a statement: Parser Error');
  expect(out).toMatch(
    /models\/asks\.sql:1:11 the warehouse refused .*nothing does not exist!\nLINE 1/,
  );
});

test('a key of config that is a letter off is told once; keys of one’s own are not', async () => {
  const folder = writeFolder({
    ...project,
    'models/a.sql': "{{ config(tags=['x'], materialised='table', owner='me') }} select 1 as a",
    'models/b.sql':
      "{{ config(materialised='table', uniqe_key='a', refresh_all=true) }} select 1 as a",
    'dbt_packages/tools/models/c.sql': "{{ config(post_hoook='select 1') }} select 1 as c",
  });
  const { code, err } = await runIn(folder, { HOME: folder }, ['ls']);
  expect(code).toBe(0);
  expect(err.split('\n').filter(Boolean)).toEqual([
    'warning: models/a.sql:1:23 config "materialised" is read by nothing; did you mean "materialized"?; a key of your own belongs under meta',
    'warning: models/b.sql:1:33 config "uniqe_key" is read by nothing; did you mean "unique_key"?; a key of your own belongs under meta',
  ]);
});
