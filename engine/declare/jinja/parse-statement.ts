import { suggestName } from '../../words/suggest.ts';
import type {
  Body,
  Expression,
  FilterNode,
  FromImportNode,
  IfNode,
  Statement,
  WithNode,
} from './ast.ts';
import { parseExpression, parseFilter, parseTuple } from './parse-expression.ts';
import {
  parseCallBlock,
  parseMacro,
  parseMaterialization,
  parseNamedBlock,
} from './parse-macro.ts';
import { parseNewName, parseSingle, parseTarget } from './parse-target.ts';
import { findPosition } from './source-text.ts';
import type { TokenStream } from './token-stream.ts';

/** The statements up to one of the end tags; without end tags, to the end of the template. */
export function parseBody(stream: TokenStream, endNames: readonly string[] = []): Body {
  if (endNames.length === 0) return parseStatements(stream, endNames);
  stream.skipOperator(':');
  stream.expect('block_end');
  return stream.nest(() => parseStatements(stream, endNames));
}

function parseStatements(stream: TokenStream, endNames: readonly string[]): Statement[] {
  const body: Statement[] = [];
  for (;;) {
    const token = stream.current;
    switch (token.type) {
      case 'data':
        stream.next();
        body.push({ kind: 'text', at: token.at, text: token.value });
        break;
      case 'variable_begin': {
        stream.next();
        const value = parseTuple(stream);
        body.push({ kind: 'output', at: value.at, value });
        stream.expect('variable_end');
        break;
      }
      case 'block_begin':
        stream.next();
        if (endNames.some((name) => stream.isName(name))) return body;
        body.push(...parseStatement(stream, endNames));
        stream.expect('block_end');
        break;
      default:
        if (endNames.length > 0) failEnd(stream, endNames);
        return body;
    }
  }
}

function failEnd(stream: TokenStream, endNames: readonly string[]): never {
  const wanted = endNames.map((name) => `'${name}'`).join(' or ');
  const detail = `Unexpected end of template. Jinja was looking for ${wanted}.`;
  return stream.fail(detail, undefined, tellOpen(stream));
}

/** Which tag waits for its end: the place of the error is only where it is missed. */
function tellOpen({ open, source }: TokenStream): string | undefined {
  const tag = open.at(-1);
  if (tag === undefined) return undefined;
  return `the {% ${tag.value} %} of line ${findPosition(source, tag.at).line} is not closed before`;
}

type StatementParser = (stream: TokenStream) => Statement | Statement[];

const parsers: ReadonlyMap<string, StatementParser> = new Map<string, StatementParser>([
  ['set', parseSet],
  ['if', parseIf],
  ['for', parseFor],
  ['macro', (stream) => parseMacro(stream, 'macro', parseBody)],
  ['test', (stream) => parseMacro(stream, 'test', parseBody)],
  ['data_test', (stream) => parseMacro(stream, 'test', parseBody)],
  ['materialization', (stream) => parseMaterialization(stream, parseBody)],
  ['call', (stream) => parseCallBlock(stream, parseBody)],
  ['filter', parseFilterBlock],
  ['with', parseWith],
  ['do', (stream) => ({ kind: 'do', at: stream.next().at, value: parseTuple(stream) })],
  ['print', parsePrint],
  ['include', parseInclude],
  ['import', parseImport],
  ['from', parseFromImport],
  ['block', parseBlock],
  ['snapshot', (stream) => parseNamedBlock(stream, 'snapshot', parseBody)],
  ['docs', (stream) => parseNamedBlock(stream, 'docs', parseBody)],
  ['break', (stream) => ({ kind: 'break', at: stream.next().at })],
  ['continue', (stream) => ({ kind: 'continue', at: stream.next().at })],
]);

function parseStatement(stream: TokenStream, endNames: readonly string[]): Statement[] {
  const token = stream.current;
  if (token.type !== 'name') stream.fail('tag name expected');
  const parser = parsers.get(token.value);
  if (parser === undefined) return failTag(stream, endNames);
  stream.open.push(token);
  const parsed = parser(stream);
  stream.open.pop();
  return Array.isArray(parsed) ? parsed : [parsed];
}

function failTag(stream: TokenStream, endNames: readonly string[]): never {
  const { value } = stream.current;
  if (value === 'extends') {
    stream.fail(`Template inheritance ('${value}') is not supported`, undefined, 'use a macro');
  }
  const wanted = endNames.map((name) => `'${name}'`).join(' or ');
  const detail = `Encountered unknown tag '${value}'.`;
  if (wanted !== '') {
    const detailed = `${detail} Jinja was looking for ${wanted}.`;
    return stream.fail(detailed, undefined, tellOpen(stream));
  }
  const near = suggestName(value, parsers.keys());
  return stream.fail(detail, undefined, near && `did you mean '${near}'?`);
}

function parseSet(stream: TokenStream): Statement {
  const { at } = stream.next();
  const target = parseTarget(stream, true);
  if (stream.skipOperator('=')) return { kind: 'set', at, target, value: parseTuple(stream) };
  const filter = parseFilterChain(stream, null);
  const body = parseBody(stream, ['endset']);
  stream.expectName('endset');
  return { kind: 'set_block', at, target, filter, body };
}

