import type { ColumnType } from './stream.ts';

/** A table or view by schema and name, as people write it. */
export interface Relation {
  readonly schema: string;
  readonly name: string;
}

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** The warehouse's own spelling of the type, exact. */
  readonly typeName: string;
}

/** `schema.name`, for messages; never for SQL. */
export function formatRelation(relation: Relation): string {
  return `${relation.schema}.${relation.name}`;
}

/**
 * `schema__name`, for a table of the engine's own that belongs to the relation: of two relations
 * never the same, though `a__b.c` and `a.b__c` read alike.
 */
export function flattenRelation({ schema, name }: Relation): string {
  const told = schema.replaceAll('.', '..').replace(/_(?=_|$)/g, '.-');
  return `${told}__${name}`;
}

/** Columns every raw table has besides the source's own. */
export const rawColumns = [
  '_record_id',
  '_modified_at',
  '_deleted',
  '_observed_at',
  '_batch_id',
  '_hash',
] as const;
