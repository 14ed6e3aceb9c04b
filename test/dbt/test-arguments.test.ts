import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runIn } from '../parse-cache/command-in-process.ts';
import { dbtFolder } from './dbt-project.ts';

test('arguments of a test may be templates, with statements and inside of lists', async () => {
  const { folder } = dbtFolder({
    'dbt_project.yml': 'name: shop\nvars: { limit: 3 }\n',
    'macros/shown.sql': `{% test shown(model, a, b, c) %}
      select 1 as n where false -- {{ a }} | {{ b }} | {{ c }}
    {% endtest %}`,
    'models/m.sql': 'select 1 as id',
    'models/m.yml': `models:
  - name: m
    data_tests:
      - shown:
          name: shown_of_m
          arguments:
            a: "{% if var('limit') > 2 %}many{% else %}few{% endif %}"
            b: ["{% for i in range(2) %}{{ i }}{% endfor %}", "{{ var('limit') }} at most"]
            c: "100 % {sure}"
`,
  });
  expect(await runIn(folder, { HOME: folder }, ['compile'])).toMatchObject({ code: 0, err: '' });
  const compiled = join(folder, 'target/compiled/shop/models/m.yml/shown_of_m.sql');
  expect(readFileSync(compiled, 'utf8').trim()).toBe(
    "select 1 as n where false -- many | ['01', '3 at most'] | 100 % {sure}",
  );
});
