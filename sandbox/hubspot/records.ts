import type { SandboxClock } from '../clock.ts';
import type { Associations } from './associations.ts';
import type { Catalog, ObjectDefinition } from './catalog.ts';
import { deriveValues } from './derived-values.ts';
import { refuseInput, refuseMissing, refuseProperties } from './error-reply.ts';
import type { PropertyHistory } from './history.ts';
import { createMerging } from './merging.ts';
import type { Minting } from './minting.ts';
import type { Store, StoredRecord, Values } from './store.ts';
import { tableOf } from './table-shape.ts';
import { createUniqueValues } from './unique-values.ts';
import { checkValues } from './value-check.ts';

export interface WriteOptions {
  /** When the change happened; now when left out. */
  atMs?: number;
  /** Recorded in the property history: INTEGRATION, CRM_UI, MERGE_OBJECTS. */
  source?: string;
}

/** Everything that changes records, checked as HubSpot checks it. Refusals are HubSpotRefusal. */
export interface Records {
  /** Follows merges: the id of the record that now answers to this one. */
  resolveId(object: ObjectDefinition, id: number): number;
  /** By id, or by the value of a unique property. Live records only, unless asked. */
  findId(
    object: ObjectDefinition,
    id: string,
    idProperty?: string,
    isArchived?: boolean,
  ): number | undefined;
  create(
    object: ObjectDefinition,
    input: Record<string, unknown>,
    options?: WriteOptions,
  ): StoredRecord;
  update(
    object: ObjectDefinition,
    id: number,
    input: Record<string, unknown>,
    options?: WriteOptions,
  ): StoredRecord;
  archive(object: ObjectDefinition, id: number, options?: WriteOptions): void;
  restore(object: ObjectDefinition, id: number, options?: WriteOptions): void;
  /** The survivor keeps its values and takes the loser's where it has none. Returns its id. */
  merge(
    object: ObjectDefinition,
    primaryId: number,
    loserId: number,
    options?: WriteOptions & { mintsNewId?: boolean },
  ): number;
  /** GDPR delete: no trace, in no list. */
  purge(object: ObjectDefinition, id: number): void;
  read(object: ObjectDefinition, id: number): StoredRecord;
}

export interface RecordsContext {
  catalog: Catalog;
  store: Store;
  history: PropertyHistory;
  associations: Associations;
  minting: Minting;
  clock: SandboxClock;
}

export function createRecords(context: RecordsContext): Records {
  const { catalog, store, history, associations, minting, clock } = context;
  const unique = createUniqueValues(store);
  const merging = createMerging({ ...context, unique });
  const at = (options: WriteOptions): number => options.atMs ?? clock.now();

  const read = (object: ObjectDefinition, id: number): StoredRecord => {
    const record = store.read(object, id, [...object.properties.keys()]);
    if (record === undefined) throw refuseMissing(`No ${object.singular} with ID ${id}`);
    return record;
  };

  const check = (object: ObjectDefinition, input: Record<string, unknown>): Values => {
    const { values, problems } = checkValues(catalog, object, input);
    if (problems.length > 0) throw refuseProperties(problems);
    return values;
  };

  return {
    read,
    resolveId: merging.resolve,
    findId(object, id, idProperty, isArchived = false) {
      let found: number | undefined;
      if (idProperty === undefined || idProperty === 'hs_object_id') {
        found = /^\d{1,15}$/.test(id) ? merging.resolve(object, Number(id)) : undefined;
      } else if (object.properties.get(idProperty)?.hasUniqueValue === true) {
        found = unique.find(object, idProperty, id);
      } else {
        throw refuseInput(`${idProperty} is not a unique property of ${object.singular}`);
      }
      return found !== undefined && isThere(store, object, found, isArchived) ? found : undefined;
    },
    create(object, input, options = {}) {
      const values = check(object, input);
      requireValues(object, values);
      unique.check(object, values);
      const id = minting.nextId();
      const atMs = at(options);
      Object.assign(values, deriveValues(catalog, object, values, {}));
      store.insert(object, { id, createdMs: atMs, modifiedMs: atMs, values });
      return read(object, id);
    },
    update(object, id, input, options = {}) {
      const values = check(object, input);
      unique.check(object, values, id);
      const before = read(object, id);
      Object.assign(values, deriveValues(catalog, object, values, before.values));
      const source = options.source ?? 'INTEGRATION';
      history.record(object, id, before, values, at(options), source);
      store.update(object, id, values, at(options));
      return read(object, id);
    },
    archive: (object, id, options = {}) => store.setArchived(object, id, at(options)),
    restore(object, id, options = {}) {
      unique.check(object, read(object, id).values, id);
      // The stamp moves, or an incremental reader would never learn that the record is back.
      store.setArchived(object, id, null, at(options));
    },
    merge(object, primaryId, loserId, options = {}) {
      if (primaryId === loserId) throw refuseInput('Cannot merge an object with itself');
      const mintsNewId = options.mintsNewId ?? false;
      const write = { atMs: at(options), mintsNewId };
      return merging.merge(object, read(object, primaryId), read(object, loserId), write);
    },
    purge(object, id) {
      store.remove(object, id);
      history.remove(object, id);
      associations.removeAll(object, id);
    },
  };
}

function requireValues(object: ObjectDefinition, values: Values): void {
  const missing = object.requiredProperties.filter((name) => (values[name] ?? null) === null);
  if (missing.length === 0) return;
  const what = object.singular.toUpperCase();
  throw refuseInput(`Error creating ${what}. Some required properties were not set.`, {
    context: { properties: missing },
  });
}

function isThere(store: Store, object: ObjectDefinition, id: number, isArchived: boolean): boolean {
  const row = store
    .prepare(`select archived_ms is not null as gone from ${tableOf(object)} where id = ?`)
    .get(id) as { gone: number } | undefined;
  return row !== undefined && (row.gone === 1) === isArchived;
}
