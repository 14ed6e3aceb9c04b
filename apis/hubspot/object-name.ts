import type { JsonObject } from '../../engine/words/json.ts';
import type { HubSpotAccount } from './account.ts';
import { readJson } from './reply.ts';

/** The objects every account has, by the name their records are listed under. */
export const standardObjects = [
  'contacts',
  'companies',
  'deals',
  'tickets',
  'products',
  'line_items',
  'calls',
  'emails',
  'meetings',
  'notes',
  'tasks',
] as const;

const standardNames: ReadonlySet<string> = new Set(standardObjects);

/** How old the list of custom objects and descriptions may be where nothing asks for today's. */
export const describeAgeMsMax = 5 * 60_000;

/** A custom object; only accounts of the Enterprise plan have any. */
export interface HubSpotSchema {
  readonly name: string;
  /** As paths name it: plain names are not unique between apps. */
  readonly objectTypeId: string;
  readonly requiredProperties: readonly string[];
}

export function isStandardObject(name: string): boolean {
  return standardNames.has(name);
}

/** The custom objects of the account. */
export function listSchemas(
  account: HubSpotAccount,
  signal: AbortSignal,
): Promise<readonly HubSpotSchema[]> {
  return account.keep('schemas', describeAgeMsMax, async () => {
    const path = '/crm-object-schemas/v3/schemas';
    const body = await readJson(account, { method: 'GET', path, signal });
    const results = Array.isArray(body['results']) ? (body['results'] as JsonObject[]) : [];
    return results
      .filter((schema) => schema['archived'] !== true)
      .map((schema) => ({
        name: String(schema['name']),
        objectTypeId: String(schema['objectTypeId']),
        requiredProperties: toNames(schema['requiredProperties']),
      }));
  });
}

function toNames(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** How paths name an object; undefined where the account has none of that name. */
export async function findObjectPath(
  account: HubSpotAccount,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (isStandardObject(name)) return name;
  const schemas = await listSchemas(account, signal);
  return schemas.find((schema) => schema.name === name)?.objectTypeId;
}

/** The property that holds the modified stamp: contacts alone have another name for it. */
export function modifiedPropertyOf(object: string): string {
  return object === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate';
}
