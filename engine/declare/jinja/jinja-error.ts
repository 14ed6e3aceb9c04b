import { TerminalError } from '../../words/errors.ts';

/** What went wrong, as a word a program can switch on. */
export type JinjaErrorCode =
  | 'jinja-syntax'
  | 'jinja-undefined'
  | 'jinja-type'
  | 'jinja-value'
  | 'jinja-template'
  | 'jinja-host'
  | 'jinja-steps'
  | 'jinja-depth'
  | 'jinja-size';

/** One level of the macro stack: the macro, and the place that called it. */
export interface MacroStackEntry {
  readonly macro: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A place in a template. Lines and columns count from 1; columns count UTF-16 units. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface JinjaErrorOptions {
  readonly hint?: string;
  readonly cause?: unknown;
  readonly position?: SourcePosition;
  readonly macroStack?: readonly MacroStackEntry[];
}

/**
 * A template that cannot be parsed or rendered. A person must change the template or the call.
 * `detail` is the bare complaint; `message` is `file:line:column detail` followed by one line for
 * each macro that was running, innermost first.
 */
export class JinjaError extends TerminalError {
  declare readonly code: JinjaErrorCode;
  readonly detail: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly macroStack: readonly MacroStackEntry[];

  constructor(code: JinjaErrorCode, detail: string, options: JinjaErrorOptions = {}) {
    super(describeError(detail, options), {
      code,
      ...(options.hint !== undefined && { hint: options.hint }),
      ...(options.cause !== undefined && { cause: options.cause }),
    });
    this.detail = detail;
    this.file = options.position?.file;
    this.line = options.position?.line;
    this.column = options.position?.column;
    this.macroStack = options.macroStack ?? [];
  }
}

function describeError(detail: string, options: JinjaErrorOptions): string {
  const { position, macroStack = [] } = options;
  const head =
    position === undefined
      ? detail
      : `${position.file}:${position.line}:${position.column} ${detail}`;
  const shown = macroStack.slice(0, stackLinesMax);
  const lines = shown.map(
    (entry) => `\n  in macro ${entry.macro}, called at ${entry.file}:${entry.line}:${entry.column}`,
  );
  const more = macroStack.length - shown.length;
  return head + lines.join('') + (more > 0 ? `\n  … and ${more} more calls` : '');
}

/** A message longer than a screen hides its first line, which is the one that matters. */
const stackLinesMax = 12;

/** An error of the operation itself; the evaluator adds the position when it passes by. */
export function jinjaError(code: JinjaErrorCode, detail: string, hint?: string): JinjaError {
  return new JinjaError(code, detail, hint === undefined ? {} : { hint });
}

export function typeError(detail: string, hint?: string): JinjaError {
  return jinjaError('jinja-type', detail, hint);
}

export function valueError(detail: string, hint?: string): JinjaError {
  return jinjaError('jinja-value', detail, hint);
}
