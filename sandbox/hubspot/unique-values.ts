import type { ObjectDefinition } from './catalog.ts';
import { HubSpotRefusal, refuseProperties } from './error-reply.ts';
import type { Store, StoredRecord, Values } from './store.ts';
import { tableOf } from './table-shape.ts';

/** Who holds which unique value. A contact also holds the addresses it got by merges. */
export interface UniqueValues {
  find(object: ObjectDefinition, property: string, value: string): number | undefined;
  /** Refuses values that another live record holds: 409 for an address, 400 for the rest. */
  check(object: ObjectDefinition, values: Values, ownId?: number): void;
  /** Makes the loser's addresses the survivor's secondary ones; returns what changes on it. */
  absorbAddresses(object: ObjectDefinition, primary: StoredRecord, loser: StoredRecord): Values;
  renumber(id: number, newId: number): void;
}

export function createUniqueValues(store: Store): UniqueValues {
  store.exec(`create table if not exists secondary_email
    (email text primary key, contact integer) without rowid`);
  const find: UniqueValues['find'] = (object, property, value) => {
    const isAddress = object.name === 'contacts' && property === 'email';
    const wanted = isAddress ? value.toLowerCase() : value;
    const table = tableOf(object);
    const row = store
      .prepare(`select id from ${table} where "p_${property}" = ? and archived_ms is null`)
      .get(wanted) as { id: number } | undefined;
    if (row !== undefined || !isAddress) return row?.id;
    const other = store
      .prepare('select contact from secondary_email where email = ?')
      .get(wanted) as { contact: number } | undefined;
    return other?.contact;
  };
  return {
    find,
    check(object, values, ownId) {
      for (const [name, value] of Object.entries(values)) {
        if (value === null || object.properties.get(name)?.hasUniqueValue !== true) continue;
        const holder = find(object, name, value);
        if (holder === undefined || holder === ownId) continue;
        throw refuseTaken(object, name, holder, ownId);
      }
    },
    absorbAddresses(object, primary, loser) {
      if (object.name !== 'contacts') return {};
      const own = primary.values['email'] ?? null;
      const taken = [
        ...splitList(primary.values['hs_additional_emails']),
        ...splitList(loser.values['hs_additional_emails']),
        ...splitList(loser.values['email']),
      ].filter((email) => email !== own);
      if (own === null || taken.length === 0) return {};
      const insert = store.prepare('insert or replace into secondary_email values (?, ?)');
      for (const email of taken) insert.run(email, primary.id);
      return { hs_additional_emails: [...new Set(taken)].join(';') };
    },
    renumber(id, newId) {
      store.prepare('update secondary_email set contact = ? where contact = ?').run(newId, id);
    },
  };
}

function refuseTaken(
  object: ObjectDefinition,
  name: string,
  holder: number,
  ownId: number | undefined,
): HubSpotRefusal {
  if (object.name === 'contacts' && name === 'email') {
    const message = `Contact already exists. Existing ID: ${holder}`;
    return new HubSpotRefusal(409, message, { category: 'CONFLICT' });
  }
  const target = ownId ?? 'a new record';
  const message = `Cannot set ${name} on ${target}. ${holder} already has that value.`;
  return refuseProperties([{ name, error: 'CONFLICTING_UNIQUE_VALUE', message }]);
}

/** The parts of a multiple choice, as HubSpot writes them: `a;b`. */
export function splitList(list: string | null | undefined): string[] {
  return (list ?? '').split(';').filter((part) => part !== '');
}
