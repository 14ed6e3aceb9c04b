import type { Account } from './account.ts';
import type { Catalog, CustomObjectInput, Owner } from './catalog.ts';
import { definePipeline, type PipelineInput } from './pipelines.ts';

export interface OwnerInput {
  id?: string;
  email: string;
  firstName?: string;
  lastName?: string;
  userId?: number;
  archived?: boolean;
  type?: 'PERSON' | 'QUEUE';
}

/** What an account has beyond HubSpot's own: the shape of `define` and of schema.json. */
export interface HubSpotSchema {
  /** Properties for objects that exist; whole custom objects for names that do not. */
  objects?: Record<string, CustomObjectInput & { remove?: readonly string[] }>;
  /** Replace the pipelines of an object. */
  pipelines?: Record<string, readonly PipelineInput[]>;
  owners?: readonly OwnerInput[];
  associationLabels?: readonly { from: string; to: string; label: string; inverseLabel?: string }[];
}

const schemaKeys = ['objects', 'pipelines', 'owners', 'associationLabels'];

/**
 * Applies a declaration whole or not at all. Throws an Error that names what it could not apply.
 */
export function defineSchema(account: Account, raw: unknown): void {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new Error(`a HubSpot schema is an object with ${schemaKeys.join(', ')}`);
  }
  const unknown = Object.keys(raw).filter((key) => !schemaKeys.includes(key));
  if (unknown.length > 0) {
    throw new Error(
      `unknown key "${unknown[0]}" in a HubSpot schema; use ${schemaKeys.join(', ')}`,
    );
  }
  const schema = raw as HubSpotSchema;
  const restoreCatalog = rememberCatalog(account.catalog);
  try {
    account.store.transaction(() => applySchema(account, schema));
  } catch (error) {
    restoreCatalog();
    throw error;
  }
}

/** The catalog is kept outside the database, so a rolled-back definition is undone by hand. */
function rememberCatalog(catalog: Catalog): () => void {
  const objects = [...catalog.objects].map(([name, object]) => {
    const properties = new Map([...object.properties].map(([key, one]) => [key, { ...one }]));
    return [name, object, properties] as const;
  });
  const pipelines = [...catalog.pipelines];
  const owners = [...catalog.owners];
  return () => {
    catalog.objects.clear();
    for (const [name, object, properties] of objects) {
      object.properties = properties;
      catalog.objects.set(name, object);
    }
    catalog.pipelines.clear();
    for (const [name, list] of pipelines) catalog.pipelines.set(name, list);
    catalog.owners.clear();
    for (const [id, owner] of owners) catalog.owners.set(id, owner);
  };
}

function applySchema(account: Account, schema: HubSpotSchema): void {
  for (const [name, input] of Object.entries(schema.objects ?? {})) {
    defineObject(account, name, input);
  }
  for (const [type, pipelines] of Object.entries(schema.pipelines ?? {})) {
    const { name } = account.catalog.get(type);
    const defined = pipelines.map((pipeline, order) => definePipeline(name, pipeline, order));
    account.catalog.pipelines.set(name, defined);
  }
  for (const input of schema.owners ?? []) defineOwner(account, input);
  for (const { from, to, label, inverseLabel } of schema.associationLabels ?? []) {
    account.kinds.addLabel(account.catalog.get(from), account.catalog.get(to), label, inverseLabel);
  }
  account.saveMetadata();
}

function defineObject(
  account: Account,
  name: string,
  input: CustomObjectInput & { remove?: readonly string[] },
): void {
  const { catalog, store, clock } = account;
  const object = catalog.find(name);
  if (object === undefined) {
    store.createTable(catalog.addObject(name, input, clock.now()));
    return;
  }
  for (const property of input.properties ?? []) {
    if (object.properties.get(property.name)?.hubspotDefined === true) {
      throw new Error(`property "${name}.${property.name}" is HubSpot's own; choose another name`);
    }
    catalog.addProperty(object, property, clock.now());
    store.addColumn(object, property.name);
  }
  for (const removed of input.remove ?? []) {
    const property = object.properties.get(removed);
    if (property === undefined) throw new Error(`there is no property "${name}.${removed}"`);
    property.archived = true;
  }
}

function defineOwner(account: Account, input: OwnerInput): void {
  if (typeof input.email !== 'string') throw new Error('an owner needs an "email"');
  const id = input.id ?? String(account.minting.nextId());
  const nowMs = account.clock.now();
  const owner: Owner = {
    id,
    email: input.email,
    type: input.type ?? 'PERSON',
    firstName: input.firstName ?? '',
    lastName: input.lastName ?? '',
    userId: input.userId ?? Number(id) + 1_000_000,
    teams: [],
    archived: input.archived ?? false,
    createdAtMs: account.catalog.owners.get(id)?.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
  };
  account.catalog.owners.set(id, owner);
}
