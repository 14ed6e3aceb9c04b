import type { Catalog, ObjectDefinition } from './catalog.ts';
import type { PropertyProblem } from './error-reply.ts';
import type { PropertyDefinition } from './property.ts';
import type { Values } from './store.ts';

/** HubSpot's limit on one property value. */
export const valueCharactersMax = 65_536;

export interface CheckedValues {
  values: Values;
  problems: PropertyProblem[];
}

/**
 * Checks what a caller wants to write and brings it into stored form: strings, ISO datetimes,
 * lower-case e-mail addresses, null for a cleared value.
 *
 * @param mayWriteReadOnly true for loads, which restore what a CRM exported.
 */
export function checkValues(
  catalog: Catalog,
  object: ObjectDefinition,
  input: Record<string, unknown>,
  mayWriteReadOnly = false,
): CheckedValues {
  const values: Values = {};
  const problems: PropertyProblem[] = [];
  for (const [name, raw] of Object.entries(input)) {
    const property = object.properties.get(name);
    if (property === undefined || property.archived) {
      const message = `Property "${name}" does not exist`;
      problems.push({ name, error: 'PROPERTY_DOESNT_EXIST', message });
      continue;
    }
    if (property.isReadOnly && !mayWriteReadOnly) {
      const message = `"${name}" is a read only property; its value cannot be set.`;
      problems.push({ name, error: 'READ_ONLY_VALUE', message });
      continue;
    }
    const checked = checkValue(catalog, object, property, raw);
    if (typeof checked === 'object' && checked !== null) problems.push({ name, ...checked });
    else values[name] = checked;
  }
  return { values, problems };
}

type Fault = Omit<PropertyProblem, 'name'>;

function checkValue(
  catalog: Catalog,
  object: ObjectDefinition,
  property: PropertyDefinition,
  raw: unknown,
): string | null | Fault {
  if (raw === null || raw === undefined || raw === '') return null;
  if (typeof raw === 'object') {
    return { error: 'INVALID_VALUE', message: `${property.name} must be a string` };
  }
  const value = String(raw);
  if (value.length > valueCharactersMax) {
    const message = `Value of ${property.name} has ${value.length} characters; the maximum is ${valueCharactersMax}`;
    return { error: 'VALUE_TOO_LONG', message };
  }
  switch (property.type) {
    case 'string':
    case 'phone_number':
    case 'object_coordinates':
      return isEmail(object, property) ? checkEmail(value) : value;
    case 'number':
      return checkNumber(value);
    case 'bool':
      return value === 'true' || value === 'false'
        ? value
        : { error: 'INVALID_OPTION', message: describeOptions(value, ['true', 'false']) };
    case 'date':
      return checkDate(value);
    case 'datetime': {
      const atMs = parseInstant(value);
      return atMs === undefined
        ? { error: 'INVALID_LONG', message: `${value} was not a valid long.` }
        : new Date(atMs).toISOString();
    }
    case 'enumeration':
      return checkOption(catalog, object, property, value);
    case 'json':
      return checkJson(value);
  }
}

function isEmail(object: ObjectDefinition, property: PropertyDefinition): boolean {
  return object.name === 'contacts' && property.name === 'email';
}

/** Addresses are compared and stored in lower case. */
function checkEmail(value: string): string | Fault {
  const email = value.trim().toLowerCase();
  if (/^[^\s@,;<>"]+@[^\s@.,;<>"]+(\.[^\s@.,;<>"]+)+$/.test(email)) return email;
  return { error: 'INVALID_EMAIL', message: `Email address ${value} is invalid` };
}

const numberPattern = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function checkNumber(value: string): string | Fault {
  if (numberPattern.test(value)) return value;
  return { error: 'INVALID_INTEGER', message: `${value} was not a valid number.` };
}

const dayMs = 86_400_000;

function checkDate(value: string): string | Fault {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) {
    const atMs = Date.parse(`${value}T00:00:00.000Z`);
    if (!Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(value)) return value;
    return { error: 'INVALID_DATE', message: `${value} is not a valid date.` };
  }
  const atMs = parseInstant(value);
  if (atMs === undefined) {
    return { error: 'INVALID_DATE', message: `${value} was not a valid long.` };
  }
  if (atMs % dayMs !== 0) {
    const at = new Date(atMs);
    const time = `${at.getUTCHours()}:${at.getUTCMinutes()}:${at.getUTCSeconds()}.${at.getUTCMilliseconds()}`;
    return { error: 'INVALID_DATE', message: `${value} is at ${time} UTC, not midnight!` };
  }
  return new Date(atMs).toISOString().slice(0, 10);
}

const isoPattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const instantMsMax = 8.64e15;

/** Epoch milliseconds or ISO 8601; undefined when it is neither. */
export function parseInstant(value: string): number | undefined {
  if (/^-?\d+$/.test(value)) {
    const atMs = Number(value);
    return Math.abs(atMs) <= instantMsMax ? atMs : undefined;
  }
  if (!isoPattern.test(value)) return undefined;
  // Without a zone the API reads UTC, where Date.parse would take the machine's zone.
  const isLocal = value.includes('T') && !/(Z|[+-]\d{2}:?\d{2})$/.test(value);
  const atMs = Date.parse(isLocal ? `${value}Z` : value);
  return Number.isNaN(atMs) ? undefined : atMs;
}

function checkOption(
  catalog: Catalog,
  object: ObjectDefinition,
  property: PropertyDefinition,
  value: string,
): string | Fault {
  const allowed = allowedValues(catalog, object, property);
  if (allowed === undefined) return value;
  const isMultiple = property.fieldType === 'checkbox';
  const parts = isMultiple ? value.split(';').filter((part) => part !== '') : [value];
  const wrong = parts.find((part) => !allowed.includes(part));
  if (wrong !== undefined) {
    return { error: 'INVALID_OPTION', message: describeOptions(wrong, allowed) };
  }
  return isMultiple ? [...new Set(parts)].join(';') : value;
}

const optionsShownMax = 50;

function describeOptions(value: string, allowed: readonly string[]): string {
  return `${value} was not one of the allowed options: [${allowed.slice(0, optionsShownMax).join(', ')}]`;
}

/** Internal values an enumeration takes; undefined when anything goes. */
function allowedValues(
  catalog: Catalog,
  object: ObjectDefinition,
  property: PropertyDefinition,
): readonly string[] | undefined {
  const pipelines = catalog.pipelines.get(object.name) ?? [];
  switch (property.optionSource) {
    case 'own':
      return property.options.map((option) => option.value);
    case 'owners':
      // An account whose owners nobody declared takes any owner id.
      return catalog.owners.size === 0 ? undefined : [...catalog.owners.keys()];
    case 'pipelines':
      return pipelines.map((pipeline) => pipeline.id);
    case 'stages':
      return pipelines.flatMap((pipeline) => pipeline.stages.map((stage) => stage.id));
    case 'free':
      return undefined;
  }
}

function checkJson(value: string): string | Fault {
  try {
    JSON.parse(value);
    return value;
  } catch {
    return { error: 'INVALID_JSON', message: 'the value is not valid JSON' };
  }
}
