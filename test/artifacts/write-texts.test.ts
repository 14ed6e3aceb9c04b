import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTextsWriter } from '../../engine/artifacts/write-texts.ts';

function textsIn(folder: string, count: number): [string, string][] {
  return Array.from({ length: count }, (_, index) => [
    join(folder, `area_${index % 7}`, `${index}.sql`),
    `select ${index} -- ä\u2028\n`,
  ]);
}

async function writeTexts(texts: readonly [string, string][]): Promise<void> {
  const writer = openTextsWriter();
  for (const text of texts) writer.add(text);
  await writer.end();
}

test.each([0, 3, 500, 2_345])(
  '%i texts stand in their files once it is answered',
  async (count) => {
    const folder = mkdtempSync(join(tmpdir(), 'texts-'));
    const texts = textsIn(folder, count);
    await writeTexts(texts);
    for (const [path, text] of texts) expect(readFileSync(path, 'utf8')).toBe(text);
    const before = texts.map(([path]) => statSync(path, { bigint: true }).mtimeNs);
    const [first] = texts;
    if (first === undefined) return;
    for (const other of ['', 'a', 'edited by hand, and much longer than before']) {
      writeFileSync(first[0], other);
      await writeTexts(texts);
      expect(readFileSync(first[0], 'utf8')).toBe(first[1]);
    }
    const after = texts.map(([path]) => statSync(path, { bigint: true }).mtimeNs);
    expect(after.slice(1)).toEqual(before.slice(1));
  },
);

test.each([3, 2_345])('a file that cannot be written is told, of %i too', async (count) => {
  const folder = mkdtempSync(join(tmpdir(), 'texts-'));
  const texts = textsIn(folder, count);
  mkdirSync(texts[2]?.[0] ?? '', { recursive: true });
  await expect(writeTexts(texts)).rejects.toMatchObject({ code: 'EISDIR' });
});
