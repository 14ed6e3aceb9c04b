import type { SandboxReply, SandboxRequest } from '../exchange.ts';
import { ApiError, notFound } from './api-error.ts';
import { removeRow } from './bin.ts';
import { noSuchColumn, seeField, visibleFields } from './catalog.ts';
import { listDeleted, listUpdated } from './changes.ts';
import { describeBriefly, describeFully } from './describe.ts';
import { authorNow, type Org } from './org.ts';
import { readRecords } from './record.ts';
import { findRows } from './row-set.ts';
import { createRecord, findKey, ManyMatches, updateRecord, upsertRecord } from './save.ts';
import type { Field, SandboxObject } from './schema.ts';
import { type CompiledQuery, compileSoql } from './soql.ts';
import { RowFault, storeValue } from './value.ts';
import { readId } from './writer.ts';

/** Answers `/sobjects…`: `parts` is the path behind it, decoded. */
export function answerSobjects(
  org: Org,
  request: SandboxRequest,
  parts: readonly string[],
  base: string,
): SandboxReply {
  const [name, second, ...rest] = parts;
  if (name === undefined) return { status: 200, body: listObjects(org, base) };
  const object = org.catalog.see(name);
  const method = request.query.get('_HttpMethod') ?? request.method;
  if (second === undefined) {
    if (method === 'POST') return createOne(org, object, request);
    return {
      status: 200,
      body: { objectDescribe: describeBriefly(object, base), recentItems: [] },
    };
  }
  if (method === 'GET') {
    if (second === 'describe') return answerDescribe(org, object, base);
    if (second === 'deleted') return { status: 200, body: listDeleted(org, object, request) };
    if (second === 'updated') return { status: 200, body: listUpdated(org, object, request) };
  }
  try {
    return rest.length === 0
      ? answerRow(org, object, method, second, request, base)
      : answerKeyed(org, object, method, second, rest.join('/'), request, base);
  } catch (error) {
    if (error instanceof ManyMatches) {
      const paths = error.ids.map((id) => `${base}/sobjects/${object.name}/${id}`);
      return { status: 300, body: paths };
    }
    throw error;
  }
}

function listObjects(org: Org, base: string): object {
  const sobjects = [...org.catalog.objects.values()]
    .filter((object) => !object.isDropped)
    .map((object) => describeBriefly(object, base));
  return { encoding: 'UTF-8', maxBatchSize: 200, sobjects };
}

function answerDescribe(org: Org, object: SandboxObject, base: string): SandboxReply {
  return { status: 200, body: describeFully(org, object, base) };
}

/** A JSON object, or JSON_PARSER_ERROR. */
export function readJson(request: SandboxRequest): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(request.body.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Answered below, as any other body that is no object.
  }
  throw new ApiError(400, 'JSON_PARSER_ERROR', 'The HTTP entity body is not a JSON object');
}

function createOne(org: Org, object: SandboxObject, request: SandboxRequest): SandboxReply {
  const record = readJson(request);
  const id = single(() =>
    org.store.atomic(() => createRecord(org, object, record, authorNow(org), 'json')),
  );
  return { status: 201, body: { id, success: true, errors: [] } };
}

function answerRow(
  org: Org,
  object: SandboxObject,
  method: string,
  id: string,
  request: SandboxRequest,
  base: string,
): SandboxReply {
  const known = single(() => readId(object, id));
  if (org.store.find(object, known) === undefined) throw notFound();
  switch (method) {
    case 'GET':
      return retrieve(org, object, known, request, base);
    case 'PATCH': {
      const record = readJson(request);
      single(() =>
        org.store.atomic(() => updateRecord(org, object, known, record, authorNow(org), 'json')),
      );
      return { status: 204 };
    }
    case 'DELETE':
      single(() => org.store.atomic(() => removeRow(org, object, known, authorNow(org))));
      return { status: 204 };
    default:
      throw methodNotAllowed(method);
  }
}

function answerKeyed(
  org: Org,
  object: SandboxObject,
  method: string,
  keyName: string,
  value: string,
  request: SandboxRequest,
  base: string,
): SandboxReply {
  const key = findKey(object, keyName);
  if (method === 'PATCH') {
    const record = readJson(request);
    const { id, created } = single(() =>
      org.store.atomic(() => upsertRecord(org, object, key, value, record, authorNow(org), 'json')),
    );
    return { status: created ? 201 : 200, body: { id, success: true, errors: [], created } };
  }
  const ids = findByKey(org, object, key, value);
  const [id] = ids;
  if (id === undefined) throw notFound();
  if (ids.length > 1) throw new ManyMatches(key, ids);
  return answerRow(org, object, method, id, request, base);
}

function findByKey(org: Org, object: SandboxObject, key: Field, value: string): string[] {
  const stored = single(() => storeValue(key, value, 'csv'));
  return org.store.lookup(object, key, stored, 10);
}

/** A row's refusal as the answer to a call of one row. */
function single<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RowFault) || error instanceof ManyMatches) throw error;
    const status = error.code === 'ENTITY_IS_DELETED' ? 404 : 400;
    throw new ApiError(status, error.code, error.message, error.fields);
  }
}

function methodNotAllowed(method: string): ApiError {
  return new ApiError(
    405,
    'METHOD_NOT_ALLOWED',
    `HTTP Method '${method}' not allowed. Allowed are GET,PATCH,DELETE`,
  );
}

function retrieve(
  org: Org,
  object: SandboxObject,
  id: string,
  request: SandboxRequest,
  base: string,
): SandboxReply {
  const asked = request.query.get('fields')?.split(',');
  for (const name of asked ?? []) {
    if (seeField(object, name) === undefined) throw noSuchColumn(name, object.name);
  }
  const [record] = retrieveRecords(org, object, [id], asked, base);
  if (record === null || record === undefined) {
    throw new ApiError(404, 'ENTITY_IS_DELETED', 'entity is deleted');
  }
  return { status: 200, body: record };
}

/** Records by id in the order asked for; null for those missing or deleted. */
export function retrieveRecords(
  org: Org,
  object: SandboxObject,
  ids: readonly string[],
  fields: readonly string[] | undefined,
  base: string,
): (object | null)[] {
  const names = new Set(['Id', ...(fields ?? visibleFields(object).map((field) => field.name))]);
  const list = ids.map((id) => `'${readId(object, id)}'`).join(',');
  const soql = `SELECT ${[...names].join(', ')} FROM ${object.name} WHERE Id IN (${list})`;
  const query: CompiledQuery = compileSoql(org, soql, { all: false, bulk: false });
  const set = findRows(org, query);
  const records = new Map<string, object>();
  for (const record of readRecords(org, set, 0, set.numbers.length, base)) {
    records.set(String((record as Record<string, unknown>)['Id']), record);
  }
  return ids.map((id) => records.get(readId(object, id)) ?? null);
}
