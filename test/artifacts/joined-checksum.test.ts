import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openArtifactFile } from '../../engine/artifacts/artifact-file.ts';
import { joinChecksums } from '../../engine/artifacts/joined-checksum.ts';
import { openStandingFile } from '../../engine/artifacts/standing-file.ts';

test('two checksums join to that of both texts, of any length', () => {
  const bytes = fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 60_000, maxLength: 70_000 }));
  fc.assert(
    fc.property(bytes, bytes, (left, right) => {
      const joined = joinChecksums(crc32(left), crc32(right), right.length);
      expect(joined).toBe(crc32(Buffer.concat([left, right])));
    }),
  );
});

const folder = mkdtempSync(join(tmpdir(), 'standing-'));
const large = Buffer.from(Array.from({ length: 600_000 }, (_, index) => `${index} `).join(''));

function openAll(content: Buffer, checksum = crc32(content)) {
  const path = join(folder, 'standing');
  writeFileSync(path, content);
  const standing = openStandingFile(path, { bytes: content.length, checksum, stamp: '' });
  if (standing === undefined) throw new Error('it stands');
  return standing;
}

test('pieces of a file in any order make another whose checksum is right', () => {
  const piece = fc.tuple(fc.nat(large.length), fc.nat(large.length)).map(([from, to]) => ({
    at: Math.min(from, to),
    bytes: Math.abs(to - from),
  }));
  const pieces = fc.array(fc.oneof(piece, fc.string()), { maxLength: 6 });
  fc.assert(
    fc.property(pieces, (all) => {
      using standing = openAll(large);
      const path = join(folder, 'made');
      using file = openArtifactFile(path);
      for (const one of all) {
        if (typeof one === 'string') file.add(one);
        else file.copy(standing, one.at, one.bytes);
      }
      const told = file.end();
      const parts = all.map((one) =>
        typeof one === 'string' ? Buffer.from(one) : large.subarray(one.at, one.at + one.bytes),
      );
      const made = readFileSync(path);
      expect(made.equals(Buffer.concat(parts))).toBe(true);
      expect(told).toEqual({ bytes: made.length, checksum: crc32(made) });
      expect(standing.isUntouched()).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test('a file in which one byte is another is not the one that was written, read or not', () => {
  const place = fc.nat(large.length - 1);
  fc.assert(
    fc.property(place, fc.array(place, { maxLength: 3 }), (at, reads) => {
      const other = Buffer.from(large);
      other[at] = (other[at] ?? 0) ^ 1;
      using standing = openAll(other, crc32(large));
      for (const start of reads)
        standing.read(start, Buffer.alloc(Math.min(70_000, large.length - start)));
      expect(standing.isUntouched()).toBe(false);
    }),
    { numRuns: 20 },
  );
});

test('a file of another size, and one that is not there, is none', () => {
  const path = join(folder, 'short');
  writeFileSync(path, 'short');
  const written = { bytes: 6, checksum: 0, stamp: '' };
  expect(openStandingFile(path, written)).toBeUndefined();
  expect(openStandingFile(`${path}er`, written)).toBeUndefined();
});
