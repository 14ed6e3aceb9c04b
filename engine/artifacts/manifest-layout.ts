import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Some bytes of a file, with their CRC-32. */
export interface FilePiece {
  readonly bytes: number;
  readonly checksum: number;
}

/** Where everything stands in a manifest that was written. */
export interface ManifestLayout {
  /** Up to the first of the nodes. */
  readonly head: FilePiece;
  readonly entries: EntryColumns;
  /** Hooks of runs, which stand behind the nodes; up to the first of the parts. */
  readonly operations: FilePiece;
  /** All that stands behind, in its order: comma, name and value. */
  readonly parts: readonly (readonly [name: string, piece: FilePiece])[];
  /** Files that were read for it alone, such as seeds, with digests of their texts. */
  readonly read: readonly (readonly [file: string, digest: string])[];
}

/**
 * Of each of the nodes, in their order: name and entry, without the comma between two. In columns:
 * thousands of objects take longer to be read than what they hold.
 */
export interface EntryColumns {
  readonly ids: readonly string[];
  readonly bytes: readonly number[];
  readonly checksums: readonly number[];
}

const comma: FilePiece = { bytes: 1, checksum: crc32(',') };
const brace: FilePiece = { bytes: 1, checksum: crc32('}') };

/** From the first byte to the last. */
export function* piecesOf({
  head,
  entries,
  operations,
  parts,
}: ManifestLayout): Generator<FilePiece, undefined> {
  yield head;
  for (const [index, bytes] of entries.bytes.entries()) {
    if (index > 0) yield comma;
    yield { bytes, checksum: entries.checksums[index] ?? 0 };
  }
  yield operations;
  for (const [, piece] of parts) yield piece;
  yield brace;
}

/** Of one text: a node's SQL, of which a digest of all is made, or a file's. */
export function digestContent(text: string): string {
  return hash('sha1', text, 'base64');
}
