import type { SourcePosition } from './jinja-error.ts';

/** A template's text with newlines made `\n`, and where its lines start. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
  readonly lineStarts: readonly number[];
}

export function createSourceText(source: string, file: string, keepTrailing: boolean): SourceText {
  let text = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source;
  if (!keepTrailing && text.endsWith('\n')) text = text.slice(0, -1);
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    lineStarts.push(at + 1);
  }
  return { file, text, lineStarts };
}

/** Line and column of an offset, both from 1. */
export function findPosition(
  source: Pick<SourceText, 'file' | 'lineStarts'>,
  at: number,
): SourcePosition {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return { file: source.file, line: low + 1, column: at - (source.lineStarts[low] ?? 0) + 1 };
}
