import { ApiError } from './api-error.ts';
import { eraseRow, removeRow } from './bin.ts';
import { seeField } from './catalog.ts';
import { authorNow, type Org } from './org.ts';
import { createRecord, findKey, updateRecord, upsertRecord } from './save.ts';
import type { Field, SandboxObject } from './schema.ts';
import { RowFault, storeValue } from './value.ts';
import { findParent, findRelation, readId } from './writer.ts';

export const ingestOperations = ['insert', 'update', 'upsert', 'delete', 'hardDelete'] as const;
export type IngestOperation = (typeof ingestOperations)[number];

/** What each column of an upload means. */
interface CellPlan {
  name: string;
  field: Field;
  /** `Parent__r.Ext__c`: the parent's field the cell is looked up by. */
  by?: string;
}

export interface IngestPlan {
  cells: readonly CellPlan[];
  key: Field | undefined;
  keyAt: number;
  idAt: number;
  /** How often each key occurs in a transaction. */
  countKeys(rows: readonly (readonly string[])[]): ReadonlyMap<string, number>;
}

/** Reads the header. Throws an Error that fails the whole job. */
export function checkHeader(
  object: SandboxObject,
  operation: IngestOperation,
  keyName: string | undefined,
  header: readonly string[],
): IngestPlan {
  const cells = header.map((name) => readColumn(object, name));
  const idAt = cells.findIndex((cell) => cell.field.type === 'id' && cell.by === undefined);
  const removes = operation === 'delete' || operation === 'hardDelete';
  if ((removes || operation === 'update') && idAt === -1) {
    throw new Error(`InvalidBatch : The 'id' field must be specified for ${operation}`);
  }
  if (removes && header.length > 1) {
    throw new Error(`InvalidBatch : Only Id may be specified for ${operation}`);
  }
  const key = keyName === undefined ? undefined : findKeyField(object, keyName);
  const keyAt = cells.findIndex((cell) => cell.field === key && cell.by === undefined);
  if (key !== undefined && keyAt === -1) {
    throw new Error(`InvalidBatch : External ID field ${key.name} is not in the header`);
  }
  return {
    cells,
    key,
    keyAt,
    idAt,
    countKeys(rows) {
      const counts = new Map<string, number>();
      for (const row of keyAt === -1 ? [] : rows) {
        const value = (row[keyAt] ?? '').toLowerCase();
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      return counts;
    },
  };
}

function findKeyField(object: SandboxObject, name: string): Field {
  try {
    return findKey(object, name);
  } catch {
    throw new Error(`InvalidBatch : Field name not found : ${name}`);
  }
}

function readColumn(object: SandboxObject, name: string): CellPlan {
  const [first = '', by, more] = name.split('.');
  const field = by === undefined ? seeField(object, first) : findRelation(object, first);
  if (field === undefined || more !== undefined) {
    throw new Error(`InvalidBatch : Field name not found : ${name}`);
  }
  return by === undefined ? { name, field } : { name, field, by };
}

export type IngestResult = { id: string; created: boolean } | { id: string; error: string };

/** Applies one line of an upload: an empty cell is left alone, `#N/A` writes null. */
export function applyRow(
  org: Org,
  object: SandboxObject,
  operation: IngestOperation,
  plan: IngestPlan,
  row: readonly string[],
  counts: ReadonlyMap<string, number>,
): IngestResult {
  const id = plan.idAt === -1 ? '' : (row[plan.idAt] ?? '');
  try {
    return org.store.atomic(() => apply(org, object, operation, plan, row, counts, id));
  } catch (error) {
    if (error instanceof RowFault) return { id, error: printFault(error.code, error) };
    if (error instanceof ApiError) return { id, error: printFault(error.code, error) };
    throw error;
  }
}

function printFault(code: string, fault: RowFault | ApiError): string {
  return `${code}:${fault.message}:${(fault.fields ?? []).join(',')} --`;
}

function apply(
  org: Org,
  object: SandboxObject,
  operation: IngestOperation,
  plan: IngestPlan,
  row: readonly string[],
  counts: ReadonlyMap<string, number>,
  id: string,
): IngestResult {
  const by = authorNow(org);
  if (operation === 'delete' || operation === 'hardDelete') {
    const known = readId(object, id);
    if (operation === 'delete') removeRow(org, object, known, by);
    else eraseRow(org, object, known, by);
    return { id: known, created: false };
  }
  const record = readRecord(org, plan, row);
  if (operation === 'update') {
    return { id: updateRecord(org, object, id, record, by, 'csv'), created: false };
  }
  if (plan.key === undefined) {
    if (id !== '') {
      const text = 'cannot specify Id in an insert call';
      throw new RowFault('INVALID_FIELD_FOR_INSERT_UPDATE', text, ['Id']);
    }
    return { id: createRecord(org, object, record, by, 'csv'), created: true };
  }
  const value = row[plan.keyAt] ?? '';
  if (value !== '' && (counts.get(value.toLowerCase()) ?? 0) > 1) {
    const text = `Duplicate external id specified: ${value}`;
    throw new RowFault('DUPLICATE_VALUE', text, [plan.key.name]);
  }
  return upsertRecord(org, object, plan.key, value, record, by, 'csv');
}

function readRecord(org: Org, plan: IngestPlan, row: readonly string[]): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  if (row.length > plan.cells.length) {
    throw new RowFault(
      'INVALID_ARGUMENT',
      `row has ${row.length} cells, header ${plan.cells.length}`,
    );
  }
  for (const [at, cell] of plan.cells.entries()) {
    const text = row[at] ?? '';
    if (text === '' || at === plan.idAt) continue;
    if (text === '#N/A') record[cell.field.name] = null;
    else if (cell.by === undefined) record[cell.field.name] = text;
    else record[cell.field.name] = findParent(org, cell.field, cell.by, text);
  }
  if (plan.key !== undefined && plan.key.type !== 'id' && plan.idAt !== -1) {
    // Rows that name both are refused, as in every upsert.
    const id = row[plan.idAt] ?? '';
    if (id !== '') record['Id'] = storeValue(plan.key, id, 'load');
  }
  return record;
}
