import { ApiError, notFound } from './api-error.ts';
import { toBase62 } from './id.ts';
import {
  completeField,
  type Field,
  type FieldDefinition,
  type ObjectDefinition,
  type SandboxObject,
  type SchemaDefinition,
  spell,
} from './schema.ts';
import { standardObjects } from './standard-objects.ts';

/** The objects and fields of the org, and what the API user may see of them. */
export interface Catalog {
  readonly objects: ReadonlyMap<string, SandboxObject>;
  /** Adds objects, and fields to objects that exist. Returns what changed, for the store. */
  define(schema: SchemaDefinition): readonly SandboxObject[];
  /** Takes a field or an object away from the API user; `show` gives both back. */
  hideField(object: string, field: string): void;
  dropObject(object: string): void;
  show(object: string): void;
  /** An object whatever the permissions, for controls and references; undefined if unknown. */
  find(name: string): SandboxObject | undefined;
  /** An object the API user may see; INVALID_TYPE or NOT_FOUND otherwise. */
  see(name: string, at?: 'query' | 'path'): SandboxObject;
}

/** What every object has. They are written by the sandbox alone. */
const systemFields: readonly FieldDefinition[] = [
  { name: 'Id', type: 'id', readOnly: true, idLookup: true },
  { name: 'IsDeleted', type: 'boolean', readOnly: true, label: 'Deleted' },
];
const stampFields: readonly FieldDefinition[] = [
  { name: 'CreatedDate', type: 'datetime', readOnly: true },
  { name: 'CreatedById', type: 'reference', referenceTo: ['User'], readOnly: true },
  { name: 'LastModifiedDate', type: 'datetime', readOnly: true },
  { name: 'LastModifiedById', type: 'reference', referenceTo: ['User'], readOnly: true },
  { name: 'SystemModstamp', type: 'datetime', readOnly: true, label: 'System Modstamp' },
];

export function createCatalog(): Catalog {
  const objects = new Map<string, SandboxObject>();
  let customCount = 0;

  function add(name: string, definition: ObjectDefinition): SandboxObject {
    const custom = name.endsWith('__c');
    const label = definition.label ?? spell(name);
    if (custom) customCount += 1;
    const object: SandboxObject = {
      name,
      label,
      labelPlural: definition.labelPlural ?? `${label}s`,
      keyPrefix: definition.keyPrefix ?? `a${toBase62(customCount - 1, 2)}`,
      custom,
      readOnly: definition.readOnly ?? false,
      mergeable: definition.mergeable ?? false,
      fields: new Map(),
      hidden: new Set(),
      isDropped: false,
    };
    addFields(object, systemFields);
    if (custom) addFields(object, customFields(definition));
    addFields(object, definition.fields);
    addFields(object, stampFields);
    objects.set(name.toLowerCase(), object);
    return object;
  }

  const find = (name: string): SandboxObject | undefined => objects.get(name.toLowerCase());
  const must = (name: string): SandboxObject => {
    const object = find(name);
    if (object === undefined) throw new Error(`no object "${name}"; define it first`);
    return object;
  };

  for (const [name, definition] of Object.entries(standardObjects)) add(name, definition);
  return {
    objects,
    find,
    define(schema) {
      const changed: SandboxObject[] = [];
      for (const [name, definition] of Object.entries(schema.objects ?? {})) {
        const known = find(name);
        if (known === undefined && !/^[A-Za-z]\w*__c$/.test(name)) {
          throw new Error(`no standard object "${name}"; names of custom objects end in __c`);
        }
        if (!Array.isArray(definition.fields)) {
          throw new Error(`${name}: say "fields": [{ "name": ..., "type": ... }]`);
        }
        if (known === undefined) changed.push(add(name, definition));
        else {
          addFields(known, definition.fields);
          changed.push(known);
        }
      }
      return changed;
    },
    hideField(object, field) {
      if (!must(object).fields.has(field.toLowerCase())) {
        throw new Error(`no field "${field}" on ${object}`);
      }
      must(object).hidden.add(field.toLowerCase());
    },
    dropObject(object) {
      must(object).isDropped = true;
    },
    show(object) {
      must(object).isDropped = false;
      must(object).hidden.clear();
    },
    see(name, at = 'path') {
      const object = find(name);
      if (object !== undefined && !object.isDropped) return object;
      if (at === 'path') throw notFound();
      throw new ApiError(
        400,
        'INVALID_TYPE',
        `sObject type '${name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name.`,
      );
    },
  };
}

function customFields(definition: ObjectDefinition): FieldDefinition[] {
  const has = (name: string): boolean => definition.fields.some((field) => field.name === name);
  const fields: FieldDefinition[] = [];
  if (!has('OwnerId')) fields.push({ name: 'OwnerId', type: 'reference', referenceTo: ['User'] });
  if (!has('Name')) fields.push({ name: 'Name', type: 'string', length: 80, nameField: true });
  return fields;
}

function addFields(object: SandboxObject, fields: readonly FieldDefinition[]): void {
  for (const field of fields) {
    const key = field.name?.toLowerCase();
    const known = object.fields.get(key);
    if (known !== undefined && known.type !== field.type) {
      throw new Error(`${object.name}.${field.name} exists with type ${known.type}`);
    }
    object.fields.set(key, completeField(object.name, field));
  }
}

/** The field of that name if the API user may see it. */
export function seeField(object: SandboxObject, name: string): Field | undefined {
  const key = name.toLowerCase();
  return object.hidden.has(key) ? undefined : object.fields.get(key);
}

export function visibleFields(object: SandboxObject): Field[] {
  const fields: Field[] = [];
  for (const [key, field] of object.fields) if (!object.hidden.has(key)) fields.push(field);
  return fields;
}

export function noSuchColumn(name: string, object: string): ApiError {
  return new ApiError(
    400,
    'INVALID_FIELD',
    `No such column '${name}' on entity '${object}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}
