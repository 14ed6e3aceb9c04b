import type { Associations } from './associations.ts';
import type { Catalog, ObjectDefinition } from './catalog.ts';
import { deriveValues } from './derived-values.ts';
import { refuseInput } from './error-reply.ts';
import type { PropertyHistory } from './history.ts';
import type { Minting } from './minting.ts';
import type { Store, StoredRecord, Values } from './store.ts';
import { splitList, type UniqueValues } from './unique-values.ts';

/** HubSpot's cap on merges into one record. */
const mergesMax = 250;
const mergeHopsMax = 300;

export interface MergeContext {
  catalog: Catalog;
  store: Store;
  history: PropertyHistory;
  associations: Associations;
  minting: Minting;
  unique: UniqueValues;
}

/**
 * Merges records and remembers who became whom: a loser's id answers as the survivor from then on.
 */
export interface Merging {
  /** The id of the record that now answers to this one. */
  resolve(object: ObjectDefinition, id: number): number;
  /** Returns the survivor's id, a new one if asked. */
  merge(
    object: ObjectDefinition,
    primary: StoredRecord,
    loser: StoredRecord,
    options: { atMs: number; mintsNewId: boolean },
  ): number;
}

export function createMerging(context: MergeContext): Merging {
  const { store, history, associations, minting, unique } = context;
  store.exec(`create table if not exists merged (object text, loser integer, survivor integer,
    primary key (object, loser)) without rowid`);
  const alias = 'insert or replace into merged values (?, ?, ?)';
  return {
    resolve(object, id) {
      let current = id;
      for (let hop = 0; hop < mergeHopsMax; hop += 1) {
        const row = store
          .prepare('select survivor from merged where object = ? and loser = ?')
          .get(object.name, current) as { survivor: number } | undefined;
        if (row === undefined) return current;
        current = row.survivor;
      }
      return current;
    },
    merge(object, primary, loser, { atMs, mintsNewId }) {
      const ids = listMerged(primary, loser, mintsNewId);
      return store.transaction(() => {
        const changes = joinValues(context, object, primary, loser, ids);
        store.remove(object, loser.id);
        history.record(object, primary.id, primary, changes, atMs, 'MERGE_OBJECTS');
        store.update(object, primary.id, changes, atMs);
        const survivorId = mintsNewId ? minting.nextId() : primary.id;
        associations.move(object, loser.id, survivorId);
        store.prepare(alias).run(object.name, loser.id, survivorId);
        if (survivorId === primary.id) return survivorId;
        store.renumber(object, primary.id, survivorId);
        history.move(object, primary.id, survivorId);
        associations.move(object, primary.id, survivorId);
        store.prepare(alias).run(object.name, primary.id, survivorId);
        if (object.name === 'contacts') unique.renumber(primary.id, survivorId);
        return survivorId;
      });
    },
  };
}

function listMerged(primary: StoredRecord, loser: StoredRecord, mintsNewId: boolean): string[] {
  const ids = [
    ...splitList(primary.values['hs_merged_object_ids']),
    ...splitList(loser.values['hs_merged_object_ids']),
    String(loser.id),
    ...(mintsNewId ? [String(primary.id)] : []),
  ];
  if (ids.length <= mergesMax) return ids;
  throw refuseInput(`Cannot merge: ${primary.id} would hold more than ${mergesMax} merges`);
}

/** The survivor keeps its values and takes the loser's where it has none. */
function joinValues(
  { catalog, unique }: MergeContext,
  object: ObjectDefinition,
  primary: StoredRecord,
  loser: StoredRecord,
  mergedIds: readonly string[],
): Values {
  const taken: Values = {};
  for (const [name, value] of Object.entries(loser.values)) {
    if (object.properties.get(name)?.isReadOnly === true || value === null) continue;
    if (primary.values[name] === null) taken[name] = value;
  }
  const changes: Values = {
    ...taken,
    ...unique.absorbAddresses(object, primary, loser),
    hs_merged_object_ids: mergedIds.join(';'),
  };
  return { ...changes, ...deriveValues(catalog, object, changes, primary.values) };
}
