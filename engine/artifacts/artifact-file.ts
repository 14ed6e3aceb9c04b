import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { joinChecksums } from './joined-checksum.ts';
import type { StandingFile } from './standing-file.ts';

/** A file that is written piece by piece and stands under its name when it is whole. */
export interface ArtifactFile extends Disposable {
  /** Answers how many bytes it is. */
  add(piece: string | Uint8Array): number;
  /** Takes bytes of another one. */
  copy(from: StandingFile, at: number, bytes: number): void;
  /** Puts it in place of what stood there. */
  end(): { readonly bytes: number; readonly checksum: number };
}

/** Pieces are written together up to this size: a large manifest is never whole in memory. */
const chunkBytes = 1_048_576;

/** Whoever reads meanwhile sees the old file or the new one; disposed before its end, nothing. */
export function openArtifactFile(path: string): ArtifactFile {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.next`;
  const file = openSync(draft, 'w');
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let isOpen = true;
  let filled = 0;
  let bytes = 0;
  let checksum = 0;
  const write = (content: Uint8Array): void => {
    for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
  };
  const put = (content: Uint8Array): void => {
    checksum = crc32(content, checksum);
    write(content);
  };
  const flush = (): void => {
    put(chunk.subarray(0, filled));
    filled = 0;
  };
  const close = (): void => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  return {
    add: (piece) => {
      const length = typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
      bytes += length;
      if (filled + length > chunkBytes) flush();
      if (length > chunkBytes) put(typeof piece === 'string' ? Buffer.from(piece) : piece);
      else if (typeof piece === 'string') filled += chunk.write(piece, filled);
      else {
        chunk.set(piece, filled);
        filled += length;
      }
      return length;
    },
    copy: (from, start, length) => {
      flush();
      bytes += length;
      for (let at = start; at < start + length; at += chunkBytes) {
        const part = chunk.subarray(0, Math.min(chunkBytes, start + length - at));
        checksum = joinChecksums(checksum, from.read(at, part), part.length);
        write(part);
      }
    },
    end: () => {
      flush();
      close();
      renameSync(draft, path);
      return { bytes, checksum };
    },
    [Symbol.dispose]: () => {
      if (!isOpen) return;
      close();
      rmSync(draft, { force: true });
    },
  };
}
