/** The members of `/sobjects/X/describe` that are used here. */
export interface SalesforceField {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly length: number;
  readonly precision: number;
  readonly scale: number;
  readonly nillable: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  readonly defaultedOnCreate: boolean;
  readonly calculated: boolean;
  readonly unique: boolean;
  readonly externalId: boolean;
  readonly idLookup: boolean;
  readonly filterable: boolean;
  readonly sortable: boolean;
  readonly deprecatedAndHidden?: boolean;
  readonly restrictedPicklist: boolean;
  readonly picklistValues?: readonly { readonly value: string; readonly active: boolean }[];
}

export interface SalesforceObject {
  readonly name: string;
  readonly label: string;
  readonly queryable: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  readonly deletable: boolean;
  readonly fields: readonly SalesforceField[];
}

/** The entry of an object in `/sobjects`. */
export interface SalesforceObjectName {
  readonly name: string;
  readonly queryable: boolean;
  readonly retrieveable?: boolean;
  readonly deprecatedAndHidden?: boolean;
}

export const numberTypes: ReadonlySet<string> = new Set([
  'int',
  'long',
  'double',
  'currency',
  'percent',
]);
