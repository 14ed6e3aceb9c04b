import { JinjaError } from './jinja-error.ts';
import { findPosition, type SourceText } from './source-text.ts';
import type { Token } from './token.ts';

/** An open bracket inside a tag: while one is open, `}}` and `%}` do not close the tag. */
export type Bracket = ')' | ']' | '}';

const plainName = /\w+/y;
const name = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const float = /(?<!\.)\d+(?:_\d+)*(?:(?:\.\d+(?:_\d+)*)?e[+-]?\d+(?:_\d+)*|\.\d+(?:_\d+)*)/iy;
const integer = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const string = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const operator = /\*\*|\/\/|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y;

const closers: Readonly<Record<string, Bracket>> = { '(': ')', '[': ']', '{': '}' };

/** Reads one token at `at` and answers the offset after it. */
export function readTagTokens(
  source: SourceText,
  at: number,
  tokens: Token[],
  brackets: Bracket[],
): number {
  const { text } = source;
  const push = (type: Token['type'], written: string, value = written): number => {
    tokens.push({ type, value, at });
    return at + written.length;
  };
  const first = text.charCodeAt(at);
  const isSign = first < 0x41 || (first > 0x5a && first < 0x5f) || (first > 0x7a && first < 0x80);
  if (!isSign) {
    const identifier = match(first < 0x80 ? plainName : name, text, at);
    // A plain name that a letter beyond ASCII continues is read again, by the full pattern.
    const isWhole = identifier !== undefined && !(text.charCodeAt(at + identifier.length) > 0x7f);
    const whole = isWhole ? identifier : match(name, text, at);
    if (whole !== undefined) return push('name', whole);
  }
  if (first >= 0x30 && first <= 0x39) {
    const real = match(float, text, at);
    if (real !== undefined) return push('float', real, real.replaceAll('_', ''));
    const int = match(integer, text, at);
    if (int !== undefined) return push('integer', int, int.replaceAll('_', '').toLowerCase());
  }
  const quoted = first === 0x22 || first === 0x27 ? match(string, text, at) : undefined;
  if (quoted !== undefined) {
    return push('string', quoted, decodeString(quoted.slice(1, -1), source, at));
  }
  const sign = match(operator, text, at);
  if (sign === undefined) return refuse(source, at);
  trackBracket(sign, source, at, brackets);
  return push('operator', sign);
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function trackBracket(sign: string, source: SourceText, at: number, brackets: Bracket[]): void {
  const closer = closers[sign];
  if (closer !== undefined) brackets.push(closer);
  else if (sign === ')' || sign === ']' || sign === '}') {
    const expected = brackets.pop();
    if (expected !== sign) {
      const wanted = expected === undefined ? '' : `, expected '${expected}'`;
      fail(source, at, `unexpected '${sign}'${wanted}`);
    }
  }
}

function refuse(source: SourceText, at: number): never {
  const char = String.fromCodePoint(source.text.codePointAt(at) ?? 0);
  if (char === "'" || char === '"') {
    fail(source, at, 'a string is never closed', `add the closing ${char}`);
  }
  fail(source, at, `unexpected char ${JSON.stringify(char)}`);
}

function fail(source: SourceText, at: number, detail: string, hint?: string): never {
  const position = findPosition(source, at);
  throw new JinjaError(
    'jinja-syntax',
    detail,
    hint === undefined ? { position } : { position, hint },
  );
}

const escapeSequence = /\\(\n|[0-7]{1,3}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[\s\S])/g;

const plainEscapes: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Python's escapes; an unknown one keeps its backslash. */
function decodeString(body: string, source: SourceText, at: number): string {
  if (!body.includes('\\')) return body;
  return body.replace(escapeSequence, (whole: string, code: string) => {
    const plain = plainEscapes[code];
    if (plain !== undefined) return plain;
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    if (code.length > 1) {
      const point = Number.parseInt(code.slice(1), 16);
      if (point > 0x10ffff) fail(source, at, 'illegal Unicode character in a string');
      return String.fromCodePoint(point);
    }
    if (/^[xuUN]$/.test(code)) fail(source, at, `truncated \\${code} escape in a string`);
    return whole;
  });
}
