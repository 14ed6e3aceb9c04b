import { isStandardObject } from '../../apis/hubspot/object-name.ts';
import type { HubSpotProperty } from '../../apis/hubspot/property.ts';
import type {
  ColumnType,
  Stream,
  StreamColumn,
  StreamSettings,
} from '../../engine/words/stream.ts';

/** What the envelope of a record carries beside its properties. */
const envelope: readonly StreamColumn[] = [
  { name: 'createdAt', type: 'timestamp' },
  { name: 'updatedAt', type: 'timestamp' },
  { name: 'archived', type: 'boolean' },
  { name: 'archivedAt', type: 'timestamp' },
];

const envelopeNames: ReadonlySet<string> = new Set(
  ['id', ...envelope.map(({ name }) => name)].map((name) => name.toLowerCase()),
);

/** The stream of an object with these properties. */
export function toObjectStream(name: string, properties: readonly HubSpotProperty[]): Stream {
  return {
    name,
    columns: [{ name: 'id', type: 'string' }, ...properties.map(toColumn), ...envelope],
    primaryKey: ['id'],
    cursorField: 'updatedAt',
    modifiedField: 'updatedAt',
    deletedField: 'archived',
  };
}

function toColumn(property: HubSpotProperty): StreamColumn {
  // Warehouses do not tell upper from lower case in names.
  const isTaken = envelopeNames.has(property.name.toLowerCase());
  return {
    name: isTaken ? `property_${property.name}` : property.name,
    type: toColumnType(property),
    path: ['properties', property.name],
    ...(property.label === undefined ? {} : { label: property.label }),
    ...(property.calculated === true ? { computed: true } : {}),
  };
}

/** Numbers that name a record: a double would print them as 123.0. */
const idPattern = /(^|_)(id|ids)$|(company|contact|deal|ticket|owner|object|user|portal)id$/;

function toColumnType({ name, type }: HubSpotProperty): ColumnType {
  switch (type) {
    case 'number':
      return idPattern.test(name) ? 'string' : 'double';
    case 'bool':
      return 'boolean';
    case 'date':
      return 'date';
    case 'datetime':
      return 'timestamp';
    default:
      return 'string';
  }
}

/** The properties to ask for: those of the stream's columns that the settings leave. */
export function selectProperties(stream: Stream, settings: StreamSettings): readonly string[] {
  return stream.columns.flatMap(({ name, path }) => {
    const property = path?.[0] === 'properties' ? path[1] : undefined;
    if (property === undefined || settings.exclude?.includes(name) === true) return [];
    return settings.fields === undefined || settings.fields.includes(name) ? [property] : [];
  });
}

export const ownersStream: Stream = {
  name: 'owners',
  columns: [
    { name: 'id', type: 'string' },
    { name: 'email', type: 'string' },
    { name: 'firstName', type: 'string' },
    { name: 'lastName', type: 'string' },
    { name: 'type', type: 'string' },
    { name: 'userId', type: 'string' },
    { name: 'archived', type: 'boolean' },
    { name: 'createdAt', type: 'timestamp' },
    { name: 'updatedAt', type: 'timestamp' },
  ],
  primaryKey: ['id'],
  modifiedField: 'updatedAt',
  deletedField: 'archived',
};

export const stagesStream: Stream = {
  name: 'pipeline_stages',
  columns: [
    { name: 'object_type', type: 'string' },
    { name: 'pipeline_id', type: 'string' },
    { name: 'pipeline_label', type: 'string' },
    { name: 'stage_id', type: 'string' },
    { name: 'label', type: 'string' },
    { name: 'display_order', type: 'integer' },
    { name: 'probability', type: 'double' },
    { name: 'is_closed', type: 'boolean' },
    { name: 'archived', type: 'boolean' },
  ],
  primaryKey: ['object_type', 'pipeline_id', 'stage_id'],
  deletedField: 'archived',
};

export function toAssociationStream(name: string): Stream {
  return {
    name,
    columns: [
      { name: 'from_id', type: 'string' },
      { name: 'to_id', type: 'string' },
      { name: 'type_id', type: 'integer' },
      { name: 'category', type: 'string' },
      { name: 'label', type: 'string' },
    ],
    primaryKey: ['from_id', 'to_id', 'type_id'],
  };
}

/** The two objects an association stream joins; undefined where the name is none of that kind. */
export function splitAssociation(
  name: string,
  isObject: (object: string) => boolean = isStandardObject,
): { readonly from: string; readonly to: string } | undefined {
  if (!name.startsWith(associationPrefix)) return undefined;
  const parts = name.slice(associationPrefix.length).split('_');
  for (let at = 1; at < parts.length; at += 1) {
    const from = parts.slice(0, at).join('_');
    const to = parts.slice(at).join('_');
    if (isObject(from) && isObject(to)) return { from, to };
  }
  return undefined;
}

export const associationPrefix = 'associations_';
