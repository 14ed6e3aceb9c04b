import type { HubSpotProperty } from '../../apis/hubspot/property.ts';
import type { JsonValue } from '../../engine/words/json.ts';
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
  const day = /^(\d{4}-\d{2}-\d{2})(?:$|[T ])/.exec(String(value).trim())?.[1];
  if (day === undefined || !isDay(day)) return { refusal: 'is not a date such as 2026-01-31' };
  return { value: day };
}

function isDay(day: string): boolean {
  const atMs = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(day);
}

/** ISO with a zone, or without one and then UTC, as warehouses print it; or epoch milliseconds. */
function toInstant(value: JsonValue): WireValue {
  const text = String(value).trim();
  const refusal = 'is not a time such as 2026-01-31T08:00:00Z';
  if (/^-?\d{10,14}$/.test(text)) return { value: new Date(Number(text)).toISOString() };
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(
      text,
    );
  if (match === null || !isDay(match[1] ?? '')) return { refusal };
  const zone = (match[3] ?? 'Z').replace(/^([+-]\d{2})$/, '$1:00');
  const time = (match[2] ?? '00:00:00').replace(/(\.\d{3})\d+$/, '$1');
  const atMs = Date.parse(`${match[1]}T${time}${zone}`);
  return Number.isNaN(atMs) ? { refusal } : { value: new Date(atMs).toISOString() };
}
