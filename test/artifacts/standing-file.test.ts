import {
  closeSync,
  futimesSync,
  mkdtempSync,
  openSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openArtifactFile } from '../../engine/artifacts/artifact-file.ts';
import type { FilePiece } from '../../engine/artifacts/manifest-layout.ts';
import { openStandingFile, type StandingFile } from '../../engine/artifacts/standing-file.ts';
import { readSetBack, readStamp, setTimeBack } from '../../engine/declare/memory/file-stamp.ts';

const folder = mkdtempSync(join(tmpdir(), 'standing-'));
const large = Buffer.from(Array.from({ length: 600_000 }, (_, index) => `${index} `).join(''));

function openOne(content: Buffer): StandingFile {
  const path = join(folder, 'standing');
  writeFileSync(path, content);
  const standing = openStandingFile(path);
  if (standing === undefined) throw new Error('it stands');
  return standing;
}

/** Pieces of a content cut at these places. */
function cut(content: Buffer, places: readonly number[]): FilePiece[] {
  const ends = [...places, content.length].sort((one, other) => one - other);
  return ends.map((end, index) => {
    const piece = content.subarray(ends[index - 1] ?? 0, end);
    return { bytes: piece.length, checksum: crc32(piece) };
  });
}

test('a file is put together of texts and of pieces of another in any order', async () => {
  const piece = fc.tuple(fc.nat(large.length), fc.nat(large.length)).map(([from, to]) => ({
    at: Math.min(from, to),
    bytes: Math.abs(to - from),
  }));
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('ä'.repeat(700_000)));
  const pieces = fc.array(fc.oneof(piece, text), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(pieces, async (all) => {
      await using standing = openOne(large);
      const path = join(folder, 'made');
      using file = openArtifactFile(path);
      for (const one of all) {
        if (typeof one !== 'string') file.copy(standing, one.at, one.bytes);
        else {
          const bytes = Buffer.from(one);
          expect(file.add(one)).toEqual({ bytes: bytes.length, checksum: crc32(bytes) });
        }
      }
      file.end();
      const parts = all.map((one) =>
        typeof one === 'string' ? Buffer.from(one) : large.subarray(one.at, one.at + one.bytes),
      );
      expect(readFileSync(path).equals(Buffer.concat(parts))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test('a file is made of its own pieces, and of no other in which one byte differs', async () => {
  const place = fc.nat(large.length - 1);
  const places = fc.oneof(
    fc.array(place, { maxLength: 5 }),
    // Many small ones, as the nodes of a manifest are.
    fc.integer({ min: 500, max: 5_000 }).map((size) => {
      return Array.from({ length: Math.floor(large.length / size) }, (_, index) => index * size);
    }),
  );
  await fc.assert(
    fc.asyncProperty(place, places, fc.nat(2), async (at, cuts, size) => {
      const pieces = cut(large, cuts);
      const other = Buffer.from(large);
      other[at] = (other[at] ?? 0) ^ 1;
      const contents = [large, other, large.subarray(0, -1), Buffer.concat([large, large])];
      const [made, ...strange] = contents.slice(0, 2 + size);
      await using standing = openOne(made ?? large);
      expect(standing.isMadeOf(pieces)).toBe(true);
      for (const one of strange) {
        await using another = openOne(one);
        expect(another.isMadeOf(pieces)).toBe(false);
      }
    }),
    { numRuns: 20 },
  );
});

test('a file that is not there is none', () => {
  expect(openStandingFile(join(folder, 'nowhere'))).toBeUndefined();
});

test('the stamp of a file just written is another after each write to it, however soon', () => {
  for (let round = 0; round < 50; round += 1) {
    const path = join(folder, `young-${round}`);
    using file = openArtifactFile(path);
    file.add('as it was written');
    const stamp = file.end();
    expect(stamp).toBe(readStamp(path)?.text);
    expect(stamp).not.toBe('');
    writeFileSync(path, 'as somebody made it', { flag: 'r+' });
    expect(readStamp(path)?.text).not.toBe(stamp);
  }
});

test('a stamp whose time is not kept to part of a millisecond is not trusted', () => {
  const path = join(folder, 'coarse');
  const file = openSync(path, 'w');
  // Such a file system answers whole milliseconds at the most.
  futimesSync(file, 1_700_000_000, 1_700_000_000);
  const backMs = setTimeBack(file);
  closeSync(file);
  expect(readSetBack(path, backMs)).toBe(readStamp(path)?.text);
  // As a file system would that keeps milliseconds, or seconds.
  for (const tickMs of [1, 10, 1_000, 2_000]) {
    const kept = Math.floor(backMs / tickMs) * tickMs;
    utimesSync(path, kept / 1_000, kept / 1_000);
    expect(readSetBack(path, backMs)).toBe('');
  }
  expect(readSetBack(join(folder, 'gone'), backMs)).toBe('');
});
