import { type BoundArguments, requireText, softText } from './bind-arguments.ts';
import { encodeUrl, escapeHtml, stripTags } from './escape-html.ts';
import type { Filter } from './filter.ts';
import { defineFilter } from './filter-table.ts';
import { isTrue, iterate, lengthOf, toList, tryIterate } from './iterate.ts';
import { typeError, valueError } from './jinja-error.ts';
import { linkUrls } from './link-urls.ts';
import { requireIndex } from './number.ts';
import { formatPercent, limitWidth } from './percent-format.ts';
import { printValue, quoteText } from './print.ts';
import { padText, replaceText } from './string-methods.ts';
import { cutText, splitLines, textLength } from './text.ts';
import { mapCase, stripText } from './text-change.ts';
import { type JinjaValue, PyDict, PyTuple, typeName, Undefined } from './values.ts';
import { wrapText } from './wrap-text.ts';

function indentText(text: string, args: BoundArguments): string {
  const [width = 4, isFirst = false, isBlank = false] = args;
  const indent =
    typeof width === 'string'
      ? width
      : ' '.repeat(limitWidth(Math.max(0, requireIndex(width, 'width'))));
  const lines = splitLines(`${text}\n`);
  const [head = '', ...tail] = lines;
  const hasBlank = isTrue(isBlank);
  const rest = tail.map((line) => (line !== '' || hasBlank ? indent + line : line));
  return (isTrue(isFirst) ? indent : '') + [head, ...rest].join('\n');
}

function truncateText(value: JinjaValue, args: BoundArguments): JinjaValue {
  const [length = 255, killWords = false, end = '...', leeway = null] = args;
  const size = requireIndex(length, 'length');
  const mark = printValue(end);
  const slack = leeway === null ? 5 : requireIndex(leeway, 'leeway');
  const markSize = textLength(mark);
  if (size < markSize) throw valueError(`expected length >= ${markSize}, got ${size}`);
  if (slack < 0) throw valueError(`expected leeway >= 0, got ${slack}`);
  if (lengthOf(value) <= size + slack) return value;
  const text = requireText(value, 'the value');
  const cut = cutText(text, 0, size - markSize);
  if (isTrue(killWords)) return cut + mark;
  const space = cut.lastIndexOf(' ');
  return (space === -1 ? cut : cut.slice(0, space)) + mark;
}

function titleText(text: string): string {
  return text
    .split(/([-\s({[<]+)/)
    .filter((part) => part !== '')
    .map((part) => mapCase(part, 'capitalize'))
    .join('');
}

const formatText: Filter = (value, args, kwargs) => {
  if (args.length > 0 && kwargs.size > 0) {
    throw typeError("can't handle positional and keyword arguments at the same time");
  }
  const values = kwargs.size > 0 ? PyDict.from(kwargs) : new PyTuple(args);
  return formatPercent(printValue(value), values);
};

function encodeQuery(value: JinjaValue): string {
  const items = value instanceof PyDict ? value.entries() : tryIterate(value);
  if (typeof value === 'string' || items === undefined) return encodeUrl(printValue(value), false);
  return Array.from(items, (pair) => {
    const [key, item, ...rest] = toList(pair);
    if (key === undefined || item === undefined || rest.length > 0) {
      throw valueError('urlencode needs a text, a mapping or pairs');
    }
    return `${encodeUrl(printValue(key), true)}=${encodeUrl(printValue(item), true)}`;
  }).join('&');
}

function writeAttributes(value: JinjaValue, [isSpaced = true]: BoundArguments): string {
  if (!(value instanceof PyDict)) throw typeError('xmlattr needs a mapping');
  const parts: string[] = [];
  for (const [key, item] of value.entries()) {
    if (item === null || item instanceof Undefined) continue;
    if (typeof key !== 'string') {
      throw typeError(`expected string or bytes-like object, got '${typeName(key)}'`);
    }
    const name = printValue(key);
    if (/[\s/>=]/.test(name)) {
      throw valueError(`Invalid character in attribute name: ${quoteText(name)}`);
    }
    parts.push(`${escapeHtml(name)}="${escapeHtml(printValue(item))}"`);
  }
  const text = parts.join(' ');
  return isTrue(isSpaced) && text !== '' ? ` ${text}` : text;
}

function wrapLines(text: string, args: BoundArguments): string {
  const [width = 79, isBroken = true, mark = null, isHyphen = true] = args;
  const size = requireIndex(width, 'width');
  if (size <= 0) throw valueError(`invalid width ${size} (must be > 0)`);
  const wrap = mark === null ? '\n' : printValue(mark);
  return splitLines(text)
    .map((line) => wrapText(line, size, isTrue(isBroken), isTrue(isHyphen)).join(wrap))
    .join(wrap);
}

/** A filter of a text alone. */
function plain(name: string, run: (text: string) => JinjaValue): [string, Filter] {
  return defineFilter(name, [], (value) => run(printValue(value)));
}

export const textFilters: readonly [string, Filter][] = [
  plain('upper', (text) => text.toUpperCase()),
  plain('lower', (text) => text.toLowerCase()),
  plain('capitalize', (text) => mapCase(text, 'capitalize')),
  plain('title', titleText),
  plain('string', (text) => text),
  plain('safe', (text) => text),
  plain('escape', escapeHtml),
  plain('e', escapeHtml),
  plain('forceescape', escapeHtml),
  plain('striptags', stripTags),
  plain('wordcount', (text) => (text.match(/[\p{L}\p{N}_]+/gu) ?? []).length),
  defineFilter('urlencode', [], encodeQuery),
  defineFilter('trim', ['chars?'], (value, [chars]) =>
    stripText(
      printValue(value),
      chars === undefined || chars === null ? undefined : printValue(chars),
    ),
  ),
  defineFilter('center', ['width?'], (value, [width = 80]) =>
    padText(printValue(value), [limitWidth(requireIndex(width, 'width'))], 'both'),
  ),
  defineFilter('replace', ['old', 'new', 'count?'], (value, [from, to, count = null]) =>
    replaceText(
      printValue(value),
      softText(from),
      softText(to),
      count === null ? -1 : requireIndex(count, 'count'),
    ),
  ),
  ['format', formatText],
  defineFilter('indent', ['width?', 'first?', 'blank?'], (value, args) =>
    indentText(requireText(value, 'the value'), args),
  ),
  defineFilter('truncate', ['length?', 'killwords?', 'end?', 'leeway?'], (value, args) =>
    truncateText(value, args),
  ),
  defineFilter(
    'wordwrap',
    ['width?', 'break_long_words?', 'wrapstring?', 'break_on_hyphens?'],
    (value, args) => wrapLines(requireText(value, 'the value'), args),
  ),
  defineFilter('xmlattr', ['autospace?'], writeAttributes),
  defineFilter(
    'urlize',
    ['trim_url_limit?', 'nofollow?', 'target?', 'rel?', 'extra_schemes?'],
    (value, [limit = null, noFollow = false, target = null, rel = null, schemes = null]) =>
      linkUrls(printValue(value), {
        limit: limit === null ? undefined : requireIndex(limit, 'trim_url_limit'),
        isNoFollow: isTrue(noFollow),
        target: target === null ? undefined : printValue(target),
        rel: rel === null ? '' : printValue(rel),
        schemes: schemes === null ? [] : Array.from(iterate(schemes), printValue),
      }),
  ),
];
