import { expect, test } from 'vitest';
import { readSources } from '../tidy/source-files.ts';

/** What may read files past the disk that notes what was read, and why. */
const others: readonly (readonly [RegExp, string])[] = [
  [/^engine\/declare\/memory\//, 'is the door itself'],
  [/^engine\/declare\/project\//, 'reads the declaration, at each start'],
  [/^engine\/declare\/typescript\//, 'imports files: a project with such models is distrusted'],
  [/^engine\/declare\/macro-library\.ts$/, 'reads files of the program, not of a project'],
  [/^engine\/declare\/seed-columns\.ts$/, 'reads data when a seed is built'],
  [/^engine\/declare\/text-file\.ts$/, 'is how the door reads, and what is read at each start'],
];

test('the files of a project are read through the door that notes what was read', () => {
  const sources = readSources().filter(({ path }) => path.startsWith('engine/declare/'));
  const reading = sources
    .filter(({ text }) => /from 'node:fs(\/promises)?'/.test(text))
    .map(({ path }) => path)
    .filter((path) => !others.some(([pattern]) => pattern.test(path)));
  expect(reading).toEqual([]);
});
