import type { SandboxReply, SandboxRequest } from '../server.ts';
import { type Account, findObject } from './account.ts';
import { handleBatch } from './batch-routes.ts';
import type { ObjectDefinition } from './catalog.ts';
import { HubSpotRefusal, refuseInput, refuseMissing } from './error-reply.ts';
import { associateNew, readAssociationInputs } from './new-associations.ts';
import { selectProperties, type ViewOptions, viewRecord } from './record-view.ts';
import {
  asJson,
  isArchivedWanted,
  readAfterId,
  readBody,
  readList,
  readPageLimit,
} from './request-reading.ts';
import { searchLimits } from './search.ts';

const listLimits = { rows: 100, rowsWithHistory: 50, rowsDefault: 10 } as const;

/** `/crm/v3/objects/{type}/…`: segments are what follows `objects`. */
export function handleObjects(
  account: Account,
  request: SandboxRequest,
  segments: readonly string[],
): SandboxReply {
  const [type = '', second, third] = segments;
  const object = findObject(account, type);
  const { method } = request;
  if (second === undefined) {
    if (method === 'GET') return listRecords(account, object, request);
    if (method === 'POST') return createRecord(account, object, request);
  } else if (method === 'POST' && second === 'search' && third === undefined) {
    return searchRecords(account, object, request);
  } else if (method === 'POST' && second === 'batch' && third !== undefined) {
    return handleBatch(account, object, third, readBody(request));
  } else if (method === 'POST' && second === 'merge' && third === undefined) {
    return mergeRecords(account, object, request);
  } else if (method === 'POST' && second === 'gdpr-delete' && third === undefined) {
    return purgeRecord(account, object, request);
  } else if (third === undefined) {
    return handleRecord(account, object, second, request);
  }
  throw new HubSpotRefusal(405, `${method} is not allowed here`, { category: 'INVALID_METHOD' });
}

function handleRecord(
  account: Account,
  object: ObjectDefinition,
  id: string,
  request: SandboxRequest,
): SandboxReply {
  const idProperty = request.query.get('idProperty') ?? undefined;
  const isArchived = isArchivedWanted(request.query);
  const found = account.records.findId(object, id, idProperty, isArchived);
  switch (request.method) {
    case 'GET': {
      if (found === undefined) throw refuseMissing();
      const options = readView(account, object, request.query);
      const record = account.store.read(object, found, options.properties);
      if (record === undefined) throw refuseMissing();
      return { status: 200, body: viewRecord(account, object, record, options) };
    }
    case 'PATCH': {
      if (found === undefined) throw refuseMissing();
      const properties = asJson(readBody(request)['properties'], 'properties');
      const updated = account.records.update(object, found, properties);
      return { status: 200, body: viewRecord(account, object, updated) };
    }
    case 'DELETE':
      // Deleting what is gone already is answered alike.
      if (found !== undefined) account.records.archive(object, found);
      return { status: 204 };
    default:
      throw new HubSpotRefusal(405, `${request.method} is not allowed here`, {
        category: 'INVALID_METHOD',
      });
  }
}

function readView(account: Account, object: ObjectDefinition, query: URLSearchParams): ViewOptions {
  return {
    properties: selectProperties(object, readList(query, 'properties')),
    history: readList(query, 'propertiesWithHistory'),
    associations: readList(query, 'associations').map((type) => findObject(account, type)),
  };
}

function listRecords(
  account: Account,
  object: ObjectDefinition,
  request: SandboxRequest,
): SandboxReply {
  const { query } = request;
  const options = readView(account, object, query);
  const most = options.history.length > 0 ? listLimits.rowsWithHistory : listLimits.rows;
  const limit = readPageLimit(query, listLimits.rowsDefault, most);
  const fromId = readAfterId(query);
  const isArchived = isArchivedWanted(query);
  const state = isArchived ? 'is not null' : 'is null';
  const rows = account.store.select(
    object,
    options.properties,
    `where id >= ? and archived_ms ${state} order by id limit ?`,
    [fromId, limit + 1],
  );
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const results = shown.map((record) => viewRecord(account, object, record, options));
  if (rows.length <= limit || last === undefined) return { status: 200, body: { results } };
  // The cursor is where the next page starts, as in HubSpot's own examples: the last id and one.
  const after = String(last.id + 1);
  const next = new URLSearchParams(query);
  next.set('after', after);
  const link = `https://api.hubapi.com${request.path}?${next}`;
  return { status: 200, body: { results, paging: { next: { after, link } } } };
}

function createRecord(
  account: Account,
  object: ObjectDefinition,
  request: SandboxRequest,
): SandboxReply {
  const body = readBody(request);
  const properties = asJson(body['properties'] ?? {}, 'properties');
  const wanted = readAssociationInputs(body['associations']);
  const record = account.store.transaction(() => {
    const created = account.records.create(object, properties);
    associateNew(account, object, created.id, wanted);
    return created;
  });
  return { status: 201, body: viewRecord(account, object, record) };
}

function searchRecords(
  account: Account,
  object: ObjectDefinition,
  request: SandboxRequest,
): SandboxReply {
  const characters = request.body.toString('utf8').length;
  if (characters > searchLimits.bodyCharacters) {
    throw refuseInput(
      `The search request has ${characters} characters, maximum ${searchLimits.bodyCharacters}`,
    );
  }
  const answer = account.search.run(object, readBody(request));
  const body = {
    total: answer.total,
    results: answer.records.map((record) => viewRecord(account, object, record)),
    ...(answer.next === undefined ? {} : { paging: { next: { after: answer.next } } }),
  };
  return { status: 200, body };
}

function mergeRecords(
  account: Account,
  object: ObjectDefinition,
  request: SandboxRequest,
): SandboxReply {
  const body = readBody(request);
  const ids = [body['primaryObjectId'], body['objectIdToMerge']].map((raw) => {
    const id = account.records.findId(object, String(raw));
    if (id === undefined) throw refuseMissing(`No ${object.singular} with ID ${String(raw)}`);
    return id;
  });
  const [primaryId = 0, loserId = 0] = ids;
  const { mergeMintsNewId: mintsNewId } = account;
  const survivorId = account.records.merge(object, primaryId, loserId, { mintsNewId });
  const survivor = account.records.read(object, survivorId);
  return { status: 200, body: viewRecord(account, object, survivor) };
}

function purgeRecord(
  account: Account,
  object: ObjectDefinition,
  request: SandboxRequest,
): SandboxReply {
  const { objectId, idProperty } = readBody(request);
  const property = typeof idProperty === 'string' ? idProperty : undefined;
  const found =
    account.records.findId(object, String(objectId), property) ??
    account.records.findId(object, String(objectId), property, true);
  if (found !== undefined) account.records.purge(object, found);
  return { status: 204 };
}
