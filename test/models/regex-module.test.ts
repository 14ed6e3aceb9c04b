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
];

test.each(cases)('%s is %s', async (expression, expected) => {
  expect(await render(`{{ ${expression} }}`)).toBe(expected);
});
