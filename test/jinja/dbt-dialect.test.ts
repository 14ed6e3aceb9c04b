import { describe, expect, test } from 'vitest';
import type { MacroNode, Template } from '../../engine/declare/jinja/ast.ts';
import { bindMacro } from '../../engine/declare/jinja/evaluate-macro.ts';
import { findDocs } from '../../engine/declare/jinja/find-docs.ts';
import { parseTemplate } from '../../engine/declare/jinja/parse-template.ts';
import { fromPython } from '../../engine/declare/jinja/python-value.ts';
import { renderNative, renderTemplate } from '../../engine/declare/jinja/render-template.ts';
import { HostObject, type JinjaValue, PyFloat } from '../../engine/declare/jinja/values.ts';

const parse = (text: string) => parseTemplate(text, { file: 'models/a.sql' });
const render = (text: string, variables: [string, JinjaValue][] = []) =>
  renderTemplate(parse(text), { variables });

const macrosOf = ({ body }: Template): MacroNode[] => body.filter((node) => node.kind === 'macro');

/** The first macro of a file, bound to what its names mean. */
function bindFirst(template: Template, globals: ReadonlyMap<string, JinjaValue>) {
  const [node] = macrosOf(template);
  if (node === undefined) throw new Error('no macro');
  return bindMacro({ node, template }, globals);
}

describe('return()', () => {
  const cases: [string, string, string][] = [
    [
      'gives any object to the caller',
      "{% macro f(x) %}ignored{{ return({'a': [x, none]}) }}never{% endmacro %}{{ f(3).a[0] + 1 }}",
      '4',
    ],
    [
      'ends the macro from inside a loop and a branch',
      '{% macro f(xs) %}{% for x in xs %}{% if x > 1 %}{% do return(x) %}{% endif %}' +
        '{% endfor %}{% endmacro %}{{ f([1, 2, 3]) * 10 }}',
      '20',
    ],
    [
      'of None prints None, and no return prints the text',
      '{% macro f() %}{{ return(none) }}{% endmacro %}{% macro g() %}t{% endmacro %}{{ f() }}{{ g() }}',
      'Nonet',
    ],
    [
      'in a call block ends the macro that called the block',
      '{% macro inner() %}{{ caller() }}after{% endmacro %}' +
        '{% macro outer() %}{% call inner() %}{{ return(7) }}{% endcall %}more{% endmacro %}{{ outer() }}',
      '7more',
    ],
    [
      'passes through nested macros one at a time',
      '{% macro a() %}{{ return([1]) }}{% endmacro %}{% macro b() %}{{ return(a() + [2]) }}{% endmacro %}{{ b() }}',
      '[1, 2]',
    ],
    [
      'gives back the very list, which stays mutable',
      '{% set l = [] %}{% macro f() %}{{ return(l) }}{% endmacro %}{% do f().append(1) %}{{ l }}',
      '[1]',
    ],
  ];
  test.each(cases)('%s', async (_name, template, expected) => {
    expect(await render(template)).toBe(expected);
  });

  test('outside a macro is refused, with its place', async () => {
    await expect(render('a\n{{ return(1) }}')).rejects.toMatchObject({
      code: 'jinja-value',
      line: 2,
      column: 4,
    });
  });
});

describe('a macro file', () => {
  const file = parseTemplate(
    `{% macro plain(a, b='x') %}{{ a }}{{ b }}{{ helper() }}{% endmacro %}
{% test not_null(model, column_name) %}select * from {{ model }} where {{ column_name }} is null{% endtest %}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] -%}
  {{ return({'relations': [this]}) }}
{%- endmaterialization %}
{% materialization view, default %}v{% endmaterialization %}
{% snapshot orders %} select 1 {{ config(x=1) }} {% endsnapshot %}`,
    { file: 'macros/m.sql' },
  );

  test('names macros, tests and materializations as dbt does', () => {
    const macros = macrosOf(file);
    expect(macros.map(({ macroName, macroKind }) => [macroName, macroKind])).toEqual([
      ['plain', 'macro'],
      ['test_not_null', 'test'],
      ['materialization_table_duckdb', 'materialization'],
      ['materialization_view_default', 'materialization'],
    ]);
    expect(macros[2]?.languages).toEqual(['sql', 'python']);
  });

  test('binds a macro to the names its caller sees, not to its neighbours', async () => {
    const globals = new Map<string, JinjaValue>();
    globals.set('plain', bindFirst(file, globals));
    const call = parse('{{ plain(1) }}');
    await expect(renderTemplate(call, { globals })).rejects.toMatchObject({
      code: 'jinja-undefined',
      detail: "'helper' is undefined",
      file: 'macros/m.sql',
    });
    globals.set('helper', bindFirst(parse('{% macro helper() %}!{% endmacro %}'), globals));
    expect(await renderTemplate(call, { globals })).toBe('1x!');
  });
});

describe('a block tag', () => {
  test('data_test ends with its own name', () => {
    const file = parse('{% data_test x(model) %}a{% enddata_test %}');
    expect(macrosOf(file).map(({ macroName }) => macroName)).toEqual(['test_x']);
  });
  test('of inheritance says that it is not supported, but for blocks outside of macros', () => {
    expect(() => parse("{% extends 'a' %}")).toThrow('inheritance');
    const inMacro = '{% macro m() %}{% block x %}{% endblock %}{% endmacro %}';
    expect(() => parse(inMacro)).toThrow('a block cannot stand in a macro');
  });
});

