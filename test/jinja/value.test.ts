import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isEqual } from '../../engine/declare/jinja/compare.ts';
import { JinjaError } from '../../engine/declare/jinja/jinja-error.ts';
import { decodeJson, encodeJson } from '../../engine/declare/jinja/json-text.ts';
import { parseLiteral } from '../../engine/declare/jinja/native-value.ts';
import { parseTemplate } from '../../engine/declare/jinja/parse-template.ts';
import { printValue, reprValue } from '../../engine/declare/jinja/print.ts';
import { fromPython, toPython } from '../../engine/declare/jinja/python-value.ts';
import { renderNative, renderTemplate } from '../../engine/declare/jinja/render-template.ts';
import {
  type JinjaValue,
  PyDict,
  PyFloat,
  PySet,
  PyTuple,
} from '../../engine/declare/jinja/values.ts';

const scalar: fc.Arbitrary<JinjaValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 90n }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => new PyFloat(value)),
  fc.string({ unit: 'binary' }),
  fc.string(),
);

const value: fc.Arbitrary<JinjaValue> = fc.letrec<{ value: JinjaValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => new PyTuple(items)),
    fc.array(fc.tuple(scalar, tie('value')), { maxLength: 4 }).map((pairs) => PyDict.from(pairs)),
  ),
})).value;

const render = (text: string, variables: [string, JinjaValue][] = []) =>
  renderTemplate(parseTemplate(text, { file: 'a.sql' }), { variables });

describe('printing', () => {
  test('a printed value reads back as the value it was', () => {
    fc.assert(
      fc.property(value, (item) => {
        const back = parseLiteral(reprValue(item));
        expect(back).toBeDefined();
        expect(reprValue(back ?? null)).toBe(reprValue(item));
        expect(isEqual(back ?? null, item)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('follows the rule of Python for floats: a point or an exponent, always', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const text = printValue(new PyFloat(number));
        expect(Number(text)).toBe(number);
        expect(text).toMatch(/^-?\d+(\.\d+)?(e[+-]\d{2,3})?$/);
        expect(text).toMatch(/[.e]/);
        const size = Math.abs(number);
        expect(text.includes('e')).toBe(size !== 0 && (size < 1e-4 || size >= 1e16));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('arithmetic', () => {
  const int = fc.oneof(fc.integer(), fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }));
  test('of ints agrees with exact integers, whatever their size', async () => {
    await fc.assert(
      fc.asyncProperty(int, int, async (a, b) => {
        const [x, y] = [BigInt(a), BigInt(b)];
        const variables: [string, JinjaValue][] = [
          ['a', toPython(x)],
          ['b', toPython(y)],
        ];
        expect(await render('{{ a + b }} {{ a - b }} {{ a * b }}', variables)).toBe(
          `${x + y} ${x - y} ${x * y}`,
        );
        if (y === 0n) return;
        // (a // b) * b + a % b == a, and the rest has the sign of the divisor.
        expect(await render('{{ (a // b) * b + a % b == a }}', variables)).toBe('True');
        const rest = BigInt(await render('{{ a % b }}', variables));
        expect(rest === 0n || rest < 0n === y < 0n).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('dicts and sets', () => {
  test('hold as one key what Python holds equal', () => {
    const dict = PyDict.from([
      [1, 'int'],
      [new PyFloat(1), 'float'],
      [true, 'bool'],
      ['1', 'text'],
      [new PyTuple([1, 'a']), 'tuple'],
      [new PyTuple([new PyFloat(1), 'a']), 'same tuple'],
      ['\u0000(', 'odd text'],
    ]);
    expect(reprValue(dict)).toBe(
      "{1: 'bool', '1': 'text', (1, 'a'): 'same tuple', '\\x00(': 'odd text'}",
    );
    expect(new PySet([0, false, new PyFloat(-0), 10n ** 20n, new PyFloat(1e20)]).size).toBe(2);
  });
  test('refuse keys that can change', async () => {
    for (const text of [
      '{{ {[1]: 2} }}',
      '{{ {{}: 1} }}',
      '{{ set([[1]]) }}',
      '{{ {([],): 1} }}',
    ]) {
      await expect(render(text)).rejects.toThrow(/unhashable type: '(list|dict)'/);
    }
  });
});

describe('values of the host', () => {
  test('come back as they went in', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (item) => {
        const clean: unknown = JSON.parse(JSON.stringify(item));
        expect(fromPython(toPython(clean))).toEqual(clean);
      }),
    );
  });
  test('keep maps with other keys, and refuse what no template can hold', () => {
    const map = new Map<unknown, unknown>([
      [1, 'a'],
      [null, [1.5]],
    ]);
    expect(fromPython(toPython(map))).toEqual(map);
    expect(toPython(undefined)).toBe(null);
    expect(fromPython(toPython({ ['__proto__']: 1 }))).toHaveProperty(['__proto__'], 1);
    expect(() => toPython(new Date(0))).toThrow('cannot hold a JavaScript Date');
    expect(() => toPython(() => 1)).toThrow('cannot hold a JavaScript function');
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => toPython(circle)).toThrow('nested too deep');
  });
  test('pass through JSON as in Python: ints and floats apart, keys in order', () => {
    const text = '{"b": [1, 1.0, null, true], "a": {"é": "\\u2028"}}';
    expect(encodeJson(decodeJson(text))).toBe(text.replace('é', '\\u00e9'));
    fc.assert(
      fc.property(fc.jsonValue(), (item) => {
        expect(JSON.parse(encodeJson(toPython(item)))).toEqual(JSON.parse(JSON.stringify(item)));
        const again = encodeJson(decodeJson(JSON.stringify(item)));
        expect(JSON.parse(again)).toEqual(JSON.parse(JSON.stringify(item)));
      }),
    );
    for (const bad of ['', '{', '[1,]', '{"a"}', '1 2', '{"a":1,}', 'nul', '"\\x"']) {
      expect(() => decodeJson(bad)).toThrow(JinjaError);
    }
  });
});

describe('any text at all', () => {
  const pieces = fc.constantFrom(
    ...['{{', '}}', '{%', '%}', '{#', '#}', '-', '+', ' ', '\n', '(', ')', '[', ']', '{', '}', "'"],
    ...[
      '"',
      '|',
      '.',
      ',',
      '=',
      '==',
      '~',
      '*',
      '**',
      '\\',
      'x',
      '1',
      '1.5',
      'if',
      'else',
      'endif',
    ],
    ...['for', 'in', 'endfor', 'set', 'endset', 'raw', 'endraw', 'macro', 'endmacro', 'is', 'not'],
    ...['call', 'endcall', 'upper', 'range(3)', 'none', 'é', '😀', ':', 'docs', 'enddocs', 'do'],
  );
  test('is parsed and rendered, or refused with a place: never a hang, never another error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 40 }), async (parts) => {
        try {
          const template = parseTemplate(parts.join(''), { file: 'a.sql' });
          await renderNative(template, { stepsMax: 1000 });
        } catch (error) {
          if (!(error instanceof JinjaError)) throw error;
          expect(error.line).toBeGreaterThan(0);
          expect(error.column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 3000 },
    );
  });
  test('without a brace is printed as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        fc.pre(!/[{\r]/.test(text) && !text.endsWith('\n'));
        expect(await render(text)).toBe(text);
      }),
    );
  });
});
