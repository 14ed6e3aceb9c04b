import { valueError } from './jinja-error.ts';
import { pythonSpace } from './text.ts';

/** Lower case as Python has it. JavaScript agrees, final sigma included. */
export function mapCase(text: string, way: 'lower' | 'capitalize' | 'title' | 'swap'): string {
  switch (way) {
    case 'lower':
      return text.toLowerCase();
    case 'capitalize': {
      const [first = ''] = Array.from(text);
      const [head = '', ...more] = Array.from(first.toUpperCase());
      return head + (more.join('') + text.slice(first.length)).toLowerCase();
    }
    case 'title':
      return text.replace(/\p{L}+/gu, (word) => mapCase(word, 'capitalize'));
    case 'swap':
      return Array.from(text, (char) =>
        char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase(),
      ).join('');
  }
}

export function foldCase(text: string): string {
  return text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ');
}

const spaceLeft = new RegExp(`^[${pythonSpace}]+`);
const isSpace = new RegExp(`[${pythonSpace}]`);

export function stripText(
  text: string,
  chars?: string,
  side: 'left' | 'right' | 'both' = 'both',
): string {
  if (chars === undefined) {
    let out = text;
    if (side !== 'right') out = out.replace(spaceLeft, '');
    if (side !== 'left') out = trimSpaceRight(out);
    return out;
  }
  const set = new Set(Array.from(chars));
  const units = Array.from(text);
  let start = 0;
  let stop = units.length;
  if (side !== 'right') while (start < stop && set.has(units[start] ?? '')) start += 1;
  if (side !== 'left') while (stop > start && set.has(units[stop - 1] ?? '')) stop -= 1;
  return units.slice(start, stop).join('');
}

/** Without a regular expression: `\s+$` is quadratic on long runs of space inside a text. */
export function trimSpaceRight(text: string): string {
  let stop = text.length;
  while (stop > 0 && isSpace.test(text.charAt(stop - 1))) stop -= 1;
  return text.slice(0, stop);
}

export function splitText(text: string, separator: string | undefined, most: number): string[] {
  const limit = most < 0 ? Number.POSITIVE_INFINITY : most;
  if (separator === undefined) return splitSpace(text, limit);
  if (separator === '') throw valueError('empty separator');
  const parts = text.split(separator);
  if (parts.length - 1 <= limit) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(separator)];
}

function splitSpace(text: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = text.replace(spaceLeft, '');
  while (rest !== '') {
    if (parts.length >= limit) {
      parts.push(rest);
      break;
    }
    const end = rest.search(isSpace);
    parts.push(end === -1 ? rest : rest.slice(0, end));
    rest = end === -1 ? '' : rest.slice(end).replace(spaceLeft, '');
  }
  return parts;
}

export function splitTextRight(
  text: string,
  separator: string | undefined,
  most: number,
): string[] {
  if (most < 0) return splitText(text, separator, most);
  if (separator === undefined) return splitSpaceRight(text, most);
  if (separator === '') throw valueError('empty separator');
  const parts = text.split(separator);
  if (parts.length - 1 <= most) return parts;
  const cut = parts.length - most;
  return [parts.slice(0, cut).join(separator), ...parts.slice(cut)];
}

function splitSpaceRight(text: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = trimSpaceRight(text);
  while (rest !== '') {
    if (parts.length >= limit) {
      parts.unshift(rest);
      break;
    }
    let start = rest.length;
    while (start > 0 && !isSpace.test(rest.charAt(start - 1))) start -= 1;
    parts.unshift(rest.slice(start));
    rest = trimSpaceRight(rest.slice(0, start));
  }
  return parts;
}
