import { visibleFields } from './catalog.ts';
import type { Org } from './org.ts';
import type { Field, FieldType, SandboxObject } from './schema.ts';
import { isWritable } from './writer.ts';

/** Texts longer than this can be read, but neither filtered nor sorted by. */
const filterableLengthMax = 255;

export function isFilterable(field: Field): boolean {
  if (field.type === 'address') return false;
  return field.type !== 'textarea' || field.length <= filterableLengthMax;
}

export function isSortable(field: Field): boolean {
  return isFilterable(field) && field.type !== 'multipicklist';
}

const soapTypes: Partial<Record<FieldType, string>> = {
  id: 'tns:ID',
  reference: 'tns:ID',
  boolean: 'xsd:boolean',
  int: 'xsd:int',
  double: 'xsd:double',
  currency: 'xsd:double',
  percent: 'xsd:double',
  date: 'xsd:date',
  datetime: 'xsd:dateTime',
  address: 'urn:address',
};

const notNull = new Set(['createddate', 'createdbyid', 'lastmodifieddate', 'systemmodstamp']);

/** One entry of `GET /sobjects`. */
export function describeBriefly(object: SandboxObject, base: string): Record<string, unknown> {
  const path = `${base}/sobjects/${object.name}`;
  const isWritten = !object.readOnly;
  return {
    activateable: false,
    associateEntityType: object.name.endsWith('History') ? 'History' : null,
    associateParentEntity: null,
    createable: isWritten,
    custom: object.custom,
    customSetting: false,
    deepCloneable: false,
    deletable: isWritten && object.name !== 'User',
    deprecatedAndHidden: false,
    feedEnabled: isWritten,
    hasSubtypes: false,
    isInterface: false,
    isSubtype: false,
    keyPrefix: object.keyPrefix,
    label: object.label,
    labelPlural: object.labelPlural,
    layoutable: isWritten,
    mergeable: object.mergeable,
    mruEnabled: isWritten,
    name: object.name,
    queryable: true,
    replicateable: true,
    retrieveable: true,
    searchable: isWritten,
    triggerable: isWritten,
    undeletable: isWritten && object.name !== 'User',
    updateable: isWritten,
    urls: {
      rowTemplate: `${path}/{ID}`,
      describe: `${path}/describe`,
      sobject: path,
    },
  };
}

/** `GET /sobjects/X/describe`: what the API user may see of an object. */
export function describeFully(
  org: Org,
  object: SandboxObject,
  base: string,
): Record<string, unknown> {
  return {
    ...describeBriefly(object, base),
    actionOverrides: [],
    childRelationships: describeChildren(org, object),
    compactLayoutable: true,
    defaultImplementation: null,
    extendedBy: null,
    extendsInterfaces: null,
    fields: visibleFields(object).map((field) => describeField(object, field)),
    implementedBy: null,
    implementsInterfaces: null,
    listviewable: null,
    lookupLayoutable: null,
    namedLayoutInfos: [],
    networkScopeFieldName: null,
    recordTypeInfos: [
      {
        active: true,
        available: true,
        defaultRecordTypeMapping: true,
        developerName: 'Master',
        master: true,
        name: 'Master',
        recordTypeId: '012000000000000AAA',
        urls: {},
      },
    ],
    searchLayoutable: !object.readOnly,
    sobjectDescribeOption: 'FULL',
    supportedScopes: [
      { label: `All ${object.labelPlural}`, name: 'everything' },
      { label: `My ${object.labelPlural}`, name: 'mine' },
    ],
  };
}

function describeChildren(org: Org, parent: SandboxObject): Record<string, unknown>[] {
  const children: Record<string, unknown>[] = [];
  for (const child of org.catalog.objects.values()) {
    if (child.isDropped) continue;
    for (const field of visibleFields(child)) {
      if (field.type !== 'reference' || !field.referenceTo?.includes(parent.name)) continue;
      if (field.readOnly && field.name !== 'MasterRecordId') continue;
      children.push({
        cascadeDelete: field.cascadeDelete ?? false,
        childSObject: child.name,
        deprecatedAndHidden: false,
        field: field.name,
        junctionIdListNames: [],
        junctionReferenceTo: [],
        relationshipName: child.custom ? `${child.name.slice(0, -1)}r` : child.labelPlural,
        restrictedDelete: false,
      });
    }
  }
  return children;
}

function describeField(object: SandboxObject, field: Field): Record<string, unknown> {
  const { type } = field;
  const isNumber = ['int', 'double', 'currency', 'percent'].includes(type);
  const isText = !isNumber && !['boolean', 'date', 'datetime', 'address'].includes(type);
  const isNotNull =
    field.required || type === 'id' || type === 'boolean' || notNull.has(field.name.toLowerCase());
  return {
    aggregatable: isFilterable(field) && type !== 'boolean',
    aiPredictionField: false,
    autoNumber: field.autoNumber ?? false,
    byteLength: isText ? field.length * 3 : 0,
    calculated: field.formula !== undefined,
    calculatedFormula: field.formula ?? null,
    cascadeDelete: field.cascadeDelete ?? false,
    caseSensitive: field.caseSensitive ?? false,
    compoundFieldName: field.compoundFieldName ?? null,
    controllerName: null,
    createable: !object.readOnly && isWritable(field, 'insert'),
    custom: field.custom,
    defaultValue: type === 'boolean' ? (field.defaultValue ?? false) : null,
    defaultValueFormula: null,
    defaultedOnCreate:
      field.defaultValue !== undefined || field.readOnly || field.name === 'OwnerId',
    dependentPicklist: false,
    deprecatedAndHidden: false,
    digits: type === 'int' ? field.precision : 0,
    displayLocationInDecimal: false,
    encrypted: false,
    externalId: field.externalId ?? false,
    extraTypeInfo: null,
    filterable: isFilterable(field),
    filteredLookupInfo: null,
    formulaTreatNullNumberAsZero: false,
    groupable: isSortable(field) && !isNumber && type !== 'datetime',
    highScaleNumber: false,
    htmlFormatted: false,
    idLookup: field.idLookup === true || field.externalId === true,
    inlineHelpText: null,
    label: field.label,
    length: isText ? field.length : 0,
    mask: null,
    maskType: null,
    name: field.name,
    nameField: field.nameField ?? false,
    namePointing: (field.referenceTo?.length ?? 0) > 1,
    nillable: !isNotNull,
    permissionable: !isNotNull && !field.readOnly,
    picklistValues: (field.picklist ?? []).map((value) => ({
      active: true,
      defaultValue: value === field.defaultValue,
      label: value,
      validFor: null,
      value,
    })),
    polymorphicForeignKey: (field.referenceTo?.length ?? 0) > 1,
    precision: type === 'int' ? 0 : isNumber ? field.precision : 0,
    queryByDistance: type === 'address',
    referenceTargetField: null,
    referenceTo: field.referenceTo ?? [],
    relationshipName: field.relationshipName ?? null,
    relationshipOrder: null,
    restrictedDelete: false,
    restrictedPicklist: field.restricted ?? false,
    scale: field.scale,
    searchPrefilterable: type === 'reference',
    soapType: soapTypes[type] ?? 'xsd:string',
    sortable: isSortable(field),
    type,
    unique: field.unique ?? false,
    updateable: !object.readOnly && isWritable(field, 'update'),
    writeRequiresMasterRead: false,
  };
}
