import type { SandboxReply, SandboxRequest } from '../server.ts';
import { type Account, findObject } from './account.ts';
import type { AssociationKind } from './association-kinds.ts';
import type { AssociatedRecord } from './associations.ts';
import { batchReply } from './batch-routes.ts';
import type { ObjectDefinition } from './catalog.ts';
import { HubSpotRefusal, refuseInput, refuseMissing } from './error-reply.ts';
import { readTypes, refuseKind, refuseTarget } from './new-associations.ts';
import {
  asJson,
  type Json,
  readAfterId,
  readBody,
  readInputs,
  readPageLimit,
} from './request-reading.ts';

/** Limits of the v4 batch endpoints. */
const associationLimits = { readInputs: 1_000, writeInputs: 2_000, pageRows: 500 } as const;

type Side = readonly [ObjectDefinition, ObjectDefinition];
type RowErrors = Parameters<typeof batchReply>[3];

/** `/crm/v4/associations/{from}/{to}/…`: segments are what follows `associations`. */
export function handleAssociations(
  account: Account,
  request: SandboxRequest,
  segments: readonly string[],
): SandboxReply {
  const [fromType = '', toType = '', ...rest] = segments;
  const sides = [findObject(account, fromType), findObject(account, toType)] as const;
  if (rest[0] === 'labels') return handleLabels(account, request, sides, rest[1]);
  if (rest[0] !== 'batch' || request.method !== 'POST') throw refuseMissing();
  const body = readBody(request);
  switch (rest.slice(1).join('/')) {
    case 'read':
      return readBatch(account, sides, body);
    case 'create':
      return writeBatch(account, sides, body, (input) => readKinds(account, sides, input['types']));
    case 'associate/default':
      return writeBatch(account, sides, body, () => [defaultKind(account, sides)]);
    case 'archive':
      return archiveBatch(account, sides, body);
    case 'labels/archive':
      for (const input of readInputs(body, associationLimits.writeInputs)) {
        const kinds = readKinds(account, sides, input['types']);
        remove(account, sides, input['from'], [input['to']], kinds);
      }
      return { status: 204 };
    default:
      throw refuseMissing();
  }
}

/** `/crm/v4/objects/{type}/{id}/associations/…`: one record's own. */
export function handleRecordAssociations(
  account: Account,
  request: SandboxRequest,
  [fromType = '', fromId = '', ...rest]: readonly string[],
): SandboxReply {
  const isDefault = rest[0] === 'default';
  const [toType = '', toId] = isDefault ? rest.slice(1) : rest;
  const sides = [findObject(account, fromType), findObject(account, toType)] as const;
  const [from, to] = sides;
  const id = findLive(account, from, fromId);
  if (toId === undefined) {
    if (request.method !== 'GET') throw refuseMissing();
    const most = readPageLimit(
      request.query,
      associationLimits.pageRows,
      associationLimits.pageRows,
    );
    const after = readAfterId(request.query);
    const page = readPage(account, sides, id, after, most);
    return { status: 200, body: { results: page.to, ...page.paging } };
  }
  if (request.method === 'DELETE') {
    const target = account.records.findId(to, toId);
    if (target !== undefined) account.associations.remove(from, id, to, target);
    return { status: 204 };
  }
  if (request.method !== 'PUT') throw refuseMissing();
  const target = findLive(account, to, toId);
  const kinds = isDefault
    ? [defaultKind(account, sides)]
    : readKinds(account, sides, readTypesBody(request));
  account.associations.add(from, id, to, target, kinds);
  const view = viewCreated(sides, id, target, kinds);
  return isDefault ? batchReply(account, 200, [view], []) : { status: 201, body: view };
}

function readTypesBody(request: SandboxRequest): unknown {
  try {
    return JSON.parse(request.body.toString('utf8'));
  } catch {
    throw refuseInput('Invalid input JSON: the body must be a list of association types');
  }
}

