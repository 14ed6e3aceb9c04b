import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { type Column, formatRelation, type Relation } from '../words/table.ts';
import { tableOf } from './relation-statements.ts';

/** How a batch's columns meet a standing table's. */
export interface SchemaChange {
  /** True where the table must be copied into a new shape before the batch fits. */
  readonly reshaped: boolean;
  /** The table's columns afterwards, in order; `from` is absent for a new column. */
  readonly columns: readonly ShapedColumn[];
  /** What the batch writes. */
  readonly insertColumns: readonly string[];
  /** Columns of the table that the batch does not have: null in its rows. */
  readonly keptColumns: readonly string[];
  readonly warnings: readonly string[];
}

export interface ShapedColumn {
  readonly name: string;
  readonly typeName: string;
  /** Absent: new. */
  readonly from?: string;
  /** The type it had, where it changes. */
  readonly oldTypeName?: string;
}

/** Names are compared without case, as SQL does. Throws `schema-changed` under `fail`. */
export function planSchemaChange(
  node: BuildNode,
  standing: readonly Column[],
  batch: readonly Column[],
): SchemaChange {
  const policy = node.config.onSchemaChange ?? 'ignore';
  const inBatch = new Map(batch.map((column) => [column.name.toLowerCase(), column]));
  const inTable = new Set(standing.map((column) => column.name.toLowerCase()));
  const added = batch.filter((column) => !inTable.has(column.name.toLowerCase()));
  const removed = standing.filter((column) => !inBatch.has(column.name.toLowerCase()));
  const retyped = standing.filter((column) => {
    const twin = inBatch.get(column.name.toLowerCase());
    return twin !== undefined && twin.typeName !== column.typeName;
  });
  const differs = added.length + removed.length + retyped.length > 0;
  if (policy === 'fail' && differs) refuseChange(node, { added, removed, retyped });

  const takesNew = policy === 'append_new_columns' || policy === 'sync_all_columns';
  const syncs = policy === 'sync_all_columns';
  const columns: ShapedColumn[] = standing
    .filter((column) => !syncs || !removed.includes(column))
    .map((column) => {
      const twin = inBatch.get(column.name.toLowerCase());
      const retypes = syncs && twin !== undefined && twin.typeName !== column.typeName;
      const typeName = retypes ? twin.typeName : column.typeName;
      const changed = retypes ? { oldTypeName: column.typeName } : {};
      return { name: column.name, typeName, from: column.name, ...changed };
    });
  if (takesNew) columns.push(...added.map(({ name, typeName }) => ({ name, typeName })));
  return {
    reshaped: (takesNew && added.length > 0) || (syncs && removed.length + retyped.length > 0),
    columns,
    insertColumns: columns
      .filter((column) => inBatch.has(column.name.toLowerCase()))
      .map((column) => column.name),
    keptColumns: syncs ? [] : removed.map((column) => column.name),
    warnings: takesNew ? [] : ignoredWarning(node, added),
  };
}

function ignoredWarning(node: BuildNode, added: readonly Column[]): string[] {
  if (added.length === 0) return [];
  const names = added.map((column) => column.name).join(', ');
  const name = formatRelation(node.relation);
  return [
    `${name}: new columns are not in the table: ${names} (set on_schema_change, or --full-refresh)`,
  ];
}

interface Differences {
  readonly added: readonly Column[];
  readonly removed: readonly Column[];
  readonly retyped: readonly Column[];
}

function refuseChange(node: BuildNode, { added, removed, retyped }: Differences): never {
  const list = (label: string, columns: readonly Column[]) =>
    columns.length === 0 ? [] : [`${label} ${columns.map((column) => column.name).join(', ')}`];
  const parts = [
    ...list('new:', added),
    ...list('gone:', removed),
    ...list('other type:', retyped),
  ];
  throw new TerminalError(
    `${formatRelation(node.relation)}: its columns changed (${parts.join('; ')})`,
    {
      code: 'schema-changed',
      hint: `Build it with --full-refresh, or set on_schema_change in ${node.file}.`,
      model: node.id,
    },
  );
}

/** The standing rows in the new shape. */
export function reshapeSelect(relation: Relation, change: SchemaChange): RawBuilder<unknown> {
  return sql`
    select ${shapedColumns(change.columns)}
    from ${tableOf(relation)}`;
}

/** Columns of standing rows, as they are to be. */
export function shapedColumns(shaped: readonly ShapedColumn[]): RawBuilder<unknown> {
  const columns = shaped.map((column) => {
    const name = sql.id(column.name);
    const type = sql.raw(column.typeName);
    if (column.from === undefined) return sql`cast(null as ${type}) as ${name}`;
    if (column.oldTypeName === undefined) return name;
    return sql`cast(${name} as ${type}) as ${name}`;
  });
  return sql.join(columns);
}

/** What a batch writes, of the types that the table has: keys are told apart as they will stand. */
export function fittedColumns(
  { columns, insertColumns }: SchemaChange,
  batch: readonly Column[],
): RawBuilder<unknown> {
  const given = new Map(batch.map(({ name, typeName }) => [name.toLowerCase(), typeName]));
  const types = new Map(columns.map(({ name, typeName }) => [name, typeName]));
  const fitted = insertColumns.map((name) => {
    const typeName = types.get(name);
    if (typeName === undefined || given.get(name.toLowerCase()) === typeName) return sql.id(name);
    return sql`cast(${sql.id(name)} as ${sql.raw(typeName)}) as ${sql.id(name)}`;
  });
  return sql.join(fitted);
}
