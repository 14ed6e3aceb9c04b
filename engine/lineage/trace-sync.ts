import { isIdMatch, type SyncSpec } from '../words/sync.ts';
import type { LineageNode } from './column-graph.ts';
import type { ColumnEdge, ColumnLineage } from './node-lineage.ts';
import type { EdgeKind } from './reads.ts';

/** The fields a sync writes, from the columns of its model. */
export function traceSync(
  id: string,
  spec: SyncSpec,
  model: LineageNode,
  file: string,
): LineageNode {
  const known = new Map(model.columns.map(({ name }) => [name.toLowerCase(), name]));
  const edge = (written: string, kind: EdgeKind): ColumnEdge[] => {
    const column = known.get(written.toLowerCase());
    return column === undefined ? [] : [{ node: model.id, column, kinds: [kind] }];
  };
  const columns: ColumnLineage[] = spec.fields.map(({ field, column }) => ({
    name: field,
    from: edge(column, 'copied'),
  }));
  // A record that is created is given its key.
  if (!isIdMatch(spec) && spec.behavior !== 'update_only') {
    for (const { field, column } of spec.match) {
      if (!columns.some(({ name }) => name === field)) {
        columns.push({ name: field, from: edge(column, 'copied') });
      }
    }
  }
  for (const { object, column } of spec.associate) {
    columns.push({ name: `associated ${object}`, from: edge(column, 'copied') });
  }
  const { modifiedColumn } = spec;
  return {
    id,
    kind: 'sync',
    label: spec.name,
    file,
    detail: `${spec.connection}.${spec.object}`,
    columns,
    rows: [
      ...spec.match.flatMap(({ column }) => edge(column, 'join')),
      ...(modifiedColumn === undefined ? [] : edge(modifiedColumn, 'filter')),
    ],
    reads: [model.id],
    types: new Map(),
    declared: new Map(),
    ...(model.columns.length === 0 && model.gap !== undefined ? { gap: model.gap } : {}),
  };
}
