import type { PlainLines } from './plain-lines.ts';
import { isPlainStart, leavePlain, resolvePlain } from './plain-scalar.ts';

/** How a line may go on with the text of the one before; YAML allows more. */
const oddLine = /^[^\w(]|: |:$| #/;

/** A scalar without quotes, over as many lines as are deeper than `parent`. */
export function readPlainScalar(lines: PlainLines, parent: number): unknown {
  const { text } = lines;
  const offset = lines.here();
  if (!isPlainStart(text, offset)) leavePlain();
  const written = text.slice(offset, lines.end());
  const comment = written.indexOf(' #');
  const first = (comment === -1 ? written : written.slice(0, comment)).trimEnd();
  if (first.includes(': ') || first.endsWith(':')) leavePlain();
  const parts = [first];
  for (lines.step(); lines.column > parent && !lines.isComment(); lines.step()) {
    const more = text.slice(lines.here(), lines.end()).trimEnd();
    if (oddLine.test(more) || comment !== -1) leavePlain();
    parts.push(more);
  }
  toContent(lines);
  return parts.length === 1 ? resolvePlain(first) : parts.join(' ');
}

/** A block of text behind `|` or `>`, with or without `-`. */
export function readTextBlock(lines: PlainLines, parent: number): string {
  const { text } = lines;
  const header = /^([|>])(-?) *$/.exec(text.slice(lines.here(), lines.end()));
  if (header === null) return leavePlain();
  let indent = -1;
  const parts: string[] = [];
  for (lines.step(); lines.line < lines.starts.length; lines.step()) {
    const start = lines.starts[lines.line] ?? 0;
    if (lines.column === -1) {
      // Spaces alone are text where there are enough of them.
      if (indent === -1 || lines.end() - start > indent) leavePlain();
      parts.push('');
      continue;
    }
    if (lines.column <= parent) break;
    if (indent === -1) indent = lines.column;
    if (lines.column < indent) leavePlain();
    parts.push(text.slice(start + indent, lines.end()));
  }
  while (parts.at(-1) === '') parts.pop();
  if (parts.length === 0) leavePlain();
  // As Python's reader has it: no line break where the file has none.
  const isAtEnd = lines.line >= lines.starts.length && !text.endsWith('\n');
  toContent(lines);
  const body = header[1] === '|' ? parts.join('\n') : foldLines(parts);
  return header[2] === '-' || isAtEnd ? body : `${body}\n`;
}

/** From a line that may say nothing to one that does. */
function toContent(lines: PlainLines): void {
  const isContent = lines.column !== -1 && !lines.isComment();
  if (!isContent && lines.line < lines.starts.length) lines.advance();
}

/** Lines of one paragraph in one; the lines between paragraphs are breaks. */
function foldLines(parts: readonly string[]): string {
  let folded = '';
  let breaks = 0;
  for (const [index, part] of parts.entries()) {
    if (part.startsWith(' ')) leavePlain();
    if (part === '') breaks += 1;
    else {
      folded += index === 0 ? part : `${breaks === 0 ? ' ' : '\n'.repeat(breaks)}${part}`;
      breaks = 0;
    }
  }
  return folded;
}
