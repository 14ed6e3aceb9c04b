import { ApiError } from './api-error.ts';
import { seeField } from './catalog.ts';
import type { Author, Org } from './org.ts';
import type { Field, SandboxObject } from './schema.ts';
import { RowFault, storeValue, type ValueSource } from './value.ts';
import { insertRow, isLookup, readFields, readId, updateRow } from './writer.ts';

export interface RowError {
  statusCode: string;
  message: string;
  fields: readonly string[];
}

/** The answer for one row of a call of many. `created` is there for upserts only. */
export interface SaveResult {
  id?: string;
  success: boolean;
  errors: readonly RowError[];
  created?: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** Does the work so that a refusal leaves no trace, and answers for the row. */
export function saveRow(org: Org, work: () => Omit<SaveResult, 'success' | 'errors'>): SaveResult {
  try {
    return { ...org.store.atomic(work), success: true, errors: [] };
  } catch (error) {
    if (!(error instanceof RowFault)) throw error;
    return { success: false, errors: [printRowFault(error)] };
  }
}

function printRowFault(fault: RowFault): RowError {
  return { statusCode: fault.code, message: fault.message, fields: fault.fields };
}

export function createRecord(
  org: Org,
  object: SandboxObject,
  record: Fields,
  by: Author,
  from: ValueSource,
): string {
  return insertRow(org, object, readFields(org, object, record, 'insert', from), by);
}

/** `record` may carry its id as `Id` or `id`; it is left out of the fields. */
export function updateRecord(
  org: Org,
  object: SandboxObject,
  id: unknown,
  record: Fields,
  by: Author,
  from: ValueSource,
): string {
  const known = readId(object, id);
  updateRow(org, object, known, readFields(org, object, withoutId(record), 'update', from), by);
  return known;
}

function withoutId(record: Fields): Fields {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name.toLowerCase() !== 'id'));
}

/** More than one row has the external id: HTTP 300 with their paths, or a row error. */
export class ManyMatches extends RowFault {
  readonly ids: readonly string[];

  constructor(field: Field, ids: readonly string[]) {
    const found = `More than one record found for external id field: [${ids.join(', ')}]`;
    super('DUPLICATE_EXTERNAL_ID', found, [field.name]);
    this.ids = ids;
  }
}

const matchesMax = 10;

/** Finds the row by its external id and updates it, or inserts it. */
export function upsertRecord(
  org: Org,
  object: SandboxObject,
  key: Field,
  value: unknown,
  record: Fields,
  by: Author,
  from: ValueSource,
): { id: string; created: boolean } {
  if (key.type === 'id') {
    if (value === undefined || value === '') {
      return { id: createRecord(org, object, withoutId(record), by, from), created: true };
    }
    return { id: updateRecord(org, object, value, record, by, from), created: false };
  }
  const stored = storeValue(key, value, from === 'json' ? 'csv' : from);
  if (stored === null) {
    throw new RowFault('MISSING_ARGUMENT', `${key.name} not specified`, [key.name]);
  }
  const ids = org.store.lookup(object, key, stored, matchesMax);
  if (ids.length > 1) throw new ManyMatches(key, ids);
  const rest = Object.fromEntries(
    Object.entries(record).filter(([name]) => name.toLowerCase() !== key.name.toLowerCase()),
  );
  if (Object.keys(rest).some((name) => name.toLowerCase() === 'id')) {
    const text = `The Id field should not be specified in the sobject data.`;
    throw new RowFault('INVALID_FIELD', text, ['Id']);
  }
  const [id] = ids;
  if (id !== undefined) {
    return { id: updateRecord(org, object, id, rest, by, from), created: false };
  }
  return { id: createRecord(org, object, { ...rest, [key.name]: value }, by, from), created: true };
}

/** The field an upsert goes by, or NOT_FOUND when it is none. */
export function findKey(object: SandboxObject, name: string): Field {
  const field = seeField(object, name);
  if (field !== undefined && isLookup(field)) return field;
  throw new ApiError(
    404,
    'NOT_FOUND',
    `Provided external ID field does not exist or is not accessible: ${name}`,
  );
}
