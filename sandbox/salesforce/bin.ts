import type { Author, Org } from './org.ts';
import type { Field, SandboxObject } from './schema.ts';
import { quote, type Values } from './store.ts';
import { RowFault } from './value.ts';
import { findLive, touch, updateRow } from './writer.ts';

/** How deep a delete follows its children: account, opportunity, history, and some to spare. */
const cascadeDepthMax = 5;
/** A merge takes one winner and at most two losers. */
const losersMax = 2;

function* referencesTo(org: Org, parent: SandboxObject): Iterable<[SandboxObject, Field]> {
  for (const object of org.catalog.objects.values()) {
    for (const field of object.fields.values()) {
      if (field.type !== 'reference' || field.name === 'MasterRecordId') continue;
      if (field.referenceTo?.includes(parent.name)) yield [object, field];
    }
  }
}

function childIds(org: Org, child: SandboxObject, field: Field, id: string): string[] {
  org.store.ensureIndex(child, field);
  const sql = `select "Id" from ${quote(child.name)} where ${quote(field.name)} = ? and "IsDeleted" = 0`;
  return org.store
    .prepare(sql)
    .all(id)
    .map((row) => row['Id'] as string);
}

/** Puts a row and what hangs on it into the recycle bin. Returns how many rows went. */
export function removeRow(org: Org, object: SandboxObject, id: string, by: Author): number {
  if (object.readOnly) throw new RowFault('INSUFFICIENT_ACCESS_OR_READONLY', 'entity is read-only');
  findLive(org, object, id);
  return moveToBin(org, object, id, by, id, 0);
}

function moveToBin(
  org: Org,
  object: SandboxObject,
  id: string,
  by: Author,
  root: string,
  depth: number,
): number {
  const values: Values = { IsDeleted: 1, _deleted_at: by.stamp, _deleted_with: root };
  touch(values, by);
  org.store.update(object, id, values);
  let count = 1;
  if (depth >= cascadeDepthMax) return count;
  for (const [child, field] of referencesTo(org, object)) {
    if (!field.cascadeDelete) continue;
    for (const childId of childIds(org, child, field, id)) {
      count += moveToBin(org, child, childId, by, root, depth + 1);
    }
  }
  return count;
}

/** Removes a row for good: it vanishes from `queryAll` too. */
export function eraseRow(org: Org, object: SandboxObject, id: string, by: Author): void {
  const row = org.store.find(object, id);
  if (row === undefined) findLive(org, object, id);
  if (row?.['IsDeleted'] !== 1) removeRow(org, object, id, by);
  org.store.erase(object, id);
}

/** Takes a row, and what went into the bin with it, out again. */
export function undeleteRow(org: Org, object: SandboxObject, id: string, by: Author): void {
  const row = org.store.find(object, id);
  if (row === undefined || row['IsDeleted'] !== 1) {
    throw new RowFault('UNDELETE_FAILED', 'Entity is not in the recycle bin');
  }
  for (const each of org.catalog.objects.values()) {
    const sql = `select "Id" from ${quote(each.name)} where _deleted_at is not null and _deleted_with = ?`;
    const ids = each === object ? [id] : [];
    for (const found of org.store.prepare(sql).all(id)) ids.push(found['Id'] as string);
    for (const eachId of new Set(ids)) {
      const values: Values = { IsDeleted: 0, _deleted_at: null, _deleted_with: null };
      if (each.fields.has('masterrecordid')) values['MasterRecordId'] = null;
      touch(values, by);
      org.store.update(each, eachId, values);
    }
  }
}

/** Moves the children of the losers to the winner, then bins the losers with MasterRecordId set. */
export function mergeRows(
  org: Org,
  object: SandboxObject,
  winner: string,
  losers: readonly string[],
  fields: Values,
  by: Author,
): void {
  if (!object.mergeable) throw new RowFault('INVALID_TYPE', `${object.name} cannot be merged`);
  if (losers.length < 1 || losers.length > losersMax || losers.includes(winner)) {
    throw new RowFault(
      'INVALID_OPERATION',
      `merge takes one or ${losersMax} losers besides the winner`,
    );
  }
  findLive(org, object, winner);
  for (const loser of losers) {
    findLive(org, object, loser);
    for (const [child, field] of referencesTo(org, object)) {
      for (const childId of childIds(org, child, field, loser)) {
        if (child === object && childId === winner) continue;
        const values: Values = { [field.name]: winner };
        touch(values, by);
        org.store.update(child, childId, values);
      }
    }
    const gone: Values = { IsDeleted: 1, _deleted_at: by.stamp, _deleted_with: loser };
    gone['MasterRecordId'] = winner;
    touch(gone, by);
    org.store.update(object, loser, gone);
  }
  updateRow(org, object, winner, fields, by);
}
