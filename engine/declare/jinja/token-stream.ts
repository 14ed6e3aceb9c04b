import { JinjaError } from './jinja-error.ts';
import { findPosition, type SourceText } from './source-text.ts';
import { describeToken, type Token } from './token.ts';

/** Deeper nesting of expressions and blocks is refused: parser and evaluator recurse. */
const nestingMax = 200;

interface NameUse {
  readonly used: Set<string>;
  readonly assigned: Set<string>;
}

/** The parser's view of the tokens: one of lookahead, and messages with a position. */
export class TokenStream {
  readonly source: SourceText;
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  #index = 0;
  #depth = 0;
  readonly #uses: NameUse[] = [];
  /** Names of the tags that are being read, innermost last. */
  readonly open: Token[] = [];
  /** Names of `{% block %}`s. */
  readonly blocks = new Set<string>();

  constructor(source: SourceText, tokens: readonly Token[]) {
    this.source = source;
    this.#tokens = tokens;
    this.#end = { type: 'eof', value: '', at: source.text.length };
  }

  get current(): Token {
    return this.#tokens[this.#index] ?? this.#end;
  }
  peek(ahead: number): Token {
    return this.#tokens[this.#index + ahead] ?? this.#end;
  }
  next(): Token {
    const token = this.current;
    this.#index += 1;
    return token;
  }
  isOperator(value: string): boolean {
    return this.current.type === 'operator' && this.current.value === value;
  }
  isName(value: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.type === 'name' && token.value === value;
  }
  skipOperator(value: string): boolean {
    const isFound = this.isOperator(value);
    if (isFound) this.#index += 1;
    return isFound;
  }
  skipName(value: string): boolean {
    const isFound = this.isName(value);
    if (isFound) this.#index += 1;
    return isFound;
  }
  expectOperator(value: string): Token {
    if (!this.isOperator(value)) this.#failExpected(`'${value}'`);
    return this.next();
  }
  expectName(value?: string): Token {
    const isFound = value === undefined ? this.current.type === 'name' : this.isName(value);
    if (!isFound) this.#failExpected(value === undefined ? 'a name' : `'${value}'`);
    return this.next();
  }
  expect(type: Token['type']): Token {
    if (this.current.type !== type) {
      this.#failExpected(`'${describeToken({ type, value: '', at: 0 })}'`);
    }
    return this.next();
  }
  #failExpected(wanted: string): never {
    const { current } = this;
    if (current.type === 'eof') this.fail(`unexpected end of template, expected ${wanted}`);
    this.fail(`expected ${wanted}, got '${describeToken(current)}'`);
  }
  fail(detail: string, at = this.current.at, hint?: string): never {
    const position = findPosition(this.source, at);
    throw new JinjaError(
      'jinja-syntax',
      detail,
      hint === undefined ? { position } : { position, hint },
    );
  }

  /** Runs one level of nesting deeper. */
  nest<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > nestingMax) {
      const position = findPosition(this.source, this.current.at);
      const detail = `more than ${nestingMax} levels of nesting`;
      throw new JinjaError('jinja-depth', detail, { position });
    }
    try {
      return parse();
    } finally {
      this.#depth -= 1;
    }
  }

  /** Watches which special names a macro body reads before it assigns them. */
  watchNames<T>(parse: () => T): { result: T; used: ReadonlySet<string> } {
    const use: NameUse = { used: new Set(), assigned: new Set() };
    this.#uses.push(use);
    try {
      return { result: parse(), used: use.used };
    } finally {
      this.#uses.pop();
    }
  }
  noteRead(name: string): void {
    if (name !== 'varargs' && name !== 'kwargs' && name !== 'caller') return;
    for (const use of this.#uses) if (!use.assigned.has(name)) use.used.add(name);
  }
  noteAssigned(name: string): void {
    for (const use of this.#uses) use.assigned.add(name);
  }
}
