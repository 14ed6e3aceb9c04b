import { type RawBuilder, sql } from 'kysely';
import type { Column, Relation } from '../words/table.ts';
import type { Shadow } from '../words/warehouse.ts';

/** A column as the shadow is told of it: a name and the warehouse's own type. */
export interface KnownColumn {
  readonly name: string;
  readonly typeName: string;
}

/** Empty tables in the shadow. What is known by its columns alone is made when it is first read. */
export interface ShadowTables {
  /** Says what a node's relation looks like, unless a node that makes it has said so already. */
  know(id: string, relation: Relation, columns: readonly KnownColumn[]): void;
  /** Makes what is known of these nodes and not made. */
  makeReady(ids: readonly string[]): Promise<void>;
  /** Knows the relation by the select that makes it; answers the columns, exact. */
  defineFrom(
    id: string,
    relation: Relation,
    select: RawBuilder<unknown>,
  ): Promise<readonly Column[]>;
  createEmpty(relation: Relation, columns: readonly KnownColumn[]): Promise<readonly Column[]>;
  /** What templates are told of a relation; undefined where nothing is known of it. */
  columnsOf(relation: Relation): readonly KnownColumn[] | undefined;
}

interface Unmade {
  readonly relation: Relation;
  readonly columns: readonly KnownColumn[];
  /** The shadow itself told the columns: they can be made. */
  readonly isCertain: boolean;
}

/** Bounds the text of one exchange with the shadow. */
const tablesAtOnceMax = 100;

/** `isRead`: whether anything that will be bound reads the node. */
export function openShadowTables(shadow: Shadow, isRead: (id: string) => boolean): ShadowTables {
  const schemas = new Set<string>();
  /** A source may name the table that a seed or a model makes: theirs is what stands. */
  const owned = new Set<string>();
  const unmade = new Map<string, Unmade>();
  /** Those of `unmade` that are certain and will be read. */
  const waiting = new Set<string>();
  const known = new Map<string, readonly KnownColumn[]>();
  const keysOfNodes = new Map<string, string>();

  const make = async (relation: Relation, columns: readonly KnownColumn[]): Promise<void> => {
    unmade.delete(keyOf(relation));
    waiting.delete(keyOf(relation));
    const list = columns.map((column) => sql`${sql.id(column.name)} ${sql.raw(column.typeName)}`);
    const table = sql`create or replace table ${idOf(relation)} (${sql.join(list)})`;
    const schema = sql`create schema if not exists ${sql.id(relation.schema)}`;
    await shadow.ddl(schemas.has(relation.schema) ? [table] : [schema, table]);
    schemas.add(relation.schema);
  };
  /** Others that will be read go along with the first of them: one exchange instead of many. */
  const makeCertain = async (keys: readonly string[]): Promise<void> => {
    const others = waiting.values().take(Math.max(0, tablesAtOnceMax - keys.length));
    const all = [...new Set([...keys, ...others])];
    try {
      await shadow.makeTables(all.flatMap((key) => unmade.get(key) ?? []));
    } catch {
      // Told where it belongs: at the node whose parent cannot be made.
      for (const { relation, columns } of keys.flatMap((key) => unmade.get(key) ?? [])) {
        await make(relation, columns);
      }
      waiting.clear();
      return;
    }
    for (const key of all) {
      const made = unmade.get(key);
      if (made) schemas.add(made.relation.schema);
      unmade.delete(key);
      waiting.delete(key);
    }
  };
  const note = (
    id: string,
    relation: Relation,
    columns: readonly KnownColumn[],
    isCertain = false,
  ): void => {
    const key = keyOf(relation);
    known.set(key, columns);
    unmade.set(key, { relation, columns, isCertain });
    keysOfNodes.set(id, key);
    if (isCertain && isRead(id)) waiting.add(key);
  };
  return {
    know: (id, relation, columns) => {
      if (owned.has(keyOf(relation))) keysOfNodes.set(id, keyOf(relation));
      else note(id, relation, columns);
    },
    makeReady: async (ids) => {
      const certain: string[] = [];
      for (const id of ids) {
        const key = keysOfNodes.get(id) ?? '';
        const found = unmade.get(key);
        if (found?.isCertain) certain.push(key);
        else if (found) await make(found.relation, found.columns);
      }
      if (certain.length > 0) await makeCertain(certain);
    },
    // The select is planned once, and nobody reads the last tables of a chain.
    defineFrom: async (id, relation, select) => {
      const columns = await shadow.describeQuery(sql`select * from (\n${select}\n) as bound`);
      owned.add(keyOf(relation));
      note(id, relation, columns, true);
      return columns;
    },
    createEmpty: async (relation, columns) => {
      await make(relation, columns);
      // Cheaper than looking the relation up among thousands.
      const exact = await shadow.describeQuery(sql`select * from ${idOf(relation)}`);
      owned.add(keyOf(relation));
      known.set(keyOf(relation), exact);
      return exact;
    },
    columnsOf: (relation) => known.get(keyOf(relation)),
  };
}

function idOf(relation: Relation): RawBuilder<unknown> {
  return sql.id(relation.schema, relation.name);
}

/** Relations are found whatever the case they are asked for in. */
function keyOf(relation: Relation): string {
  return JSON.stringify([relation.schema.toLowerCase(), relation.name.toLowerCase()]);
}
