import { JinjaError } from './jinja-error.ts';
import { findPosition, type SourceText } from './source-text.ts';
import { type Bracket, readTagTokens } from './tag-lexer.ts';
import { trimSpaceRight } from './text-change.ts';
import type { LexerOptions, Token } from './token.ts';

/**
 * Cuts a template into tokens, with Jinja's whitespace rules applied: what reaches the parser is
 * data to print and the inside of tags. Comments and the tags of `raw` are gone.
 */
export function tokenize(source: SourceText, options: LexerOptions): Token[] {
  const lexer = new TemplateLexer(source, options);
  lexer.run();
  return lexer.tokens;
}

const rawBegin = /\{%([-+]?)\s*raw\s*(?:-%\}\s*|%\})/y;
const rawEnd = /\{%([-+]?)\s*endraw\s*(\+%\}|-%\}\s*|%\})/g;
const spaces = /\s*/y;

class TemplateLexer {
  readonly tokens: Token[] = [];
  readonly #text: string;
  readonly #source: SourceText;
  readonly #options: LexerOptions;
  #at = 0;
  /** Whether the text read so far ends a line: what `lstrip_blocks` asks. */
  #isLineStart = true;

  constructor(source: SourceText, options: LexerOptions) {
    this.#source = source;
    this.#text = source.text;
    this.#options = options;
  }

  run(): void {
    while (this.#at < this.#text.length) {
      const open = this.#findOpen();
      if (open === undefined) {
        this.#push('data', this.#text.slice(this.#at), this.#at);
        break;
      }
      this.#readConstruct(open);
    }
    this.#push('eof', '', this.#text.length);
  }

  #fail(detail: string, at: number, hint?: string): never {
    const position = findPosition(this.#source, at);
    throw new JinjaError(
      'jinja-syntax',
      detail,
      hint === undefined ? { position } : { position, hint },
    );
  }

