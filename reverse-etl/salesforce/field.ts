import {
  numberTypes,
  type SalesforceField,
  type SalesforceObject,
} from '../../apis/salesforce/describe.ts';
import type { DestinationField } from '../../engine/words/destination.ts';
import type { CanonicalKind } from '../../engine/words/warehouse.ts';

const kinds: Readonly<Record<string, CanonicalKind>> = {
  id: 'record_id',
  reference: 'record_id',
  email: 'email',
  boolean: 'boolean',
  date: 'date',
  datetime: 'datetime',
  multipicklist: 'multi_select',
};

/** Compound fields are written through their parts, files elsewhere. */
const unwritableTypes: ReadonlySet<string> = new Set(['address', 'location', 'base64']);

export function toDestinationFields(object: SalesforceObject): readonly DestinationField[] {
  return object.fields.filter((field) => !unwritableTypes.has(field.type)).map(toDestinationField);
}

function toDestinationField(field: SalesforceField): DestinationField {
  const isNumber = numberTypes.has(field.type);
  const values = field.restrictedPicklist
    ? field.picklistValues?.filter((entry) => entry.active).map((entry) => entry.value)
    : undefined;
  return {
    name: field.name,
    label: field.label,
    kind: isNumber ? 'number' : (kinds[field.type] ?? 'text'),
    type: field.type,
    ...(field.length > 0 ? { lengthMax: field.length } : {}),
    ...(isNumber ? { scale: field.scale } : {}),
    ...(values === undefined || values.length === 0 ? {} : { values }),
    required: field.createable && !field.nillable && !field.defaultedOnCreate,
    unique: field.unique || field.type === 'id',
    creatable: field.createable,
    updatable: field.updateable,
  };
}
