import type { ObjectDefinition } from './catalog.ts';
import type { Store, Values } from './store.ts';

export interface HistoryEntry {
  value: string;
  timestamp: string;
  sourceType: string;
  sourceId?: string;
}

/** HubSpot keeps about this many versions a property. */
const historyEntriesMax = 20;

/** What each property was, newest first. A record that never changed has no rows here. */
export interface PropertyHistory {
  /** Keeps the changed values; `before` supplies the first entry of a property. */
  record(
    object: ObjectDefinition,
    id: number,
    before: { createdMs: number; values: Values },
    changes: Values,
    atMs: number,
    source: string,
  ): void;
  read(
    object: ObjectDefinition,
    id: number,
    property: string,
    now: { createdMs: number; value: string | null },
  ): HistoryEntry[];
  move(object: ObjectDefinition, id: number, newId: number): void;
  remove(object: ObjectDefinition, id: number): void;
}

export function createHistory(store: Store): PropertyHistory {
  store.exec(`create table if not exists property_history (object text not null, id integer not null,
    property text not null, at_ms integer not null, value text, source text not null);
    create index if not exists property_history_key on property_history (object, id, property)`);
  const insert = 'insert into property_history values (?, ?, ?, ?, ?, ?)';
  return {
    record(object, id, before, changes, atMs, source) {
      for (const [property, value] of Object.entries(changes)) {
        const old = before.values[property] ?? null;
        if (old === value) continue;
        const key = [object.name, id, property] as const;
        const isFirst = store
          .prepare(
            'select 1 from property_history where object = ? and id = ? and property = ? limit 1',
          )
          .get(...key);
        if (isFirst === undefined && old !== null) {
          store.prepare(insert).run(...key, before.createdMs, old, 'INTEGRATION');
        }
        store.prepare(insert).run(...key, atMs, value, source);
      }
    },
    read(object, id, property, now) {
      const rows = store
        .prepare(
          `select at_ms, value, source from property_history where object = ? and id = ? and property = ? order by at_ms desc, rowid desc limit ${historyEntriesMax}`,
        )
        .all(object.name, id, property) as { at_ms: number; value: string; source: string }[];
      if (rows.length === 0 && now.value !== null) {
        return [toEntry({ at_ms: now.createdMs, value: now.value, source: 'INTEGRATION' })];
      }
      return rows.map(toEntry);
    },
    move(object, id, newId) {
      store
        .prepare('update property_history set id = ? where object = ? and id = ?')
        .run(newId, object.name, id);
    },
    remove(object, id) {
      store
        .prepare('delete from property_history where object = ? and id = ?')
        .run(object.name, id);
    },
  };
}

function toEntry(row: { at_ms: number; value: string | null; source: string }): HistoryEntry {
  return {
    value: row.value ?? '',
    timestamp: new Date(row.at_ms).toISOString(),
    sourceType: row.source,
  };
}
