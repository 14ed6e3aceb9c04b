import type { Row } from '../control.ts';
import type { Org } from './org.ts';
import type { Field, SandboxObject } from './schema.ts';
import type { Values } from './store.ts';
import { RowFault, storeValue } from './value.ts';

/** Rows between two commits. */
const commitRows = 10_000;

/**
 * Puts rows into the org as they are: ids and stamps are kept where given and minted where not;
 * picklists, required fields and references are not checked, since data may be dirty. Values of
 * fields that the sandbox computes are passed over.
 */
export function loadRows(org: Org, object: SandboxObject, rows: Iterable<Row>): number {
  const { store } = org;
  const now = store.stamp();
  const known = new Map<string, Field | undefined>();
  let count = 0;
  store.db.exec('savepoint load');
  try {
    for (const row of rows) {
      const values = readRow(object, row, known, count + 1);
      complete(org, object, values, now);
      try {
        store.insert(object, values);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${object.name}, row ${count + 1}: not loaded: ${reason}`);
      }
      count += 1;
      if (count % commitRows === 0) store.db.exec('release load; savepoint load');
    }
  } finally {
    store.db.exec('release load');
  }
  return count;
}

function readRow(
  object: SandboxObject,
  row: Row,
  known: Map<string, Field | undefined>,
  number: number,
): Values {
  const values: Values = {};
  for (const name in row) {
    if (!known.has(name)) known.set(name, findColumn(object, name, number));
    const field = known.get(name);
    const value = row[name];
    if (field === undefined || value === undefined) continue;
    try {
      values[field.name] = storeValue(field, value, 'load');
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      throw new Error(`${object.name}, row ${number}, ${name}: ${error.code}: ${error.message}`);
    }
  }
  return values;
}

function findColumn(object: SandboxObject, name: string, number: number): Field | undefined {
  if (name === 'attributes') return undefined;
  const field = object.fields.get(name.toLowerCase());
  if (field === undefined) {
    throw new Error(
      `${object.name}, row ${number}: no field "${name}"; define it first or take the column away`,
    );
  }
  return field.isVirtual ? undefined : field;
}

function complete(org: Org, object: SandboxObject, values: Values, now: string): void {
  const stamp =
    values['SystemModstamp'] ?? values['LastModifiedDate'] ?? values['CreatedDate'] ?? now;
  values['SystemModstamp'] ??= stamp;
  values['LastModifiedDate'] ??= stamp;
  values['CreatedDate'] ??= stamp;
  values['CreatedById'] ??= org.userId;
  values['LastModifiedById'] ??= org.userId;
  for (const field of object.fields.values()) {
    if (values[field.name] !== undefined || field.isVirtual) continue;
    if (field.autoNumber) {
      values[field.name] = String(org.store.nextNumber(object)).padStart(8, '0');
    } else if (field.defaultValue !== undefined) {
      values[field.name] = storeValue(field, field.defaultValue, 'load');
    } else if (field.name === 'OwnerId') values['OwnerId'] = org.userId;
  }
}
