import { bindArguments, type Kwargs, requireText } from './bind-arguments.ts';
import { type FieldReader, formatBraces } from './brace-format.ts';
import { iterate } from './iterate.ts';
import { typeError, valueError } from './jinja-error.ts';
import { requireIndex } from './number.ts';
import { cutText, pythonSpace, splitLines, textLength, textUnits } from './text.ts';
import { foldCase, mapCase, splitText, splitTextRight, stripText } from './text-change.ts';
import { type JinjaValue, PyDict, PyTuple, typeName } from './values.ts';

type Bound = readonly (JinjaValue | undefined)[];
type StringMethod = (text: string, args: readonly JinjaValue[], kwargs: Kwargs) => JinjaValue;

function method(
  name: string,
  parameters: readonly string[],
  run: (text: string, args: Bound) => JinjaValue,
): [string, StringMethod] {
  return [name, (text, args, kwargs) => run(text, bindArguments(name, parameters, args, kwargs))];
}

/** A character class check over the whole, non-empty text. */
function check(name: string, pattern: RegExp): [string, StringMethod] {
  return method(name, [], (text) => pattern.test(text));
}

function optionalText(value: JinjaValue | undefined, what: string): string | undefined {
  return value === undefined || value === null ? undefined : requireText(value, what);
}

function optionalIndex(value: JinjaValue | undefined): number | undefined {
  return value === undefined || value === null ? undefined : requireIndex(value, 'slice bound');
}

/** Where `needle` stands between two bounds, counted in code points; -1 where it does not. */
function findText(text: string, args: Bound, isLast: boolean): number {
  const needle = requireText(args[0], 'the text to find');
  const [start, stop] = clipBounds(text, args);
  if (start > stop) return -1;
  const window = cutText(text, start, stop);
  const at = isLast ? window.lastIndexOf(needle) : window.indexOf(needle);
  return at === -1 ? -1 : start + textLength(window.slice(0, at));
}

function clipBounds(text: string, args: Bound): [number, number] {
  const length = textLength(text);
  const clip = (at: number) => Math.max(0, at < 0 ? at + length : at);
  const start = clip(optionalIndex(args[1]) ?? 0);
  return [start, Math.min(length, clip(optionalIndex(args[2]) ?? length))];
}

function findOrThrow(text: string, args: Bound, isLast: boolean): number {
  const at = findText(text, args, isLast);
  if (at === -1) throw valueError('substring not found');
  return at;
}

function countText(text: string, args: Bound): number {
  const needle = requireText(args[0], 'the text to count');
  const [start, stop] = clipBounds(text, args);
  if (start > stop) return 0;
  const window = cutText(text, start, stop);
  return needle === '' ? textLength(window) + 1 : window.split(needle).length - 1;
}

function hasEdge(text: string, args: Bound, isEnd: boolean): boolean {
  const [edge] = args;
  const edges = edge instanceof PyTuple ? edge.items : [edge];
  const [start, stop] = clipBounds(text, args);
  if (start > stop) return false;
  const window = cutText(text, start, stop);
  return edges.some((item) => {
    const wanted = requireText(item, isEnd ? 'endswith argument' : 'startswith argument');
    return isEnd ? window.endsWith(wanted) : window.startsWith(wanted);
  });
}

export function replaceText(text: string, from: string, to: string, count: number): string {
  if (count < 0) return text.replaceAll(from, () => to);
  let out = '';
  let rest = text;
  for (let done = 0; done < count; done += 1) {
    if (from === '') {
      const [first] = Array.from(rest);
      out += to + (first ?? '');
      if (first === undefined) break;
      rest = rest.slice(first.length);
    } else {
      const at = rest.indexOf(from);
      if (at === -1) break;
      out += rest.slice(0, at) + to;
      rest = rest.slice(at + from.length);
    }
  }
  return out + rest;
}

type Side = 'left' | 'right' | 'both';

