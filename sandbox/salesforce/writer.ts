import { ApiError } from './api-error.ts';
import { afterSave, beforeSave } from './automation.ts';
import { noSuchColumn, seeField } from './catalog.ts';
import { isId, toLongId } from './id.ts';
import type { Author, Org } from './org.ts';
import type { Field, SandboxObject } from './schema.ts';
import type { Values } from './store.ts';
import { RowFault, type Stored, storeValue, type ValueSource } from './value.ts';

/** Turns the fields a client sent into stored values. Resolves `Parent__r: { Ext__c: … }`. */
export function readFields(
  org: Org,
  object: SandboxObject,
  record: Readonly<Record<string, unknown>>,
  operation: 'insert' | 'update',
  from: ValueSource,
): Values {
  const values: Values = {};
  const refused: string[] = [];
  for (const [name, value] of Object.entries(record)) {
    if (name === 'attributes') continue;
    const field = org.seesAll ? object.fields.get(name.toLowerCase()) : seeField(object, name);
    if (field === undefined) {
      const reference = findRelation(object, name);
      if (reference === undefined) throw noSuchColumn(name, object.name);
      values[reference.name] = resolveParent(org, reference, value);
      continue;
    }
    if (!isWritable(field, operation)) refused.push(field.name);
    else values[field.name] = storeValue(field, value, from);
  }
  if (refused.length > 0) {
    throw new RowFault(
      'INVALID_FIELD_FOR_INSERT_UPDATE',
      `Unable to create/update fields: ${refused.join(', ')}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`,
      refused,
    );
  }
  return values;
}

export function isWritable(field: Field, operation: 'insert' | 'update'): boolean {
  if (field.readOnly || field.isVirtual || field.autoNumber) return false;
  return !(field.createOnly && operation === 'update');
}

export function findRelation(object: SandboxObject, name: string): Field | undefined {
  const wanted = name.toLowerCase();
  for (const [key, field] of object.fields) {
    if (object.hidden.has(key)) continue;
    if (field.relationshipName?.toLowerCase() === wanted) return field;
  }
  return undefined;
}

function resolveParent(org: Org, reference: Field, value: unknown): Stored {
  if (value === null) return null;
  if (typeof value !== 'object') {
    throw new ApiError(400, 'JSON_PARSER_ERROR', `${reference.relationshipName}: not an object`);
  }
  for (const [name, key] of Object.entries(value as Record<string, unknown>)) {
    if (name === 'attributes') continue;
    return findParent(org, reference, name, key);
  }
  return null;
}

/** The id of the parent whose external id (or other lookup field) has the value. */
export function findParent(org: Org, reference: Field, name: string, key: unknown): string {
  for (const parentName of reference.referenceTo ?? []) {
    const parent = org.catalog.find(parentName);
    const field = parent === undefined ? undefined : seeField(parent, name);
    if (parent === undefined || field === undefined || !isLookup(field)) continue;
    const [id] = org.store.lookup(parent, field, storeValue(field, key, 'load'), 1);
    if (id !== undefined) return id;
  }
  throw new RowFault(
    'INVALID_FIELD',
    `Foreign key external ID: ${String(key).toLowerCase()} not found for field ${name} in entity ${reference.referenceTo?.[0]}`,
    [],
  );
}

export function isLookup(field: Field): boolean {
  return field.externalId === true || field.idLookup === true;
}

/** Inserts one row. Throws RowFault when it is refused. Returns its id. */
export function insertRow(org: Org, object: SandboxObject, fields: Values, by: Author): string {
  checkWritable(object);
  const values: Values = { ...fields };
  for (const field of object.fields.values()) {
    if (field.isVirtual) continue;
    if (field.autoNumber && values[field.name] === undefined) {
      values[field.name] = String(org.store.nextNumber(object)).padStart(8, '0');
    }
    if (values[field.name] !== undefined) continue;
    const fallback = field.defaultValue;
    if (fallback !== undefined) values[field.name] = storeValue(field, fallback, 'load');
    else if (field.name === 'OwnerId') values['OwnerId'] = by.userId;
  }
  checkRow(org, object, values, undefined);
  values['CreatedDate'] = by.stamp;
  values['CreatedById'] = by.userId;
  touch(values, by);
  beforeSave(object, values, undefined);
  const id = org.store.insert(object, values);
  afterSave(org, object, id, undefined, by);
  return id;
}

