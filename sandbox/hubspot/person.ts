import type { PersonAction } from '../control.ts';
import type { Account } from './account.ts';
import type { ObjectDefinition } from './catalog.ts';
import { associateRow } from './loading.ts';

/**
 * When a person's change happened: ISO time or milliseconds; in the past for one that arrives late.
 */
export interface PersonOptions {
  at?: string | number;
}

export interface AssociationEnds {
  fromType: string;
  fromId: string;
  toType: string;
  toId: string;
  /** A labelled relation; the plain one when left out. */
  typeId?: number;
}

/** "A person in the CRM": edits with HubSpot's checks, but no API call, quota or token. */
export interface Person {
  create(type: string, properties: Record<string, unknown>, options?: PersonOptions): string;
  update(
    type: string,
    id: string,
    properties: Record<string, unknown>,
    options?: PersonOptions,
  ): void;
  archive(type: string, id: string, options?: PersonOptions): void;
  restore(type: string, id: string, options?: PersonOptions): void;
  /** Returns the survivor's id, which differs from `primaryId` when `mintsNewId` is set. */
  merge(
    type: string,
    primaryId: string,
    loserId: string,
    options?: PersonOptions & { mintsNewId?: boolean },
  ): string;
  associate(ends: AssociationEnds): void;
  dissociate(ends: AssociationEnds): void;
}

export function createPerson(account: Account): Person {
  const { catalog, records } = account;
  const find = (object: ObjectDefinition, id: string, isArchived = false): number => {
    const found = records.findId(object, id, undefined, isArchived);
    if (found !== undefined) return found;
    throw new Error(`there is no ${isArchived ? 'archived' : 'live'} ${object.singular} ${id}`);
  };
  const at = (options: PersonOptions | undefined) => {
    if (options?.at === undefined) return { source: 'CRM_UI' };
    const atMs = typeof options.at === 'number' ? options.at : Date.parse(options.at);
    if (Number.isNaN(atMs)) throw new Error(`"at" is not an ISO time: ${options.at}`);
    return { source: 'CRM_UI', atMs };
  };
  const toRow = (ends: AssociationEnds) => ({
    from_type: ends.fromType,
    from_id: ends.fromId,
    to_type: ends.toType,
    to_id: ends.toId,
    type_id: ends.typeId ?? null,
  });
  return {
    create(type, properties, options) {
      return String(records.create(catalog.get(type), properties, at(options)).id);
    },
    update(type, id, properties, options) {
      const object = catalog.get(type);
      records.update(object, find(object, id), properties, at(options));
    },
    archive(type, id, options) {
      const object = catalog.get(type);
      records.archive(object, find(object, id), at(options));
    },
    restore(type, id, options) {
      const object = catalog.get(type);
      records.restore(object, find(object, id, true), at(options));
    },
    merge(type, primaryId, loserId, options) {
      const object = catalog.get(type);
      const mintsNewId = options?.mintsNewId ?? account.mergeMintsNewId;
      const write = { ...at(options), mintsNewId };
      return String(records.merge(object, find(object, primaryId), find(object, loserId), write));
    },
    associate: (ends) => associateRow(account, toRow(ends)),
    dissociate: (ends) => associateRow(account, toRow(ends), true),
  };
}

/** The same through `POST /_sandbox/person`. */
export function actAsPerson(person: Person, action: PersonAction): unknown {
  const { object, fields = {}, losers = [] } = action;
  const options = action.at === undefined ? {} : { at: action.at };
  if (action.action === 'create') return { id: person.create(object, fields, options) };
  const { id } = action;
  if (id === undefined) throw new Error(`"${action.action}" needs an "id"`);
  switch (action.action) {
    case 'update':
      person.update(object, id, fields, options);
      return { id };
    case 'delete':
      person.archive(object, id, options);
      return { id };
    case 'undelete':
      person.restore(object, id, options);
      return { id };
    case 'merge': {
      let survivor = id;
      for (const loser of losers) survivor = person.merge(object, survivor, loser, options);
      return { id: survivor };
    }
  }
}
