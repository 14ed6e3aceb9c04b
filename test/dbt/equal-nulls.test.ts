import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

const model = `select {{ dbt.equals('a', 'b') }} as same
  from (values (1, 1), (1, 2), (1, null), (null, null)) as pairs(a, b)`;

async function answers(files: Readonly<Record<string, string>>): Promise<unknown[]> {
  const project = dbtFolder({ 'models/m.sql': model, ...files });
  // The second build knows the project by what was kept of it.
  for (const withoutReuse of [false, true]) {
    expect(troubles(await project.build({ withoutReuse }))).toEqual([]);
  }
  return (await project.rows('select same from m')).map(({ same }) => same);
}

const flag = (value: boolean): string =>
  `name: shop\nflags: {enable_truthy_nulls_equals_macro: ${value}}\n`;

test('dbt.equals takes two nulls for the same where the flag says so, as dbt does', async () => {
  expect(await answers({})).toEqual([true, false, null, null]);
  expect(await answers({ 'dbt_project.yml': flag(false) })).toEqual([true, false, null, null]);
  expect(await answers({ 'dbt_project.yml': flag(true) })).toEqual([true, false, false, true]);
});

test('a macro of the project wins over the flag', async () => {
  const files = {
    'dbt_project.yml': flag(true),
    'macros/e.sql': '{% macro duckdb__equals(a, b) %}{{ a }} < {{ b }}{% endmacro %}',
  };
  expect(await answers(files)).toEqual([false, true, null, null]);
});
