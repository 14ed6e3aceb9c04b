export type TokenType =
  | 'data'
  | 'variable_begin'
  | 'variable_end'
  | 'block_begin'
  | 'block_end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  | 'eof';

/** `value` is decoded for strings, and the written digits for numbers; `at` is an offset. */
export interface Token {
  readonly type: TokenType;
  readonly value: string;
  readonly at: number;
}

/** Jinja's options of the same names; absent means Jinja's default, which dbt uses. */
export interface LexerOptions {
  /** A newline right after a block tag or comment is dropped. */
  readonly trimBlocks?: boolean;
  /** Blanks between the start of a line and a block tag or comment are dropped. */
  readonly lstripBlocks?: boolean;
  /** The template's last newline is kept; by default it is dropped. */
  readonly keepTrailingNewline?: boolean;
  /** A text that makes the rest of its line a comment, such as `##`. */
  readonly lineComment?: string;
  /** A text that makes its line a statement, such as `#`. */
  readonly lineStatement?: string;
}

/** How a token reads in a message. */
export function describeToken(token: Token): string {
  switch (token.type) {
    case 'name':
    case 'operator':
    case 'integer':
    case 'float':
      return token.value;
    case 'string':
      return `a string`;
    case 'block_end':
      return 'end of statement block';
    case 'variable_end':
      return 'end of print statement';
    case 'block_begin':
      return 'begin of statement block';
    case 'variable_begin':
      return 'begin of print statement';
    case 'eof':
      return 'end of template';
    case 'data':
      return 'template data';
  }
}
