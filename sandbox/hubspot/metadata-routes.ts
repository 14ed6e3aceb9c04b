import type { SandboxReply, SandboxRequest } from '../server.ts';
import { type Account, findObject } from './account.ts';
import type { CustomObjectInput, ObjectDefinition, Owner } from './catalog.ts';
import { HubSpotRefusal, refuseInput, refuseMissing } from './error-reply.ts';
import type { Pipeline, Stage } from './pipelines.ts';
import { refusingFaults, viewProperty } from './property-routes.ts';
import { isArchivedWanted, type Json, readBody, readPageLimit } from './request-reading.ts';

const ownerLimits = { rowsDefault: 100, rows: 500 } as const;

/** `/crm/v3/owners/` with and without the trailing slash, and one owner. */
export function handleOwners(
  account: Account,
  request: SandboxRequest,
  [id]: readonly string[],
): SandboxReply {
  const { query } = request;
  const isArchived = isArchivedWanted(query);
  const owners = [...account.catalog.owners.values()]
    .filter((owner) => owner.archived === isArchived)
    .sort((left, right) => Number(left.id) - Number(right.id));
  if (id !== undefined && id !== '') {
    const isByUser = query.get('idProperty') === 'userId';
    const owner = owners.find((one) => (isByUser ? String(one.userId) : one.id) === id);
    if (owner === undefined) throw refuseMissing(`No owner with ID ${id}`);
    return { status: 200, body: viewOwner(owner) };
  }
  const limit = readPageLimit(query, ownerLimits.rowsDefault, ownerLimits.rows);
  const email = query.get('email')?.toLowerCase();
  const after = Number(query.get('after') ?? 0);
  const left = owners.filter(
    (owner) =>
      Number(owner.id) > after && (email === undefined || owner.email.toLowerCase() === email),
  );
  const shown = left.slice(0, limit);
  const last = shown.at(-1);
  const results = shown.map(viewOwner);
  if (left.length <= limit || last === undefined) return { status: 200, body: { results } };
  const link = `https://api.hubapi.com/crm/v3/owners/?limit=${limit}&after=${last.id}`;
  return { status: 200, body: { results, paging: { next: { after: last.id, link } } } };
}

function viewOwner(owner: Owner): Json {
  const { id, email, type, firstName, lastName, userId, teams, archived } = owner;
  return {
    id,
    email,
    type,
    firstName,
    lastName,
    ...(archived ? {} : { userId }),
    userIdIncludingInactive: userId,
    createdAt: new Date(owner.createdAtMs).toISOString(),
    updatedAt: new Date(owner.updatedAtMs).toISOString(),
    archived,
    ...(teams.length === 0 ? {} : { teams }),
  };
}

/** `/crm/v3/pipelines/{type}[/{id}[/stages[/{stage}]]]`, read only. */
export function handlePipelines(
  account: Account,
  request: SandboxRequest,
  [type = '', id, word, stageId]: readonly string[],
): SandboxReply {
  if (request.method !== 'GET') {
    throw new HubSpotRefusal(405, 'pipelines are read only here; declare them with define', {});
  }
  const object = findObject(account, type);
  const pipelines = account.catalog.pipelines.get(object.name) ?? [];
  const viewAll = (pipeline: Pipeline): Json => viewPipeline(pipeline, object);
  if (id === undefined) return { status: 200, body: { results: pipelines.map(viewAll) } };
  const pipeline = pipelines.find((one) => one.id === id);
  if (pipeline === undefined) throw refuseMissing(`No pipeline with ID ${id}`);
  if (word === undefined) return { status: 200, body: viewAll(pipeline) };
  if (word !== 'stages') throw refuseMissing();
  const stages = pipeline.stages.map((stage) => viewStage(stage, object));
  if (stageId === undefined) return { status: 200, body: { results: stages } };
  const stage = stages.find((one) => one['id'] === stageId);
  if (stage === undefined) throw refuseMissing(`No stage with ID ${stageId}`);
  return { status: 200, body: stage };
}

function viewPipeline(pipeline: Pipeline, object: ObjectDefinition): Json {
  const at = new Date(object.createdAtMs).toISOString();
  const { id, label, displayOrder } = pipeline;
  const stages = pipeline.stages.map((stage) => viewStage(stage, object));
  return { id, label, displayOrder, stages, createdAt: at, updatedAt: at, archived: false };
}

function viewStage(stage: Stage, object: ObjectDefinition): Json {
  const at = new Date(object.createdAtMs).toISOString();
  const writePermissions = 'CRM_PERMISSIONS_ENFORCEMENT';
  return { ...stage, createdAt: at, updatedAt: at, archived: false, writePermissions };
}

/** `/crm-object-schemas/v3/schemas[/{type}]`: custom objects only. */
export function handleSchemas(
  account: Account,
  request: SandboxRequest,
  [type]: readonly string[],
): SandboxReply {
  const { catalog } = account;
  if (type !== undefined) {
    if (request.method !== 'GET') throw new HubSpotRefusal(405, 'schemas are read only here', {});
    return { status: 200, body: viewSchema(account, findObject(account, type)) };
  }
  if (request.method === 'GET') {
    const customs = [...catalog.objects.values()].filter((object) => object.isCustom);
    const results = isArchivedWanted(request.query)
      ? []
      : customs.map((object) => viewSchema(account, object));
    return { status: 200, body: { results } };
  }
  if (request.method !== 'POST') throw new HubSpotRefusal(405, 'not allowed here', {});
  const body = readBody(request);
  const name = String(body['name'] ?? '');
  if (catalog.find(name) !== undefined) {
    throw new HubSpotRefusal(409, `An object named '${name}' already exists.`, {
      category: 'OBJECT_ALREADY_EXISTS',
    });
  }
  if (!Array.isArray(body['properties'])) throw refuseInput('properties is required');
  const input = body as unknown as CustomObjectInput;
  const object = refusingFaults(() => catalog.addObject(name, input, account.clock.now()));
  account.store.createTable(object);
  account.saveMetadata();
  return { status: 201, body: viewSchema(account, object) };
}

function viewSchema(account: Account, object: ObjectDefinition): Json {
  const at = new Date(object.createdAtMs).toISOString();
  const live = [...object.properties.values()].filter((property) => !property.archived);
  const associations = account.kinds
    .all()
    .filter((kind) => kind.from === object.name)
    .map((kind) => ({
      id: String(kind.typeId),
      fromObjectTypeId: object.objectTypeId,
      toObjectTypeId: account.catalog.get(kind.to).objectTypeId,
      name: `${object.singular}_to_${kind.to}`,
      createdAt: at,
      updatedAt: at,
    }));
  return {
    id: object.objectTypeId.replace(/^\d-/, ''),
    objectTypeId: object.objectTypeId,
    fullyQualifiedName: object.fullyQualifiedName,
    name: object.name,
    labels: object.labels,
    primaryDisplayProperty: object.primaryDisplayProperty,
    secondaryDisplayProperties: [],
    requiredProperties: object.requiredProperties,
    searchableProperties: object.searchableProperties,
    properties: live.map(viewProperty),
    associations,
    archived: false,
    createdAt: at,
    updatedAt: at,
  };
}

/** `/account-info/v3/details`: what a connection check asks first. */
export function viewAccount(account: Account): Json {
  return {
    portalId: account.catalog.portalId,
    accountType: 'DEVELOPER_TEST',
    timeZone: account.timeZone,
    companyCurrency: 'USD',
    additionalCurrencies: [],
    uiDomain: 'app.hubspot.com',
    dataHostingLocation: 'na1',
  };
}
