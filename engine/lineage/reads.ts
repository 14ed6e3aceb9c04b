/**
 * How a column follows from another. copied: its values as they are. computed: made of them, by an
 * expression or an aggregate. The others say which rows there are or how they are put in order, not
 * what stands in them.
 */
const edgeKinds = ['copied', 'computed', 'filter', 'join', 'group', 'order', 'window'] as const;
export type EdgeKind = (typeof edgeKinds)[number];
export type RowKind = Exclude<EdgeKind, 'copied' | 'computed'>;

export const isDirect = (kind: EdgeKind): kind is 'copied' | 'computed' =>
  kind === 'copied' || kind === 'computed';

/** One column of a relation that was read, and how. */
export interface Read {
  readonly relation: string;
  readonly column: string;
  /** At most one of copied and computed. */
  readonly kinds: ReadonlySet<EdgeKind>;
}

/** What a value follows from, each column once. */
export type Reads = ReadonlyMap<string, Read>;

export const nothing: Reads = new Map();

const keyOf = (relation: string, column: string): string => `${relation}\u0000${column}`;

export function readColumn(relation: string, column: string): Reads {
  return new Map([[keyOf(relation, column), { relation, column, kinds: new Set(['copied']) }]]);
}

/** All of them: where one copies and another computes, the whole is computed. */
export function uniteReads(parts: readonly Reads[]): Reads {
  const [first = nothing, ...rest] = parts.filter(({ size }) => size > 0);
  if (rest.length === 0) return first;
  const all = new Map(first);
  for (const part of rest) {
    for (const [key, read] of part) {
      const known = all.get(key);
      all.set(key, known ? { ...read, kinds: uniteKinds(known.kinds, read.kinds) } : read);
    }
  }
  return all;
}

export function uniteKinds(
  left: Iterable<EdgeKind>,
  right: Iterable<EdgeKind>,
): ReadonlySet<EdgeKind> {
  const kinds = new Set([...left, ...right]);
  if (kinds.has('computed')) kinds.delete('copied');
  return kinds;
}

function mapKinds(reads: Reads, change: (kind: EdgeKind) => EdgeKind): Reads {
  const changed = new Map<string, Read>();
  for (const [key, read] of reads) {
    const kinds = new Set([...read.kinds].map(change));
    changed.set(key, { ...read, kinds });
  }
  return changed;
}

/** What an expression of them follows from. */
export function computeReads(reads: Reads): Reads {
  return mapKinds(reads, (kind) => (kind === 'copied' ? 'computed' : kind));
}

/** The same columns, of which only the choice or the order of rows depends. */
export function influence(reads: Reads, how: RowKind): Reads {
  return mapKinds(reads, (kind) => (isDirect(kind) ? how : kind));
}

/** Replaces columns of relations in between by what those follow from. */
export function composeReads(reads: Reads, sourceOf: (read: Read) => Reads | undefined): Reads {
  const parts = [...reads.values()].flatMap((read) => {
    const source = sourceOf(read);
    if (source === undefined) return [new Map([[keyOf(read.relation, read.column), read]])];
    return [...read.kinds].map((kind) => {
      if (kind === 'copied') return source;
      return kind === 'computed' ? computeReads(source) : influence(source, kind);
    });
  });
  return uniteReads(parts);
}
