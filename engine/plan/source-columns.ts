import type { SourceNode } from '../declare/model-node.ts';
import type { ColumnType } from '../words/stream.ts';
import { rawColumns } from '../words/table.ts';
import type { Dialect } from '../words/warehouse.ts';
import type { KnownColumn } from './bind.ts';
import type { Catalog } from './catalog.ts';
import type { ChosenStream } from './choose-streams.ts';

const rawTypes: Readonly<Record<(typeof rawColumns)[number], ColumnType>> = {
  _record_id: 'string',
  _modified_at: 'timestamp',
  _deleted: 'boolean',
  _observed_at: 'timestamp',
  _batch_id: 'string',
  _hash: 'string',
};

/**
 * Columns a source's table has, or will have once its stream is landed: those that stand and those
 * the source has new. Undefined where neither the table nor the stream is known.
 */
export function findSourceColumns(
  node: SourceNode,
  streams: ReadonlyMap<string, ChosenStream>,
  catalog: Catalog,
  dialect: Dialect,
): readonly KnownColumn[] | undefined {
  const standing = catalog.columnsOf(node.relation);
  const chosen = node.streamId === undefined ? undefined : streams.get(node.streamId);
  if (!chosen) return standing;
  const { stream } = chosen;
  const known = new Set(standing?.map(({ name }) => name.toLowerCase()));
  const coming: KnownColumn[] = [
    ...stream.columns.map(({ name, type }) => ({ name, typeName: dialect.typeName(type) })),
    ...rawColumns.map((name) => ({ name, typeName: dialect.typeName(rawTypes[name]) })),
    ...(stream.extraPath ? [{ name: '_extra', typeName: dialect.typeName('json') }] : []),
  ];
  return [...(standing ?? []), ...coming.filter(({ name }) => !known.has(name.toLowerCase()))];
}
