import type { Account } from './account.ts';
import type { ObjectDefinition } from './catalog.ts';
import type { Json } from './request-reading.ts';
import type { StoredRecord } from './store.ts';

export interface ViewOptions {
  properties: readonly string[];
  history: readonly string[];
  /** Objects whose associated ids come with the record. */
  associations: readonly ObjectDefinition[];
}

/** Associations on a record are cut here; batch read of v4 gives them all. */
const inlineAssociationsMax = 100;

/**
 * What to select: the properties asked for that exist, or the default set. Unknown names are
 * ignored.
 */
export function selectProperties(object: ObjectDefinition, asked: readonly string[]): string[] {
  const names = asked.length === 0 ? object.defaultProperties : asked;
  return [...new Set(names)].filter((name) => object.properties.get(name)?.archived === false);
}

/** A record as the API shows it. Property values are strings or null, whatever their type. */
export function viewRecord(
  account: Account,
  object: ObjectDefinition,
  record: StoredRecord,
  options: Partial<ViewOptions> = {},
): Json {
  const view: Json = { id: String(record.id), properties: record.values };
  if (options.history !== undefined && options.history.length > 0) {
    view['propertiesWithHistory'] = viewHistory(account, object, record, options.history);
  }
  view['createdAt'] = record.values[object.createdProperty];
  view['updatedAt'] = record.values[object.modifiedProperty];
  view['archived'] = record.archivedMs !== null;
  if (record.archivedMs !== null) view['archivedAt'] = new Date(record.archivedMs).toISOString();
  const associations = viewAssociations(account, object, record, options.associations ?? []);
  if (associations !== undefined) view['associations'] = associations;
  return view;
}

function viewHistory(
  account: Account,
  object: ObjectDefinition,
  record: StoredRecord,
  names: readonly string[],
): Json {
  const known = selectProperties(object, names);
  const full = account.store.read(object, record.id, known);
  const history: Json = {};
  for (const name of known) {
    const value = full?.values[name] ?? null;
    const now = { createdMs: record.createdMs, value };
    history[name] = account.history.read(object, record.id, name, now);
  }
  return history;
}

function viewAssociations(
  account: Account,
  object: ObjectDefinition,
  record: StoredRecord,
  others: readonly ObjectDefinition[],
): Json | undefined {
  const view: Json = {};
  for (const other of others) {
    const found = account.associations.list(object, record.id, other, 0, inlineAssociationsMax + 1);
    if (found.length === 0) continue;
    const shown = found.slice(0, inlineAssociationsMax);
    const last = shown.at(-1);
    const results = shown.flatMap(({ id, kinds }) =>
      kinds.map((kind) => ({ id: String(id), type: nameKind(object, other, kind.label) })),
    );
    view[other.fullyQualifiedName] = {
      results,
      ...(found.length > shown.length && last !== undefined
        ? { paging: { next: { after: String(last.id) } } }
        : {}),
    };
  }
  return Object.keys(view).length === 0 ? undefined : view;
}

function nameKind(from: ObjectDefinition, to: ObjectDefinition, label: string | null): string {
  const plain = `${from.singular}_to_${to.singular}`;
  if (label === null || label === 'Primary') return plain;
  return label.toLowerCase().replaceAll(' ', '_');
}
