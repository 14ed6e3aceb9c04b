import { type Account, findObject } from './account.ts';
import type { AssociationKind } from './association-kinds.ts';
import type { ObjectDefinition } from './catalog.ts';
import { type HubSpotRefusal, refuseInput } from './error-reply.ts';
import { asJson } from './request-reading.ts';

export interface AssociationInput {
  toId: string;
  types: readonly { category: string | undefined; typeId: number }[];
}

/** The `associations` of a create: to whom, in which relations. */
export function readAssociationInputs(raw: unknown): AssociationInput[] {
  if (raw === undefined || raw === null) return [];
  if (!Array.isArray(raw)) throw refuseInput('Invalid input JSON: associations must be a list');
  return raw.map((entry) => {
    const { to, types } = asJson(entry, 'an association');
    return { toId: String(asJson(to, 'to')['id']), types: readTypes(types) };
  });
}

export function readTypes(raw: unknown): AssociationInput['types'] {
  if (!Array.isArray(raw) || raw.length === 0) {
    throw refuseInput('Invalid input JSON: types must be a list of association types');
  }
  return raw.map((entry) => {
    const { associationCategory, associationTypeId } = asJson(entry, 'an association type');
    const category = typeof associationCategory === 'string' ? associationCategory : undefined;
    return { category, typeId: Number(associationTypeId) };
  });
}

/** The target object follows from the type id: a create names no object for `to`. */
export function associateNew(
  account: Account,
  object: ObjectDefinition,
  id: number,
  inputs: readonly AssociationInput[],
): void {
  for (const { toId, types } of inputs) {
    for (const { category, typeId } of types) {
      const found = findKind(account, object, typeId, category);
      if (found === undefined) throw refuseKind(object.name, typeId);
      const [to, kind] = found;
      const targetId = account.records.findId(to, toId);
      if (targetId === undefined) throw refuseTarget(to, toId);
      account.associations.add(object, id, to, targetId, [kind]);
    }
  }
}

function findKind(
  account: Account,
  from: ObjectDefinition,
  typeId: number,
  category: string | undefined,
): [ObjectDefinition, AssociationKind] | undefined {
  for (const name of account.catalog.objects.keys()) {
    const to = findObject(account, name);
    const kind = account.kinds.find(from, to, typeId, category);
    if (kind !== undefined) return [to, kind];
  }
  return undefined;
}

export function refuseKind(object: string, typeId: number): HubSpotRefusal {
  return refuseInput(`Association type ${typeId} does not exist from ${object}`, {
    subCategory: 'crm.associations.INVALID_ASSOCIATION_TYPE',
  });
}

export function refuseTarget(object: ObjectDefinition, id: string): HubSpotRefusal {
  const type = object.singular.toUpperCase();
  return refuseInput(`One or more object ids are not valid: ${type}=${id}`, {
    subCategory: 'crm.associations.INVALID_OBJECT_IDS',
    context: { [type]: [id] },
  });
}
