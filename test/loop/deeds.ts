import fc from 'fast-check';
import type { Sandboxes } from '../../sandbox/start-sandboxes.ts';
import { liveRecords, liveRows } from './crm-rows.ts';

/** One thing a person does in a CRM; the numbers choose among what is there by then. */
export interface Deed {
  readonly kind: (typeof kinds)[number];
  readonly first: number;
  readonly second: number;
}

const kinds = [
  'edit',
  'edit',
  'edit late',
  'edit late',
  'move stage',
  'create',
  'delete',
  'restore',
  'merge',
  'share email',
  'hubspot edit',
  'hubspot edit late',
  'hubspot archive',
  'hubspot restore',
  'hubspot merge',
  'hubspot associate',
] as const;

export const deeds: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constantFrom(...kinds),
  first: fc.nat({ max: 10_000 }),
  second: fc.nat({ max: 10_000 }),
});

type Fields = Record<string, unknown>;

/** Within every stream's lookback. */
const lateMs = 4 * 60_000;
const editable = ['Contact', 'Account', 'Opportunity', 'Case', 'Lead'] as const;
const editablePeers = ['contacts', 'companies', 'deals'] as const;

function pick<T>(values: readonly T[], number: number): T | undefined {
  return values[number % Math.max(1, values.length)];
}

function editOf(object: (typeof editable)[number], number: number): Fields {
  switch (object) {
    case 'Contact':
    case 'Lead':
      return { Title: `Title ${number}` };
    case 'Account':
      return { Name: `Renamed ${number % 5} Works`, Phone: `+1 555 ${number}` };
    case 'Opportunity':
      return { Amount: number * 10 };
    case 'Case':
      return { Status: number % 2 === 0 ? 'Closed' : 'New' };
  }
}

function editOfPeer(type: (typeof editablePeers)[number], number: number): Fields {
  switch (type) {
    case 'contacts':
      return { jobtitle: `Role ${number}`, lifecyclestage: number % 2 === 0 ? 'customer' : 'lead' };
    case 'companies':
      return { city: `City ${number % 7}` };
    case 'deals':
      return { amount: String(number * 5) };
  }
}

const sortById = (rows: Fields[], name: 'Id' | 'id'): Fields[] =>
  rows.toSorted((left, right) => String(left[name]).localeCompare(String(right[name])));

/** Does it, and tells what it was. Nothing where the CRM has nothing that fits. */
export function doDeed(sandboxes: Sandboxes, deed: Deed): string {
  return deed.kind.startsWith('hubspot')
    ? actInHubSpot(sandboxes, deed)
    : actInSalesforce(sandboxes, deed);
}

function actInSalesforce({ salesforce }: Sandboxes, { kind, first, second }: Deed): string {
  const { person, clock } = salesforce;
  const rowsOf = (object: string) => sortById(liveRows(salesforce, object), 'Id');
  const idOf = (row: Fields | undefined) => String(row?.['Id']);
  const object = pick(editable, second) ?? 'Contact';
  const chosen = pick(rowsOf(object), first);
  const late = new Date(clock.now() - lateMs).toISOString();
  switch (kind) {
    case 'edit':
    case 'edit late': {
      if (!chosen) return 'nothing';
      person.update(
        object,
        idOf(chosen),
        editOf(object, second),
        kind === 'edit' ? undefined : late,
      );
      break;
    }
    case 'move stage': {
      const stages = ['Qualification', 'Closed Won', 'Closed Lost', 'Prospecting'];
      const deal = pick(rowsOf('Opportunity'), first);
      if (!deal) return 'nothing';
      person.update('Opportunity', idOf(deal), { StageName: pick(stages, second) });
      break;
    }
    case 'create': {
      const AccountId = idOf(pick(rowsOf('Account'), first));
      const Email = `made.${first}.${second}@late.example`;
      person.create('Contact', { FirstName: 'Made', LastName: `No ${second}`, Email, AccountId });
      break;
    }
    case 'delete':
      if (!chosen) return 'nothing';
      person.remove(object, idOf(chosen));
      break;
    case 'restore': {
      const gone = [...salesforce.rows(object)].filter(
        (row) => row['IsDeleted'] === true && !row['MasterRecordId'],
      );
      const row = pick(sortById(gone, 'Id'), first);
      if (!row) return 'nothing';
      person.undelete(object, idOf(row));
      break;
    }
    case 'merge': {
      const merged = second % 2 === 0 ? 'Contact' : 'Account';
      const rows = rowsOf(merged);
      const [winner, loser] = [pick(rows, first), pick(rows, first + 1)];
      if (!winner || !loser || winner === loser) return 'nothing';
      person.merge(merged, idOf(winner), [idOf(loser)]);
      break;
    }
    case 'share email': {
      const rows = rowsOf('Contact');
      const [from, to] = [pick(rows, first), pick(rows, second)];
      if (!from || !to) return 'nothing';
      person.update('Contact', idOf(to), { Email: from['Email'] });
      break;
    }
  }
  return `${kind} ${object}`;
}

function actInHubSpot({ hubspot }: Sandboxes, { kind, first, second }: Deed): string {
  const { person, clock } = hubspot;
  const rowsOf = (type: string) => sortById(liveRecords(hubspot, type), 'id');
  const idOf = (row: Fields | undefined) => String(row?.['id']);
  const type = pick(editablePeers, second) ?? 'contacts';
  const chosen = pick(rowsOf(type), first);
  switch (kind) {
    case 'hubspot edit':
    case 'hubspot edit late': {
      if (!chosen) return 'nothing';
      const options = kind === 'hubspot edit' ? {} : { at: clock.now() - lateMs };
      person.update(type, idOf(chosen), editOfPeer(type, second), options);
      break;
    }
    case 'hubspot archive':
      if (!chosen) return 'nothing';
      person.archive(type, idOf(chosen));
      break;
    case 'hubspot restore': {
      const gone = [...hubspot.rows(type)].filter((row) => row['archived'] === true);
      const row = pick(sortById(gone, 'id'), first);
      if (!row) return 'nothing';
      person.restore(type, idOf(row));
      break;
    }
    case 'hubspot merge': {
      const merged = second % 2 === 0 ? 'contacts' : 'companies';
      const rows = rowsOf(merged);
      const [winner, loser] = [pick(rows, first), pick(rows, first + 1)];
      if (!winner || !loser || winner === loser) return 'nothing';
      person.merge(merged, idOf(winner), idOf(loser));
      break;
    }
    case 'hubspot associate': {
      const [fromId, toId] = [
        idOf(pick(rowsOf('deals'), first)),
        idOf(pick(rowsOf('companies'), second)),
      ];
      person.associate({ fromType: 'deals', fromId, toType: 'companies', toId });
      break;
    }
  }
  return `${kind} ${type}`;
}
