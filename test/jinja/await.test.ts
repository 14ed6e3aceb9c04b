import { describe, expect, test } from 'vitest';
import { parseTemplate } from '../../engine/declare/jinja/parse-template.ts';
import { renderNow, renderTemplate } from '../../engine/declare/jinja/render-template.ts';
import { HostFunction, HostObject, type JinjaValue } from '../../engine/declare/jinja/values.ts';

const later = (value: JinjaValue): Promise<JinjaValue> =>
  new Promise((resolve) => setImmediate(() => resolve(value)));

/** `wait(x)` answers x later; `now(x)` at once. */
function createGlobals(): Map<string, JinjaValue> {
  return new Map<string, JinjaValue>([
    ['wait', new HostFunction('wait', ([value = null]) => later(value))],
    ['now', new HostFunction('now', ([value = null]) => value)],
    ['rel', new HostObject({ text: () => 'rel', attribute: (name) => later(name), item: later })],
  ]);
}

const templates = [
  'a{{ wait(1) }}b{{ wait(2) }}c',
  '{{ wait(1) + wait(2) * 3 }}{{ [wait(1), {wait("k"): wait(2)}, (wait(3),)] }}',
  '{% if wait(false) %}a{% elif wait(true) %}b{% else %}c{% endif %}',
  '{% if wait(0) %}a{% elif now(0) %}b{% else %}{{ wait("c") }}{% endif %}',
  '{% for x in wait([1, 2, 3]) %}{{ wait(x) }}{{ loop.index }}{% if wait(x) == 2 %}{% break %}{% endif %}{% endfor %}',
  '{% for x in [1, 2, 3, 4] if wait(x) is even %}{{ wait(x) }}{% endfor %}',
  '{% for x in [1, 2, 3] %}{% if wait(x) == 2 %}{% continue %}{% endif %}{{ x }}{% else %}e{% endfor %}',
  '{% macro m(a, b=wait(5)) %}{{ wait(a) }}{{ b }}{% endmacro %}{{ m(wait(1)) }}{{ m(2, b=wait(3)) }}',
  '{% macro m() %}{{ wait(0) }}{{ return(wait([9])) }}{% endmacro %}{{ m()[0] + 1 }}',
  '{% macro m() %}<{{ caller(wait(1)) }}>{% endmacro %}{% call(x) m() %}{{ wait(x) }}{% endcall %}',
  '{% set a, b = wait([1, 2]) %}{{ a }}{{ b }}{% set t %}{{ wait("t") }}{% endset %}{{ t|upper }}',
  '{% set ns = namespace(x=wait(1)) %}{% set ns.x = wait(ns.x) + 1 %}{{ ns.x }}',
  '{% with a = wait(1), b = wait(2) %}{{ a }}{{ b }}{% endwith %}',
  '{% filter upper %}{{ wait("abc") }}{% endfilter %}',
  '{% do wait([]).append(1) %}{{ wait("x")|replace(wait("x"), wait("y")) }}{{ wait(3) is odd }}',
  '{{ wait("y") if wait(true) else wait("n") }}{{ wait(0) or wait(5) }}{{ wait(1) and wait(2) }}',
  '{{ 1 < wait(2) < wait(3) }}{{ wait("b") in wait("abc") }}{{ -wait(4) }}{{ not wait(0) }}',
  '{{ wait("abcdef")[wait(1):wait(3)] }}{{ wait({"a": 1}).a }}{{ wait({"a": 1})[wait("a")] }}',
  '{{ rel.schema }}{{ rel["x"] }}{{ wait(rel).y.upper() }}{{ wait("a") ~ wait("b") }}',
  '{% for x in wait([1, [2]]) recursive %}{{ loop(x) if x is iterable else wait(x) }}{% endfor %}',
  '{{ now(*wait([1])) }}{{ dict(**wait({"z": wait(1)})) }}',
];

describe('a template that waits', () => {
  test.each(templates)('prints what it prints without waiting: %s', async (text) => {
    const template = parseTemplate(text, { file: 'a.sql' });
    const globals = createGlobals();
    const waiting = await renderTemplate(template, { globals });
    const { attribute, item } = {
      attribute: (name: string) => name,
      item: (key: JinjaValue) => key,
    };
    globals.set('wait', new HostFunction('wait', ([value = null]) => value));
    globals.set('rel', new HostObject({ text: () => 'rel', attribute, item }));
    const now = renderNow(template, { globals });
    expect(typeof now).toBe('string');
    expect(waiting).toBe(now);
  });

  test('runs its calls in order, one at a time', async () => {
    const seen: string[] = [];
    const step = new HostFunction('step', async ([name = null]) => {
      seen.push(`start ${String(name)}`);
      await later(null);
      seen.push(`end ${String(name)}`);
      return name;
    });
    const template = parseTemplate('{{ [step(1), step(2)] }}{% do step(3) %}', { file: 'a.sql' });
    await renderTemplate(template, { globals: new Map([['step', step]]) });
    expect(seen).toEqual(['start 1', 'end 1', 'start 2', 'end 2', 'start 3', 'end 3']);
  });

  test('says where a rejected call stands, with its cause and the macro stack', async () => {
    const cause = new Error('table is missing');
    const globals = new Map<string, JinjaValue>([
      ['run_query', new HostFunction('run_query', () => Promise.reject(cause))],
    ]);
    const template = parseTemplate(
      '{% macro outer() %}\n  {{ inner() }}\n{% endmacro %}{% macro inner() %}{{ run_query("x") }}{% endmacro %}\n{{ outer() }}',
      { file: 'models/a.sql' },
    );
    await expect(renderTemplate(template, { globals })).rejects.toMatchObject({
      code: 'jinja-host',
      detail: 'table is missing',
      line: 3,
      column: 37,
      cause,
      macroStack: [
        { macro: 'inner', file: 'models/a.sql', line: 2, column: 6 },
        { macro: 'outer', file: 'models/a.sql', line: 4, column: 4 },
      ],
    });
  });

  test('stops when its signal is aborted while it waits', async () => {
    const controller = new AbortController();
    const globals = new Map<string, JinjaValue>([
      [
        'wait',
        new HostFunction('wait', () => {
          controller.abort(new Error('stopped by hand'));
          return later(null);
        }),
      ],
    ]);
    const template = parseTemplate('{% macro m() %}{% endmacro %}{{ wait() }}{{ m() }}', {
      file: 'a.sql',
    });
    const { signal } = controller;
    await expect(renderTemplate(template, { globals, signal })).rejects.toThrow('stopped by hand');
  });

  test('a host function may call back into a macro', async () => {
    const apply = new HostFunction('apply', ([macro = null, value = null], _kwargs, call) =>
      call.invoke(macro, [value]),
    );
    const template = parseTemplate(
      '{% macro twice(x) %}{{ return(x * 2) }}{% endmacro %}{{ apply(twice, 4) + 1 }}',
      { file: 'a.sql' },
    );
    expect(await renderTemplate(template, { globals: new Map([['apply', apply]]) })).toBe('9');
  });
});
