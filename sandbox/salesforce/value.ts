import { ApiError } from './api-error.ts';
import { isId, toLongId } from './id.ts';
import type { Field } from './schema.ts';

/** How a value lies in SQLite: booleans as 0 and 1, datetimes as UTC text to the second. */
export type Stored = string | number | null;

/** `json` follows the REST body's types, `csv` and `load` take text for everything. */
export type ValueSource = 'json' | 'csv' | 'load';

/** Why one row is refused; the other rows of the call are not concerned. */
export class RowFault extends Error {
  readonly code: string;
  readonly fields: readonly string[];

  constructor(code: string, message: string, fields: readonly string[] = []) {
    super(message);
    this.code = code;
    this.fields = fields;
  }
}

/**
 * Checks a value against its field and returns what is stored.
 * Throws RowFault for a value that does not fit, ApiError for JSON of another type (Salesforce
 * then refuses the whole call).
 */
export function storeValue(field: Field, value: unknown, from: ValueSource): Stored {
  if (value === undefined || value === null || value === '') {
    if (field.type !== 'boolean') return null;
    if (from === 'load') return 0;
    throw wrongType(field, 'null');
  }
  switch (field.type) {
    case 'boolean':
      return storeBoolean(field, value, from);
    case 'int':
    case 'double':
    case 'currency':
    case 'percent':
      return storeNumber(field, value, from);
    case 'date':
      return storeDate(field, readText(field, value, from));
    case 'datetime':
      return storeDatetime(field, value, from);
    case 'id':
    case 'reference':
      return storeId(field, readText(field, value, from));
    default:
      return storeText(field, readText(field, value, from), from);
  }
}

function readText(field: Field, value: unknown, from: ValueSource): string {
  if (typeof value === 'string') return value;
  if (from === 'load' && typeof value !== 'object') return String(value);
  throw parserFault(field, value);
}

function parserFault(field: Field, value: unknown): ApiError {
  const tokens = { number: 'VALUE_NUMBER', boolean: 'VALUE_TRUE', string: 'VALUE_STRING' };
  const token = tokens[typeof value as keyof typeof tokens] ?? 'START_OBJECT';
  return new ApiError(
    400,
    'JSON_PARSER_ERROR',
    `Cannot deserialize instance of ${field.type} from ${token} value or request may be missing a required field: ${field.name}`,
  );
}

function wrongType(field: Field, found: string): RowFault {
  return new RowFault(
    'INVALID_TYPE_ON_FIELD_IN_RECORD',
    `${field.label}: value not of required type: ${found}`,
    [field.name],
  );
}

function storeBoolean(field: Field, value: unknown, from: ValueSource): Stored {
  if (typeof value === 'boolean') return value ? 1 : 0;
  const text = String(value).toLowerCase();
  if (text === 'true' || (from !== 'json' && text === '1')) return 1;
  if (text === 'false' || (from !== 'json' && text === '0')) return 0;
  if (from === 'json') throw parserFault(field, value);
  throw wrongType(field, text);
}

function storeNumber(field: Field, value: unknown, from: ValueSource): Stored {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    if (from === 'json') throw parserFault(field, value);
    throw wrongType(field, String(value));
  }
  if (Math.abs(number) >= 10 ** (field.precision - field.scale)) {
    throw new RowFault(
      'NUMBER_OUTSIDE_VALID_RANGE',
      `${field.label}: value outside of valid range on numeric field: ${number}`,
      [field.name],
    );
  }
  return roundTo(number, field.scale);
}

/** Half away from zero on the decimal digits, as the CRM does: 1.005 becomes 1.01. */
function roundTo(number: number, scale: number): number {
  const text = String(Math.abs(number));
  if (text.includes('e')) return Number(number.toFixed(scale));
  const point = text.indexOf('.');
  if (point === -1 || text.length - point - 1 <= scale) return number;
  const rounded = Number(`${Math.round(Number(`${text}e${scale}`))}e-${scale}`);
  return number < 0 ? -rounded : rounded;
}

function storeDate(field: Field, text: string): Stored {
  const day = /^(\d{4}-\d{2}-\d{2})(?:T.*)?$/.exec(text)?.[1];
  if (day === undefined || !isRealDay(day)) throw wrongType(field, text);
  return day;
}

function isRealDay(day: string): boolean {
  const at = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}

function storeDatetime(field: Field, value: unknown, from: ValueSource): Stored {
  const stamp = readStamp(readText(field, value, from));
  if (stamp === undefined) throw wrongType(field, String(value));
  return stamp;
}

/** The usual form needs no conversion: loads of a million rows take this way. */
const plainStamp = /^\d{4}-\d\d-(?:[01]\d|2[0-8])T[0-2]\d:[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;

/** UTC text to the second, without a zone; the fraction is cut off. */
export function readStamp(text: string): string | undefined {
  if (plainStamp.test(text) && !Number.isNaN(Date.parse(text))) return text.slice(0, 19);
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, day, time = '00:00:00', zone = 'Z'] = match;
  const offset = zone === 'Z' || zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  const at = Date.parse(`${day}T${time}${offset}`);
  return Number.isNaN(at) ? undefined : printStamp(at);
}

export function printStamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

function storeId(field: Field, text: string): Stored {
  if (isId(text)) return toLongId(text);
  throw new RowFault(
    'MALFORMED_ID',
    `${field.label.replace(/ Id$/, '')} ID: id value of incorrect type: ${text}`,
    [field.name],
  );
}

const emailPattern = /^[^\s@<>(),;:"]+@[^\s@<>(),;:"]+\.[^\s@<>(),;:".]{2,}$/;

function storeText(field: Field, text: string, from: ValueSource): Stored {
  if (text.length > field.length && field.length > 0) {
    throw new RowFault(
      'STRING_TOO_LONG',
      `${field.label}: data value too large: ${text} (max length=${field.length})`,
      [field.name],
    );
  }
  if (from === 'load') return text;
  if (field.type === 'email' && !emailPattern.test(text)) {
    throw new RowFault('INVALID_EMAIL_ADDRESS', `${field.label}: invalid email address: ${text}`, [
      field.name,
    ]);
  }
  if (field.type === 'multipicklist') return storeMany(field, text);
  if (field.type === 'picklist' && field.restricted === true && !isListed(field, text)) {
    throw badPick(field, text);
  }
  return text;
}

function isListed(field: Field, value: string): boolean {
  return field.picklist?.includes(value) ?? true;
}

function badPick(field: Field, text: string): RowFault {
  return new RowFault(
    'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
    `${field.label}: bad value for restricted picklist field: ${text}`,
    [field.name],
  );
}

/** Values of a multi-select are kept in the order of its picklist, each once. */
function storeMany(field: Field, text: string): Stored {
  const values = [...new Set(text.split(';').filter((value) => value !== ''))];
  const list = field.picklist;
  if (list === undefined) return values.join(';');
  for (const value of values) {
    if (field.restricted === true && !list.includes(value)) throw badPick(field, value);
  }
  const place = (value: string): number => {
    const at = list.indexOf(value);
    return at === -1 ? list.length : at;
  };
  return values.toSorted((a, b) => place(a) - place(b)).join(';') || null;
}

/** A stored value as REST JSON shows it. */
export function printJson(field: Field, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (field.type === 'boolean') return value === 1;
  if (field.type === 'datetime') return `${String(value)}.000+0000`;
  return value;
}