export function padText(text: string, args: Bound, side: Side): string {
  const width = requireIndex(args[0] ?? null, 'width');
  const fill = args[1] === undefined ? ' ' : requireText(args[1], 'the fill character');
  if (textLength(fill) !== 1) throw typeError('The fill character must be exactly one character');
  const missing = width - textLength(text);
  if (missing <= 0) return text;
  // CPython's rule for centring: the odd character goes left when the width is odd too.
  const left = side === 'both' ? (missing >> 1) + (missing & width & 1) : 0;
  if (side === 'left') return fill.repeat(missing) + text;
  if (side === 'right') return text + fill.repeat(missing);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

function zeroFill(text: string, width: number): string {
  const sign = /^[+-]/.test(text) ? text.charAt(0) : '';
  const digits = text.slice(sign.length);
  return sign + '0'.repeat(Math.max(0, width - textLength(text))) + digits;
}

function partition(text: string, separator: string, isLast: boolean): PyTuple {
  if (separator === '') throw valueError('empty separator');
  const at = isLast ? text.lastIndexOf(separator) : text.indexOf(separator);
  if (at === -1) return new PyTuple(isLast ? ['', '', text] : [text, '', '']);
  return new PyTuple([text.slice(0, at), separator, text.slice(at + separator.length)]);
}

function joinText(separator: string, items: JinjaValue): string {
  const parts: string[] = [];
  for (const item of iterate(items)) {
    if (typeof item !== 'string') {
      throw typeError(
        `sequence item ${parts.length}: expected str instance, ${typeName(item)} found`,
        'the filter |join(…) accepts any values',
      );
    }
    parts.push(item);
  }
  return parts.join(separator);
}

function expandTabs(text: string, size: number): string {
  let column = 0;
  let out = '';
  for (const char of textUnits(text)) {
    if (char === '\t') {
      const fill = size <= 0 ? 0 : size - (column % size);
      out += ' '.repeat(fill);
      column += fill;
    } else {
      out += char;
      column = char === '\n' || char === '\r' ? 0 : column + 1;
    }
  }
  return out;
}

function translate(text: string, table: JinjaValue): string {
  if (!(table instanceof PyDict)) throw typeError('translate() needs a dict of code points');
  let out = '';
  for (const char of text) {
    const to = table.get(char.codePointAt(0) ?? 0);
    if (to === undefined) out += char;
    else if (typeof to === 'number') out += String.fromCodePoint(to);
    else if (to !== null) out += requireText(to, 'the replacement');
  }
  return out;
}

const lines: [string, StringMethod][] = [
  method('upper', [], (text) => text.toUpperCase()),
  method('lower', [], (text) => mapCase(text, 'lower')),
  method('casefold', [], (text) => foldCase(text)),
  method('capitalize', [], (text) => mapCase(text, 'capitalize')),
  method('title', [], (text) => mapCase(text, 'title')),
  method('swapcase', [], (text) => mapCase(text, 'swap')),
  method('strip', ['chars?'], (text, [chars]) => stripText(text, optionalText(chars, 'chars'))),
  method('lstrip', ['chars?'], (text, [chars]) =>
    stripText(text, optionalText(chars, 'chars'), 'left'),
  ),
  method('rstrip', ['chars?'], (text, [chars]) =>
    stripText(text, optionalText(chars, 'chars'), 'right'),
  ),
  method('split', ['sep?', 'maxsplit?'], (text, [separator, most]) =>
    splitText(text, optionalText(separator, 'sep'), optionalIndex(most) ?? -1),
  ),
  method('rsplit', ['sep?', 'maxsplit?'], (text, [separator, most]) =>
    splitTextRight(text, optionalText(separator, 'sep'), optionalIndex(most) ?? -1),
  ),
  method('splitlines', ['keepends?'], (text, [keep]) => splitLines(text, keep === true)),
  method('join', ['iterable'], (text, [items]) => joinText(text, items ?? null)),
  method('replace', ['old', 'new', 'count?'], (text, [from, to, count]) =>
    replaceText(
      text,
      requireText(from, 'replace() argument 1'),
      requireText(to, 'replace() argument 2'),
      optionalIndex(count) ?? -1,
    ),
  ),
  method('startswith', ['prefix', 'start?', 'end?'], (text, args) => hasEdge(text, args, false)),
  method('endswith', ['suffix', 'start?', 'end?'], (text, args) => hasEdge(text, args, true)),
  method('find', ['sub', 'start?', 'end?'], (text, args) => findText(text, args, false)),
  method('rfind', ['sub', 'start?', 'end?'], (text, args) => findText(text, args, true)),
  method('index', ['sub', 'start?', 'end?'], (text, args) => findOrThrow(text, args, false)),
  method('rindex', ['sub', 'start?', 'end?'], (text, args) => findOrThrow(text, args, true)),
  method('count', ['sub', 'start?', 'end?'], countText),
  method('center', ['width', 'fillchar?'], (text, args) => padText(text, args, 'both')),
  method('ljust', ['width', 'fillchar?'], (text, args) => padText(text, args, 'right')),
  method('rjust', ['width', 'fillchar?'], (text, args) => padText(text, args, 'left')),
  method('zfill', ['width'], (text, [width]) =>
    zeroFill(text, requireIndex(width ?? null, 'width')),
  ),
  method('partition', ['sep'], (text, [separator]) =>
    partition(text, requireText(separator, 'sep'), false),
  ),
  method('rpartition', ['sep'], (text, [separator]) =>
    partition(text, requireText(separator, 'sep'), true),
  ),
  method('removeprefix', ['prefix'], (text, [prefix]) => {
    const edge = requireText(prefix, 'prefix');
    return text.startsWith(edge) ? text.slice(edge.length) : text;
  }),
  method('removesuffix', ['suffix'], (text, [suffix]) => {
    const edge = requireText(suffix, 'suffix');
    return edge !== '' && text.endsWith(edge) ? text.slice(0, -edge.length) : text;
  }),
  method('expandtabs', ['tabsize?'], (text, [size]) => expandTabs(text, optionalIndex(size) ?? 8)),
  method('translate', ['table'], (text, [table]) => translate(text, table ?? null)),
  check('isdigit', /^[\p{Nd}\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089]+$/u),
  check('isdecimal', /^\p{Nd}+$/u),
  check('isnumeric', /^\p{N}+$/u),
  check('isalpha', /^\p{L}+$/u),
  check('isalnum', /^[\p{L}\p{N}]+$/u),
  check('isascii', /^[\0-\x7f]*$/),
  check('isidentifier', /^[\p{ID_Start}_]\p{ID_Continue}*$/u),
  check('isprintable', /^[^\p{C}\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/u),
  check('isspace', new RegExp(`^[${pythonSpace}]+$`)),
  method('islower', [], (text) => isLowerText(text)),
  method('isupper', [], (text) => isUpperText(text)),
  method('istitle', [], (text) => /\p{L}/u.test(text) && mapCase(text, 'title') === text),
];

export function isLowerText(text: string): boolean {
  return /\p{Ll}/u.test(text) && !/[\p{Lu}\p{Lt}]/u.test(text);
}

export function isUpperText(text: string): boolean {
  return /\p{Lu}/u.test(text) && !/[\p{Ll}\p{Lt}]/u.test(text);
}

const methods: ReadonlyMap<string, StringMethod> = new Map(lines);

/** The method `name` of strings, or undefined. `read` serves the field names of `format`. */
export function findStringMethod(name: string, read: FieldReader): StringMethod | undefined {
  if (name === 'format') return (text, args, kwargs) => formatBraces(text, args, kwargs, read);
  if (name === 'format_map') {
    return (text, args) => {
      const [map] = args;
      if (!(map instanceof PyDict)) throw typeError('format_map() needs a dict');
      const named = new Map(map.entries().map(([key, value]) => [String(key), value]));
      return formatBraces(text, [], named, read);
    };
  }
  return methods.get(name);
}
