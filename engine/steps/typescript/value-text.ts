import {
  formatColumnType,
  type ScriptColumn,
  type ScriptType,
} from '../../declare/typescript/column-spec.ts';

/** The value as text that casts to the column's type exactly; undefined: it is not of the type. */
export type WriteValue = (value: unknown) => string | undefined;

const bigintMax = 2n ** 63n - 1n;
const bigintMin = -(2n ** 63n);
const integerMax = 2 ** 31 - 1;
const integerMin = -(2 ** 31);

const datePattern = /^(\d{4})-(\d{2})-(\d{2})$/;
const timePattern = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?$/;
const stampPattern =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d{1,6})?(Z|[+-]\d{2}:?\d{2})?$/;

const writers: Readonly<Record<Exclude<ScriptType, 'decimal'>, WriteValue>> = {
  boolean: (value) => (typeof value === 'boolean' ? String(value) : undefined),
  integer: (value) =>
    Number.isInteger(value) && Number(value) >= integerMin && Number(value) <= integerMax
      ? String(value)
      : undefined,
  bigint: (value) => {
    if (typeof value === 'bigint') {
      return value >= bigintMin && value <= bigintMax ? String(value) : undefined;
    }
    return Number.isSafeInteger(value) ? String(value) : undefined;
  },
  double: (value) => (typeof value === 'number' ? String(value) : undefined),
  // Half of a surrogate pair is no text in any warehouse.
  varchar: (value) => (typeof value === 'string' && value.isWellFormed() ? value : undefined),
  date: (value) => (typeof value === 'string' && isDate(value) ? value : undefined),
  time: (value) => (typeof value === 'string' && timePattern.test(value) ? value : undefined),
  timestamp: writeStamp,
  json: (value) => (typeof value === 'string' && isJson(value) ? value : undefined),
};

export function chooseWriter(column: ScriptColumn): WriteValue {
  return column.type === 'decimal' ? writeDecimal(column) : writers[column.type];
}

/** Tells whether both are values of the type, and one value, however they are written. */
export function chooseComparison(column: ScriptColumn): (left: unknown, right: unknown) => boolean {
  const write = chooseWriter(column);
  const isFractional = /^(decimal|time)/.test(column.type);
  const textOf = (value: unknown): string | undefined => {
    const text = value === null || value === undefined ? undefined : write(value);
    if (!isFractional) return text;
    return text
      ?.replace(/^(-?)0+(?=\d)/, '$1')
      .replace(/(\.\d*?)0+$/, '$1')
      .replace(/\.$/, '');
  };
  return (left, right) => {
    const text = textOf(left);
    return text !== undefined && text === textOf(right);
  };
}

/** What stands in a message for a value: its kind, never itself. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (value instanceof Date) return 'a Date';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a number with a fraction';
  const article = typeof value === 'object' || typeof value === 'undefined' ? 'an' : 'a';
  return `${article} ${typeof value}`;
}

export function describeMisfit(column: ScriptColumn, value: unknown): string {
  const type = formatColumnType(column);
  const kind = describeValue(value);
  // What has the right JavaScript type is too large, too long, or no such date.
  const hint = column.type === 'decimal' && typeof value === 'number' ? ': write it as text' : '';
  return `${kind} that is no ${type}${hint}`;
}

/** Text, or a whole number: a fraction in a float is no longer the amount that was meant. */
function writeDecimal({ precision, scale }: ScriptColumn): WriteValue {
  const pattern = /^(-?)0*(\d*)(?:\.(\d*?)0*)?$/;
  return (value) => {
    const isWhole = typeof value === 'bigint' || Number.isSafeInteger(value);
    if (!isWhole && typeof value !== 'string') return undefined;
    const text = String(value);
    if (!/\d/.test(text)) return undefined;
    const match = pattern.exec(text);
    const [, , whole = '', fraction = ''] = match ?? [];
    const fits = match && whole.length <= precision - scale && fraction.length <= scale;
    return fits ? text : undefined;
  };
}

function isDate(text: string): boolean {
  const match = datePattern.exec(text);
  if (!match || match[1] === '0000') return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** In UTC, without a zone, with all of its microseconds. */
function writeStamp(value: unknown): string | undefined {
  if (value instanceof Date) {
    const time = value.getTime();
    return Number.isNaN(time) ? undefined : writeStamp(value.toISOString());
  }
  if (typeof value !== 'string') return undefined;
  const match = stampPattern.exec(value);
  if (!match) return undefined;
  const [, date = '', time = '', fraction = '', zone = 'Z'] = match;
  if (!isDate(date) || !timePattern.test(time)) return undefined;
  if (zone === 'Z') return `${date} ${time}${fraction}`;
  const moved = new Date(`${date}T${time}${zone}`);
  if (Number.isNaN(moved.getTime())) return undefined;
  const [movedDate = '', movedTime = ''] = moved.toISOString().split('T');
  if (!isDate(movedDate)) return undefined;
  return `${movedDate} ${movedTime.slice(0, 8)}${fraction}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
