import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

/** Each with what dbt 1.10 answers for the same. */
const cases: readonly (readonly [string, string])[] = [
  ["(graph.keys() | list | sort)[:2] | join(' ')", 'exposures groups'],
  ["graph is mapping and 'nodes' in graph and 'nope' not in graph", 'True'],
  ['(graph.items() | list)[0][0] in graph.keys()', 'True'],
  ["graph['nodes'].values() | map(attribute='name') | sort | join(' ')", 'm other'],
  ['context is mapping', 'True'],
  ["'ref' in context and 'nope' not in context", 'True'],
  ["'own_macro' in context and 'own_macro' in context.keys()", 'True'],
  ["context.get('nope', 'd')", 'd'],
  ['(context | list | length) == (context.keys() | list | length)', 'True'],
  ["context.items() | selectattr(0, 'equalto', 'own_macro') | list | length", '1'],
  ["context['own_macro']()", 'said'],
  ["modules.keys() | list | sort | join(' ')", 'datetime itertools pytz re'],
  ["'ref' in builtins and builtins is mapping", 'True'],
  ["'date_trunc' in dbt and dbt is mapping", 'True'],
  ["target is mapping and 'schema' in target.keys()", 'True'],
];

test('what is a dict in dbt answers as one', async () => {
  const columns = cases.map(([text], index) => `'{{ ${text} }}' as c${index}`);
  const project = dbtFolder({
    'macros/own.sql': '{% macro own_macro() %}said{% endmacro %}',
    'models/m.sql': `select ${columns.join(',\n')}`,
    'models/other.sql': 'select 1 as n',
  });
  expect(troubles(await project.build())).toEqual([]);
  const [row = {}] = await project.rows('select * from m');
  expect(Object.values(row)).toEqual(cases.map(([, expected]) => expected));
});

test('asking for the names of macros uses none of them', async () => {
  const project = dbtFolder({
    'macros/own.sql': '{% macro own_macro() %}said{% endmacro %}',
    'models/m.sql': "select {{ 'own_macro' in context }} as n",
  });
  await project.build();
  const [step] = (await project.build()).steps;
  expect(step?.status).toBe('reused');
});
