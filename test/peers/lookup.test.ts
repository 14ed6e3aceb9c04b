import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ArtifactFile, type Entry, readArtifact } from '../artifacts/artifact-files.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { writeFolder } from '../models/project-folder.ts';
import { randomLookup } from './random-lookup.ts';
import { readWithDbt } from './read-with-dbt.ts';
import { describeWithDbt } from './with-dbt.ts';

const projects = Number(process.env['PEERS_PROJECTS'] ?? 6);
const seed = Number(process.env['PEERS_SEED'] ?? 20_260);

/** The text of each model, where it is built, and the macros of packages that it called. */
function printedOf(manifest: ArtifactFile): Entry {
  const nodes = Object.entries(manifest['nodes'] as Record<string, Entry>);
  return Object.fromEntries(
    nodes.map(([id, { compiled_code: text, relation_name: relation, depends_on: reads }]) => {
      const { macros } = reads as { readonly macros: readonly string[] };
      const theirs = macros.filter((macro) => !macro.startsWith('macro.dbt.')).toSorted();
      return [id, { text, relation, macros: theirs }];
    }),
  );
}

describeWithDbt('lookup', (python) => {
  test.each(
    fc.sample(
      fc.gen().map((choose) => randomLookup((from) => choose(() => from))),
      { seed, numRuns: projects },
    ),
  )('macros and variables of one name are those that dbt finds (%#)', async ({ files, vars }) => {
    const folder = writeFolder(files);
    const given = ['--vars', JSON.stringify(vars)];
    expect(await tidemill(folder, 'compile', ...given)).toMatchObject({ code: 0 });
    const ours = printedOf(readArtifact(folder, 'manifest'));
    const dbts = printedOf(readWithDbt(python, folder, 'compile', ...given));
    expect(Object.keys(ours)).toHaveLength(16);
    expect(ours).toEqual(dbts);
  });
});