  #push(type: Token['type'], value: string, at: number): void {
    if (type === 'data' && value === '') return;
    this.tokens.push({ type, value, at });
  }

  /** The next `{{`, `{%`, `{#` or line marker. */
  #findOpen(): number | undefined {
    const text = this.#text;
    const line = this.#findLineMarker();
    for (let at = text.indexOf('{', this.#at); at !== -1; at = text.indexOf('{', at + 1)) {
      if (line !== undefined && line < at) return line;
      const next = text.charCodeAt(at + 1);
      if (next === 0x7b || next === 0x25 || next === 0x23) return at;
    }
    return line;
  }

  #findLineMarker(): number | undefined {
    const { lineComment, lineStatement } = this.#options;
    let first: number | undefined;
    for (const marker of [lineComment, lineStatement]) {
      if (marker === undefined) continue;
      const isOwnLine = marker === lineStatement;
      for (let at = this.#text.indexOf(marker, this.#at); at !== -1; ) {
        if (this.#isMarker(at, isOwnLine)) {
          if (first === undefined || at < first) first = at;
          break;
        }
        at = this.#text.indexOf(marker, at + 1);
      }
    }
    return first;
  }

  /** A line statement opens its line; a line comment may also follow text. */
  #isMarker(at: number, isOwnLine: boolean): boolean {
    if (!isOwnLine) return true;
    const start = this.#text.lastIndexOf('\n', at - 1) + 1;
    return start >= this.#at - 1 && this.#text.slice(start, at).trim() === '';
  }

  #readConstruct(open: number): void {
    const second = this.#text.charAt(open + 1);
    if (this.#text.charAt(open) !== '{' || !'{%#'.includes(second)) {
      this.#readLine(open);
      return;
    }
    const sign = this.#text.charAt(open + 2);
    rawBegin.lastIndex = open;
    const raw = second === '%' ? rawBegin.exec(this.#text) : null;
    const data = this.#text.slice(this.#at, open);
    this.#push('data', this.#stripBefore(data, sign, second !== '{'), this.#at);
    if (raw !== null) {
      this.#readRaw(open, raw[0].length);
      return;
    }
    const start = open + (sign === '-' || sign === '+' ? 3 : 2);
    if (second === '#') this.#skipComment(open, start);
    else this.#readTag(open, start, second === '{');
  }

  #stripBefore(data: string, sign: string, isBlock: boolean): string {
    if (sign === '-') return trimSpaceRight(data);
    if (sign === '+' || !isBlock || !this.#options.lstripBlocks) return data;
    const start = data.lastIndexOf('\n') + 1;
    if (start === 0 && !this.#isLineStart) return data;
    return data.slice(start).trim() === '' ? data.slice(0, start) : data;
  }

  #readTag(open: number, start: number, isVariable: boolean): void {
    const close = isVariable ? '}}' : '%}';
    this.#push(isVariable ? 'variable_begin' : 'block_begin', '', open);
    const brackets: Bracket[] = [];
    let at = start;
    for (;;) {
      at = this.#skipSpaces(at);
      if (at >= this.#text.length) {
        this.#fail(`unexpected end of template, expected '${close}'`, open, 'close the tag');
      }
      const end = brackets.length === 0 ? this.#matchClose(at, close) : undefined;
      if (end !== undefined) {
        this.#push(isVariable ? 'variable_end' : 'block_end', '', at);
        this.#finish(end);
        return;
      }
      at = readTagTokens(this.#source, at, this.tokens, brackets);
    }
  }

  #skipSpaces(from: number): number {
    let at = from;
    let code = this.#text.charCodeAt(at);
    while (code === 0x20 || (code >= 0x09 && code <= 0x0d)) {
      at += 1;
      code = this.#text.charCodeAt(at);
    }
    if (!(code > 0x7f)) return at;
    spaces.lastIndex = at;
    return at + (spaces.exec(this.#text)?.[0].length ?? 0);
  }

  /** Where the text goes on after a closing mark at `at`, whitespace control applied. */
  #matchClose(at: number, close: string): number | undefined {
    const text = this.#text;
    if (text.startsWith(close, at)) {
      const end = at + close.length;
      const isTrimmed = close !== '}}' && this.#options.trimBlocks && text.charAt(end) === '\n';
      return isTrimmed ? end + 1 : end;
    }
    if (!text.startsWith(close, at + 1)) return undefined;
    if (text.charAt(at) === '-') return this.#skipSpaces(at + 1 + close.length);
    return text.charAt(at) === '+' && close !== '}}' ? at + 1 + close.length : undefined;
  }

  #finish(end: number): void {
    this.#at = end;
    this.#isLineStart = this.#text.charAt(end - 1) === '\n';
  }

  #skipComment(open: number, start: number): void {
    const close = this.#text.indexOf('#}', start);
    if (close === -1 && this.#isEnd(start)) return;
    if (close === -1) this.#fail('Missing end of comment tag', open, 'close the comment with #}');
    const sign = close > start ? this.#text.charAt(close - 1) : '';
    const from = sign === '-' || sign === '+' ? close - 1 : close;
    this.#finish(this.#matchClose(from, '#}') ?? close + 2);
  }

  /** Jinja asks for the end of a comment, or of `raw`, only where there is something in it. */
  #isEnd(start: number): boolean {
    if (start < this.#text.length) return false;
    this.#finish(start);
    return true;
  }

  #readRaw(open: number, length: number): void {
    const start = open + length;
    rawEnd.lastIndex = start;
    const end = rawEnd.exec(this.#text);
    if (end === null && this.#isEnd(start)) return;
    if (end === null) this.#fail('Missing end of raw directive', open, 'add {% endraw %}');
    const [whole, sign = '', close = ''] = end;
    this.#isLineStart = this.#text.charAt(start - 1) === '\n';
    const body = this.#text.slice(start, end.index);
    this.#push('data', this.#stripBefore(body, sign, true), start);
    const after = end.index + whole.length;
    const isTrimmed = close === '%}' && this.#options.trimBlocks;
    this.#finish(isTrimmed && this.#text.charAt(after) === '\n' ? after + 1 : after);
  }

  #readLine(open: number): void {
    const { lineStatement, lineComment = '' } = this.#options;
    const found = this.#text.indexOf('\n', open);
    const stop = found === -1 ? this.#text.length : found;
    const data = this.#text.slice(this.#at, open);
    const isStatement = lineStatement !== undefined && this.#text.startsWith(lineStatement, open);
    if (
      !isStatement ||
      (lineComment.length > lineStatement.length && this.#text.startsWith(lineComment, open))
    ) {
      this.#push('data', trimInlineSpace(data), this.#at);
      this.#finish(stop);
      return;
    }
    this.#push('data', data.slice(0, data.lastIndexOf('\n') + 1), this.#at);
    this.#push('block_begin', '', open);
    const brackets: Bracket[] = [];
    let at = open + lineStatement.length;
    for (;;) {
      const isLineEnd = /[^\S\n]*(?:\n|$)/y;
      isLineEnd.lastIndex = at;
      const end = brackets.length === 0 ? isLineEnd.exec(this.#text) : null;
      if (end !== null) {
        this.#push('block_end', '', at);
        this.#finish(at + end[0].length);
        return;
      }
      at = this.#skipSpaces(at);
      if (at >= this.#text.length) this.#fail('unexpected end of line statement', open);
      at = readTagTokens(this.#source, at, this.tokens, brackets);
    }
  }
}

function trimInlineSpace(data: string): string {
  return data.replace(/[^\S\n]+$/, '');
}
