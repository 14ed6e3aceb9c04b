import type { HubSpotAccount } from './account.ts';
import { readJson } from './reply.ts';

/** The members of a property that are used here. */
export interface HubSpotProperty {
  readonly name: string;
  readonly label?: string;
  /** string, number, date, datetime, enumeration, bool, phone_number, object_coordinates, json. */
  readonly type: string;
  readonly fieldType?: string;
  readonly options?: readonly { readonly value: string; readonly hidden?: boolean }[];
  readonly calculated?: boolean;
  /** The values come from elsewhere, as owners and stages do. */
  readonly externalOptions?: boolean;
  readonly referencedObjectType?: string;
  readonly hasUniqueValue?: boolean;
  readonly modificationMetadata?: { readonly readOnlyValue?: boolean };
}

/** Every property of an object, in one call; not older than `ageMsMax`. */
export function listProperties(
  account: HubSpotAccount,
  objectPath: string,
  signal: AbortSignal,
  ageMsMax: number,
): Promise<readonly HubSpotProperty[]> {
  return account.keep(`properties ${objectPath}`, ageMsMax, async () => {
    const path = `/crm/v3/properties/${objectPath}`;
    const { results } = await readJson(account, { method: 'GET', path, signal });
    return Array.isArray(results) ? (results as unknown as readonly HubSpotProperty[]) : [];
  });
}
