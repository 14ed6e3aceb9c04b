import type { Template } from './jinja/ast.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { toPython } from './jinja/python-value.ts';
import { type HostObject, type JinjaValue, PyDict } from './jinja/values.ts';
import type { TestNode } from './model-node.ts';

/** A generic test as a template to render, and the names it uses. */
export interface TestCall {
  readonly template: Template;
  readonly names: ReadonlyMap<string, JinjaValue>;
}

/** Stands for the YAML in places of errors: whoever reports them knows the entry's own place. */
const testFile = '<test>';

const templates = new Map<string, Template>();

/**
 * A generic test calls its macro with the arguments of the YAML. Values go in as values, never as
 * text of the template; only what was written as an expression (`ref('x')`, `{{ … }}`) is one.
 */
export function testCall(test: TestNode, tested: HostObject): TestCall | undefined {
  const { entry } = test;
  if (entry === undefined) return undefined;
  const names = new Map<string, JinjaValue>();
  const plain = PyDict.from([['model', tested]]);
  const written: string[] = [];
  if (test.column !== undefined) plain.set('column_name', test.column);
  for (const [key, value] of Object.entries(entry.arguments)) {
    const expression = expressionOf(value);
    if (expression === undefined) plain.set(key, toPython(value));
    else {
      plain.delete(key);
      written.push(`${key}=${expression}`);
    }
  }
  names.set('__arguments', plain);
  const [first = '', second] = entry.test.split('.');
  const macro = second === undefined ? `test_${first}` : `${first}.test_${second}`;
  const text = `{{ ${macro}(${[...written, '**__arguments'].join(', ')}) }}`;
  const template = templates.get(text) ?? parseTemplate(text, { file: testFile });
  templates.set(text, template);
  return { template, names };
}

/** What was written as an expression, wherever in the value, as one; text around it is joined. */
function expressionOf(value: unknown): string | undefined {
  if (value !== null && typeof value === 'object') return collectionOf(value);
  if (typeof value !== 'string') return undefined;
  if (/^\s*(ref|source|var|env_var)\s*\(.*\)\s*$/s.test(value)) return value.trim();
  // Statements are no part of an expression: such a text is rendered by itself.
  if (value.includes('{%')) return `render(${JSON.stringify(value)})`;
  const parts = value.split(/\{\{(.*?)\}\}/s);
  if (parts.length === 1) return undefined;
  const isWhole = parts.length === 3 && parts[0]?.trim() === '' && parts[2]?.trim() === '';
  if (isWhole) return parts[1]?.trim();
  // Odd parts stood between the braces. A text of JSON is one of Jinja.
  return parts
    .map((part, index) => (index % 2 === 1 ? `(${part.trim()})` : JSON.stringify(part)))
    .join(' ~ ');
}

/** A list or a map that holds an expression somewhere. */
function collectionOf(value: object): string | undefined {
  const items = Object.entries(value).map(
    ([key, item]) => [key, expressionOf(item), item] as const,
  );
  if (items.every(([, expression]) => expression === undefined)) return undefined;
  const written = items.map(([key, expression, item]) => {
    const text = expression ?? (item === null ? 'none' : JSON.stringify(item));
    return Array.isArray(value) ? text : `${JSON.stringify(key)}: ${text}`;
  });
  return Array.isArray(value) ? `[${written.join(', ')}]` : `{${written.join(', ')}}`;
}

/** The tested relation narrowed by the test's `where`. */
export function narrowRelation(text: string, where: unknown): string {
  return typeof where === 'string' && where.trim() !== ''
    ? `(select * from ${text} where ${where}) dbt_subquery`
    : text;
}
