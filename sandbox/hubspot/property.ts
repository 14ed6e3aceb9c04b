/** Property types of the Properties API. */
const propertyTypes = [
  'string',
  'number',
  'date',
  'datetime',
  'enumeration',
  'bool',
  'phone_number',
  'object_coordinates',
  'json',
] as const;
export type PropertyType = (typeof propertyTypes)[number];

export interface PropertyOption {
  label: string;
  value: string;
  displayOrder: number;
  hidden: boolean;
  description?: string;
}

/** Where an enumeration's values come from when not from its own options. */
export type OptionSource = 'own' | 'owners' | 'pipelines' | 'stages' | 'free';

export interface PropertyDefinition {
  name: string;
  label: string;
  type: PropertyType;
  fieldType: string;
  groupName: string;
  description: string;
  options: PropertyOption[];
  optionSource: OptionSource;
  hasUniqueValue: boolean;
  calculated: boolean;
  isReadOnly: boolean;
  hidden: boolean;
  formField: boolean;
  displayOrder: number;
  hubspotDefined: boolean;
  archived: boolean;
  createdAtMs: number;
  updatedAtMs: number;
}

/** How people declare a property: in `define`, in schema.json, and in POST bodies. */
export interface PropertyInput {
  name: string;
  label?: string;
  type?: string;
  fieldType?: string;
  groupName?: string;
  description?: string;
  options?: readonly (string | Partial<PropertyOption>)[];
  hasUniqueValue?: boolean;
  calculated?: boolean;
  hidden?: boolean;
  formField?: boolean;
  displayOrder?: number;
}

const fieldTypeOf: Record<PropertyType, string> = {
  string: 'text',
  number: 'number',
  date: 'date',
  datetime: 'date',
  enumeration: 'select',
  bool: 'booleancheckbox',
  phone_number: 'phonenumber',
  object_coordinates: 'text',
  json: 'text',
};

const propertyNamePattern = /^[a-z][a-z0-9_]{0,99}$/;

/** A custom property from its declaration; throws an Error that names the fault. */
export function defineProperty(
  input: PropertyInput,
  groupName: string,
  nowMs: number,
): PropertyDefinition {
  const { name } = input;
  if (typeof name !== 'string' || !propertyNamePattern.test(name)) {
    throw new Error(
      `property name ${JSON.stringify(name)} is not lower-case letters, digits and underscores`,
    );
  }
  const type = propertyTypes.find((known) => known === (input.type ?? 'string'));
  if (type === undefined) {
    throw new Error(`property "${name}" has type "${input.type}"; use ${propertyTypes.join(', ')}`);
  }
  const isBool = type === 'bool';
  const options = input.options ?? (isBool ? boolOptions : []);
  return {
    name,
    label: input.label ?? name,
    type,
    fieldType: input.fieldType ?? fieldTypeOf[type],
    groupName: input.groupName ?? groupName,
    description: input.description ?? '',
    options: options.map(createOption),
    optionSource: 'own',
    hasUniqueValue: input.hasUniqueValue ?? false,
    calculated: input.calculated ?? false,
    isReadOnly: input.calculated ?? false,
    hidden: input.hidden ?? false,
    formField: input.formField ?? false,
    displayOrder: input.displayOrder ?? -1,
    hubspotDefined: false,
    archived: false,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

const boolOptions: readonly Partial<PropertyOption>[] = [
  { label: 'Yes', value: 'true' },
  { label: 'No', value: 'false' },
];

export function createOption(
  option: string | Partial<PropertyOption>,
  index: number,
): PropertyOption {
  const given = typeof option === 'string' ? { value: option } : option;
  const value = String(given.value ?? given.label ?? '');
  return {
    label: given.label ?? value,
    value,
    displayOrder: given.displayOrder ?? index,
    hidden: given.hidden ?? false,
    ...(given.description === undefined ? {} : { description: given.description }),
  };
}

/** One line of standard-objects.ts: name|label|type|fieldType|flag,flag… */
export function parsePropertyLine(
  line: string,
  groupName: string,
  nowMs: number,
): PropertyDefinition {
  const [name = '', label = '', type = 'string', fieldType = 'text', ...rest] = line.split('|');
  const flagText = rest.join('|');
  const optionMark = flagText.indexOf('options=');
  const flags = (optionMark === -1 ? flagText : flagText.slice(0, optionMark)).split(',');
  const options =
    optionMark === -1
      ? undefined
      : flagText
          .slice(optionMark + 'options='.length)
          .split(';')
          .map((pair) => {
            const [value = '', optionLabel] = pair.split(':');
            return { value, label: optionLabel ?? value };
          });
  const property = defineProperty(
    {
      name,
      label,
      type,
      fieldType,
      calculated: flags.includes('calculated'),
      hasUniqueValue: flags.includes('unique'),
      formField: !flags.includes('calculated'),
      ...(options === undefined ? {} : { options }),
    },
    groupName,
    nowMs,
  );
  return {
    ...property,
    hubspotDefined: true,
    isReadOnly: property.calculated || flags.includes('readonly'),
    optionSource: optionSourceOf(flags),
  };
}

function optionSourceOf(flags: readonly string[]): OptionSource {
  if (flags.includes('owner')) return 'owners';
  if (flags.includes('pipeline')) return 'pipelines';
  if (flags.includes('stage')) return 'stages';
  return flags.includes('free') ? 'free' : 'own';
}
