import type { HubSpotProperty } from '../../apis/hubspot/property.ts';
import type { JsonValue } from '../../engine/words/json.ts';
import { readDay, readInstant } from '../../engine/words/moment-text.ts';
import { isMultiple } from './field.ts';

/** A value as HubSpot takes it, always a text; or why it cannot be sent. */
export type WireValue = { readonly value: string } | { readonly refusal: string };

/** Empties a property: HubSpot knows no null on the way in. */
const clearing = '';

/** Formats by the property's type; what has a wrong form is refused here, for its own row alone. */
export function toWireValue(property: HubSpotProperty | undefined, value: JsonValue): WireValue {
  if (value === null || value === '') return { value: clearing };
  switch (property?.type) {
    case 'bool':
      return toBoolean(value);
    case 'number':
      return toNumber(value);
    case 'date':
      return toDate(value);
    case 'datetime':
      return toInstant(value);
    default:
      return toText(property, value);
  }
}

function toText(property: HubSpotProperty | undefined, value: JsonValue): WireValue {
  if (typeof value !== 'object') return { value: String(value) };
  const isList = property !== undefined && isMultiple(property.type, property.fieldType);
  if (isList && Array.isArray(value)) return { value: value.map(String).join(';') };
  return { value: JSON.stringify(value) };
}

function toBoolean(value: JsonValue): WireValue {
  const text = String(value).toLowerCase();
  if (text === 'true' || text === '1') return { value: 'true' };
  if (text === 'false' || text === '0') return { value: 'false' };
  return { refusal: 'is not true or false' };
}

function toNumber(value: JsonValue): WireValue {
  const text = String(value).trim();
  const isNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text);
  return isNumber && Number.isFinite(Number(text))
    ? { value: text }
    : { refusal: 'is not a number' };
}

function toDate(value: JsonValue): WireValue {
  const day = readDay(String(value));
  return day === undefined ? { refusal: 'is not a date such as 2026-01-31' } : { value: day };
}

/** A time as text, or epoch milliseconds. */
function toInstant(value: JsonValue): WireValue {
  const text = String(value).trim();
  if (/^-?\d{10,14}$/.test(text)) return { value: new Date(Number(text)).toISOString() };
  const at = readInstant(text);
  return at === undefined
    ? { refusal: 'is not a time such as 2026-01-31T08:00:00Z' }
    : { value: at };
}
