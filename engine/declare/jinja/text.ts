/** Python counts and cuts strings by code point; JavaScript by UTF-16 unit. */

const surrogate = /[\ud800-\udfff]/;

export function textLength(text: string): number {
  return surrogate.test(text) ? Array.from(text).length : text.length;
}

/** The code points of a text. For plain texts indexing the string itself gives the same. */
export function textUnits(text: string): string | string[] {
  return surrogate.test(text) ? Array.from(text) : text;
}

/** `text[start:stop]` for bounds already within the text. */
export function cutText(text: string, start: number, stop?: number): string {
  const units = textUnits(text);
  return typeof units === 'string' ? units.slice(start, stop) : units.slice(start, stop).join('');
}

export function reverseText(text: string): string {
  return Array.from(text).reverse().join('');
}

/** What Python's `str.isspace` calls space, and `strip` and `split` remove. */
export const pythonSpace =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const breaks = '\\n-\\r\\x1c-\\x1e\\x85\\u2028\\u2029';
const lineBreak = new RegExp(`\\r\\n|[${breaks}]`, 'g');

export function splitLines(text: string, keepEnds = false): string[] {
  const lines: string[] = [];
  let start = 0;
  for (const match of text.matchAll(lineBreak)) {
    const end = match.index + match[0].length;
    lines.push(text.slice(start, keepEnds ? end : match.index));
    start = end;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}
