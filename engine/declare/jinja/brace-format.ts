import { formatFloat } from './float-format.ts';
import { jinjaError, typeError, valueError } from './jinja-error.ts';
import { toInt } from './number.ts';
import { formatMagnitude, limitWidth } from './percent-format.ts';
import { printValue, reprValue } from './print.ts';
import { textLength } from './text.ts';
import { type JinjaValue, PyFloat, typeName } from './values.ts';

/** How a field reads parts of its value: `.name` and `[key]`. */
export type FieldReader = (value: JinjaValue, key: string | number, isItem: boolean) => JinjaValue;

interface FormatState {
  readonly args: readonly JinjaValue[];
  readonly kwargs: ReadonlyMap<string, JinjaValue>;
  readonly read: FieldReader;
  next: number;
}

/** `text.format(*args, **kwargs)`. */
export function formatBraces(
  text: string,
  args: readonly JinjaValue[],
  kwargs: ReadonlyMap<string, JinjaValue>,
  read: FieldReader,
): string {
  return expand(text, { args, kwargs, read, next: 0 }, 0);
}

function expand(text: string, state: FormatState, depth: number): string {
  if (depth > 2) throw valueError('Max string recursion exceeded');
  let out = '';
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char !== '{' && char !== '}') {
      const end = text.slice(at).search(/[{}]/);
      const stop = end === -1 ? text.length : at + end;
      out += text.slice(at, stop);
      at = stop;
    } else if (text.charAt(at + 1) === char) {
      out += char;
      at += 2;
    } else if (char === '}') {
      throw valueError("Single '}' encountered in format string");
    } else {
      const end = findClose(text, at);
      out += expandField(text.slice(at + 1, end), state, depth);
      at = end + 1;
    }
  }
  return out;
}

function findClose(text: string, open: number): number {
  let level = 0;
  for (let i = open; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char === '{') level += 1;
    else if (char === '}') {
      level -= 1;
      if (level === 0) return i;
    }
  }
  throw valueError(
    open === text.length - 1
      ? "Single '{' encountered in format string"
      : "expected '}' before end of string",
  );
}

function expandField(field: string, state: FormatState, depth: number): string {
  const match = /^((?:[^!:[]|\[[^\]]*\])*)(?:!(.?))?(?::(.*))?$/s.exec(field);
  if (match === null) throw valueError(`invalid format field {${field}}`);
  const [, name = '', conversion, spec = ''] = match;
  let value = findField(name, state);
  if (conversion === 'r' || conversion === 'a') value = reprValue(value);
  else if (conversion === 's') value = printValue(value);
  else if (conversion !== undefined) throw valueError(`Unknown conversion specifier ${conversion}`);
  return formatSpec(value, expand(spec, state, depth + 1));
}

