import type { HubSpotSandbox } from '../../sandbox/hubspot/sandbox.ts';
import type { SalesforceSandbox } from '../../sandbox/salesforce/sandbox.ts';

/** HubSpot's live records, their properties beside `id`. */
export function liveRecords(hubspot: HubSpotSandbox, type: string): Record<string, unknown>[] {
  return [...hubspot.rows(type)]
    .filter(({ archived }) => archived !== true)
    .map((row) => ({ ...(row['properties'] as Record<string, unknown>), id: row['id'] }));
}

/** Salesforce's records that are not in the bin. */
export function liveRows(salesforce: SalesforceSandbox, object: string): Record<string, unknown>[] {
  return [...salesforce.rows(object)].filter((row) => row['IsDeleted'] !== true);
}

/** `from>to` of every relation between records of two types, whatever its kind. */
export function findRelations(hubspot: HubSpotSandbox, from: string, to: string): Set<string> {
  const rows = [...hubspot.rows('associations')];
  const there = rows.filter((row) => row['from_type'] === from && row['to_type'] === to);
  const back = rows.filter((row) => row['from_type'] === to && row['to_type'] === from);
  return new Set([
    ...there.map((row) => `${String(row['from_id'])}>${String(row['to_id'])}`),
    ...back.map((row) => `${String(row['to_id'])}>${String(row['from_id'])}`),
  ]);
}

/** Values that are there more than once; absent ones do not count. */
export function findRepeated(values: readonly unknown[]): unknown[] {
  const present = values.filter((value) => value !== undefined && value !== null && value !== '');
  return present.filter((value, index) => present.indexOf(value) !== index);
}
