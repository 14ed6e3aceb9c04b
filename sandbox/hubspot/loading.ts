import { join } from 'node:path';
import type { Row } from '../control.ts';
import { listDataFiles, readDataFile, readSchemaFile } from '../folder.ts';
import type { Account } from './account.ts';
import type { ObjectDefinition } from './catalog.ts';
import { defineSchema } from './definition.ts';
import { deriveValues } from './derived-values.ts';
import { checkValues, parseInstant } from './value-check.ts';

const blankIsNull = (value: unknown): unknown => (value === '' ? null : value);
const systemKeys = ['id', 'hs_object_id', 'createdAt', 'updatedAt', 'archived', 'archivedAt'];

/**
 * Puts rows into the account as if they had always been there: ids and stamps are kept where
 * given, search sees them at once. All or none; an Error names the row (from 1) and the property.
 */
export function loadRecords(
  account: Account,
  type: string,
  rows: Iterable<Row>,
  place: (row: number) => string = (row) => `row ${row}`,
): number {
  if (type === 'associations') return loadAssociations(account, rows, place);
  const object = account.catalog.get(type);
  let count = 0;
  account.store.transaction(() => {
    for (const row of rows) {
      count += 1;
      try {
        loadRecord(account, object, row);
      } catch (error) {
        throw new Error(`${place(count)} of ${type}: ${explain(error)}`);
      }
    }
  });
  return count;
}

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const unique = /UNIQUE constraint failed: \S+\.(?:p_)?(\w+)/.exec(message)?.[1];
  if (unique === undefined) return message;
  return `another record already has its ${unique}; make it unique or leave it out`;
}

function loadRecord(account: Account, object: ObjectDefinition, row: Row): void {
  const { catalog, minting, store } = account;
  const { createdProperty, modifiedProperty } = object;
  const properties: Row = {};
  for (const [key, value] of Object.entries(row)) {
    if (systemKeys.includes(key) || key === createdProperty || key === modifiedProperty) continue;
    properties[key] = value;
  }
  const { values, problems } = checkValues(catalog, object, properties, true);
  const [problem] = problems;
  if (problem?.error === 'PROPERTY_DOESNT_EXIST') {
    throw new Error(`there is no property "${problem.name}"; declare it in the schema`);
  }
  if (problem !== undefined) {
    const wanted = object.properties.get(problem.name)?.type;
    throw new Error(`property "${problem.name}" (${wanted}) refused its value: ${problem.error}`);
  }
  Object.assign(values, deriveValues(catalog, object, values, {}), values);
  const nowMs = account.clock.now();
  const createdMs = readStamp(row, [createdProperty, 'createdAt']) ?? nowMs;
  const modifiedMs = readStamp(row, [modifiedProperty, 'updatedAt']) ?? createdMs;
  const isArchived = String(row['archived'] ?? 'false') === 'true';
  const archivedMs =
    readStamp(row, ['archivedAt']) ?? (isArchived ? Math.max(nowMs, modifiedMs) : null);
  const id = readId(row, minting.nextId);
  minting.raiseAbove(id);
  store.insert(object, { id, createdMs, modifiedMs, archivedMs, values }, true);
}

function readId(row: Row, mint: () => number): number {
  const raw = blankIsNull(row['id'] ?? row['hs_object_id'] ?? null);
  if (raw === null) return mint();
  if (/^\d{1,15}$/.test(String(raw))) return Number(raw);
  throw new Error('its id is not a whole number of at most 15 digits');
}

function readStamp(row: Row, keys: readonly string[]): number | undefined {
  for (const key of keys) {
    const raw = blankIsNull(row[key] ?? null);
    if (raw === null) continue;
    const atMs = raw instanceof Date ? raw.getTime() : parseInstant(String(raw));
    if (atMs === undefined) throw new Error(`${key} is neither ISO time nor epoch milliseconds`);
    return atMs;
  }
  return undefined;
}

/** Rows of from_type, from_id, to_type, to_id and, for a labelled relation, type_id. */
function loadAssociations(
  account: Account,
  rows: Iterable<Row>,
  place: (row: number) => string,
): number {
  let count = 0;
  account.store.transaction(() => {
    for (const row of rows) {
      count += 1;
      try {
        associateRow(account, row);
      } catch (error) {
        throw new Error(`${place(count)} of associations: ${explain(error)}`);
      }
    }
  });
  return count;
}

export function associateRow(account: Account, row: Row, isRemoval = false): void {
  const { associations, catalog, kinds, records } = account;
  const from = catalog.get(String(row['from_type']));
  const to = catalog.get(String(row['to_type']));
  const fromId = records.findId(from, String(row['from_id']));
  const toId = records.findId(to, String(row['to_id']));
  if (fromId === undefined) throw new Error(`there is no ${from.singular} with its from_id`);
  if (toId === undefined) throw new Error(`there is no ${to.singular} with its to_id`);
  const typeId = blankIsNull(row['type_id'] ?? null);
  const category = blankIsNull(row['category'] ?? null);
  const named = typeof category === 'string' ? category : undefined;
  const kind =
    typeId === null ? kinds.unlabelled(from, to) : kinds.find(from, to, Number(typeId), named);
  if (kind === undefined) {
    throw new Error(`no such association type from ${from.name} to ${to.name}`);
  }
  if (!isRemoval) associations.add(from, fromId, to, toId, [kind]);
  else associations.remove(from, fromId, to, toId, typeId === null ? undefined : [kind]);
}

/**
 * Loads a folder: schema.json first, then `<type>.csv|.json|.ndjson`, associations last.
 * Returns the number of rows; an Error names the file and the row in it (from 1).
 */
export async function loadFolder(account: Account, folder: string): Promise<number> {
  const schema = await readSchemaFile(folder);
  if (schema !== undefined) {
    try {
      defineSchema(account, schema);
    } catch (error) {
      throw new Error(`${join(folder, 'schema.json')}: ${explain(error)}`);
    }
  }
  const isLast = ([type]: readonly [string, string]): number => (type === 'associations' ? 1 : 0);
  const files = (await listDataFiles(folder)).toSorted(
    (left, right) => isLast(left) - isLast(right),
  );
  let count = 0;
  for (const [type, file] of files) {
    if (type !== 'associations' && account.catalog.find(type) === undefined) {
      const known = [...account.catalog.objects.keys(), 'associations'].join(', ');
      throw new Error(`${file}: no object "${type}"; declare it in schema.json, or use ${known}`);
    }
    let before = 0;
    for await (const rows of readDataFile(file)) {
      loadRecords(account, type, rows, (row) => `${file}: row ${before + row}`);
      before += rows.length;
    }
    count += before;
  }
  return count;
}
