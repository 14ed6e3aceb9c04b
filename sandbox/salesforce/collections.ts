import type { SandboxReply, SandboxRequest } from '../exchange.ts';
import { ApiError, notFound } from './api-error.ts';
import { removeRow } from './bin.ts';
import { noSuchColumn, seeField } from './catalog.ts';
import { isId } from './id.ts';
import { authorNow, type Org } from './org.ts';
import {
  createRecord,
  findKey,
  type SaveResult,
  saveRow,
  updateRecord,
  upsertRecord,
} from './save.ts';
import type { SandboxObject } from './schema.ts';
import { readJson, retrieveRecords } from './sobjects.ts';
import { RowFault } from './value.ts';
import { readId } from './writer.ts';

/** Rows in one call. */
const collectionMax = 200;

type Fields = Record<string, unknown>;

/** Answers `/composite/sobjects…`; `parts` is the path behind it. */
export function answerCollections(
  org: Org,
  request: SandboxRequest,
  parts: readonly string[],
  base: string,
): SandboxReply {
  const [name, key] = parts;
  const method = request.query.get('_HttpMethod') ?? request.method;
  if (method === 'DELETE' && name === undefined) return removeMany(org, request);
  const body = readJson(request);
  if (name === undefined && (method === 'POST' || method === 'PATCH')) {
    return saveMany(org, body, method === 'POST' ? 'insert' : 'update');
  }
  if (name === undefined) throw notFound();
  const object = org.catalog.see(name);
  if (method === 'PATCH' && key !== undefined) return upsertMany(org, object, key, body);
  if (key === undefined) return retrieveMany(org, object, body, request, base);
  throw notFound();
}

function checkCount(count: number): void {
  if (count <= collectionMax) return;
  throw new ApiError(
    400,
    'EXCEEDED_ID_LIMIT',
    `record limit reached. cannot submit more than ${collectionMax} records in this call`,
  );
}

function readRecords(body: Fields): Fields[] {
  const { records } = body;
  if (!Array.isArray(records) || records.length === 0) {
    throw new ApiError(400, 'REQUIRED_FIELD_MISSING', 'records not specified');
  }
  checkCount(records.length);
  return records as Fields[];
}

function readObject(org: Org, record: Fields): SandboxObject {
  const type = (record['attributes'] as Fields | undefined)?.['type'];
  if (typeof type !== 'string') {
    throw new ApiError(400, 'INVALID_INPUT', 'attributes.type is missing from a record');
  }
  return org.catalog.see(type, 'query');
}

function saveMany(org: Org, body: Fields, operation: 'insert' | 'update'): SandboxReply {
  const records = readRecords(body);
  const by = authorNow(org);
  const seen = new Set<string>();
  return runMany(org, records, body['allOrNone'] === true, (record) => {
    const object = readObject(org, record);
    if (operation === 'insert') {
      const { Id: _, id: __, ...fields } = record;
      if (_ !== undefined || __ !== undefined) {
        throw new RowFault(
          'INVALID_FIELD_FOR_INSERT_UPDATE',
          'cannot specify Id in an insert call',
          ['Id'],
        );
      }
      return { id: createRecord(org, object, fields, by, 'json') };
    }
    const given = record['id'] ?? record['Id'];
    if (given === undefined)
      throw new RowFault('MISSING_ARGUMENT', 'Id not specified in an update call');
    const id = readId(object, given);
    if (seen.has(id)) throw new RowFault('DUPLICATE_VALUE', `duplicate id in list: ${id}`, ['Id']);
    seen.add(id);
    return { id: updateRecord(org, object, id, record, by, 'json') };
  });
}

function upsertMany(org: Org, object: SandboxObject, keyName: string, body: Fields): SandboxReply {
  const records = readRecords(body);
  const by = authorNow(org);
  const key = findKey(object, keyName);
  const keyValue = (record: Fields): unknown => {
    const name = Object.keys(record).find((each) => each.toLowerCase() === key.name.toLowerCase());
    return name === undefined ? undefined : record[name];
  };
  const counts = new Map<string, number>();
  for (const record of records) {
    const value = String(keyValue(record) ?? '').toLowerCase();
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return runMany(org, records, body['allOrNone'] === true, (record) => {
    const type = readObject(org, record);
    if (type !== object)
      throw new ApiError(400, 'INVALID_INPUT', `record is not of ${object.name}`);
    const value = keyValue(record);
    const text = String(value ?? '').toLowerCase();
    // Rows of one call that name the same record are all refused.
    if (text !== '' && (counts.get(text) ?? 0) > 1) {
      throw new RowFault('DUPLICATE_VALUE', `Duplicate external id specified: ${text}`, [key.name]);
    }
    return upsertRecord(org, object, key, value, record, by, 'json');
  });
}

function removeMany(org: Org, request: SandboxRequest): SandboxReply {
  const ids = (request.query.get('ids') ?? '').split(',').filter((id) => id !== '');
  checkCount(ids.length);
  const by = authorNow(org);
  const objects = [...org.catalog.objects.values()];
  return runMany(org, ids, request.query.get('allOrNone') === 'true', (text) => {
    const object = objects.find((each) => isId(text) && text.startsWith(each.keyPrefix));
    if (object === undefined) throw new RowFault('MALFORMED_ID', `bad id ${text}`, ['Id']);
    const id = readId(object, text);
    removeRow(org, object, id, by);
    return { id };
  });
}

class Rollback extends Error {}

const rolledBack = {
  statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK',
  message:
    'Record rolled back because not all records were valid and the request was using AllOrNone header',
  fields: [],
};

/** Saves row by row; HTTP 200 whatever becomes of them, answers in the order of the call. */
function runMany<T>(
  org: Org,
  items: readonly T[],
  allOrNone: boolean,
  save: (item: T) => Omit<SaveResult, 'success' | 'errors'>,
): SandboxReply {
  const results: SaveResult[] = [];
  try {
    org.store.atomic(() => {
      for (const item of items) results.push(saveRow(org, () => save(item)));
      if (allOrNone && results.some((result) => !result.success)) throw new Rollback();
    });
  } catch (error) {
    if (!(error instanceof Rollback)) throw error;
    const body = results.map((result) =>
      result.success ? { success: false, errors: [rolledBack] } : result,
    );
    return { status: 200, body };
  }
  return { status: 200, body: results };
}

function retrieveMany(
  org: Org,
  object: SandboxObject,
  body: Fields,
  request: SandboxRequest,
  base: string,
): SandboxReply {
  const listOf = (name: string): string[] => {
    const value = body[name] ?? request.query.get(name)?.split(',');
    if (Array.isArray(value)) return value.map(String);
    throw new ApiError(400, 'REQUIRED_FIELD_MISSING', `${name} not specified`);
  };
  const fields = listOf('fields');
  for (const name of fields) {
    if (seeField(object, name) === undefined) throw noSuchColumn(name, object.name);
  }
  return { status: 200, body: retrieveRecords(org, object, listOf('ids'), fields, base) };
}
