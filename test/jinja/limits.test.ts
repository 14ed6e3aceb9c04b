import { describe, expect, test } from 'vitest';
import { parseTemplate } from '../../engine/declare/jinja/parse-template.ts';
import { renderTemplate } from '../../engine/declare/jinja/render-template.ts';
import { HostFunction, type JinjaValue } from '../../engine/declare/jinja/values.ts';

const render = async (text: string, options = {}) =>
  await renderTemplate(parseTemplate(text, { file: 'a.sql' }), options);

describe('a template without end is stopped', () => {
  const endless: [string, string, string][] = [
    [
      'a loop that feeds itself',
      '{% set l = [1] %}{% for x in l %}{% do l.append(x) %}{% endfor %}',
      'jinja-steps',
    ],
    ['a long range', '{% for x in range(1000000) %}{% endfor %}', 'jinja-steps'],
    ['a loop filter', '{% for x in range(1000000) if false %}{% endfor %}', 'jinja-steps'],
    ['a macro that calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}', 'jinja-depth'],
    [
      'two macros in a circle',
      '{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{% endmacro %}{{ f() }}',
      'jinja-depth',
    ],
    [
      'a default that calls its macro',
      '{% macro f(x=f()) %}{% endmacro %}{{ f() }}',
      'jinja-depth',
    ],
    [
      'a recursive loop',
      '{% set l = [1] %}{% do l.append(l) %}{% for x in l recursive %}{{ loop(l) }}{% endfor %}',
      'jinja-depth',
    ],
    ['a great power', '{{ 10 ** 1000000 }}', 'jinja-size'],
    ['a great repetition', "{{ 'x' * 10 ** 12 }}", 'jinja-size'],
    ['a great list', '{{ [0] * 10 ** 9 }}', 'jinja-size'],
    ['a great range', '{{ range(10 ** 12)|list }}', 'jinja-size'],
    ['a loop over a great range', '{% for x in range(10 ** 9) %}{% endfor %}', 'jinja-size'],
    ['a sum over a great range', '{{ range(10 ** 9)|sum }}', 'jinja-size'],
    [
      'a list that doubles',
      '{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}',
      'jinja-size',
    ],
    [
      'a list that takes itself in',
      '{% set l = [1] %}{% for i in range(60) %}{% do l.extend(l) %}{% endfor %}',
      'jinja-size',
    ],
    ['a wide field', "{{ '%999999999d' % 1 }}", 'jinja-size'],
    ['a wide format', "{{ '{:999999999}'.format(1) }}", 'jinja-size'],
    [
      'a text that doubles',
      "{% set ns = namespace(t='xxxxxxxxxx') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}",
      'jinja-size',
    ],
  ];
  test.each(endless)('%s', async (_name, text, code) => {
    await expect(render(text, { stepsMax: 20_000 })).rejects.toMatchObject({ code, line: 1 });
  });

  test('the message names the option and the place', async () => {
    await expect(
      render('\n{% for x in range(99) %}{{ x }}{% endfor %}', { stepsMax: 50 }),
    ).rejects.toThrow(/^a\.sql:2:\d+ more than 50 steps \(stepsMax\)$/);
  });

  test('a deep but finite recursion runs, at the default depth and through promises', async () => {
    const text =
      '{% macro f(n) %}{{ f(n - 1) if n > 0 else wait("end") }}{% endmacro %}{{ f(190) }}';
    const now = new Map<string, JinjaValue>([
      ['wait', new HostFunction('wait', ([x = null]) => x)],
    ]);
    expect(await render(text, { globals: now })).toBe('end');
    const later = new Map<string, JinjaValue>([
      ['wait', new HostFunction('wait', async ([x = null]) => x)],
    ]);
    expect(await render(text, { globals: later })).toBe('end');
  });

  test('many items after a promise do not pile up the stack', async () => {
    const globals = new Map<string, JinjaValue>([
      ['wait', new HostFunction('wait', async ([x = null]) => x)],
    ]);
    const text =
      '{% set ns = namespace(n=0) %}{% for x in range(5000) %}{% set ns.n = ns.n + wait(1) %}{% endfor %}{{ ns.n }}';
    expect(await render(text, { globals })).toBe('5000');
  });
});

describe('deep nesting', () => {
  const repeat = (open: string, inner: string, close: string, times: number) =>
    open.repeat(times) + inner + close.repeat(times);
  test.each([
    ['parentheses', `{{ ${repeat('(', '1', ')', 5000)} }}`],
    ['lists', `{{ ${repeat('[', '1', ']', 5000)} }}`],
    ['not', `{{ ${'not '.repeat(50_000)}1 }}`],
    ['minus', `{{ ${'- '.repeat(50_000)}1 }}`],
    ['if', repeat('{% if 1 %}', 'x', '{% endif %}', 5000)],
    ['conditions', `{{ ${'1 if 1 else '.repeat(5000)}1 }}`],
  ])('of %s is refused, not a crash', async (_name, text) => {
    await expect(render(text)).rejects.toMatchObject({
      code: 'jinja-depth',
    });
  });

  test('long sums and chains are no nesting', async () => {
    expect(await render(`{{ ${Array.from({ length: 1500 }, () => '1').join(' + ')} }}`)).toBe(
      '1500',
    );
    expect(await render(`{{ 'x'${'|upper'.repeat(1000)} }}`)).toBe('X');
  });

  test('printing a list that holds itself ends', async () => {
    expect(await render('{% set l = [1] %}{% do l.append(l) %}{{ l }}')).toBe('[1, [...]]');
    expect(await render("{% set d = {} %}{% do d.update({'d': d}) %}{{ d }}")).toBe("{'d': {...}}");
  });
});

test('whether a number is in a great range is known without walking it', async () => {
  const text =
    '{{ 10 ** 9 - 1 in range(10 ** 9) }} {{ 5 in range(0, 10 ** 9, 2) }} {{ -1 in range(10 ** 9) }} {{ 1.0 in range(3) }}';
  expect(await render(text)).toBe('True False False True');
});
