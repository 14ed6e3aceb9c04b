import { formatExponent, formatFixed, formatGeneral } from './float-format.ts';
import { jinjaError, typeError, valueError } from './jinja-error.ts';
import { toInt, toNumber } from './number.ts';
import { printValue, reprValue } from './print.ts';
import { type JinjaValue, PyDict, PyFloat, PyTuple, typeName, Undefined } from './values.ts';

/** The widest field or precision a format may ask for. */
const formatWidthMax = 100_000;

const directive = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?(.)?/gsu;

interface Field {
  readonly flags: string;
  readonly width: number;
  /** Undefined when no precision was written. */
  readonly precision: number | undefined;
  readonly type: string;
}

/** `format % values`: printf-style formatting with Python's rules. */
export function formatPercent(format: string, values: JinjaValue): string {
  const items = values instanceof PyTuple ? values.items : [values];
  let next = 0;
  let isMapped = false;
  const take = (): JinjaValue => {
    const item = items[next];
    if (item === undefined) throw typeError('not enough arguments for format string');
    next += 1;
    return item;
  };
  const text = format.replace(directive, (whole, ...groups: (string | undefined)[]) => {
    const [key, flags = '', width, precision, type] = groups;
    if (type === undefined) throw valueError('incomplete format');
    if (type === '%') return '%';
    const isLeft = width === '*';
    const wide = isLeft ? Number(toInt(take()) ?? 0) : Number(width ?? 0);
    const exact = precision === '*' ? Number(toInt(take()) ?? 0) : precision;
    if (key !== undefined) isMapped = true;
    const field: Field = {
      flags: wide < 0 ? `${flags}-` : flags,
      width: limitWidth(Math.abs(wide)),
      precision: whole.includes('.') ? limitWidth(Number(exact ?? 0)) : undefined,
      type,
    };
    return formatField(field, key === undefined ? take() : lookUp(values, key));
  });
  const isLeftOver = next < items.length && !(isMapped || isMapping(values));
  if (isLeftOver) throw typeError('not all arguments converted during string formatting');
  return text;
}

function isMapping(values: JinjaValue): boolean {
  return values instanceof PyDict || Array.isArray(values) || values instanceof Undefined;
}

function lookUp(values: JinjaValue, key: string): JinjaValue {
  if (!(values instanceof PyDict)) throw typeError('format requires a mapping');
  const value = values.get(key);
  if (value === undefined) throw jinjaError('jinja-value', `the format names a missing key ${key}`);
  return value;
}

export function limitWidth(width: number): number {
  if (width > formatWidthMax) {
    throw jinjaError('jinja-size', `a format field wider than ${formatWidthMax} characters`);
  }
  return width;
}

function formatField(field: Field, value: JinjaValue): string {
  switch (field.type) {
    case 's':
      return pad(field, cut(field, printValue(value)), false);
    case 'r':
    case 'a':
      return pad(field, cut(field, reprValue(value)), false);
    case 'c':
      return pad(field, formatChar(value), false);
    case 'd':
    case 'i':
    case 'u':
      return formatDecimal(field, value);
    case 'x':
    case 'X':
    case 'o':
      return formatRadix(field, value);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return formatReal(field, value);
    default:
      throw valueError(`unsupported format character '${field.type}'`);
  }
}

function cut(field: Field, text: string): string {
  return field.precision === undefined ? text : Array.from(text).slice(0, field.precision).join('');
}

function formatChar(value: JinjaValue): string {
  if (typeof value === 'string' && Array.from(value).length === 1) return value;
  const code = toInt(value);
  if (code === undefined || code < 0 || code > 0x10ffff) {
    throw typeError('%c requires an int in range(0x110000) or a single character');
  }
  return String.fromCodePoint(Number(code));
}

function formatDecimal(field: Field, value: JinjaValue): string {
  const int = value instanceof PyFloat ? BigInt(Math.trunc(value.value)) : toInt(value);
  if (int === undefined) {
    throw typeError(
      `%${field.type} format: a real number is required, not ${typeName(value)}`,
      'pipe the value through |int first',
    );
  }
  const digits = String(int < 0 ? -int : int).padStart(field.precision ?? 0, '0');
  return pad(field, digits, true, int < 0);
}

function formatRadix(field: Field, value: JinjaValue): string {
  const int = toInt(value);
  if (int === undefined) {
    throw typeError(`%${field.type} format: an integer is required, not ${typeName(value)}`);
  }
  const radix = field.type === 'o' ? 8 : 16;
  let digits = (int < 0 ? -int : int).toString(radix).padStart(field.precision ?? 0, '0');
  if (field.flags.includes('#')) digits = `0${field.type === 'o' ? 'o' : 'x'}${digits}`;
  if (field.type === 'X') digits = digits.toUpperCase();
  return pad(field, digits, true, int < 0);
}

function formatReal(field: Field, value: JinjaValue): string {
  const number = toNumber(value);
  if (number === undefined) throw typeError(`must be real number, not ${typeName(value)}`);
  const digits = formatMagnitude(number, field.type, field.precision ?? 6, field.flags);
  return pad(field, digits, true, number < 0 || Object.is(number, -0));
}

/** The digits of `|value|` in format `e`, `f` or `g`; capitals when the type is one. */
export function formatMagnitude(
  value: number,
  type: string,
  precision: number,
  flags = '',
): string {
  const isUpper = type !== type.toLowerCase();
  let text: string;
  if (!Number.isFinite(value)) text = Number.isNaN(value) ? 'nan' : 'inf';
  else if (type === 'e' || type === 'E') text = formatExponent(value, precision);
  else if (type === 'f' || type === 'F') text = formatFixed(value, precision);
  else text = formatGeneral(value, precision, flags.includes('#'));
  return isUpper ? text.toUpperCase() : text;
}

function pad(field: Field, body: string, isNumber: boolean, isNegative = false): string {
  const { flags, width } = field;
  let sign = '';
  if (isNumber) {
    if (isNegative) sign = '-';
    else if (flags.includes('+')) sign = '+';
    else if (flags.includes(' ')) sign = ' ';
  }
  const size = Array.from(sign + body).length;
  const fill = Math.max(0, width - size);
  if (flags.includes('-')) return sign + body + ' '.repeat(fill);
  if (isNumber && flags.includes('0')) return sign + '0'.repeat(fill) + body;
  return ' '.repeat(fill) + sign + body;
}
