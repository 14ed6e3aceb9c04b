import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSpool, parseCsvHeader } from '../../engine/wire/spool.ts';
import type { Page } from '../../engine/words/stream.ts';
import { withFolder } from '../warehouse/folder.ts';

/** The bytes in pieces of `size`, as a socket might deliver them. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

test('a page is the same file however its bytes arrive, with its lines counted', () =>
  withFolder(async (folder) => {
    await using spool = await openSpool(folder);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('{"a":"é"}', '', '  ', '{}'), { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (lines, size, endsWithNewline) => {
          const text = lines.join('\n') + (endsWithNewline ? '\n' : '');
          const page: Page = { format: 'ndjson', body: pieces(text, size) };
          const file = await spool.add(page);
          expect(await readFile(file.path, 'utf8')).toBe(text);
          expect(file.lines).toBe(lines.filter((line) => line.trim() !== '').length);
          expect(file.bytes).toBe(Buffer.byteLength(text));
          await spool.remove([file]);
        },
      ),
      { numRuns: 40 },
    );
  }));

test('a header is read across pieces, with quotes, commas and line ends in its names', () =>
  withFolder(async (folder) => {
    await using spool = await openSpool(folder);
    const text = '\ufeff"Id","a ""b"", c","two\nlines",plain\r\n"1","2","3","4"\r\n';
    for (let size = 1; size < 12; size += 1) {
      const file = await spool.add({ format: 'csv', body: pieces(text, size) });
      expect(file.header).toEqual(['Id', 'a "b", c', 'two\nlines', 'plain']);
    }
    expect(parseCsvHeader('Id,Name', true)).toEqual(['Id', 'Name']);
    expect(parseCsvHeader('Id,Name', false)).toBeUndefined();
  }));

test('a page beyond its limit is refused and leaves no file', () =>
  withFolder(async (folder) => {
    await using spool = await openSpool(folder, 10);
    const page: Page = { format: 'ndjson', body: pieces('{"a":1}\n{"a":2}\n', 4) };
    await expect(spool.add(page)).rejects.toMatchObject({ code: 'page-too-large' });
    const [own = ''] = await readdir(folder);
    expect(await readdir(join(folder, own))).toEqual([]);
  }));

test('a body that breaks off leaves no file and passes its error on', () =>
  withFolder(async (folder) => {
    await using spool = await openSpool(folder);
    const broken = new Error('socket hang up');
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"a":1}\n');
      throw broken;
    }
    await expect(spool.add({ format: 'ndjson', body: body() })).rejects.toBe(broken);
  }));

test('what a dead process left is removed, what a living one holds is not', () =>
  withFolder(async (folder) => {
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    const names = [
      `${hostname()}.${dead}.00ff00ff`,
      `${hostname()}.${process.pid}.00ff00ff`,
      `elsewhere.${dead}.00ff00ff`,
      'not ours',
    ];
    for (const name of names) await mkdir(join(folder, name));
    await writeFile(join(folder, names[0] ?? '', 'page-1.csv'), 'x');
    {
      await using spool = await openSpool(folder);
      await spool.add({ format: 'ndjson', body: Buffer.from('{}\n') });
      expect(await readdir(folder)).toHaveLength(4);
    }
    expect((await readdir(folder)).toSorted()).toEqual(names.slice(1).toSorted());
  }));
