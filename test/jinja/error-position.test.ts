import { describe, expect, test } from 'vitest';
import { JinjaError } from '../../engine/declare/jinja/jinja-error.ts';
import { parseTemplate } from '../../engine/declare/jinja/parse-template.ts';
import { renderTemplate } from '../../engine/declare/jinja/render-template.ts';
import { HostFunction, type JinjaValue } from '../../engine/declare/jinja/values.ts';
import { TerminalError } from '../../engine/words/errors.ts';

async function failOf(text: string, variables: [string, JinjaValue][] = []): Promise<JinjaError> {
  try {
    await renderTemplate(parseTemplate(text, { file: 'models/a.sql' }), { variables });
  } catch (error) {
    if (error instanceof JinjaError) return error;
    throw error;
  }
  throw new Error(`no error in ${text}`);
}

describe('an error says where it is', () => {
  // A caret marks the place: the template is the text without it.
  const cases: [string, string][] = [
    ['select {{ x.^y }}', "'x' is undefined"],
    ['a\nb\n  {{ ^f() }}', "'f' is undefined"],
    ['{{ 1 ^/ 0 }}', 'division by zero'],
    ['{{ [1] ^+ (2,) }}', "unsupported operand type(s) for +: 'list' and 'tuple'"],
    ["{% if 'a' ^< 1 %}{% endif %}", "'<' not supported between instances of 'str' and 'int'"],
    ['{% for x in ^5 %}{% endfor %}', "'int' object is not iterable"],
    ['{% ^set a, b = [1] %}', 'not enough values to unpack (expected 2, got 1)'],
    ["{{ 'x'|^abs }}", "bad operand type for abs(): 'str'"],
    ["{{ [1]|^map('nope')|list }}", "No filter named 'nope'."],
    ['{{ 1 is ^nope }}', "No test named 'nope'."],
    ["{{ 'a'.^index('b') }}", 'substring not found'],
    ['{% set q %}\n{{ ^g(1) }}{% endset %}', "'g' is undefined"],
    ['{% set ^d.x = 1 %}', 'cannot assign attribute on non-namespace object'],
    ["{% ^include 'x' %}", 'no template x'],
    ['é{{ "ü" ~ ^f() }}', "'f' is undefined"],
    ['\r\n{{ ^f() }}', "'f' is undefined"],
    ['{{ 1 +^ }}', "unexpected 'end of print statement'"],
    ['{% ^foo %}', "Encountered unknown tag 'foo'."],
    [
      '{% if x %}\n{% ^endfor %}',
      "Encountered unknown tag 'endfor'. Jinja was looking for 'elif' or 'else' or 'endif'.",
    ],
    ['{{ (1^ }}', "unexpected '}'"],
    ['x\n^{# never', 'Missing end of comment tag'],
    ["{{ ^'abc }}", 'a string is never closed'],
  ];
  test.each(cases)('%s', async (marked, detail) => {
    const at = marked.indexOf('^');
    const before = marked.slice(0, at).replaceAll('\r\n', '\n').split('\n');
    const error = await failOf(marked.replace('^', ''));
    expect(error.detail).toContain(detail);
    const column = (before.at(-1) ?? '').length + 1;
    // A blank after the caret is skipped: the place is the next token.
    const wanted = marked.charAt(at + 1) === ' ' ? column + 1 : column;
    expect([error.line, error.column]).toEqual([before.length, wanted]);
    expect(error.file).toBe('models/a.sql');
    expect(error.message).toMatch(/^models\/a\.sql:\d+:\d+ /);
  });

  test('and which macros were running, innermost first', async () => {
    const error = await failOf(
      '{% macro low(x) %}\n{{ x.name }}{% endmacro %}\n{% macro high() %}{{ low(z) }}{% endmacro %}\n{{ high() }}',
    );
    expect(error.message).toBe(
      "models/a.sql:2:6 parameter 'x' was not provided".replace(
        "parameter 'x' was not provided",
        "'z' is undefined",
      ) +
        '\n  in macro low, called at models/a.sql:3:22' +
        '\n  in macro high, called at models/a.sql:4:4',
    );
  });

  test('with the file of an included template or imported macro', async () => {
    const lib = parseTemplate('\n{% macro m(a) %}{{ a.b }}{% endmacro %}', {
      file: 'macros/lib.sql',
    });
    const render = renderTemplate(
      parseTemplate("{% from 'lib' import m %}{{ m() }}", { file: 'models/a.sql' }),
      { loader: () => lib },
    );
    await expect(render).rejects.toMatchObject({
      file: 'macros/lib.sql',
      line: 2,
      detail: "parameter 'a' was not provided",
      macroStack: [{ macro: 'm', file: 'models/a.sql', line: 1, column: 29 }],
    });
  });

  test('and keeps the hint and cause of a host function', async () => {
    const cause = new TerminalError('no model named x', { code: 'ref-unknown', hint: 'check x' });
    const ref = new HostFunction('ref', () => {
      throw cause;
    });
    const error = await failOf("\n{{ ref('x') }}", [['ref', ref]]);
    expect(error).toMatchObject({ code: 'jinja-host', line: 2, column: 4, hint: 'check x', cause });
    expect(error).toBeInstanceOf(TerminalError);
  });

  test('and suggests the filter that was meant', async () => {
    expect((await failOf("{{ 'a'|uper }}")).hint).toBe("did you mean 'upper'?");
    expect((await failOf('{% macr x() %}{% endmacro %}')).hint).toBe("did you mean 'macro'?");
  });
});
