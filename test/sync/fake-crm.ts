import type { Clock } from '../../engine/words/clock.ts';
import type {
  Destination,
  DestinationField,
  FoundRecord,
  RowChange,
  WriteResult,
} from '../../engine/words/destination.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import type { JsonValue } from '../../engine/words/json.ts';

export interface CrmRecord {
  readonly id: string;
  fields: Record<string, JsonValue>;
  associations: Record<string, string>;
  modifiedMs: number;
  isDeleted: boolean;
}

/**
 * What goes wrong with one change; `lost`: applied, then the reply is lost; `dropped`: not applied.
 */
export type Fault = 'lost' | 'dropped' | 'rejected' | 'deferred' | 'forbidden';

export interface FakeCrm extends Destination {
  readonly records: Map<string, CrmRecord>;
  readonly writes: RowChange[][];
  readonly finds: string[][];
  /** Asked for each change before it is applied. */
  fault: (change: RowChange) => Fault | undefined;
  /** Runs before and after a write reaches the CRM: throw to cut the line there. */
  onWrite: (moment: 'before' | 'after', changes: readonly RowChange[]) => void;
  /** An automation of the CRM: what becomes of a value that is written. */
  automate: (fields: Record<string, JsonValue>) => Record<string, JsonValue>;
  /** An edit by a person in the CRM. */
  edit(id: string, fields: Record<string, JsonValue>): void;
  add(fields: Record<string, JsonValue>): string;
  remove(id: string): void;
  live(): CrmRecord[];
}

/** A CRM in memory that keeps the destination's contract, with faults on demand. */
export function createFakeCrm(
  fields: readonly DestinationField[],
  clock: Clock,
  groupMax = 3,
): FakeCrm {
  const records = new Map<string, CrmRecord>();
  let lastId = 100;
  const save = (record: CrmRecord, values: Record<string, JsonValue>): void => {
    record.fields = { ...record.fields, ...values };
    record.modifiedMs = clock.now();
  };
  const create = (values: Record<string, JsonValue>): CrmRecord => {
    lastId += 1;
    const record: CrmRecord = {
      id: String(lastId),
      fields: {},
      associations: {},
      modifiedMs: 0,
      isDeleted: false,
    };
    records.set(record.id, record);
    save(record, values);
    return record;
  };
  const apply = (crm: FakeCrm, change: RowChange): WriteResult => {
    const fault = crm.fault(change);
    if (fault === 'dropped') return { status: 'in_doubt', reason: 'timed out' };
    if (fault === 'deferred') return { status: 'deferred', reason: 'over the limit' };
    if (fault === 'forbidden') {
      const stop = new TerminalError('the user may not write', { code: 'permission-missing' });
      return { status: 'deferred', reason: stop.message, stop };
    }
    if (fault === 'rejected') return { status: 'rejected', code: 'INVALID', message: 'refused' };
    const result = applySound(crm, change);
    return fault === 'lost' ? { status: 'in_doubt', reason: 'timed out' } : result;
  };
  const applySound = (crm: FakeCrm, change: RowChange): WriteResult => {
    const links = Object.fromEntries((change.associations ?? []).map(({ to, id }) => [to, id]));
    if (change.action === 'create') {
      const record = create(crm.automate({ ...change.fields }));
      record.associations = links;
      return { status: 'written', id: record.id, created: true };
    }
    const record = records.get(change.id ?? '');
    if (!record || record.isDeleted) {
      return { status: 'rejected', code: 'NOT_FOUND', message: 'no such record' };
    }
    if (change.action === 'archive') {
      record.isDeleted = true;
      record.modifiedMs = clock.now();
    } else {
      save(record, crm.automate({ ...change.fields }));
      Object.assign(record.associations, links);
    }
    return { status: 'written', id: record.id, created: false };
  };
  const crm: FakeCrm = {
    records,
    writes: [],
    finds: [],
    fault: () => undefined,
    onWrite: () => undefined,
    automate: (values) => values,
    edit: (id, values) => save(recordOf(records, id), values),
    add: (values) => create(values).id,
    remove(id) {
      const record = recordOf(records, id);
      record.isDeleted = true;
      record.modifiedMs = clock.now();
    },
    live: () => [...records.values()].filter((record) => !record.isDeleted),
    describe: async () => fields,
    groupSize: () => groupMax,
    price: (_action, total) => Math.ceil(total / groupMax),
    async write(changes) {
      crm.writes.push([...changes]);
      crm.onWrite('before', changes);
      const results = changes.map((change) => apply(crm, change));
      crm.onWrite('after', changes);
      return results;
    },
    async find(field, values, wanted) {
      crm.finds.push([...values]);
      const asked = new Set(values.map((value) => value.toLowerCase()));
      return crm
        .live()
        .filter((record) => asked.has(String(fieldOf(record, field)).toLowerCase()))
        .map(
          (record): FoundRecord => ({
            id: record.id,
            fields: Object.fromEntries(wanted.map((name) => [name, fieldOf(record, name)])),
          }),
        );
    },
  };
  return crm;
}

function fieldOf(record: CrmRecord, field: string): JsonValue {
  return field === 'id' ? record.id : (record.fields[field] ?? null);
}

function recordOf(records: ReadonlyMap<string, CrmRecord>, id: string): CrmRecord {
  const record = records.get(id);
  if (!record) throw new Error(`the CRM has no record ${id}`);
  return record;
}
