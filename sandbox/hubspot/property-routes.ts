import type { SandboxReply, SandboxRequest } from '../server.ts';
import { type Account, findObject } from './account.ts';
import type { ObjectDefinition } from './catalog.ts';
import { HubSpotRefusal, refuseInput, refuseMissing } from './error-reply.ts';
import { createOption, type PropertyDefinition, type PropertyInput } from './property.ts';
import { isArchivedWanted, type Json, readBody, readInputs } from './request-reading.ts';

/** `/crm/v3/properties/{type}/…`. */
export function handleProperties(
  account: Account,
  request: SandboxRequest,
  [type = '', second, third]: readonly string[],
): SandboxReply {
  const object = findObject(account, type);
  const { method } = request;
  if (second === undefined) {
    if (method === 'GET') return listProperties(object, request);
    if (method === 'POST') {
      const created = createProperty(account, object, readBody(request));
      account.saveMetadata();
      return { status: 201, body: viewProperty(created) };
    }
  } else if (second === 'batch' && method === 'POST') {
    return handlePropertyBatch(account, object, request, third);
  } else if (second === 'groups' && method === 'GET') {
    const names = new Set([...object.properties.values()].map(({ groupName }) => groupName));
    const results = [...names].map((name, displayOrder) => ({
      name,
      label: name,
      displayOrder,
      archived: false,
    }));
    return { status: 200, body: { results } };
  } else if (third === undefined) return handleProperty(account, object, request, second);
  throw new HubSpotRefusal(405, `${method} is not allowed here`, {});
}

/** A property as the API shows it: `modificationMetadata` says what a caller may change. */
export function viewProperty(property: PropertyDefinition): Json {
  const { name, label, type, fieldType, groupName, description, options } = property;
  return {
    updatedAt: new Date(property.updatedAtMs).toISOString(),
    createdAt: new Date(property.createdAtMs).toISOString(),
    name,
    label,
    type,
    fieldType,
    description,
    groupName,
    options,
    ...(property.optionSource === 'owners' ? { referencedObjectType: 'OWNER' } : {}),
    displayOrder: property.displayOrder,
    calculated: property.calculated,
    externalOptions: ['owners', 'pipelines', 'stages'].includes(property.optionSource),
    archived: property.archived,
    hasUniqueValue: property.hasUniqueValue,
    hidden: property.hidden,
    ...(property.hubspotDefined ? { hubspotDefined: true } : {}),
    modificationMetadata: {
      archivable: !property.hubspotDefined,
      readOnlyDefinition: property.hubspotDefined,
      readOnlyOptions: property.hubspotDefined,
      readOnlyValue: property.isReadOnly,
    },
    formField: property.formField,
    dataSensitivity: 'non_sensitive',
  };
}

function listProperties(object: ObjectDefinition, request: SandboxRequest): SandboxReply {
  const isArchived = isArchivedWanted(request.query);
  const results = [...object.properties.values()]
    .filter((property) => property.archived === isArchived)
    .map(viewProperty);
  return { status: 200, body: { results } };
}

function createProperty(
  account: Account,
  object: ObjectDefinition,
  input: Json,
): PropertyDefinition {
  for (const key of ['name', 'label', 'type', 'fieldType', 'groupName']) {
    if (typeof input[key] !== 'string' || input[key] === '') {
      throw refuseInput(`Invalid input JSON: ${key} is required`);
    }
  }
  const name = String(input['name']);
  if (object.properties.get(name)?.archived === false) {
    throw new HubSpotRefusal(409, `A property named '${name}' already exists.`, {
      category: 'OBJECT_ALREADY_EXISTS',
    });
  }
  return refusingFaults(() => {
    const declared = input as unknown as PropertyInput;
    const property = account.catalog.addProperty(object, declared, account.clock.now());
    account.store.addColumn(object, property.name);
    return property;
  });
}

/** A fault in a declaration is the caller's: 400, in the words of the check that found it. */
export function refusingFaults<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Error && !(error instanceof HubSpotRefusal)
      ? refuseInput(error.message)
      : error;
  }
}

function handleProperty(
  account: Account,
  object: ObjectDefinition,
  request: SandboxRequest,
  name: string,
): SandboxReply {
  const property = object.properties.get(name);
  if (property === undefined || property.archived !== isArchivedWanted(request.query)) {
    throw refuseMissing(`Property ${name} does not exist`);
  }
  switch (request.method) {
    case 'GET':
      return { status: 200, body: viewProperty(property) };
    case 'PATCH':
      changeProperty(property, readBody(request), account.clock.now());
      account.saveMetadata();
      return { status: 200, body: viewProperty(property) };
    case 'DELETE':
      if (property.hubspotDefined) throw refuseInput(`${name} cannot be archived`);
      property.archived = true;
      property.updatedAtMs = account.clock.now();
      account.saveMetadata();
      return { status: 204 };
    default:
      throw new HubSpotRefusal(405, `${request.method} is not allowed here`, {});
  }
}

function changeProperty(property: PropertyDefinition, body: Json, nowMs: number): void {
  const { label, description, fieldType, hidden, options } = body;
  if (typeof label === 'string') property.label = label;
  if (typeof description === 'string') property.description = description;
  if (typeof fieldType === 'string') property.fieldType = fieldType;
  if (typeof hidden === 'boolean') property.hidden = hidden;
  if (Array.isArray(options)) property.options = options.map(createOption);
  property.updatedAtMs = nowMs;
}

const propertyInputsMax = 100;

function handlePropertyBatch(
  account: Account,
  object: ObjectDefinition,
  request: SandboxRequest,
  action: string | undefined,
): SandboxReply {
  const inputs = readInputs(readBody(request), propertyInputsMax);
  if (action === 'create') {
    const results = inputs.map((input) => viewProperty(createProperty(account, object, input)));
    account.saveMetadata();
    return { status: 201, body: { status: 'COMPLETE', results } };
  }
  const found = inputs.map((input) => object.properties.get(String(input['name'])));
  if (action === 'read') {
    const results = found.filter((property) => property !== undefined).map(viewProperty);
    return { status: 200, body: { status: 'COMPLETE', results } };
  }
  if (action !== 'archive') throw refuseMissing();
  for (const property of found) {
    if (property !== undefined && !property.hubspotDefined) property.archived = true;
  }
  account.saveMetadata();
  return { status: 204 };
}
