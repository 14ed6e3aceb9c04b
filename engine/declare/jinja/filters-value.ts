import { getAttribute, missingAttribute, readAttribute } from './attribute.ts';
import type { Filter } from './filter.ts';
import { defineFilter } from './filter-table.ts';
import { scaleExactly } from './float-format.ts';
import { isTrue } from './iterate.ts';
import { typeError, valueError } from './jinja-error.ts';
import { encodeJson } from './json-text.ts';
import { type Int, negate, normalizeInt, requireIndex, toInt, toNumber } from './number.ts';
import { prettyPrint } from './pretty-print.ts';
import { printValue, quoteText } from './print.ts';
import { type JinjaValue, NativeMarker, PyFloat, typeName, Undefined } from './values.ts';

const intPattern = /^\s*([+-]?)(\d+(?:_\d+)*)\s*$/;
const floatPattern = /^\s*[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?\s*$/i;

/** `float(text)`, or undefined where Python would refuse. */
function parseFloatText(text: string): number | undefined {
  if (floatPattern.test(text)) return Number(text.trim().replaceAll('_', ''));
  const special = /^\s*([+-]?)(inf|infinity|nan)\s*$/i.exec(text);
  if (special === null) return undefined;
  if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** `int(text, base)`, or undefined. */
function parseIntText(text: string, base = 10): Int | undefined {
  if (base === 10) {
    const match = intPattern.exec(text);
    if (match === null) return undefined;
    const size = BigInt((match[2] ?? '0').replaceAll('_', ''));
    return normalizeInt(match[1] === '-' ? -size : size);
  }
  const prefixes: Readonly<Record<number, RegExp>> = { 2: /^0b/i, 8: /^0o/i, 16: /^0x/i };
  const trimmed = text.trim().toLowerCase();
  const sign = /^[+-]/.test(trimmed) ? trimmed.charAt(0) : '';
  const digits = trimmed
    .slice(sign.length)
    .replace(prefixes[base] ?? /^$/, '')
    .replaceAll('_', '');
  if (digits === '' || base < 2 || base > 36) return undefined;
  let value = 0n;
  for (const char of digits) {
    const digit = Number.parseInt(char, 36);
    if (Number.isNaN(digit) || digit >= base) return undefined;
    value = value * BigInt(base) + BigInt(digit);
  }
  return normalizeInt(sign === '-' ? -value : value);
}

function truncateFloat(value: number): Int | undefined {
  return Number.isFinite(value) ? normalizeInt(BigInt(Math.trunc(value))) : undefined;
}

function convertInt(value: JinjaValue, fallback: JinjaValue, base: number): JinjaValue {
  const text = value instanceof NativeMarker ? value.text : value;
  if (typeof text === 'string') {
    const int = parseIntText(text, base);
    if (int !== undefined) return int;
    const float = parseFloatText(text);
    return (float === undefined ? undefined : truncateFloat(float)) ?? fallback;
  }
  if (text instanceof PyFloat) return truncateFloat(text.value) ?? fallback;
  if (text instanceof Undefined) return refuseStrict(text, fallback);
  return toInt(text) ?? fallback;
}

/** Jinja's conversions fail on any undefined value, permissive or not. */
function refuseStrict(value: Undefined, fallback: JinjaValue): JinjaValue {
  if (value.mode === 'capture') return fallback;
  throw typeError(value.complaint);
}

function convertFloat(value: JinjaValue, fallback: JinjaValue): JinjaValue {
  const text = value instanceof NativeMarker ? value.text : value;
  if (text instanceof Undefined) return refuseStrict(text, fallback);
  const number = typeof text === 'string' ? parseFloatText(text) : toNumber(text);
  return number === undefined ? fallback : new PyFloat(number);
}

function roundValue(value: JinjaValue, precision: number, method: JinjaValue): JinjaValue {
  const number = toNumber(value);
  if (number === undefined) throw typeError(`type ${typeName(value)} doesn't define __round__`);
  if (method === 'ceil' || method === 'floor') {
    const scale = 10 ** precision;
    const scaled = method === 'ceil' ? Math.ceil(number * scale) : Math.floor(number * scale);
    // Python’s are whole numbers by now, of which none is -0.
    return new PyFloat((scaled + 0) / scale);
  }
  if (method !== 'common') throw valueError('method must be common, ceil or floor');
  const int = toInt(value);
  if (int !== undefined) return roundInt(int, precision);
  if (!Number.isFinite(number)) return value;
  if (precision > 320) return value;
  const digits = scaleExactly(number, precision).toString();
  const rounded = Number(`${digits}e${-precision}`);
  return new PyFloat(number < 0 || Object.is(number, -0) ? -rounded : rounded);
}

function roundInt(value: Int, precision: number): Int {
  if (precision >= 0) return value;
  const unit = 10n ** BigInt(-precision);
  const big = BigInt(value);
  const rest = ((big % unit) + unit) % unit;
  const low = big - rest;
  const isUp = rest * 2n > unit || (rest * 2n === unit && (low / unit) % 2n !== 0n);
  return normalizeInt(isUp ? low + unit : low);
}

function absolute(value: JinjaValue): JinjaValue {
  const number = toNumber(value);
  if (number === undefined) throw typeError(`bad operand type for abs(): '${typeName(value)}'`);
  if (number < 0 || Object.is(number, -0)) return negate(value) ?? value;
  return toInt(value) ?? value;
}

function formatFileSize(value: JinjaValue, isBinary: boolean): string {
  const bytes = typeof value === 'string' ? parseFloatText(value) : toNumber(value);
  if (bytes === undefined && typeof value === 'string') {
    throw valueError(`could not convert string to float: ${quoteText(value)}`);
  }
  if (bytes === undefined) throw typeError('filesizeformat needs a number');
  const base = isBinary ? 1024 : 1000;
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const units = isBinary
    ? ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB']
    : ['kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
  const last = units.length - 1;
  const index = units.findIndex((_, i) => i === last || bytes < base ** (i + 2));
  const size = (base * bytes) / base ** (index + 2);
  return `${formatTenths(size)} ${units[index] ?? ''}`;
}

function formatTenths(value: number): string {
  const digits = scaleExactly(value, 1).toString().padStart(2, '0');
  return `${digits.slice(0, -1)}.${digits.slice(-1)}`;
}

function defaultTo(value: JinjaValue, fallback: JinjaValue, isFalseToo: boolean): JinjaValue {
  if (value instanceof Undefined || (isFalseToo && !isTrue(value))) return fallback;
  return value;
}

const markerKinds = ['bool', 'native', 'number', 'text'] as const;

/** dbt's `as_…` in native rendering: marks that `concatNative` reads. */
export const markerFilters: readonly [string, Filter][] = markerKinds.map((kind) =>
  defineFilter(`as_${kind}`, [], (value) => new NativeMarker(kind, printValue(value))),
);

export const valueFilters: readonly [string, Filter][] = [
  ...(['default', 'd'] as const).map((name) =>
    defineFilter(name, ['default_value?', 'boolean?'], (value, [fallback = '', isFalse = false]) =>
      defaultTo(value, fallback, isTrue(isFalse)),
    ),
  ),
  defineFilter('abs', [], absolute),
  defineFilter('int', ['default?', 'base?'], (value, [fallback = 0, base = 10]) =>
    convertInt(value, fallback, requireIndex(base, 'base')),
  ),
  defineFilter('float', ['default?'], (value, [fallback = new PyFloat(0)]) =>
    convertFloat(value, fallback),
  ),
  defineFilter('round', ['precision?', 'method?'], (value, [precision = 0, method = 'common']) =>
    roundValue(value, requireIndex(precision, 'precision'), method),
  ),
  defineFilter('filesizeformat', ['binary?'], (value, [isBinary = false]) =>
    formatFileSize(value, isTrue(isBinary)),
  ),
  defineFilter('attr', ['name'], (value, [name = null], { undefinedMode }) => {
    const text = printValue(name);
    if (value instanceof Undefined) {
      const found = getAttribute(value, text, undefinedMode);
      return found instanceof Promise ? null : found;
    }
    const found = readAttribute(value, text);
    if (found instanceof Promise) throw typeError('an attribute read by a filter must not wait');
    return found === undefined ? missingAttribute(value, text, undefinedMode) : found;
  }),
  defineFilter('tojson', ['indent?'], (value, [indent = null]) => {
    const spaces = indent === null ? undefined : requireIndex(indent, 'indent');
    const text = encodeJson(value, { isSorted: true, indent: spaces });
    return text.replace(/[<>&']/g, (char) => {
      return `\\u00${char.charCodeAt(0).toString(16)}`;
    });
  }),
  defineFilter('pprint', [], (value) => prettyPrint(value)),
  // Where text is rendered dbt's markers leave every value as it is.
  ...markerKinds.map((kind) => defineFilter(`as_${kind}`, [], (value) => value)),
];
