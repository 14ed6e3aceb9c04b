import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { readSetBack, setTimeBack } from '../declare/memory/file-stamp.ts';
import type { FilePiece } from './manifest-layout.ts';
import type { StandingFile } from './standing-file.ts';

/** A file that is written piece by piece and stands under its name when it is whole. */
export interface ArtifactFile extends Disposable {
  add(text: string): FilePiece;
  /** Takes bytes of another one. */
  copy(from: StandingFile, at: number, bytes: number): void;
  /** Puts it in place of what stood there; answers its stamp, or an empty text. */
  end(): string;
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
  const write = (content: Uint8Array): void => {
    for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
  };
  const flush = (): void => {
    write(chunk.subarray(0, filled));
    filled = 0;
  };
  const close = (): void => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  return {
    add: (text) => {
      const bytes = Buffer.byteLength(text);
      if (filled + bytes > chunkBytes) flush();
      if (bytes > chunkBytes) {
        write(Buffer.from(text));
        return { bytes, checksum: crc32(text) };
      }
      const start = filled;
      filled += chunk.write(text, filled);
      return { bytes, checksum: crc32(chunk.subarray(start, filled)) };
    },
    copy: (from, start, length) => {
      for (let at = start; at < start + length; ) {
        if (filled === chunkBytes) flush();
        const part = chunk.subarray(filled, Math.min(chunkBytes, filled + start + length - at));
        from.read(at, part);
        at += part.length;
        filled += part.length;
      }
    },
    end: () => {
      flush();
      const backMs = setTimeBack(file);
      close();
      renameSync(draft, path);
      return readSetBack(path, backMs);
    },
    [Symbol.dispose]: () => {
      if (!isOpen) return;
      close();
      rmSync(draft, { force: true });
    },
  };
}
