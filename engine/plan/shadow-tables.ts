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
  /** Says what a node's relation looks like, without making it yet. */
  know(id: string, relation: Relation, columns: readonly KnownColumn[]): void;
  /** Makes what is known of these nodes and not made. */
  makeReady(ids: readonly string[]): Promise<void>;
  /** An empty table of the select's columns; answers them, exact. */
  createFrom(relation: Relation, select: RawBuilder<unknown>): Promise<readonly Column[]>;
  createEmpty(relation: Relation, columns: readonly KnownColumn[]): Promise<readonly Column[]>;
  /** What templates are told of a relation; undefined where nothing is known of it. */
  columnsOf(relation: Relation): readonly KnownColumn[] | undefined;
}

export function openShadowTables(shadow: Shadow): ShadowTables {
  const schemas = new Set<string>();
  /** What was made: a source may name the table that a seed or a model makes. */
  const made = new Set<string>();
  const unmade = new Map<string, () => Promise<unknown>>();
  const known = new Map<string, readonly KnownColumn[]>();

  const create = async (
    relation: Relation,
    statement: RawBuilder<unknown>,
  ): Promise<readonly Column[]> => {
    const schema = sql`create schema if not exists ${sql.id(relation.schema)}`;
    await shadow.ddl(schemas.has(relation.schema) ? [statement] : [schema, statement]);
    schemas.add(relation.schema);
    // Cheaper than looking the relation up among thousands.
    const columns = await shadow.describeQuery(sql`select * from ${idOf(relation)}`);
    known.set(keyOf(relation), columns);
    made.add(keyOf(relation));
    return columns;
  };
  const createEmpty: ShadowTables['createEmpty'] = (relation, columns) => {
    const list = columns.map((column) => sql`${sql.id(column.name)} ${sql.raw(column.typeName)}`);
    return create(relation, sql`create or replace table ${idOf(relation)} (${sql.join(list)})`);
  };
  return {
    know: (id, relation, columns) => {
      if (made.has(keyOf(relation))) return;
      known.set(keyOf(relation), columns);
      unmade.set(id, async () => {
        if (!made.has(keyOf(relation))) await createEmpty(relation, columns);
      });
    },
    makeReady: async (ids) => {
      for (const id of ids) {
        const make = unmade.get(id);
        unmade.delete(id);
        await make?.();
      }
    },
    createFrom: (relation, select) =>
      create(
        relation,
        sql`create or replace table ${idOf(relation)} as select * from (\n${select}\n) as bound limit 0`,
      ),
    createEmpty,
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
