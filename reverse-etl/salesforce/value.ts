import { numberTypes, type SalesforceField } from '../../apis/salesforce/describe.ts';
import type { JsonValue } from '../../engine/words/json.ts';
import { readDay, readInstant } from '../../engine/words/moment-text.ts';

/** A value as Salesforce takes it, null to clear; or why it cannot be sent. */
export type WireValue =
  | { readonly value: string | number | boolean | null }
  | { readonly refusal: string };

/** Writes null in ingest CSV, where an empty cell means "leave alone". */
export const clearingCell = '#N/A';

/**
 * Formats by the field's type. A value of the wrong form would fail its whole call (JSON) or come
 * back as a row error (bulk), so it is refused here, for its own row alone.
 */
export function toWireValue(field: SalesforceField | undefined, value: JsonValue): WireValue {
  // Salesforce knows no empty text: it stores null.
  if (value === null || value === '') return { value: null };
  if (field === undefined) return toPlain(value);
  if (field.type === 'boolean') return toBoolean(value);
  if (field.type === 'date') return toDate(value);
  if (field.type === 'datetime') return toInstant(value);
  if (numberTypes.has(field.type)) return toNumber(value, field.type);
  if (field.type === 'multipicklist' && Array.isArray(value)) return { value: value.join(';') };
  const plain = toPlain(value);
  return 'value' in plain && plain.value !== null ? { value: String(plain.value) } : plain;
}

/** The cell of a value; `hasNull` false where a job only inserts, so that empty is null already. */
export function toCell(value: string | number | boolean | null, hasNull: boolean): string {
  if (value === null) return hasNull ? clearingCell : '';
  return String(value);
}

function toPlain(value: JsonValue): WireValue {
  return typeof value === 'object' && value !== null
    ? { value: JSON.stringify(value) }
    : { value: value };
}

function toBoolean(value: JsonValue): WireValue {
  if (typeof value === 'boolean') return { value };
  const text = String(value).toLowerCase();
  if (text === 'true' || text === '1') return { value: true };
  if (text === 'false' || text === '0') return { value: false };
  return { refusal: 'is not true or false' };
}

function toDate(value: JsonValue): WireValue {
  const day = readDay(String(value));
  return day === undefined ? { refusal: 'is not a date such as 2026-01-31' } : { value: day };
}

function toInstant(value: JsonValue): WireValue {
  const at = readInstant(String(value));
  return at === undefined
    ? { refusal: 'is not a time such as 2026-01-31T08:00:00Z' }
    : { value: at };
}

/** Numbers that a double cannot hold stay texts, which Salesforce reads exactly. */
function toNumber(value: JsonValue, type: string): WireValue {
  const text = String(value).trim();
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return { refusal: 'is not a number' };
  const number = Number(text);
  if (!Number.isFinite(number)) return { refusal: 'is not a finite number' };
  const isWhole = type === 'int' || type === 'long';
  if (isWhole && !Number.isInteger(number)) return { refusal: 'is not a whole number' };
  return { value: isExact(text, number) ? number : text };
}

function isExact(text: string, number: number): boolean {
  const digits = text.replace(/^[+-]/, '').replace(/e.*$/i, '').replace('.', '').replace(/^0+/, '');
  return digits.replace(/0+$/, '').length <= 15 || String(number) === text;
}
