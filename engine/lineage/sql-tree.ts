/** A statement as the parser answers it: nested objects, of which a node has one key, its kind. */
export type Tree = { readonly [key: string]: unknown };

/** Why a statement's columns could not be followed; the node falls back to its tables. */
export class LineageGap extends Error {
  override readonly name = 'LineageGap';
}

export function isTree(value: unknown): value is Tree {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export function treeAt(parent: Tree, key: string): Tree | undefined {
  const value = parent[key];
  return isTree(value) ? value : undefined;
}

export function listAt(parent: Tree, key: string): readonly unknown[] {
  const value = parent[key];
  return Array.isArray(value) ? value : [];
}

/** An identifier, written as a text or as a node with one. */
export function nameOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!isTree(value)) return undefined;
  return nameOf(value['name']);
}

export function namesOf(values: readonly unknown[]): string[] {
  return values.flatMap((value) => nameOf(value) ?? []);
}

/** A node's kind and what is in it. */
export function kindOf(node: unknown): { readonly kind: string; readonly body: Tree } | undefined {
  if (!isTree(node)) return undefined;
  const [kind, ...others] = Object.keys(node);
  if (kind === undefined || others.length > 0) return undefined;
  const body = node[kind];
  return { kind, body: isTree(body) ? body : {} };
}

const queryKinds = new Set(['select', 'union', 'intersect', 'except', 'values', 'pivot']);

/** A node that is a query of its own, brackets left out. */
export function queryIn(node: unknown): Tree | undefined {
  const found = kindOf(node);
  if (!found) return undefined;
  if (found.kind === 'subquery' || found.kind === 'paren') return queryIn(found.body['this']);
  return queryKinds.has(found.kind) && isTree(node) ? node : undefined;
}

export function isFilled(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false;
}
