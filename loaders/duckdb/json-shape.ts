import type { StreamColumn } from '../../engine/words/stream.ts';

/** DuckDB's description of a JSON object: a type name, or the members of an object. */
export type ShapeNode = string | { readonly [key: string]: ShapeNode };

type Branch = Map<string, Branch | 'VARCHAR' | 'JSON'>;

/** Puts one path into the tree; false where a column and an object meet, or case alone differs. */
function grow(root: Branch, path: readonly string[], leaf: 'VARCHAR' | 'JSON'): boolean {
  let branch = root;
  for (const [index, key] of path.entries()) {
    const twin = [...branch.keys()].find((other) => other.toLowerCase() === key.toLowerCase());
    if (twin !== undefined && twin !== key) return false;
    const child = branch.get(key);
    if (index === path.length - 1) {
      if (child !== undefined) return child === leaf;
      branch.set(key, leaf);
      return true;
    }
    if (typeof child === 'string') return false;
    const next: Branch = child ?? new Map();
    branch.set(key, next);
    branch = next;
  }
  return false;
}

function toShape(branch: Branch): Record<string, ShapeNode> {
  return Object.fromEntries(
    [...branch].map(([key, child]) => [key, typeof child === 'string' ? child : toShape(child)]),
  );
}

/**
 * The members of a record that the columns read. `outside`: columns whose path runs through another
 * column's value; they are extracted one by one.
 */
export function shapeOf(columns: readonly StreamColumn[]): {
  readonly shape: Record<string, ShapeNode>;
  readonly outside: readonly StreamColumn[];
} {
  const root: Branch = new Map();
  const outside = columns.filter(
    (column) =>
      !grow(root, column.path ?? [column.name], column.type === 'json' ? 'JSON' : 'VARCHAR'),
  );
  return { shape: toShape(root), outside };
}
