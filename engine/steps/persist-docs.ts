import type { RawBuilder } from 'kysely';
import type { Relation } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { findKind } from './relation-statements.ts';

/** The descriptions that shall stand beside one relation. */
export interface RelationDocs {
  readonly relation: Relation;
  /** Absent: the relation's own is left as it is. */
  readonly description?: string;
  /** By column; those the relation does not have are passed by, and told. */
  readonly columns: Readonly<Record<string, string>>;
}

/** Columns that are described and that a relation does not have. */
export interface MissingColumns {
  readonly relation: Relation;
  readonly columns: readonly string[];
}

interface CommentRow {
  readonly schema: string;
  readonly name: string;
  readonly column: string | null;
  readonly comment: string;
}

const keyOf = (schema: string, name: string, column: string | null): string =>
  JSON.stringify([schema, name, column].map((part) => part?.toLowerCase() ?? null));

/**
 * Writes descriptions that are not there yet, or other than they should be: a relation that was
 * swapped in has lost those of the one before. May be repeated. Answers the described columns that
 * relations do not have.
 */
export async function persistDocs(
  warehouse: Warehouse,
  all: readonly RelationDocs[],
): Promise<MissingColumns[]> {
  const { comments } = warehouse.dialect;
  if (!comments || all.length === 0) return [];
  const rows = await warehouse.query<CommentRow>(comments.read);
  const standing = new Map(
    rows.map(({ schema, name, column, comment }) => [keyOf(schema, name, column), comment]),
  );
  const statements: RawBuilder<unknown>[] = [];
  const missing: MissingColumns[] = [];
  for (const { relation, description, columns } of all) {
    const { schema, name } = relation;
    const isOther = (column: string | null, text: string): boolean =>
      (standing.get(keyOf(schema, name, column)) ?? '') !== text;
    const others = Object.entries(columns).filter(([column, text]) => isOther(column, text));
    const isRelationOther = description !== undefined && isOther(null, description);
    if (!isRelationOther && others.length === 0) continue;
    const kind = await findKind(warehouse, relation);
    if (!kind) continue;
    if (isRelationOther) statements.push(comments.onRelation(relation, kind, description));
    if (others.length === 0) continue;
    const known = new Map(
      (await warehouse.describe(relation))?.map((one) => [one.name.toLowerCase(), one.name]),
    );
    for (const [column, text] of others) {
      const there = known.get(column.toLowerCase());
      if (there !== undefined) statements.push(comments.onColumn(relation, there, text));
    }
    const gone = others.map(([column]) => column).filter((one) => !known.has(one.toLowerCase()));
    if (gone.length > 0) missing.push({ relation, columns: gone });
  }
  if (statements.length > 0) await warehouse.ddl(statements);
  return missing;
}
