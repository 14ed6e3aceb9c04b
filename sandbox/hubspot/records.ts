import type { SandboxClock } from '../clock.ts';
import type { Associations } from './associations.ts';
import type { Catalog, ObjectDefinition } from './catalog.ts';
import { deriveValues } from './derived-values.ts';
import { HubSpotRefusal, refuseInput, refuseMissing, refuseProperties } from './error-reply.ts';
import type { PropertyHistory } from './history.ts';
import type { Minting } from './minting.ts';
import { type Store, type StoredRecord, tableOf, type Values } from './store.ts';
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

/** HubSpot's cap on merges into one record. */
export const mergesMax = 250;
const mergeHopsMax = 300;

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
  store.exec(`create table if not exists merged (object text, loser integer, survivor integer, primary key (object, loser)) without rowid;
    create table if not exists secondary_email (email text primary key, contact integer) without rowid`);

  const read = (object: ObjectDefinition, id: number): StoredRecord => {
    const record = store.read(object, id, [...object.properties.keys()]);
    if (record === undefined) throw refuseMissing(`No ${object.singular} with ID ${id}`);
    return record;
  };

  const findUnique = (object: ObjectDefinition, property: string, value: string) => {
    const wanted = property === 'email' ? value.toLowerCase() : value;
    const row = store
      .prepare(
        `select id from ${tableOf(object)} where "p_${property}" = ? and archived_ms is null`,
      )
      .get(wanted) as { id: number } | undefined;
    if (row !== undefined || object.name !== 'contacts' || property !== 'email') return row?.id;
    const other = store
      .prepare('select contact from secondary_email where email = ?')
      .get(wanted) as { contact: number } | undefined;
    return other?.contact;
  };

  const checkUnique = (object: ObjectDefinition, values: Values, ownId?: number): void => {
    for (const [name, value] of Object.entries(values)) {
      if (value === null || object.properties.get(name)?.hasUniqueValue !== true) continue;
      const holder = findUnique(object, name, value);
      if (holder === undefined || holder === ownId) continue;
      if (object.name === 'contacts' && name === 'email') {
        throw new HubSpotRefusal(409, `Contact already exists. Existing ID: ${holder}`, {
          category: 'CONFLICT',
        });
      }
      const message = `Cannot set ${name} on ${ownId ?? 'a new record'}. ${holder} already has that value.`;
      throw refuseProperties([{ name, error: 'CONFLICTING_UNIQUE_VALUE', message }]);
    }
  };

  const resolveId = (object: ObjectDefinition, id: number): number => {
    let current = id;
    for (let hop = 0; hop < mergeHopsMax; hop += 1) {
      const row = store
        .prepare('select survivor from merged where object = ? and loser = ?')
        .get(object.name, current) as { survivor: number } | undefined;
      if (row === undefined) return current;
      current = row.survivor;
    }
    return current;
  };

  const absorbEmail = (object: ObjectDefinition, primary: StoredRecord, loser: StoredRecord) => {
    if (object.name !== 'contacts') return {};
    const own = primary.values['email'] ?? null;
    const taken = [
      ...splitList(primary.values['hs_additional_emails']),
      ...splitList(loser.values['hs_additional_emails']),
      ...splitList(loser.values['email']),
    ].filter((email) => email !== own);
    if (own === null || taken.length === 0) return {};
    for (const email of taken) {
      store.prepare('insert or replace into secondary_email values (?, ?)').run(email, primary.id);
    }
    return { hs_additional_emails: [...new Set(taken)].join(';') };
  };

  const records: Records = {
    read,
    resolveId,
    findId(object, id, idProperty, isArchived = false) {
      let found: number | undefined;
      if (idProperty === undefined || idProperty === 'hs_object_id') {
        found = /^\d{1,15}$/.test(id) ? resolveId(object, Number(id)) : undefined;
      } else if (object.properties.get(idProperty)?.hasUniqueValue === true) {
        found = findUnique(object, idProperty, id);
      } else {
        throw refuseInput(`${idProperty} is not a unique property of ${object.singular}`);
      }
      if (found === undefined) return undefined;
      const row = store
        .prepare(`select archived_ms is not null as gone from ${tableOf(object)} where id = ?`)
        .get(found) as { gone: number } | undefined;
      return row !== undefined && (row.gone === 1) === isArchived ? found : undefined;
    },
    create(object, input, options = {}) {
      const { values, problems } = checkValues(catalog, object, input);
      if (problems.length > 0) throw refuseProperties(problems);
      const missing = object.requiredProperties.filter((name) => (values[name] ?? null) === null);
      if (missing.length > 0) {
        const what = object.singular.toUpperCase();
        throw refuseInput(`Error creating ${what}. Some required properties were not set.`, {
          context: { properties: missing },
        });
      }
      checkUnique(object, values);
      const atMs = options.atMs ?? clock.now();
      const id = minting.nextId();
      Object.assign(values, deriveValues(catalog, object, values, {}));
      store.insert(object, { id, createdMs: atMs, modifiedMs: atMs, values });
      return read(object, id);
    },
    update(object, id, input, options = {}) {
      const { values, problems } = checkValues(catalog, object, input);
      if (problems.length > 0) throw refuseProperties(problems);
      checkUnique(object, values, id);
      const before = read(object, id);
      const atMs = options.atMs ?? clock.now();
      Object.assign(values, deriveValues(catalog, object, values, before.values));
      history.record(object, id, before, values, atMs, options.source ?? 'INTEGRATION');
      store.update(object, id, values, atMs);
      return read(object, id);
    },
    archive(object, id, options = {}) {
      store.setArchived(object, id, options.atMs ?? clock.now());
    },
    restore(object, id, options = {}) {
      checkUnique(object, read(object, id).values, id);
      // The stamp moves, or an incremental reader would never learn that the record is back.
      store.setArchived(object, id, null, options.atMs ?? clock.now());
    },
    merge(object, primaryId, loserId, options = {}) {
      if (primaryId === loserId) throw refuseInput('Cannot merge an object with itself');
      const primary = read(object, primaryId);
      const loser = read(object, loserId);
      const mergedIds = [
        ...splitList(primary.values['hs_merged_object_ids']),
        ...splitList(loser.values['hs_merged_object_ids']),
        String(loserId),
      ];
      if (options.mintsNewId === true) mergedIds.push(String(primaryId));
      if (mergedIds.length > mergesMax) {
        throw refuseInput(`Cannot merge: ${primaryId} would hold more than ${mergesMax} merges`);
      }
      const taken: Values = {};
      for (const [name, value] of Object.entries(loser.values)) {
        if (object.properties.get(name)?.isReadOnly === true || value === null) continue;
        if (primary.values[name] === null) taken[name] = value;
      }
      const changes: Values = {
        ...taken,
        ...absorbEmail(object, primary, loser),
        hs_merged_object_ids: mergedIds.join(';'),
      };
      Object.assign(changes, deriveValues(catalog, object, changes, primary.values));
      const atMs = options.atMs ?? clock.now();
      return store.transaction(() => {
        store.remove(object, loserId);
        history.record(object, primaryId, primary, changes, atMs, 'MERGE_OBJECTS');
        store.update(object, primaryId, changes, atMs);
        const survivorId = options.mintsNewId === true ? minting.nextId() : primaryId;
        const alias = store.prepare('insert or replace into merged values (?, ?, ?)');
        associations.move(object, loserId, survivorId);
        alias.run(object.name, loserId, survivorId);
        if (survivorId !== primaryId) {
          store.renumber(object, primaryId, survivorId);
          history.move(object, primaryId, survivorId);
          associations.move(object, primaryId, survivorId);
          alias.run(object.name, primaryId, survivorId);
          store
            .prepare('update secondary_email set contact = ? where contact = ?')
            .run(survivorId, primaryId);
        }
        return survivorId;
      });
    },
    purge(object, id) {
      store.remove(object, id);
      history.remove(object, id);
      associations.removeAll(object, id);
    },
  };
  return records;
}

function splitList(list: string | null | undefined): string[] {
  return (list ?? '').split(';').filter((part) => part !== '');
}
