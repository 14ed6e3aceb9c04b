import { leavePlain } from './plain-scalar.ts';

/** A text by its lines, and the place that is read up to. */
export interface PlainLines {
  readonly text: string;
  /** The offset of each line. */
  readonly starts: readonly number[];
  /** The line at hand, and the column of what is not read of it yet; beyond the last line: -1. */
  line: number;
  column: number;
  /** The offset of what is not read yet. */
  here(): number;
  /** The offset behind the line at hand. */
  end(): number;
  /** Of the line at hand, from an offset in it on: what is left is read next. */
  moveTo(offset: number): void;
  /** To the next line with something on it besides a comment. */
  advance(): void;
  /** To the next line, whatever is on it; the column is that of its first letter, or -1. */
  step(): void;
  /** What stands here is a dash: an item of a list. */
  isDash(): boolean;
  isComment(): boolean;
  skipSpaces(from: number): number;
}

export function openLines(text: string): PlainLines {
  const starts = findLines(text);
  const endOf = (line: number): number => (starts[line + 1] ?? text.length + 1) - 1;
  const indentOf = (line: number): number => {
    const start = starts[line] ?? text.length;
    const end = endOf(line);
    let at = start;
    while (at < end && text[at] === ' ') at += 1;
    return at === end ? -1 : at - start;
  };
  const lines: PlainLines = {
    text,
    starts,
    line: -1,
    column: -1,
    here: () => (starts[lines.line] ?? text.length) + lines.column,
    end: () => endOf(lines.line),
    moveTo: (offset) => {
      lines.column = offset - (starts[lines.line] ?? 0);
    },
    advance: () => {
      do lines.step();
      while (lines.line < starts.length && (lines.column === -1 || lines.isComment()));
    },
    step: () => {
      lines.line += 1;
      lines.column = lines.line < starts.length ? indentOf(lines.line) : -1;
    },
    isDash: () => {
      const at = lines.here();
      return text[at] === '-' && (at + 1 === lines.end() || text[at + 1] === ' ');
    },
    isComment: () => text[lines.here()] === '#',
    skipSpaces: (from) => {
      let at = from;
      while (text[at] === ' ') at += 1;
      return at;
    },
  };
  return lines;
}

/** Nothing but a comment may follow, with a space before it. */
export function endLine(lines: PlainLines, from: number): void {
  const at = lines.skipSpaces(from);
  if (at < lines.end() && (lines.text[at] !== '#' || at === from)) leavePlain();
}

function findLines(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
