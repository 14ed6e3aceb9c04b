import {
  numberTypes,
  type SalesforceField,
  type SalesforceObject,
} from '../../apis/salesforce/describe.ts';
import type {
  ColumnType,
  Stream,
  StreamColumn,
  StreamSettings,
} from '../../engine/words/stream.ts';

/** Compound fields repeat their parts; binary bodies cannot be queried. */
const skippedTypes: ReadonlySet<string> = new Set([
  'address',
  'location',
  'base64',
  'complexvalue',
]);

/** Numbers of Salesforce have at most this many digits. */
const digitsMax = 18;

/** Fields that only grow, best first: history objects have no SystemModstamp, only a creation. */
const cursorFields = ['SystemModstamp', 'LastModifiedDate', 'CreatedDate'] as const;

/** The stream of a described object; undefined where its records cannot be told apart. */
export function toStream(object: SalesforceObject): Stream | undefined {
  const fields = object.fields.filter((field) => !skippedTypes.has(field.type));
  const names = new Set(fields.map((field) => field.name));
  if (!object.queryable || !names.has('Id')) return undefined;
  const cursorField = cursorFields.find((name) =>
    fields.some((field) => field.name === name && field.filterable && field.sortable),
  );
  return {
    name: object.name,
    columns: fields.map(toColumn),
    primaryKey: ['Id'],
    ...(cursorField === undefined ? {} : { cursorField, modifiedField: cursorField }),
    ...(names.has('IsDeleted') ? { deletedField: 'IsDeleted' } : {}),
    ...(names.has('MasterRecordId') ? { mergedIntoField: 'MasterRecordId' } : {}),
  };
}

function toColumn(field: SalesforceField): StreamColumn {
  return {
    name: field.name,
    type: toColumnType(field),
    label: field.label,
    ...(field.calculated ? { computed: true } : {}),
  };
}

function toColumnType(field: SalesforceField): ColumnType {
  switch (field.type) {
    case 'boolean':
    case 'date':
    case 'time':
      return field.type;
    case 'datetime':
      return 'timestamp';
    case 'int':
    case 'long':
      return 'integer';
    default:
      return numberTypes.has(field.type) ? toNumberType(field) : 'string';
  }
}

/** Stored numbers have a declared scale; formulas answer with every digit they computed. */
function toNumberType(field: SalesforceField): ColumnType {
  const isExact = !field.calculated && field.precision > 0 && field.scale <= digitsMax;
  return isExact ? `decimal(${digitsMax},${field.scale})` : 'double';
}

/** The names to select: what the settings leave, and what the stream itself cannot do without. */
export function selectNames(stream: Stream, settings: StreamSettings): readonly string[] {
  const needed = new Set([
    ...stream.primaryKey,
    ...[stream.cursorField, stream.deletedField, stream.mergedIntoField].flatMap(
      (name) => name ?? [],
    ),
  ]);
  return stream.columns
    .map((column) => column.name)
    .filter((name) => {
      if (needed.has(name)) return true;
      if (settings.exclude?.includes(name)) return false;
      return settings.fields === undefined || settings.fields.includes(name);
    });
}
