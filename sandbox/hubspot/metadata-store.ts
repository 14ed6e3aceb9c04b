import type { AssociationKind, AssociationKinds } from './association-kinds.ts';
import type { Catalog, ObjectDefinition, Owner } from './catalog.ts';
import type { Minting } from './minting.ts';
import type { Pipeline } from './pipelines.ts';
import type { PropertyDefinition } from './property.ts';
import type { Store } from './store.ts';
import { tableOf } from './table-shape.ts';

interface SavedMetadata {
  objects: (Omit<ObjectDefinition, 'properties'> & { properties: PropertyDefinition[] })[];
  pipelines: [string, Pipeline[]][];
  owners: Owner[];
  kinds: readonly AssociationKind[];
}

/** Keeps the catalog in the database file, so that a sandbox can be stopped and started again. */
export function saveMetadata(store: Store, catalog: Catalog, kinds: AssociationKinds): void {
  const saved: SavedMetadata = {
    objects: [...catalog.objects.values()].map((object) => ({
      ...object,
      properties: [...object.properties.values()],
    })),
    pipelines: [...catalog.pipelines],
    owners: [...catalog.owners.values()],
    kinds: kinds.all(),
  };
  store
    .prepare("insert or replace into account_metadata values ('catalog', ?)")
    .run(JSON.stringify(saved));
}

/** Brings back what an earlier run saved, and makes the tables. */
export function openMetadata(
  store: Store,
  catalog: Catalog,
  kinds: AssociationKinds,
  minting: Minting,
): void {
  store.exec('create table if not exists account_metadata (key text primary key, value text)');
  const row = store.prepare("select value from account_metadata where key = 'catalog'").get() as
    | { value: string }
    | undefined;
  if (row !== undefined) {
    const saved = JSON.parse(row.value) as SavedMetadata;
    for (const { properties, ...object } of saved.objects) {
      const byName = new Map(properties.map((property) => [property.name, property]));
      catalog.objects.set(object.name, { ...object, properties: byName });
    }
    for (const [object, pipelines] of saved.pipelines) catalog.pipelines.set(object, pipelines);
    for (const owner of saved.owners) catalog.owners.set(owner.id, owner);
    kinds.restore(saved.kinds);
  }
  for (const object of catalog.objects.values()) {
    store.createTable(object);
    const last = store.prepare(`select max(id) as id from ${tableOf(object)}`).get() as {
      id: number | null;
    };
    minting.raiseAbove(last.id ?? 0);
  }
}
