import type {
  BlockNode,
  Body,
  CallBlockNode,
  Expression,
  MacroKind,
  MacroNode,
  Parameter,
  Routine,
} from './ast.ts';
import { parseExpression } from './parse-expression.ts';
import { parseNewName } from './parse-target.ts';
import type { TokenStream } from './token-stream.ts';

/** Parses statements up to one of the end tags, and leaves that tag's name as current token. */
export type ParseBody = (stream: TokenStream, endNames: readonly string[]) => Body;

interface Bounds {
  readonly bodyStart: number;
  readonly bodyEnd: number;
}

/** The body between the tag just read and its end tag. Text bounds exclude both tags. */
function parseBounded(
  stream: TokenStream,
  endName: string,
  parseBody: ParseBody,
): { body: Body } & Bounds {
  const { text } = stream.source;
  const close = stream.current.at;
  const bodyStart = text.indexOf('%}', close) + 2;
  const body = parseBody(stream, [endName]);
  const bodyEnd = text.lastIndexOf('{%', stream.current.at);
  stream.expectName(endName);
  return { body, bodyStart, bodyEnd };
}

function parseParameters(stream: TokenStream): Parameter[] {
  const parameters: Parameter[] = [];
  stream.expectOperator('(');
  while (!stream.isOperator(')')) {
    if (parameters.length > 0) stream.expectOperator(',');
    const { at } = stream.current;
    const name = parseNewName(stream);
    const fallback = stream.skipOperator('=') ? parseExpression(stream) : null;
    if (fallback === null && parameters.at(-1)?.fallback) {
      stream.fail('non-default argument follows default argument', at);
    }
    parameters.push({ name, fallback });
  }
  stream.expectOperator(')');
  return parameters;
}

function describeRoutine(
  parameters: readonly Parameter[],
  body: Body,
  used: ReadonlySet<string>,
): Routine {
  const has = (name: string) => used.has(name);
  return {
    parameters,
    body,
    usesVarargs: has('varargs'),
    usesKwargs: has('kwargs'),
    usesCaller: has('caller'),
  };
}

/** `{% macro name(…) %}` and dbt's `{% test name(…) %}`, also spelt `data_test`. */
export function parseMacro(
  stream: TokenStream,
  macroKind: Exclude<MacroKind, 'materialization'>,
  parseBody: ParseBody,
): MacroNode {
  const { at, value: tag } = stream.next();
  const name = parseNewName(stream);
  const { result, used } = stream.watchNames(() => ({
    parameters: parseParameters(stream),
    ...parseBounded(stream, `end${tag}`, parseBody),
  }));
  const { parameters, body, bodyStart, bodyEnd } = result;
  return {
    kind: 'macro',
    at,
    macroKind,
    name,
    macroName: macroKind === 'test' ? `test_${name}` : name,
    adapter: null,
    languages: null,
    bodyStart,
    bodyEnd,
    ...describeRoutine(parameters, body, used),
  };
}

/** `{% materialization name, default %}` or `…, adapter='x', supported_languages=['sql'] %}`. */
export function parseMaterialization(stream: TokenStream, parseBody: ParseBody): MacroNode {
  const { at } = stream.next();
  const name = parseNewName(stream);
  let adapter = 'default';
  let languages: readonly string[] = ['sql'];
  while (stream.skipOperator(',')) {
    if (stream.skipName('default')) continue;
    const option = stream.expectName();
    stream.expectOperator('=');
    const value = parseExpression(stream);
    if (option.value === 'adapter') adapter = readText(stream, value);
    else if (option.value === 'supported_languages') languages = readTexts(stream, value);
    else stream.fail(`a materialization has no option '${option.value}'`, option.at);
  }
  const { result, used } = stream.watchNames(() =>
    parseBounded(stream, 'endmaterialization', parseBody),
  );
  const { body, bodyStart, bodyEnd } = result;
  return {
    kind: 'macro',
    at,
    macroKind: 'materialization',
    name,
    macroName: `materialization_${name}_${adapter}`,
    adapter,
    languages,
    bodyStart,
    bodyEnd,
    ...describeRoutine([], body, used),
  };
}

function readText(stream: TokenStream, value: Expression): string {
  if (value.kind === 'literal' && typeof value.value === 'string') return value.value;
  return stream.fail('expected a string', value.at);
}

function readTexts(stream: TokenStream, value: Expression): string[] {
  if (value.kind !== 'list') return stream.fail('expected a list of strings', value.at);
  return value.items.map((item) => readText(stream, item));
}

/** `{% call(a, b) f(…) %}body{% endcall %}`. */
export function parseCallBlock(stream: TokenStream, parseBody: ParseBody): CallBlockNode {
  const { at } = stream.next();
  const outer = stream.watchNames(() => {
    const parameters = stream.isOperator('(') ? parseParameters(stream) : [];
    return { parameters, call: parseExpression(stream) };
  });
  const { parameters, call } = outer.result;
  if (call.kind !== 'call') return stream.fail('expected call', call.at);
  const { result, used } = stream.watchNames(() => {
    const body = parseBody(stream, ['endcall']);
    stream.expectName('endcall');
    return body;
  });
  return { kind: 'call_block', at, call, ...describeRoutine(parameters, result, used) };
}

/** `{% snapshot name %}…` and `{% docs name %}…`. */
export function parseNamedBlock(
  stream: TokenStream,
  kind: BlockNode['kind'],
  parseBody: ParseBody,
): BlockNode {
  const { at } = stream.next();
  const name = parseNewName(stream);
  return { kind, at, name, ...parseBounded(stream, `end${kind}`, parseBody) };
}
