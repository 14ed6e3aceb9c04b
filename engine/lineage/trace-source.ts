import type { Stream } from '../words/stream.ts';
import { rawColumns } from '../words/table.ts';
import type { LineageNode } from './column-graph.ts';
import type { ColumnEdge, NodeLineage } from './node-lineage.ts';
import type { EdgeKind } from './reads.ts';

/** A column and its type as the warehouse spells it. */
export interface TypedColumn {
  readonly name: string;
  readonly typeName: string;
}

const ownNames: ReadonlySet<string> = new Set([...rawColumns, '_extra']);

/** Where values go that the field's first column cannot hold: `Amount__string`. */
const siblingPattern = /^(.+)__(?:string|boolean|integer|double|decimal|date|time|timestamp|json)$/;

/**
 * A CRM's stream and its fields: those that it has, where it was asked, and those that landed. One
 * that it has no more is missing there, while its column holds the values of earlier versions.
 * Labels of a source's columns are labels of its fields, whichever of the stream's two sources
 * declares them.
 */
export function traceStream(
  id: string,
  about: {
    readonly columns: readonly TypedColumn[];
    readonly declared: ReadonlyMap<string, readonly string[]>;
    readonly known: LineageNode | undefined;
    readonly stream: Stream | undefined;
  },
): LineageNode {
  const { columns, declared, known, stream } = about;
  const [, connection = '', ...rest] = id.split('.');
  const fields = new Map(known?.columns.map((column) => [column.name.toLowerCase(), column]));
  const add = (name: string, isMissing: boolean): void => {
    if (fields.has(name.toLowerCase())) return;
    fields.set(name.toLowerCase(), { name, from: [], ...(isMissing ? { isMissing } : {}) });
  };
  for (const { name } of stream?.columns ?? []) add(name, false);
  const isSibling = (name: string): boolean => {
    const first = siblingPattern.exec(name)?.[1];
    return first !== undefined && columns.some((column) => column.name === first);
  };
  for (const { name } of columns) {
    if (!ownNames.has(name) && !isSibling(name)) add(name, stream !== undefined);
  }
  const types = new Map(known?.types);
  for (const { name, typeName } of columns) if (!ownNames.has(name)) types.set(name, typeName);
  return {
    id,
    kind: 'stream',
    label: `${connection}.${rest.join('.')}`,
    file: '',
    detail: 'fields at the source',
    columns: [...fields.values()],
    rows: [],
    reads: [],
    types,
    declared: new Map([...(known?.declared ?? []), ...declared]),
    ...(stream ? { stream } : known?.stream ? { stream: known.stream } : {}),
  };
}

/** A source's columns from the fields of the stream that lands in it. */
export function traceSource(
  columns: readonly TypedColumn[],
  stream: LineageNode | undefined,
): NodeLineage {
  const fields = new Map(stream?.columns.map(({ name }) => [name.toLowerCase(), name]));
  const edge = (field: string | undefined, kind: EdgeKind): ColumnEdge[] => {
    const column = field === undefined ? undefined : fields.get(field.toLowerCase());
    return column === undefined || !stream ? [] : [{ node: stream.id, column, kinds: [kind] }];
  };
  const about = stream?.stream;
  const made: Readonly<Record<string, readonly ColumnEdge[]>> = {
    _record_id: about?.primaryKey.flatMap((name) => edge(name, 'computed')) ?? [],
    _modified_at: edge(about?.modifiedField, 'copied'),
    _deleted: edge(about?.deletedField, 'computed'),
  };
  return {
    columns: columns.map(({ name }) => {
      const own = made[name] ?? (ownNames.has(name) ? [] : undefined);
      const from = own ?? edge(name, 'copied');
      const first = siblingPattern.exec(name)?.[1];
      return { name, from: from.length === 0 && !own ? edge(first, 'copied') : from };
    }),
    rows: [],
  };
}
