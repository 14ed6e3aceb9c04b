import type { SandboxReply } from '../server.ts';
import type { Account } from './account.ts';
import type { ObjectDefinition } from './catalog.ts';
import { HubSpotRefusal, refuseInput, refuseMissing } from './error-reply.ts';
import { associateNew, readAssociationInputs } from './new-associations.ts';
import { selectProperties, viewRecord } from './record-view.ts';
import { asJson, type Json, readInputs, readNames } from './request-reading.ts';

export const batchInputsMax = 100;

/** `POST /crm/v3/objects/{type}/batch/{action}`. */
export function handleBatch(
  account: Account,
  object: ObjectDefinition,
  action: string,
  body: Json,
): SandboxReply {
  const inputs = readInputs(body, batchInputsMax);
  switch (action) {
    case 'read':
      return readBatch(account, object, body, inputs);
    case 'create':
      return writeBatch(account, inputs, 201, (input) => createOne(account, object, input));
    case 'update':
      refuseDuplicates(inputs);
      return writeBatch(account, inputs, 200, (input) => updateOne(account, object, input));
    case 'upsert':
      refuseDuplicates(inputs);
      return writeBatch(account, inputs, 200, (input) => upsertOne(account, object, input));
    case 'archive':
      for (const input of inputs) {
        const id = account.records.findId(object, String(input['id']));
        if (id !== undefined) account.records.archive(object, id);
      }
      return { status: 204 };
    default:
      throw new HubSpotRefusal(404, `no batch action "${action}"`, {});
  }
}

interface RowError {
  status: 'error';
  category: string;
  message: string;
  context: Record<string, readonly string[]>;
  errors?: unknown;
}

export function batchReply(
  account: Account,
  status: number,
  results: readonly Json[],
  errors: readonly RowError[],
): SandboxReply {
  const at = new Date(account.clock.now()).toISOString();
  const body: Json = { status: 'COMPLETE', results, requestedAt: at, startedAt: at };
  body['completedAt'] = at;
  if (errors.length === 0) return { status, body };
  return { status: 207, body: { ...body, numErrors: errors.length, errors } };
}

function readBatch(
  account: Account,
  object: ObjectDefinition,
  body: Json,
  inputs: readonly Json[],
): SandboxReply {
  const idProperty = typeof body['idProperty'] === 'string' ? body['idProperty'] : undefined;
  const properties = selectProperties(object, readNames(body['properties']));
  const history = readNames(body['propertiesWithHistory']);
  const results: Json[] = [];
  const missing: string[] = [];
  const seen = new Set<number>();
  for (const input of inputs) {
    const wanted = String(input['id']);
    const id = account.records.findId(object, wanted, idProperty);
    const record = id === undefined ? undefined : account.store.read(object, id, properties);
    if (record === undefined) missing.push(wanted);
    else if (!seen.has(record.id)) {
      seen.add(record.id);
      results.push(viewRecord(account, object, record, { properties, history }));
    }
  }
  // The order of results is promised nowhere, and id order differs from most callers' order.
  results.sort((left, right) => Number(left['id']) - Number(right['id']));
  const errors: RowError[] =
    missing.length === 0
      ? []
      : [
          {
            status: 'error',
            category: 'OBJECT_NOT_FOUND',
            message: describeMissing(object),
            context: { ids: missing },
          },
        ];
  return batchReply(account, 200, results, errors);
}

/**
 * All or nothing, and the first refusal answers for the whole batch, unless every input carries
 * an objectWriteTraceId of its own: then each row stands alone and a 207 names the refused ones.
 * Records that do not exist are named in a 207 either way.
 */
function writeBatch(
  account: Account,
  inputs: readonly Json[],
  status: number,
  write: (input: Json) => Json,
): SandboxReply {
  const traces = inputs.map((input) => input['objectWriteTraceId']);
  const isTraced =
    traces.every((trace) => typeof trace === 'string' && trace !== '') &&
    new Set(traces).size === traces.length;
  const results: Json[] = [];
  const errors: RowError[] = [];
  const writeOne = (input: Json): void => {
    try {
      const view = account.store.transaction(() => write(input));
      const trace = input['objectWriteTraceId'];
      results.push(typeof trace === 'string' ? { ...view, objectWriteTraceId: trace } : view);
    } catch (error) {
      // A record that is not there never spoils the batch for the others.
      const isRowOnly = error instanceof HubSpotRefusal && (isTraced || error.status === 404);
      if (!isRowOnly) throw error;
      errors.push(viewRowError(error, input['objectWriteTraceId']));
    }
  };
  account.store.transaction(() => inputs.forEach(writeOne));
  return batchReply(account, status, results, errors);
}

function viewRowError(error: HubSpotRefusal, trace: unknown): RowError {
  const traced = typeof trace === 'string' ? { objectWriteTraceId: [trace] } : {};
  return {
    status: 'error',
    category: error.parts.category ?? 'VALIDATION_ERROR',
    message: error.message,
    context: { ...error.parts.context, ...traced },
    ...(error.parts.errors === undefined ? {} : { errors: error.parts.errors }),
  };
}

function describeMissing(object: ObjectDefinition): string {
  const type = object.singular.toUpperCase();
  return `Could not get some ${type} objects, they may be deleted or not exist. Check that ids are valid.`;
}

function refuseDuplicates(inputs: readonly Json[]): void {
  const seen = new Set<string>();
  for (const { id, idProperty } of inputs) {
    const key = `${String(idProperty ?? '')}:${String(id).toLowerCase()}`;
    if (seen.has(key)) throw refuseInput(`Duplicate IDs found in batch input: [${String(id)}]`);
    seen.add(key);
  }
}

function createOne(account: Account, object: ObjectDefinition, input: Json): Json {
  const wanted = readAssociationInputs(input['associations']);
  const record = account.records.create(object, asJson(input['properties'] ?? {}, 'properties'));
  associateNew(account, object, record.id, wanted);
  return viewRecord(account, object, record);
}

function updateOne(account: Account, object: ObjectDefinition, input: Json): Json {
  const idProperty = typeof input['idProperty'] === 'string' ? input['idProperty'] : undefined;
  const id = account.records.findId(object, String(input['id']), idProperty);
  if (id === undefined) {
    throw refuseMissing(describeMissing(object), [String(input['id'])]);
  }
  const properties = asJson(input['properties'], 'properties');
  return viewRecord(account, object, account.records.update(object, id, properties));
}

function upsertOne(account: Account, object: ObjectDefinition, input: Json): Json {
  const key = String(input['id']);
  const idProperty = typeof input['idProperty'] === 'string' ? input['idProperty'] : undefined;
  const id = account.records.findId(object, key, idProperty);
  const properties = asJson(input['properties'] ?? {}, 'properties');
  if (id !== undefined) {
    const updated = account.records.update(object, id, properties);
    return { ...viewRecord(account, object, updated), new: false };
  }
  if (idProperty === undefined || idProperty === 'hs_object_id') {
    throw refuseMissing(describeMissing(object), [key]);
  }
  const created = account.records.create(object, { [idProperty]: key, ...properties });
  return { ...viewRecord(account, object, created), new: true };
}
