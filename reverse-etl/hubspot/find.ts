import type { HubSpotAccount } from '../../apis/hubspot/account.ts';
import type { HubSpotProperty } from '../../apis/hubspot/property.ts';
import { batchRecordsMax, parseLines, readRecords } from '../../apis/hubspot/record-page.ts';
import {
  isSearchable,
  type SearchBody,
  searchRecords,
  searchRecordsMax,
} from '../../apis/hubspot/search.ts';
import type { FoundRecord } from '../../engine/words/destination.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';

/** Values of one search. */
const searchValuesMax = 100;
/** Pages of one search; values are meant to name one record each. */
const searchPagesMax = 1000;

interface FindRequest {
  readonly field: string;
  readonly values: readonly string[];
  readonly fields: readonly string[];
}

interface FindScene {
  readonly account: HubSpotAccount;
  readonly objectPath: string;
  readonly properties: readonly HubSpotProperty[];
  readonly signal: AbortSignal;
}

/**
 * Live records whose property has one of the values. By id and by unique properties HubSpot reads
 * its records; by any other it searches, some moments late.
 */
export async function findRecords(
  scene: FindScene,
  request: FindRequest,
): Promise<readonly FoundRecord[]> {
  const values = [...new Set(request.values)].filter((value) => value !== '');
  const isId = request.field === 'id' || request.field === 'hs_object_id';
  const property = scene.properties.find(({ name }) => name === request.field);
  if (isId || property?.hasUniqueValue === true) {
    const idProperty = isId ? undefined : request.field;
    const found = await readByKey(scene, idProperty, values, request.fields);
    const wanted = new Set(values);
    // A record merged away answers by its survivor, which is another record.
    return isId ? found.filter(({ id }) => wanted.has(id)) : found;
  }
  return searchByValue(scene, request, property, values);
}

async function readByKey(
  scene: FindScene,
  idProperty: string | undefined,
  values: readonly string[],
  fields: readonly string[],
): Promise<readonly FoundRecord[]> {
  const { account, objectPath, signal } = scene;
  const found: FoundRecord[] = [];
  const properties = askedProperties(fields);
  for (let at = 0; at < values.length; at += batchRecordsMax) {
    const chunk = values.slice(at, at + batchRecordsMax);
    const page = await readRecords(account, objectPath, chunk, properties, signal, idProperty);
    found.push(...parseLines(page.lines).map((record) => toFound(record, fields)));
  }
  return found;
}

async function searchByValue(
  scene: FindScene,
  { field, fields }: FindRequest,
  property: HubSpotProperty | undefined,
  values: readonly string[],
): Promise<readonly FoundRecord[]> {
  const isNumber = property?.type === 'number';
  const literals = values
    .filter((value) => !isNumber || (value.trim() !== '' && Number.isFinite(Number(value))))
    // HubSpot compares texts without regard to case, but wants these in lower case.
    .map((value) => (isText(property) ? value.toLowerCase() : value));
  const format = (chunk: readonly string[], afterId: string): SearchBody => ({
    filters: [
      { propertyName: field, operator: 'IN', values: chunk },
      { propertyName: 'hs_object_id', operator: 'GT', value: afterId },
    ],
    sort: { propertyName: 'hs_object_id' },
    properties: askedProperties(fields),
    limit: searchRecordsMax,
  });
  const found: FoundRecord[] = [];
  for (const chunk of chunkBySize([...new Set(literals)], format)) {
    found.push(...(await searchAll(scene, (afterId) => format(chunk, afterId), fields)));
  }
  return found;
}

function isText(property: HubSpotProperty | undefined): boolean {
  return property === undefined || ['string', 'phone_number'].includes(property.type);
}

async function searchAll(
  { account, objectPath, signal }: FindScene,
  format: (afterId: string) => SearchBody,
  fields: readonly string[],
): Promise<readonly FoundRecord[]> {
  const found: FoundRecord[] = [];
  let afterId = '0';
  for (let pages = 0; pages < searchPagesMax; pages += 1) {
    const page = await searchRecords(account, objectPath, format(afterId), signal);
    const records = parseLines(page.lines);
    found.push(...records.map((record) => toFound(record, fields)));
    const lastId = records.at(-1)?.['id'];
    if (lastId === undefined || records.length >= (page.total ?? 0)) return found;
    afterId = String(lastId);
  }
  throw new Error(`assertion failed: a search has more than ${searchPagesMax} pages`);
}

function askedProperties(fields: readonly string[]): readonly string[] {
  const names = fields.filter((name) => name !== 'id');
  // Without any name HubSpot would answer with a choice of its own.
  return names.length === 0 ? ['hs_object_id'] : names;
}

function toFound(record: JsonObject, fields: readonly string[]): FoundRecord {
  const id = String(record['id']);
  const properties = (record['properties'] ?? {}) as JsonObject;
  const held = fields.map((name) => [name, name === 'id' ? id : (properties[name] ?? null)]);
  return { id, fields: { ...Object.fromEntries(held), id } };
}

/** Halves until the body is short enough. */
function* chunkBySize(
  values: readonly string[],
  format: (chunk: readonly string[], afterId: string) => SearchBody,
): Iterable<readonly string[]> {
  if (values.length === 0) return;
  // The longest id there can be: every later page must fit as well.
  const isShort = values.length <= searchValuesMax && isSearchable(format(values, '9'.repeat(19)));
  if (isShort) {
    yield values;
    return;
  }
  if (values.length === 1) {
    throw new TerminalError('a value is too long for HubSpot to search by', {
      code: 'value-too-long',
      hint: 'Match by a unique property of HubSpot, or by a shorter field.',
    });
  }
  const middle = Math.ceil(values.length / 2);
  yield* chunkBySize(values.slice(0, middle), format);
  yield* chunkBySize(values.slice(middle), format);
}
