import { expect, test } from 'vitest';
import { parseTemplate } from '../../engine/declare/jinja/parse-template.ts';
import { renderTemplate } from '../../engine/declare/jinja/render-template.ts';
import { pythonModules } from '../../engine/declare/python-modules.ts';

async function render(text: string): Promise<string> {
  const modules = pythonModules(() => 0);
  const globals = { get: (name: string) => (name === 'modules' ? modules : undefined) };
  return (await renderTemplate(parseTemplate(text, { file: 're.sql' }), { globals })).trim();
}

// What Python's `re` answers for the same.
const cases: readonly (readonly [string, string])[] = [
  [`modules.re.findall('{{\\\\s*(ref|var)', 'a {{ ref(1) }} {{var(2)}}')`, "['ref', 'var']"],
  [`modules.re.findall('[{}]', 'a{b}')`, "['{', '}']"],
  [`modules.re.findall('a{2,3}', 'a aa aaaa')`, "['aa', 'aaa']"],
  [`modules.re.sub('\\\\-\\\\"', '+', 'a-"b')`, 'a+b'],
  [
    `modules.re.findall('(?ix) (from|join) # a word\\n \\\\s+ ([a-z]+)', 'FROM a JOIN b')`,
    "[('FROM', 'a'), ('JOIN', 'b')]",
  ],
  [`modules.re.findall('(?x) a [ #] b', 'a b a#b ab')`, "['a b', 'a#b']"],
  [`modules.re.findall('(?x) a[ #]b', 'a b a#b ab')`, "['a b', 'a#b']"],
  [`modules.re.findall('(?i)(?s)A.b', 'a\\nb')`, "['a\\nb']"],
  [`modules.re.findall('a{,2}', 'aaa')`, "['aa', 'a', '']"],
  [`modules.re.findall('[]a]', ']ab')`, "[']', 'a']"],
  [`modules.re.search('a$', 'a\\n').span()`, '(0, 1)'],
  [`modules.re.findall('\\\\Aab\\\\Z', 'ab', modules.re.MULTILINE)`, "['ab']"],
  [`modules.re.findall('^b$', 'a\\nb\\nc', flags=modules.re.M)`, "['b']"],
  [`modules.re.sub('(?P<x>a)(?P=x)', '<\\\\g<x>$1>', 'aab')`, '<a$1>b'],
  [`modules.re.sub('a', 'b', 'aaa', count=1)`, 'baa'],
  [`modules.re.compile('a').sub('b', 'aaa', 2)`, 'bba'],
  [`modules.re.sub('A', 'b', 'aaa', 0, modules.re.I)`, 'bbb'],
  [`modules.re.sub('a(?=b)', 'x', 'aab ab', count=1)`, 'axb ab'],
  [`modules.re.sub('x*', '-', 'abxd', count=2)`, '-a-bxd'],
  [`modules.re.sub('(a)|(b)', '<\\\\1\\\\g<2>\\\\g<0>>', 'abc')`, '<aa><bb>c'],
  [`modules.re.sub('(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)', '\\\\10\\\\1', 'abcdefghij')`, 'ja'],
  [`modules.re.split(',', 'a,b,c', maxsplit=1)`, "['a', 'b,c']"],
  [`modules.re.split('(,)', 'a,b')`, "['a', ',', 'b']"],
  [`modules.re.match('b', 'ab')`, 'None'],
  [`modules.re.match('(a)(b)', 'ab').group(1, 2)`, "('a', 'b')"],
  [`modules.re.fullmatch('a|ab', 'ab').group()`, 'ab'],
  [`modules.re.search('(?i:a)b', 'xAb').group(0)`, 'Ab'],
  [`modules.re.findall('a(?#note)b', 'ab')`, "['ab']"],
];

test.each(cases)('%s is %s', async (expression, expected) => {
  expect(await render(`{{ ${expression} }}`)).toBe(expected);
});

test('a pattern that JavaScript does not know is told with itself', async () => {
  await expect(render(`{{ modules.re.findall('a(b', 'ab') }}`)).rejects.toThrow(/"a\(b" is not/);
});

test('a pattern that tries a text without end is stopped, and said what to do about', async () => {
  const text = `{{ modules.re.match('(a+)+$', 'a' * 40 ~ 'b') }}`;
  await expect(render(text)).rejects.toMatchObject({
    code: 'jinja-steps',
    message: expect.stringMatching(/^re\.sql:1:\d+ a pattern of modules\.re took longer than/),
    hint: expect.stringContaining('(a+)+'),
  });
  expect(await render(`{{ modules.re.findall('a+', 'aab') }}`)).toBe("['aa']");
});
