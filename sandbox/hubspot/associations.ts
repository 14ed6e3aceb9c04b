import type { AssociationKind, AssociationKinds } from './association-kinds.ts';
import type { Catalog, ObjectDefinition } from './catalog.ts';
import type { Store } from './store.ts';
import { tableOf } from './table-shape.ts';

export interface AssociatedRecord {
  id: number;
  kinds: AssociationKind[];
}

/** Which records stand in which relation. Every relation is stored from both ends. */
export interface Associations {
  add(
    from: ObjectDefinition,
    fromId: number,
    to: ObjectDefinition,
    toId: number,
    kinds: readonly AssociationKind[],
  ): void;
  /** Every relation of the pair, or only those of the given kinds. */
  remove(
    from: ObjectDefinition,
    fromId: number,
    to: ObjectDefinition,
    toId: number,
    kinds?: readonly AssociationKind[],
  ): void;
  /** Associated live records with an id above `after`, in id order. */
  list(
    from: ObjectDefinition,
    fromId: number,
    to: ObjectDefinition,
    after: number,
    most: number,
  ): AssociatedRecord[];
  /** Hands the relations of one record to another. */
  move(object: ObjectDefinition, id: number, newId: number): void;
  removeAll(object: ObjectDefinition, id: number): void;
  /** Every stored relation, one direction of each pair included as well as the other. */
  each(): Iterable<AssociationRow>;
  count(): number;
}

export interface AssociationRow {
  from_type: string;
  from_id: string;
  to_type: string;
  to_id: string;
  type_id: number;
  category: string;
}

const insertRow = 'insert or ignore into association values (?, ?, ?, ?, ?, ?)';
const pairIs = 'where from_type = ? and to_type = ? and from_id = ? and to_id = ?';
const removeRow = `delete from association ${pairIs} and type_id = ? and is_own = ?`;

/** Types are stored by code: a million contacts with a company make four million rows. */
const code = (object: ObjectDefinition): string => object.objectTypeId;
const isOwn = (kind: AssociationKind): number => (kind.category === 'HUBSPOT_DEFINED' ? 0 : 1);

export function createAssociations(
  store: Store,
  catalog: Catalog,
  kinds: AssociationKinds,
): Associations {
  store.exec(`create table if not exists association (from_type text, to_type text, from_id integer,
    to_id integer, type_id integer, is_own integer,
    primary key (from_type, to_type, from_id, to_id, type_id, is_own)) without rowid`);
  return {
    add(from, fromId, to, toId, wanted) {
      const plain = kinds.unlabelled(from, to);
      // A labelled relation includes the plain one.
      const all = plain === undefined ? wanted : [...new Set([plain, ...wanted])];
      const insert = store.prepare(insertRow);
      for (const kind of all) {
        insert.run(code(from), code(to), fromId, toId, kind.typeId, isOwn(kind));
        insert.run(code(to), code(from), toId, fromId, kind.inverseTypeId, isOwn(kind));
      }
    },
    remove(from, fromId, to, toId, wanted) {
      if (wanted === undefined) {
        const removeAll = store.prepare(`delete from association ${pairIs}`);
        removeAll.run(code(from), code(to), fromId, toId);
        removeAll.run(code(to), code(from), toId, fromId);
        return;
      }
      const remove = store.prepare(removeRow);
      for (const kind of wanted) {
        remove.run(code(from), code(to), fromId, toId, kind.typeId, isOwn(kind));
        remove.run(code(to), code(from), toId, fromId, kind.inverseTypeId, isOwn(kind));
      }
    },
    list(from, fromId, to, after, most) {
      const rows = store
        .prepare(
          `select a.to_id as id, group_concat(a.type_id || ':' || a.is_own) as types
           from association a join ${tableOf(to)} t on t.id = a.to_id and t.archived_ms is null
           where a.from_type = ? and a.to_type = ? and a.from_id = ? and a.to_id > ?
           group by a.to_id order by a.to_id limit ?`,
        )
        .all(code(from), code(to), fromId, after, most) as { id: number; types: string }[];
      const known = kinds.list(from, to);
      return rows.map(({ id, types }) => {
        const keys = new Set(types.split(','));
        return { id, kinds: known.filter((kind) => keys.has(`${kind.typeId}:${isOwn(kind)}`)) };
      });
    },
    move: (object, id, newId) => relocate(store, catalog, kinds, object, id, newId),
    removeAll: (object, id) => relocate(store, catalog, kinds, object, id, undefined),
    each: () => eachRow(store, catalog),
    count() {
      const row = store.prepare('select count(*) as n from association').get() as { n: number };
      return row.n;
    },
  };
}

/** Object by object, because the primary key finds a record's rows only per pair of types. */
function relocate(
  store: Store,
  catalog: Catalog,
  kinds: AssociationKinds,
  object: ObjectDefinition,
  id: number,
  newId: number | undefined,
): void {
  const own = code(object);
  const find = `select to_id as id, type_id, is_own from association
    where from_type = ? and to_type = ? and from_id = ?`;
  const remove = store.prepare(removeRow);
  const insert = store.prepare(insertRow);
  for (const other of catalog.objects.values()) {
    const rows = store.prepare(find).all(own, code(other), id) as Record<string, number>[];
    for (const row of rows) {
      const { id: otherId = 0, type_id: typeId = 0, is_own: isOther = 0 } = row;
      const category = isOther === 0 ? 'HUBSPOT_DEFINED' : undefined;
      const inverse = kinds.find(object, other, typeId, category)?.inverseTypeId ?? typeId;
      const back = code(other);
      remove.run(own, back, id, otherId, typeId, isOther);
      remove.run(back, own, otherId, id, inverse, isOther);
      // A record merged with one it was associated with is not associated with itself.
      if (newId === undefined || (other === object && otherId === newId)) continue;
      insert.run(own, back, newId, otherId, typeId, isOther);
      insert.run(back, own, otherId, newId, inverse, isOther);
    }
  }
}

function* eachRow(store: Store, catalog: Catalog): Iterable<AssociationRow> {
  const sql = 'select from_type, to_type, from_id, to_id, type_id, is_own from association';
  const rows = store.prepareOnce(sql).iterate() as Iterable<Record<string, number | string>>;
  for (const row of rows) {
    yield {
      from_type: catalog.get(String(row['from_type'])).name,
      from_id: String(row['from_id']),
      to_type: catalog.get(String(row['to_type'])).name,
      to_id: String(row['to_id']),
      type_id: Number(row['type_id']),
      category: row['is_own'] === 1 ? 'USER_DEFINED' : 'HUBSPOT_DEFINED',
    };
  }
}
