import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, runIn } from '../parse-cache/command-in-process.ts';
import { filesBelow, mutations, openDice } from './mutation.ts';

// `FUZZ_ROUNDS=400 FUZZ_SEED=7` looks longer, and elsewhere; a round that fails prints its seed.
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 4);
const firstSeed = Number(process.env['FUZZ_SEED'] ?? 1);
const mutationsMax = 3;
const example = fileURLToPath(new URL('../../examples/dbt-shop', import.meta.url));
const secret = 'pat-na1-0123456789';
const env = { SHOP_API_TOKEN: secret };

let place: string;
let whole: readonly string[];

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'fuzz-'));
  const ended = await runIn(copyShop('whole'), env, ['ls']);
  expect(ended.code).toBe(0);
  whole = ended.out.trim().split('\n');
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

function copyShop(name: string): string {
  const folder = join(place, name);
  cpSync(example, folder, {
    recursive: true,
    filter: (path) => !/\.duckdb|\.tidemill|\/target/.test(relative(example, path)),
  });
  return folder;
}

/** What nobody should ever read: a fault of the program, or one of its values as it is inside. */
const inner = [
  /unexpected fault/,
  /internal error/i,
  /^\s+at \S+ \(/m,
  /\bat file:\/\//,
  /\b(Type|Range|Reference|Syntax|Assertion)Error\b/,
  /\bE(NOENT|ISDIR|LOOP|ACCES|NOTDIR)\b/,
  /\[object /,
  /assertion failed/,
  /INTERNAL Error/,
];

/** Lines that say an error without a place, but that there is no project to have one in. */
function findUnplaced({ err }: Ended): string[] {
  return err
    .split('\n')
    .filter((line) => /^error: /.test(line) && !/^error: (\S.*?):\d+:\d+ \S/.test(line))
    .filter((line) => !/^error: there is no \S+, nor a dbt_project\.yml/.test(line));
}

function expectKind(what: string, ended: Ended): void {
  const all = ended.out + ended.err;
  for (const pattern of inner) expect(all, what).not.toMatch(pattern);
  expect(findUnplaced(ended), what).toEqual([]);
  expect(all, what).not.toContain(secret);
  expect([0, 1], what).toContain(ended.code);
  if (ended.code === 1) expect(all, what).toMatch(/error: |cannot run|:\d+:\d+ /);
}

describe('a project whose files were damaged at random', () => {
  test.each(Array.from({ length: rounds }, (_, index) => firstSeed + index))(
    'is told of in places and words, and harms nothing: seed %i',
    async (seed) => {
      const dice = openDice(seed);
      const folder = copyShop(String(seed));
      const done: string[] = [];
      for (let count = 1 + dice(mutationsMax); count > 0; count -= 1) {
        const files = filesBelow(folder);
        const path = files[dice(files.length)] ?? '';
        const mutation = mutations[dice(mutations.length)];
        mutation?.apply(path, dice);
        done.push(`${relative(folder, path)}: ${mutation?.name}`);
      }
      for (const command of ['ls', 'compile', 'plan']) {
        const ended = await runIn(folder, env, [command]);
        expectKind(`seed ${seed}, ${command}; ${done.join('; ')}\n${ended.err}`, ended);
        if (
          command === 'ls' &&
          !done.some((one) => /dbt_project|profiles\.yml|packages\.yml|vars/.test(one))
        ) {
          const listed = new Set(ended.out.trim().split('\n'));
          const lost = whole.filter((name) => !listed.has(name));
          expect(lost.length, `${done.join('; ')}: lost ${lost.join()}`).toBeLessThan(
            whole.length / 2,
          );
        }
      }
      expect(existsSync(join(folder, 'warehouse.duckdb')), 'nothing is written').toBe(false);
      rmSync(folder, { recursive: true, force: true });
    },
  );
});
