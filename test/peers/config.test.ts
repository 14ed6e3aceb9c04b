import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ArtifactFile, type Entry, readArtifact } from '../artifacts/artifact-files.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { writeFolder } from '../models/project-folder.ts';
import { randomProject } from './random-project.ts';
import { readWithDbt } from './read-with-dbt.ts';
import { describeWithDbt } from './with-dbt.ts';

const projects = Number(process.env['PEERS_PROJECTS'] ?? 6);
const seed = Number(process.env['PEERS_SEED'] ?? 20_260);

/** What follows from config, and is the same in both programs. */
const compared = ['config', 'schema', 'alias', 'docs', 'access', 'meta', 'freshness'];

function configOf(entry: Entry): Entry {
  const { tags, config } = entry;
  // Tags stand in the order in which dbt came upon them: YAML last.
  const sorted = Array.isArray(tags) ? tags.toSorted() : [];
  const { loaded_at_field: _, ...others } = config as Entry;
  const kept = compared.filter((key) => key in entry).map((key) => [key, entry[key]]);
  return { ...Object.fromEntries(kept), tags: sorted, config: others };
}

/** Of the nodes that are on: dbt leaves tests of what is off among them, switched off. */
function configsOf(manifest: ArtifactFile): Entry {
  const sections = ['nodes', 'sources', 'exposures', 'unit_tests'] as const;
  const entries = sections.flatMap((section) =>
    Object.entries(manifest[section] as Record<string, Entry>),
  );
  return Object.fromEntries(
    entries
      .filter(([, { config }]) => (config as Entry)['enabled'] !== false)
      .map(([id, entry]) => [id, configOf(entry)]),
  );
}

describeWithDbt('config', (python) => {
  test.each(
    fc.sample(
      fc.gen().map((choose) => randomProject((from) => choose(() => from))),
      { seed, numRuns: projects },
    ),
  )('said at random in many places comes to what it comes to in dbt (%#)', async (files) => {
    const folder = writeFolder(files);
    const { out } = await tidemill(folder, 'parse');
    const ours = configsOf(readArtifact(folder, 'manifest'));
    const dbts = configsOf(readWithDbt(python, folder, 'parse'));
    expect(Object.keys(ours).length, out.join('\n')).toBeGreaterThan(60);
    expect(ours).toEqual(dbts);
  });
});