/** Changes one row and moves its stamps, also when every value is as it was. */
export function updateRow(
  org: Org,
  object: SandboxObject,
  id: string,
  fields: Values,
  by: Author,
): void {
  checkWritable(object);
  const before = findLive(org, object, id);
  const values: Values = { ...fields };
  delete values['Id'];
  checkRow(org, object, values, before);
  touch(values, by);
  beforeSave(object, values, before);
  org.store.update(object, id, values);
  afterSave(org, object, id, before, by);
}

export function touch(values: Values, by: Author): void {
  values['LastModifiedDate'] = by.stamp;
  values['LastModifiedById'] = by.userId;
  values['SystemModstamp'] = by.stamp;
}

/** The row, or the refusal Salesforce gives for one that is missing or in the recycle bin. */
export function findLive(org: Org, object: SandboxObject, id: string): Values {
  const row = org.store.find(object, id);
  if (row === undefined) {
    throw new RowFault('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', []);
  }
  if (row['IsDeleted'] === 1) throw new RowFault('ENTITY_IS_DELETED', 'entity is deleted', []);
  return row;
}

/** The 18-character id, or MALFORMED_ID when it is none of this object's. */
export function readId(object: SandboxObject, id: unknown): string {
  if (typeof id === 'string' && isId(id) && id.startsWith(object.keyPrefix)) return toLongId(id);
  throw new RowFault('MALFORMED_ID', `${object.label} ID: id value of incorrect type: ${id}`, [
    'Id',
  ]);
}

function checkWritable(object: SandboxObject): void {
  if (!object.readOnly) return;
  throw new RowFault(
    'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY',
    `entity type cannot be written: ${object.label}`,
  );
}

function checkRow(
  org: Org,
  object: SandboxObject,
  values: Values,
  before: Values | undefined,
): void {
  const missing: string[] = [];
  for (const field of object.fields.values()) {
    if (field.isVirtual) continue;
    const value = values[field.name];
    if (value === undefined && before !== undefined) continue;
    if (value === undefined || value === null) {
      if (field.required) missing.push(field.name);
      continue;
    }
    if (field.type === 'reference') checkReference(org, field, value);
    if (field.unique) checkUnique(org, object, field, value, before?.['Id']);
  }
  if (missing.length > 0) {
    const text = `Required fields are missing: [${missing.join(', ')}]`;
    throw new RowFault('REQUIRED_FIELD_MISSING', text, missing);
  }
}

function checkReference(org: Org, field: Field, value: Stored): void {
  const id = String(value);
  for (const name of field.referenceTo ?? []) {
    const parent = org.catalog.find(name);
    if (parent === undefined || !id.startsWith(parent.keyPrefix)) continue;
    const row = org.store.find(parent, id);
    if (row === undefined) break;
    if (row['IsDeleted'] !== 1) return;
    throw new RowFault('ENTITY_IS_DELETED', 'entity is deleted', [field.name]);
  }
  throw new RowFault('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', [field.name]);
}

function checkUnique(
  org: Org,
  object: SandboxObject,
  field: Field,
  value: Stored,
  self: Stored | undefined,
): void {
  for (const id of org.store.lookup(object, field, value, 2)) {
    if (id === self) continue;
    throw new RowFault(
      'DUPLICATE_VALUE',
      `duplicate value found: ${field.name} duplicates value on record with id: ${id.slice(0, 15)}`,
      [field.name],
    );
  }
}
