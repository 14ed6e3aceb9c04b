const fieldTypes = [
  'id',
  'string',
  'textarea',
  'boolean',
  'int',
  'double',
  'currency',
  'percent',
  'date',
  'datetime',
  'reference',
  'picklist',
  'multipicklist',
  'email',
  'phone',
  'url',
  'address',
] as const;

export type FieldType = (typeof fieldTypes)[number];

/** A field as people declare it; everything but name and type has a default. */
export interface FieldDefinition {
  name: string;
  type: FieldType;
  label?: string;
  /** Characters; 255 for text, 32,768 for a textarea. */
  length?: number;
  /** Digits in all, and those behind the point. */
  precision?: number;
  scale?: number;
  picklist?: readonly string[];
  /** Only values of the picklist are accepted. */
  restricted?: boolean;
  externalId?: boolean;
  unique?: boolean;
  /** Upper and lower case are different values. */
  caseSensitive?: boolean;
  /** Usable in place of an id in an upsert, as an external id is. */
  idLookup?: boolean;
  required?: boolean;
  defaultValue?: string | number | boolean;
  referenceTo?: readonly string[];
  /** `Account` for `AccountId`, `Parent__r` for `Parent__c`. */
  relationshipName?: string;
  /** Deleting the parent deletes the row. */
  cascadeDelete?: boolean;
  /** A SQLite expression over the object's stored fields: computed at read, moves no timestamp. */
  formula?: string;
  /** As `formula`, for what Salesforce itself derives (`Contact.Name`): not marked calculated. */
  derived?: string;
  /** Written by the sandbox alone. */
  readOnly?: boolean;
  /** May be set at creation and never again. */
  createOnly?: boolean;
  /** Numbered by the sandbox at creation. */
  autoNumber?: boolean;
  compoundFieldName?: string;
  nameField?: boolean;
}

export interface ObjectDefinition {
  label?: string;
  labelPlural?: string;
  /** Three characters; chosen when left out. */
  keyPrefix?: string;
  /** Rows cannot be written through the API (`OpportunityHistory`). */
  readOnly?: boolean;
  mergeable?: boolean;
  fields: readonly FieldDefinition[];
}

/** What `define` takes and `schema.json` holds. An object that exists gains the fields named. */
export interface SchemaDefinition {
  objects: Readonly<Record<string, ObjectDefinition>>;
}

/** A field with every default settled. */
export interface Field extends FieldDefinition {
  label: string;
  length: number;
  precision: number;
  scale: number;
  custom: boolean;
  /** Not a column: an expression, or an address made of other fields. */
  isVirtual: boolean;
}

export interface SandboxObject {
  name: string;
  label: string;
  labelPlural: string;
  keyPrefix: string;
  custom: boolean;
  readOnly: boolean;
  mergeable: boolean;
  /** By lower-case name: SOQL and the API do not mind the case. */
  fields: Map<string, Field>;
  /** Lower-case names the API user may not see. */
  hidden: Set<string>;
  /** The API user may not see the object at all. */
  isDropped: boolean;
}

const lengths: Partial<Record<FieldType, number>> = {
  id: 18,
  reference: 18,
  string: 255,
  textarea: 32_768,
  picklist: 255,
  multipicklist: 4099,
  email: 80,
  phone: 40,
  url: 255,
};

const precisions: Partial<Record<FieldType, readonly [number, number]>> = {
  int: [9, 0],
  double: [18, 2],
  currency: [18, 2],
  percent: [18, 2],
};

/** Settles the defaults. Throws an Error that says what a declaration lacks. */
export function completeField(object: string, field: FieldDefinition): Field {
  if (typeof field.name !== 'string' || !/^[A-Za-z]\w*$/.test(field.name)) {
    throw new Error(`${object}: "${field.name}" is not a field name; use letters, digits and _`);
  }
  if (!fieldTypes.includes(field.type)) {
    throw new Error(
      `${object}.${field.name} has type "${field.type}"; known: ${fieldTypes.join(', ')}`,
    );
  }
  if (field.type === 'reference' && (field.referenceTo ?? []).length === 0) {
    throw new Error(`${object}.${field.name} is a reference: say "referenceTo": ["<object>"]`);
  }
  const [precision, scale] = precisions[field.type] ?? [0, 0];
  const custom = field.name.endsWith('__c');
  const relationshipName = field.relationshipName ?? relate(field);
  return {
    ...field,
    ...(relationshipName === undefined ? {} : { relationshipName }),
    label: field.label ?? spell(field.name),
    length: field.length ?? lengths[field.type] ?? 0,
    precision: field.precision ?? precision,
    scale: field.scale ?? scale,
    custom,
    isVirtual:
      field.formula !== undefined || field.derived !== undefined || field.type === 'address',
  };
}

function relate(field: FieldDefinition): string | undefined {
  if (field.type !== 'reference') return undefined;
  if (field.name.endsWith('__c')) return `${field.name.slice(0, -1)}r`;
  return field.name.endsWith('Id') ? field.name.slice(0, -2) : undefined;
}

/** `Health_Score__c` reads as "Health Score", `LeadSource` as "Lead Source". */
export function spell(name: string): string {
  return name
    .replace(/__c$/, '')
    .replaceAll('_', ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2');
}