function readBatch(account: Account, sides: Side, body: Json): SandboxReply {
  const [from, to] = sides;
  const results: Json[] = [];
  const errors: RowErrors[number][] = [];
  for (const input of readInputs(body, associationLimits.readInputs)) {
    const wanted = String(input['id']);
    const id = account.records.findId(from, wanted);
    const after = Number(input['after'] ?? 0);
    const page =
      id === undefined
        ? undefined
        : readPage(account, sides, id, after, associationLimits.pageRows);
    if (page === undefined || page.to.length === 0) {
      errors.push({
        status: 'error',
        category: 'OBJECT_NOT_FOUND',
        ...{ subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND' },
        message: `No ${to.singular} is associated with ${from.singular} ${wanted}.`,
        context: {
          fromObjectId: [wanted],
          fromObjectType: [from.singular],
          toObjectType: [to.singular],
        },
      });
    } else results.push({ from: { id: String(id) }, to: page.to, ...page.paging });
  }
  return batchReply(account, 200, results, errors);
}

function readPage(account: Account, [from, to]: Side, id: number, after: number, most: number) {
  const found = account.associations.list(from, id, to, after, most + 1);
  const shown = found.slice(0, most);
  const last = shown.at(-1);
  const next = { paging: { next: { after: String(last?.id ?? 0) } } };
  return { to: shown.map(viewAssociated), paging: found.length > most ? next : {} };
}

function viewAssociated(associated: AssociatedRecord): Json {
  return {
    // The live API answers with a number here, where its clients say string.
    toObjectId: associated.id,
    associationTypes: associated.kinds.map(({ category, typeId, label }) => ({
      category,
      typeId,
      label,
    })),
  };
}

function writeBatch(
  account: Account,
  sides: Side,
  body: Json,
  kindsOf: (input: Json) => AssociationKind[],
): SandboxReply {
  const [from, to] = sides;
  const results: Json[] = [];
  const errors: RowErrors[number][] = [];
  const writeOne = (input: Json): void => {
    const kinds = kindsOf(input);
    const fromId = String(asJson(input['from'], 'from')['id']);
    const toId = String(asJson(input['to'], 'to')['id']);
    const source = account.records.findId(from, fromId);
    const target = account.records.findId(to, toId);
    if (source === undefined || target === undefined) {
      const refusal = source === undefined ? refuseTarget(from, fromId) : refuseTarget(to, toId);
      const { message, parts } = refusal;
      const context = { ...parts.context, fromObjectId: [fromId], toObjectId: [toId] };
      errors.push({ status: 'error', category: 'VALIDATION_ERROR', message, context });
      return;
    }
    account.associations.add(from, source, to, target, kinds);
    results.push(viewCreated(sides, source, target, kinds));
  };
  const inputs = readInputs(body, associationLimits.writeInputs);
  // One commit: each walks all that is changed in the cache, which grows with the account.
  account.store.transaction(() => inputs.forEach(writeOne));
  return batchReply(account, 201, results, errors);
}

function viewCreated(
  [from, to]: Side,
  fromId: number,
  toId: number,
  kinds: readonly AssociationKind[],
): Json {
  return {
    fromObjectTypeId: from.objectTypeId,
    fromObjectId: String(fromId),
    toObjectTypeId: to.objectTypeId,
    toObjectId: String(toId),
    labels: kinds.flatMap((kind) => (kind.label === null ? [] : [kind.label])),
  };
}

function archiveBatch(account: Account, sides: Side, body: Json): SandboxReply {
  for (const input of readInputs(body, associationLimits.writeInputs)) {
    const targets = Array.isArray(input['to']) ? input['to'] : [input['to']];
    remove(account, sides, input['from'], targets);
  }
  return { status: 204 };
}

function remove(
  account: Account,
  [from, to]: Side,
  source: unknown,
  targets: readonly unknown[],
  kinds?: readonly AssociationKind[],
): void {
  const fromId = account.records.findId(from, String(asJson(source, 'from')['id']));
  for (const target of targets) {
    const toId = account.records.findId(to, String(asJson(target, 'to')['id']));
    if (fromId === undefined || toId === undefined) continue;
    account.associations.remove(from, fromId, to, toId, kinds);
  }
}

function readKinds(account: Account, [from, to]: Side, raw: unknown): AssociationKind[] {
  return readTypes(raw).map(({ category, typeId }) => {
    const kind = account.kinds.find(from, to, typeId, category);
    if (kind === undefined) throw refuseKind(`${from.name} to ${to.name}`, typeId);
    return kind;
  });
}

function defaultKind(account: Account, [from, to]: Side): AssociationKind {
  const kind = account.kinds.unlabelled(from, to);
  if (kind !== undefined) return kind;
  throw refuseInput(`${from.name} cannot be associated with ${to.name}`);
}

function findLive(account: Account, object: ObjectDefinition, id: string): number {
  const found = account.records.findId(object, id);
  if (found === undefined) throw refuseMissing(`No ${object.singular} with ID ${id}`, [id]);
  return found;
}

function handleLabels(
  account: Account,
  request: SandboxRequest,
  [from, to]: Side,
  typeId: string | undefined,
): SandboxReply {
  const view = ({ category, typeId: id, label }: AssociationKind) => ({
    category,
    typeId: id,
    label,
  });
  switch (request.method) {
    case 'GET':
      return { status: 200, body: { results: account.kinds.list(from, to).map(view) } };
    case 'POST': {
      const { label, inverseLabel } = readBody(request);
      if (typeof label !== 'string' || label === '') throw refuseInput('label is required');
      const back = typeof inverseLabel === 'string' ? inverseLabel : undefined;
      const added = account.kinds.addLabel(from, to, label, back);
      account.saveMetadata();
      return { status: 200, body: { results: added.map(view) } };
    }
    case 'DELETE':
      if (!account.kinds.removeLabel(from, to, Number(typeId))) throw refuseMissing();
      account.saveMetadata();
      return { status: 204 };
    default:
      throw new HubSpotRefusal(405, `${request.method} is not allowed here`, {});
  }
}