function findField(name: string, state: FormatState): JinjaValue {
  const [head = ''] = /^[^.[]*/.exec(name) ?? [];
  let value: JinjaValue | undefined;
  if (head === '' || /^\d+$/.test(head)) {
    const index = head === '' ? state.next++ : Number(head);
    value = state.args[index];
    if (value === undefined) {
      throw valueError(`Replacement index ${index} out of range for positional args tuple`);
    }
  } else {
    value = state.kwargs.get(head);
    if (value === undefined) throw jinjaError('jinja-value', `the format names a missing ${head}`);
  }
  for (const part of name.slice(head.length).matchAll(/\.([^.[]+)|\[([^\]]+)\]/g)) {
    const item = part[2];
    if (item === undefined) value = state.read(value, part[1] ?? '', false);
    else value = state.read(value, /^\d+$/.test(item) ? Number(item) : item, true);
  }
  return value;
}

interface Spec {
  readonly fill: string;
  readonly align: string;
  readonly sign: string;
  readonly isAlternate: boolean;
  readonly width: number;
  readonly group: string;
  readonly precision: number | undefined;
  readonly type: string;
}

const specPattern = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su;

function parseSpec(text: string, value: JinjaValue): Spec {
  const match = specPattern.exec(text);
  if (match === null) throw valueError(`Invalid format specifier '${text}'`);
  const [, fill, align, sign = '-', alternate, zero, width, group = '', precision, type] = match;
  const isNumber = typeof value !== 'string';
  return {
    fill: fill ?? (zero === undefined ? ' ' : '0'),
    align: align ?? (isNumber ? (zero === undefined ? '>' : '=') : '<'),
    sign,
    isAlternate: alternate !== undefined,
    width: limitWidth(Number(width ?? 0)),
    group,
    precision: precision === undefined ? undefined : limitWidth(Number(precision)),
    type: type ?? '',
  };
}

/** `format(value, spec)`. */
function formatSpec(value: JinjaValue, text: string): string {
  if (text === '') return printValue(value);
  const isFloat = value instanceof PyFloat;
  const int = typeof value === 'boolean' && text !== '' ? Number(value) : toInt(value);
  if (int === undefined && !isFloat) {
    if (typeof value !== 'string') {
      throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`);
    }
    return formatTextSpec(value, parseSpec(text, value));
  }
  const spec = parseSpec(text, value);
  if (isFloat)
    return formatNumberSpec(
      floatDigits(value.value, spec),
      value.value < 0 || Object.is(value.value, -0),
      spec,
    );
  if (int === undefined) return '';
  if (/[eEfFgG%]/.test(spec.type)) {
    return formatNumberSpec(floatDigits(Number(int), spec), int < 0, spec);
  }
  return formatNumberSpec(intDigits(int, spec), int < 0, spec);
}

function formatTextSpec(value: string, spec: Spec): string {
  if (spec.type !== '' && spec.type !== 's') {
    throw valueError(`Unknown format code '${spec.type}' for object of type 'str'`);
  }
  if (spec.group !== '') throw valueError(`Cannot specify '${spec.group}' with 's'.`);
  const units = Array.from(value);
  const body = spec.precision === undefined ? value : units.slice(0, spec.precision).join('');
  return align(body, '', spec);
}

function intDigits(int: number | bigint, spec: Spec): string {
  const size = int < 0 ? -int : int;
  switch (spec.type) {
    case '':
    case 'd':
    case 'n':
      return group(String(size), spec.group, 3);
    case 'b':
      return (spec.isAlternate ? '0b' : '') + group(size.toString(2), spec.group, 4);
    case 'o':
      return (spec.isAlternate ? '0o' : '') + group(size.toString(8), spec.group, 4);
    case 'x':
      return (spec.isAlternate ? '0x' : '') + group(size.toString(16), spec.group, 4);
    case 'X':
      return (spec.isAlternate ? '0X' : '') + group(size.toString(16).toUpperCase(), spec.group, 4);
    case 'c':
      return String.fromCodePoint(Number(size));
    default:
      throw valueError(`Unknown format code '${spec.type}' for object of type 'int'`);
  }
}

function floatDigits(value: number, spec: Spec): string {
  const flags = spec.isAlternate ? '#' : '';
  let text: string;
  if (spec.type === '' || spec.type === 'n') {
    text =
      spec.precision === undefined
        ? formatFloat(Math.abs(value))
        : generalWithPoint(value, spec.precision);
  } else if (spec.type === '%') {
    text = `${formatMagnitude(value * 100, 'f', spec.precision ?? 6)}%`;
  } else if (/[eEfFgG]/.test(spec.type)) {
    text = formatMagnitude(value, spec.type, spec.precision ?? 6, flags);
  } else {
    throw valueError(`Unknown format code '${spec.type}' for object of type 'float'`);
  }
  const [whole = '', ...rest] = text.split(/(?=[.e%])/);
  return group(whole, spec.group, 3) + rest.join('');
}

/** The nameless float format: `g`, but never without a digit after the point. */
function generalWithPoint(value: number, precision: number): string {
  const text = formatMagnitude(value, 'g', precision);
  return /[.en]/.test(text) ? text : `${text}.0`;
}

function group(digits: string, mark: string, every: number): string {
  if (mark === '' || !/^[\da-fA-F]+$/.test(digits)) return digits;
  return digits.replace(new RegExp(`\\B(?=([\\da-fA-F]{${every}})+$)`, 'g'), mark);
}

function formatNumberSpec(digits: string, isNegative: boolean, spec: Spec): string {
  const sign = isNegative ? '-' : spec.sign === '-' ? '' : spec.sign;
  return align(digits, sign, spec);
}

function align(body: string, sign: string, spec: Spec): string {
  const missing = Math.max(0, spec.width - textLength(sign + body));
  const fill = (count: number) => spec.fill.repeat(count);
  switch (spec.align) {
    case '<':
      return sign + body + fill(missing);
    case '^':
      return fill(Math.floor(missing / 2)) + sign + body + fill(Math.ceil(missing / 2));
    case '=':
      return sign + fill(missing) + body;
    default:
      return fill(missing) + sign + body;
  }
}
