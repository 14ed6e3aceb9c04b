import { hash } from 'node:crypto';

/** Where everything stands in a manifest that was written, in bytes. */
export interface ManifestLayout {
  readonly bytes: number;
  readonly checksum: number;
  /** Up to the first of the nodes. */
  readonly head: number;
  /** Of each of the nodes, in their order: name and entry, without the comma between two. */
  readonly entries: readonly (readonly [id: string, bytes: number])[];
  /** Of hooks of runs, which stand behind the nodes; up to the first of the parts. */
  readonly operations: number;
  /** Of all that stands behind, in its order: comma, name and value. */
  readonly parts: readonly (readonly [name: string, bytes: number])[];
  /** Files that were read for it alone, such as seeds, with digests of their texts. */
  readonly read: readonly (readonly [file: string, digest: string])[];
}

/** Of one text: a node's SQL, of which a digest of all is made, or a file's. */
export function digestContent(text: string): string {
  return hash('sha1', text, 'base64');
}
