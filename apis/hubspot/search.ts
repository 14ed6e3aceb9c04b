import type { HubSpotAccount } from './account.ts';
import { type RecordPage, readPage } from './record-page.ts';

export const searchRecordsMax = 200;
/** Longest body of a search. */
const searchCharactersMax = 3000;

export interface SearchFilter {
  readonly propertyName: string;
  readonly operator: 'EQ' | 'GT' | 'GTE' | 'LTE' | 'IN';
  readonly value?: string;
  readonly values?: readonly string[];
}

export interface SearchBody {
  readonly filters: readonly SearchFilter[];
  readonly sort: { readonly propertyName: string; readonly isDescending?: boolean };
  readonly properties: readonly string[];
  readonly limit: number;
}

/**
 * The first page of a search and how many records match it in all. Later pages are searches of
 * their own from where the last one ended: pages by number end at 10,000 records, and shift under
 * the reader when a record is edited meanwhile. Live records only, late by HubSpot's indexing.
 */
export function searchRecords(
  account: HubSpotAccount,
  objectPath: string,
  search: SearchBody,
  signal: AbortSignal,
): Promise<RecordPage> {
  return readPage(account, {
    method: 'POST',
    path: `/crm/v3/objects/${objectPath}/search`,
    body: formatSearch(search),
    signal,
  });
}

/** True where the property names fit into the body of a search. */
export function isSearchable(search: SearchBody): boolean {
  return JSON.stringify(formatSearch(search)).length <= searchCharactersMax;
}

function formatSearch({ filters, sort, properties, limit }: SearchBody) {
  const direction = sort.isDescending === true ? 'DESCENDING' : 'ASCENDING';
  return {
    filterGroups: filters.length === 0 ? [] : [{ filters: filters.map((one) => ({ ...one })) }],
    sorts: [{ propertyName: sort.propertyName, direction }],
    properties,
    limit,
  };
}
