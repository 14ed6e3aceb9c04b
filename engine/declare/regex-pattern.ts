import { messageOf } from '../words/errors.ts';
import { typeError } from './jinja/jinja-error.ts';

/** Python's numbers for the flags of `re`. */
export const regexFlags = { I: 2, M: 8, S: 16, X: 64, A: 256 } as const;

/** What Python writes and JavaScript does not, piece by piece; a class of signs is one piece. */
const pieces =
  /\\([\s\S])|\(\?P<|\(\?P=(\w+)\)|\(\?#[^)]*\)|\[(\^?)(\]?)((?:\\[\s\S]|[^\]\\])*)\]|\{(\d*)(,?)(\d*)\}|[{}$]|\s+|#[^\n]*/gu;

const meaningfulEscape = /[A-Za-z0-9^$\\.*+?()[\]{}|/]/;
const textEnd = '(?![\\s\\S])';

/** `\A` and `\Z` are the text's ends whatever the flags; other signs may all be escaped. */
function toEscape(sign: string): string {
  if (sign === 'A') return '(?<![\\s\\S])';
  if (sign === 'Z') return textEnd;
  return meaningfulEscape.test(sign) ? `\\${sign}` : sign === '-' ? '\\x2d' : sign;
}

function toClass(negated: string, closing: string, rest: string): string {
  const inner = rest.replace(/\\([\s\S])/gu, (found, sign: string) =>
    sign === '-' || meaningfulEscape.test(sign) ? found : sign,
  );
  return `[${negated}${closing === '' ? '' : '\\]'}${inner}]`;
}

/** A brace that does not count stands for itself. */
function toCount(found: string, least: string, comma: string, most: string): string {
  if (least === '' && comma === '') return found.replace(/[{}]/gu, '\\$&');
  return `{${least || '0'}${comma}${most}}`;
}

/**
 * A pattern of Python's `re` for JavaScript's engine: flags at its beginning, `(?P<name>`,
 * `(?P=name)`, comments, verbose layout, `\A`, `\Z`, `{,3}`, and a `$` that also stands before the
 * last line's end.
 *
 * @throws JinjaError TypeError where JavaScript does not know the pattern.
 */
export function toRegExp(pattern: string, flags: number): RegExp {
  const [inline = ''] = /^(?:\s*\(\?[aimsux]+\))*/u.exec(pattern) ?? [];
  const has = (letter: string, flag: number): boolean =>
    inline.includes(letter) || (flags & flag) !== 0;
  const isVerbose = has('x', regexFlags.X);
  const isMultiline = has('m', regexFlags.M);
  const source = pattern
    .slice(inline.length)
    .replace(pieces, (found, escaped, named, negated, closing, rest, least, comma, most) => {
      if (escaped !== undefined) return toEscape(escaped);
      if (found === '(?P<') return '(?<';
      if (named !== undefined) return `\\k<${named}>`;
      if (found.startsWith('(?#')) return '';
      if (rest !== undefined) return toClass(negated, closing, rest);
      if (comma !== undefined) return toCount(found, least, comma, most);
      if (found === '{' || found === '}') return `\\${found}`;
      if (found === '$') return isMultiline ? '$' : `(?=\\n?${textEnd})`;
      return isVerbose ? '' : found;
    });
  const letters = [has('i', regexFlags.I) ? 'i' : '', isMultiline ? 'm' : ''];
  if (has('s', regexFlags.S)) letters.push('s');
  try {
    return new RegExp(source, `gu${letters.join('')}`);
  } catch (error) {
    throw typeError(`"${pattern}" is not a pattern that is understood here: ${messageOf(error)}`);
  }
}
