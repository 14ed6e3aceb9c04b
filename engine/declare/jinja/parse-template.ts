import type { Template } from './ast.ts';
import { JinjaError } from './jinja-error.ts';
import { tokenize } from './lexer.ts';
import { parseBody } from './parse-statement.ts';
import { createSourceText, findPosition } from './source-text.ts';
import type { LexerOptions } from './token.ts';
import { TokenStream } from './token-stream.ts';

export interface ParseOptions extends LexerOptions {
  /** The name in messages; a path relative to the project. */
  readonly file: string;
}

/**
 * Parses a template's text. Pure: the same text and options always give the same tree, which is
 * plain JSON and may be cached by the caller under a hash of both.
 * Throws `JinjaError` `jinja-syntax` with file, line and column, or `jinja-depth`.
 */
export function parseTemplate(source: string, options: ParseOptions): Template {
  const { file, keepTrailingNewline = false } = options;
  const text = createSourceText(source, file, keepTrailingNewline);
  const stream = new TokenStream(text, tokenize(text, options));
  try {
    const body = parseBody(stream);
    return { file, text: text.text, lineStarts: text.lineStarts, body };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const position = findPosition(text, stream.current.at);
    throw new JinjaError('jinja-depth', 'the template is nested too deep', {
      position,
      cause: error,
    });
  }
}