function parseFilterChain(stream: TokenStream, start: FilterNode | null): FilterNode | null {
  let node = start;
  while (stream.skipOperator('|')) node = parseFilter(stream, node);
  return node;
}

function parseFilterBlock(stream: TokenStream): Statement {
  const { at } = stream.next();
  const first = parseFilter(stream, null);
  const filter = parseFilterChain(stream, first) ?? first;
  const body = parseBody(stream, ['endfilter']);
  stream.expectName('endfilter');
  return { kind: 'filter_block', at, filter, body };
}

const routines: ReadonlySet<string> = new Set(['macro', 'test', 'data_test', 'call']);

function parseBlock(stream: TokenStream): Statement {
  const { at } = stream.next();
  if (stream.open.some(({ value }) => routines.has(value))) {
    stream.fail('a block cannot stand in a macro', at, 'leave the tags of the block out');
  }
  const nameAt = stream.current.at;
  const name = parseNewName(stream);
  if (stream.blocks.has(name)) stream.fail(`block '${name}' defined twice`, nameAt);
  stream.blocks.add(name);
  const isScoped = stream.skipName('scoped');
  if (stream.isName('required')) {
    stream.fail(`nothing fills the required block '${name}'`, undefined, 'leave required out');
  }
  const body = parseBody(stream, ['endblock']);
  stream.expectName('endblock');
  stream.skipName(name);
  return { kind: 'block', at, name, isScoped, body };
}

function parseIf(stream: TokenStream): IfNode {
  const { at } = stream.current;
  const branches: { test: Expression; body: Body }[] = [];
  do {
    stream.next();
    const test = parseTuple(stream, { hasCondition: false });
    branches.push({ test, body: parseBody(stream, ['elif', 'else', 'endif']) });
  } while (stream.isName('elif'));
  const otherwise = stream.skipName('else') ? parseBody(stream, ['endif']) : [];
  stream.expectName('endif');
  return { kind: 'if', at, branches, otherwise };
}

function parseFor(stream: TokenStream): Statement {
  const { at } = stream.next();
  const target = parseTarget(stream, false);
  stream.expectName('in');
  const iterable = parseTuple(stream, { hasCondition: false, endName: 'recursive' });
  const test = stream.skipName('if') ? parseExpression(stream) : null;
  const isRecursive = stream.skipName('recursive');
  const body = parseBody(stream, ['endfor', 'else']);
  const otherwise = stream.skipName('else') ? parseBody(stream, ['endfor']) : [];
  stream.expectName('endfor');
  return { kind: 'for', at, target, iterable, test, isRecursive, body, otherwise };
}

function parseWith(stream: TokenStream): WithNode {
  const { at } = stream.next();
  const bindings: WithNode['bindings'][number][] = [];
  while (stream.current.type !== 'block_end') {
    if (bindings.length > 0) stream.expectOperator(',');
    const target = parseSingle(stream, false);
    stream.expectOperator('=');
    bindings.push({ target, value: parseExpression(stream) });
  }
  const body = parseBody(stream, ['endwith']);
  stream.expectName('endwith');
  return { kind: 'with', at, bindings, body };
}

function parsePrint(stream: TokenStream): Statement[] {
  stream.next();
  const out: Statement[] = [];
  while (stream.current.type !== 'block_end') {
    if (out.length > 0) stream.expectOperator(',');
    const value = parseExpression(stream);
    out.push({ kind: 'output', at: value.at, value });
  }
  return out;
}

function parseContext(stream: TokenStream, fallback: boolean): boolean {
  const isGiven =
    (stream.isName('with') || stream.isName('without')) && stream.isName('context', 1);
  if (!isGiven) return fallback;
  const { value } = stream.next();
  stream.next();
  return value === 'with';
}

function parseInclude(stream: TokenStream): Statement {
  const { at } = stream.next();
  const template = parseExpression(stream);
  const isOptional = stream.isName('ignore') && stream.isName('missing', 1);
  if (isOptional) {
    stream.next();
    stream.next();
  }
  return { kind: 'include', at, template, isOptional, hasContext: parseContext(stream, true) };
}

function parseImport(stream: TokenStream): Statement {
  const { at } = stream.next();
  const template = parseExpression(stream);
  stream.expectName('as');
  const name = parseNewName(stream);
  return { kind: 'import', at, template, name, hasContext: parseContext(stream, false) };
}

function parseFromImport(stream: TokenStream): FromImportNode {
  const { at } = stream.next();
  const template = parseExpression(stream);
  stream.expectName('import');
  const names: FromImportNode['names'][number][] = [];
  for (;;) {
    if (isContextNext(stream)) break;
    const { at: nameAt } = stream.current;
    const name = parseNewName(stream);
    if (name.startsWith('_')) {
      stream.fail('names starting with an underline can not be imported', nameAt);
    }
    names.push({ name, alias: stream.skipName('as') ? parseNewName(stream) : name });
    if (!stream.skipOperator(',')) break;
  }
  return { kind: 'from_import', at, template, names, hasContext: parseContext(stream, false) };
}

function isContextNext(stream: TokenStream): boolean {
  return (stream.isName('with') || stream.isName('without')) && stream.isName('context', 1);
}