describe('docs in Markdown', () => {
  test('are found beside text that is no template, and not inside comments', () => {
    const source =
      'Use {{ x } or {% y\n{# {% docs no %}n{% enddocs %} #}\n{% docs a %}\nA {{ 1 }}\n{% enddocs %}\n{%- docs b -%}B{%- enddocs -%}';
    expect(findDocs(source)).toEqual([
      { name: 'a', contents: '\nA {{ 1 }}\n', line: 3 },
      { name: 'b', contents: 'B', line: 6 },
    ]);
  });
});

describe('native rendering', () => {
  const cases: [string, unknown][] = [
    ['{{ 1 }}', 1],
    ['{{ [1, "a"] }}', [1, 'a']],
    ['{{ "1" }}', '1'],
    ['{{ "1" | as_native }}', 1],
    ['{{ "[1, {\'a\': 2.5}]" | as_native }}', [1, { a: 2.5 }]],
    ['{{ "not a literal" | as_native }}', 'not a literal'],
    ['{{ "true" | as_native }}', 'true'],
    ['{{ "True" | as_bool }}', true],
    ['{{ "3.5" | as_number }}', 3.5],
    ['{{ "3" | as_text }}', '3'],
    ['{{ 1 }}{{ 2 }}', '12'],
    ['x', 'x'],
    ['', ''],
    ['a{{ 1 }}', 'a1'],
    ['{{ none }}', null],
    ['{% if true %}{{ false }}{% endif %}', false],
  ];
  test.each(cases)('of %s', async (template, expected) => {
    expect(fromPython(await renderNative(parse(template)))).toEqual(expected);
  });
  test.each([
    ['{{ "maybe" | as_bool }}', 'bool'],
    ['{{ "1.x" | as_number }}', 'number'],
    ['{{ "True" | as_number }}', 'number'],
  ])('of %s is refused', async (template, kind) => {
    await expect(renderNative(parse(template))).rejects.toThrow(`into type '${kind}'`);
  });
  test('as_… change nothing in text', async () => {
    expect(await render('{{ (1|as_number) + 1 }}{{ none|as_native is none }}')).toBe('2True');
    expect(await render('{{ "True"|as_bool }}{{ 1|as_number }}{{ "x"|as_text|upper }}')).toBe(
      'True1X',
    );
  });
});

describe('host objects', () => {
  const relation = (schema: string): HostObject =>
    new HostObject({
      typeName: 'Relation',
      target: { schema },
      text: () => `"${schema}"."t"`,
      attribute: (name) => (name === 'schema' ? schema : undefined),
      item: (key) => (key === 'schema' ? schema : undefined),
      equals: (other) => other instanceof HostObject && other.behavior.text() === `"${schema}"."t"`,
      iterate: () => [schema],
      operate: (operator, other, isReflected) =>
        operator === '+' && typeof other === 'number' ? (isReflected ? other : -other) : undefined,
      call: ([name = null]) => relation(String(name)),
    });
  const cases: [string, string][] = [
    ['select * from {{ r }}', 'select * from "s"."t"'],
    ["{{ r.schema }}{{ r['schema'] }}{{ r.nope is defined }}", 'ssFalse'],
    ['{{ r == r2 }}{{ r != r2 }}{{ r in [r2] }}', 'TrueFalseTrue'],
    ['{{ r + 2 }} {{ 2 + r }}', '-2 2'],
    ["{{ r('z') }}", '"z"."t"'],
    ['{{ [r] }}', '[<Relation>]'],
    ['{% if r %}y{% endif %}{% for x in r %}{{ x }}{% endfor %}', 'ys'],
    ['{{ r is string }}{{ r is callable }}{{ r is none }}', 'FalseTrueFalse'],
    ["{{ r ~ 'x' }}", '"s"."t"x'],
  ];
  test.each(cases)('%s', async (template, expected) => {
    const variables: [string, JinjaValue][] = [
      ['r', relation('s')],
      ['r2', relation('s')],
    ];
    expect(await render(template, variables)).toBe(expected);
  });
});

describe('undefined', () => {
  const capture = (text: string) => renderTemplate(parse(text), { undefined: 'capture' });
  test('captured, swallows attributes, items and calls, as dbt does while parsing', async () => {
    expect(await capture("a{{ x.y['z'](1).w }}b{{ x is defined }}{{ (x + 1) ~ '' }}")).toBe(
      'abFalse',
    );
  });
  test('is not defined by a null of the host', async () => {
    expect(await render('{{ n is defined }}{{ n }}', [['n', null]])).toBe('TrueNone');
  });
});

describe('builtins of dbt', () => {
  const cases: [string, string][] = [
    ['{{ set([1, 2, 1]) }}', '{1, 2}'],
    ["{% for a, b in zip([1, 2], ['x', 'y', 'z']) %}{{ a }}{{ b }}{% endfor %}", '1x2y'],
    ["{{ set(['a']).union(['b'])|list }}{{ set([1,2]) - set([1]) }}", "['a', 'b']{2}"],
  ];
  test.each(cases)('%s', async (template, expected) => {
    expect(await render(template)).toBe(expected);
  });
  test('a global of the host hides a builtin', async () => {
    const globals = new Map<string, JinjaValue>([['range', new PyFloat(1)]]);
    expect(await renderTemplate(parse('{{ range }}'), { globals })).toBe('1.0');
  });
});
