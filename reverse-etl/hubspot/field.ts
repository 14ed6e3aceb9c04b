import type { HubSpotProperty } from '../../apis/hubspot/property.ts';
import type { DestinationField } from '../../engine/words/destination.ts';
import type { CanonicalKind } from '../../engine/words/warehouse.ts';

/** HubSpot's limit on one property value. */
export const valueCharactersMax = 65_536;

const kinds: Readonly<Record<string, CanonicalKind>> = {
  number: 'number',
  bool: 'boolean',
  date: 'date',
  datetime: 'datetime',
  json: 'json',
};

export function toDestinationFields(
  properties: readonly HubSpotProperty[],
  required: ReadonlySet<string>,
): readonly DestinationField[] {
  return properties.map((property) => toDestinationField(property, required));
}

function toDestinationField(
  property: HubSpotProperty,
  required: ReadonlySet<string>,
): DestinationField {
  const { name, type } = property;
  const isWritable =
    property.calculated !== true && property.modificationMetadata?.readOnlyValue !== true;
  const values = listValues(property);
  const isText = type === 'string' || type === 'phone_number';
  return {
    name,
    label: property.label ?? name,
    kind: kindOf(property),
    type: property.fieldType === undefined ? type : `${type} (${property.fieldType})`,
    ...(isText ? { lengthMax: valueCharactersMax } : {}),
    ...(values === undefined ? {} : { values }),
    required: required.has(name),
    unique: property.hasUniqueValue === true || name === 'hs_object_id',
    creatable: isWritable,
    updatable: isWritable,
  };
}

function kindOf({ name, type, fieldType }: HubSpotProperty): CanonicalKind {
  if (name === 'hs_object_id') return 'record_id';
  if (name === 'email' && type === 'string') return 'email';
  if (isMultiple(type, fieldType)) return 'multi_select';
  return kinds[type] ?? 'text';
}

export function isMultiple(type: string, fieldType: string | undefined): boolean {
  return type === 'enumeration' && fieldType === 'checkbox';
}

/** Owners, stages and the like are no options of the property itself. */
function listValues({
  type,
  options,
  externalOptions,
  referencedObjectType,
}: HubSpotProperty): readonly string[] | undefined {
  if (type !== 'enumeration' || externalOptions === true) return undefined;
  if (referencedObjectType !== undefined || options === undefined || options.length === 0) {
    return undefined;
  }
  return options.map(({ value }) => value);
}
