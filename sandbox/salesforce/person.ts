import type { PersonAction, Row } from '../control.ts';
import { eraseRow, mergeRows, removeRow, undeleteRow } from './bin.ts';
import type { Author, Org } from './org.ts';
import type { SandboxObject } from './schema.ts';
import { readStamp } from './value.ts';
import { insertRow, readFields, readId, updateRow } from './writer.ts';

/**
 * "A person in the CRM": edits that come from nobody's API calls. `at` (ISO time) in the past
 * makes a change that arrives late: its SystemModstamp is older than what was read before.
 */
export interface Person {
  create(object: string, fields: Row, at?: string): string;
  update(object: string, id: string, fields: Row, at?: string): void;
  /** `erase` skips the recycle bin: the row vanishes without trace. */
  remove(object: string, id: string, at?: string, erase?: boolean): void;
  undelete(object: string, id: string, at?: string): void;
  merge(object: string, winner: string, losers: readonly string[], fields?: Row, at?: string): void;
}

export function createPerson(of: Org, userId: string): Person {
  const org: Org = { ...of, seesAll: true };
  const author = (at: string | undefined): Author => {
    const stamp = at === undefined ? org.store.stamp() : readStamp(at);
    if (stamp === undefined) throw new Error(`"at" is not an ISO time: ${at}`);
    return { userId, stamp };
  };
  const find = (name: string): SandboxObject => {
    const object = org.catalog.find(name);
    if (object === undefined) throw new Error(`no object "${name}"; define it first`);
    return object;
  };
  return {
    create(name, fields, at) {
      const object = find(name);
      const by = author(at);
      return org.store.atomic(() =>
        insertRow(org, object, readFields(org, object, fields, 'insert', 'csv'), by),
      );
    },
    update(name, id, fields, at) {
      const object = find(name);
      const by = author(at);
      org.store.atomic(() => {
        const values = readFields(org, object, fields, 'update', 'csv');
        updateRow(org, object, readId(object, id), values, by);
      });
    },
    remove(name, id, at, erase = false) {
      const object = find(name);
      const by = author(at);
      const remove = erase ? eraseRow : removeRow;
      org.store.atomic(() => {
        remove(org, object, readId(object, id), by);
      });
    },
    undelete(name, id, at) {
      const object = find(name);
      const by = author(at);
      org.store.atomic(() => {
        undeleteRow(org, object, readId(object, id), by);
      });
    },
    merge(name, winner, losers, fields = {}, at) {
      const object = find(name);
      const by = author(at);
      org.store.atomic(() => {
        const values = readFields(org, object, fields, 'update', 'csv');
        const ids = losers.map((id) => readId(object, id));
        mergeRows(org, object, readId(object, winner), ids, values, by);
      });
    },
  };
}

/** The same over HTTP. Returns the id of the row concerned. */
export function actAsPerson(person: Person, action: PersonAction): string {
  const { object, fields = {}, at } = action;
  if (action.action === 'create') return person.create(object, fields, at);
  const { id } = action;
  if (id === undefined) throw new Error(`"${action.action}" needs "id"`);
  switch (action.action) {
    case 'update':
      person.update(object, id, fields, at);
      break;
    case 'delete':
      person.remove(object, id, at);
      break;
    case 'undelete':
      person.undelete(object, id, at);
      break;
    case 'merge':
      person.merge(object, id, action.losers ?? [], fields, at);
      break;
    default:
      throw new Error(`unknown action "${String(action.action)}"`);
  }
  return id;
}
