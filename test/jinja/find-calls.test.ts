import { describe, expect, test } from 'vitest';
import { findCalls } from '../../engine/declare/jinja/find-calls.ts';
import { parseTemplate } from '../../engine/declare/jinja/parse-template.ts';
import { fromPython } from '../../engine/declare/jinja/python-value.ts';

const find = (text: string, names?: string[]) =>
  findCalls(parseTemplate(text, { file: 'm.sql' }), names);

describe('findCalls', () => {
  test('reads literal calls without rendering, wherever they stand', () => {
    const calls = find(
      `{{ config(materialized='table', tags=['a', 'b'], meta={'n': -1.5}) }}
select * from {{ ref('orders') }} join {{ ref('pkg', 'x', v=2).identifier }}
{% if false %}{% for x in [source('crm', 'contacts')] %}{{ f(var('d', none)|upper) }}{% endfor %}{% endif %}
{% set q %}{{ env_var('X') ~ ref('a' ~ 'b') }}{% endset %}
{# ref('no') #}{% raw %}{{ ref('no') }}{% endraw %}
{% call statement(ref('c')) %}{{ ref('d') if ref('e') is defined }}{% endcall %}`,
      ['config', 'ref', 'source', 'var', 'env_var'],
    );
    expect(
      calls.map((call) => [
        call.name,
        call.args.map((arg) => (arg === undefined ? undefined : fromPython(arg))),
        call.position.line,
        call.position.column,
        call.isLiteral,
      ]),
    ).toEqual([
      ['config', [], 1, 4, true],
      ['ref', ['orders'], 2, 18, true],
      ['ref', ['pkg', 'x'], 2, 43, true],
      ['source', ['crm', 'contacts'], 3, 28, true],
      ['var', ['d', null], 3, 62, true],
      ['env_var', ['X'], 4, 15, true],
      ['ref', ['ab'], 4, 30, true],
      ['ref', ['c'], 6, 19, true],
      ['ref', ['d'], 6, 34, true],
      ['ref', ['e'], 6, 46, true],
    ]);
    const kwargs = [...(calls[0]?.kwargs ?? [])].map(([name, value]) => [
      name,
      value === undefined ? undefined : fromPython(value),
    ]);
    expect(kwargs).toEqual([
      ['materialized', 'table'],
      ['tags', ['a', 'b']],
      ['meta', { n: -1.5 }],
    ]);
  });

  test('tells which arguments are known only when rendered', () => {
    const [first, second, third] = find("{{ ref(name) }}{{ ref('a', v=n) }}{{ ref(*xs) }}", [
      'ref',
    ]);
    expect([first?.isLiteral, second?.isLiteral, third?.isLiteral]).toEqual([false, false, false]);
    expect(second?.args).toEqual(['a']);
  });

  test('without names lists every named call with its dots and its macro', () => {
    const calls = find(
      "{% macro m() %}{{ dbt_utils.star(from=ref('x')) }}{{ config.get('a') }}{% endmacro %}{{ adapter.dispatch('f', 'p')(1) }}",
    );
    expect(calls.map((call) => [call.name, call.macro])).toEqual([
      ['dbt_utils.star', 'm'],
      ['ref', 'm'],
      ['config.get', 'm'],
      ['adapter.dispatch', undefined],
    ]);
  });
});
