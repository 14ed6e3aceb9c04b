import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, onTestFinished, test } from 'vitest';
import { type ArtifactFile, type Entry, readArtifact } from '../artifacts/artifact-files.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { sampleProject } from '../artifacts/sample-project.ts';
import { writeFolder } from '../models/project-folder.ts';
import { oddManifest } from './odd-manifest.ts';
import type { Python } from './python.ts';
import { readWithDbt } from './read-with-dbt.ts';
import { describeWithDbt } from './with-dbt.ts';

const example = fileURLToPath(new URL('../../examples/dbt-shop', import.meta.url));

/** The JSON Schemas that dbt itself publishes, made by dbt. */
const schemasProgram = `
import json
from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.freshness import FreshnessExecutionResultArtifact
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.artifacts.schemas.run import RunResultsArtifact
print(json.dumps({
  'manifest': WritableManifest.json_schema(),
  'run_results': RunResultsArtifact.json_schema(),
  'catalog': CatalogArtifact.json_schema(),
  'sources': FreshnessExecutionResultArtifact.json_schema(),
}))
`;

const bufferMax = 64 * 1024 * 1024;

function readSchemas({ python }: Python): Readonly<Record<string, object>> {
  const text = execFileSync(python, ['-c', schemasProgram], {
    encoding: 'utf8',
    maxBuffer: bufferMax,
  });
  return JSON.parse(text) as Record<string, object>;
}

function copyOf(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'peers-'));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  const isMade = /warehouse\.duckdb|\.tidemill|[\\/](target|logs)([\\/]|$)/;
  cpSync(folder, copy, { recursive: true, filter: (path) => !isMade.test(path) });
  // What `dbt deps` does with a package that is named by its path.
  symlinkSync('../packages/loyalty', join(copy, 'dbt_packages', 'loyalty'));
  return copy;
}

const sections = [
  ...['nodes', 'sources', 'unit_tests', 'exposures', 'groups', 'docs'],
  ...['semantic_models', 'metrics', 'saved_queries'],
] as const;

/** What either program may say in its own way: times, the order of reading, what was compiled. */
const ownWay = new Set([
  'created_at',
  'unrendered_config',
  'unrendered_database',
  'root_path',
  'compiled',
  'compiled_code',
  'compiled_path',
  'extra_ctes',
  'extra_ctes_injected',
  'build_path',
]);

/** Of a unit test, dbt digests a text that only Python prints. */
const ownDigest = new Set(['unit_test']);

function comparable(entry: Entry): Entry {
  const kept = Object.entries(entry).filter(([key]) => !ownWay.has(key));
  const { depends_on: dependsOn, config, checksum, refs, ...others } = Object.fromEntries(kept);
  const nodes = (dependsOn as { nodes?: string[] } | undefined)?.nodes;
  const type = String(entry['resource_type']);
  const { persist_docs: _, ...written } = (config ?? {}) as Entry;
  return {
    ...others,
    config: type === 'group' ? written : config,
    ...(ownDigest.has(type) ? {} : { checksum }),
    ...(nodes ? { nodes: [...nodes].sort() } : {}),
    ...(Array.isArray(refs) ? { refs: distinct(refs) } : {}),
  };
}

/** dbt tells a call as often as it is written, in the order in which it came upon it. */
function distinct(calls: readonly unknown[]): string[] {
  return [...new Set(calls.map((call) => JSON.stringify(call)))].sort();
}

/** dbt's own texts. */
function isDbts(id: string): boolean {
  return id.startsWith('doc.dbt.');
}

function comparableSection(manifest: ArtifactFile, section: string): Entry {
  const entries = Object.entries(manifest[section] as Record<string, Entry>);
  return Object.fromEntries(
    entries.filter(([id]) => !isDbts(id)).map(([id, entry]) => [id, comparable(entry)]),
  );
}

/** dbt lists those of one id as it came upon their files. */
function disabledNodes(manifest: ArtifactFile): Entry {
  const all = Object.entries(manifest['disabled'] as Record<string, Entry[]>);
  const byFile = (one: Entry, other: Entry): number =>
    String(one['path']).localeCompare(String(other['path']));
  return Object.fromEntries(
    all.map(([id, entries]) => [id, entries.toSorted(byFile).map(comparable)]),
  );
}

/** Edges of both maps, each list in order. */
function edgesOf(manifest: ArtifactFile): unknown {
  return ['parent_map', 'child_map', 'group_map'].map((map) =>
    Object.fromEntries(
      Object.entries(manifest[map] as Record<string, string[]>)
        .filter(([id]) => !isDbts(id))
        .map(([id, list]) => [id, [...list].sort()]),
    ),
  );
}

/** Macros of the project and its packages; dbt's own are others than ours. */
function macrosOf(manifest: ArtifactFile): Entry {
  const entries = Object.entries(manifest['macros'] as Record<string, Entry>);
  const own = entries.filter(([id]) => !/^macro\.dbt(_duckdb)?\./.test(id));
  return Object.fromEntries(
    own.map(([id, entry]) => {
      const { created_at: _, depends_on: dependsOn, ...others } = entry;
      const macros = (dependsOn as { macros: string[] }).macros;
      return [id, { ...others, macros: macros.filter((one) => !one.startsWith('macro.dbt.')) }];
    }),
  );
}

function expectSameManifest(ours: ArtifactFile, dbts: ArtifactFile): void {
  for (const section of sections) {
    expect(comparableSection(ours, section)).toEqual(comparableSection(dbts, section));
  }
  expect(edgesOf(ours)).toEqual(edgesOf(dbts));
  expect(macrosOf(ours)).toEqual(macrosOf(dbts));
  expect(ours['selectors']).toEqual(dbts['selectors']);
}

describeWithDbt('artifacts beside those of dbt', (python) => {
  test('every artifact is valid against the schema that dbt publishes', async () => {
    const folder = writeFolder(sampleProject);
    await tidemill(folder, 'build', '--select', 'resource_type:seed');
    expect((await tidemill(folder, 'build')).code).toBe(0);
    await tidemill(folder, 'source', 'freshness');
    for (const [name, schema] of Object.entries(readSchemas(python))) {
      if (name === 'catalog') await tidemill(folder, 'docs', 'generate');
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      const validate = ajv.compile(schema);
      validate(readArtifact(folder, name));
      expect({ name, errors: validate.errors }).toEqual({ name, errors: null });
    }
    await tidemill(folder, 'compile');
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const validate = ajv.compile(readSchemas(python)['manifest'] ?? {});
    validate(readArtifact(folder, 'manifest'));
    expect(validate.errors).toBe(null);
  });

  test('a manifest tells what dbt’s manifest tells', async () => {
    const folder = writeFolder(sampleProject);
    expect(await tidemill(folder, 'parse')).toMatchObject({ code: 0, err: '' });
    const ours = readArtifact(folder, 'manifest');
    expectSameManifest(ours, readWithDbt(python, folder, 'parse'));
  });

  test('so does the manifest of config that is rarely written, and of nodes that are off', async () => {
    const folder = writeFolder(oddManifest);
    expect(await tidemill(folder, 'parse')).toMatchObject({ code: 0, err: '' });
    const ours = readArtifact(folder, 'manifest');
    const dbts = readWithDbt(python, folder, 'parse');
    expectSameManifest(ours, dbts);
    expect(disabledNodes(ours)).toEqual(disabledNodes(dbts));
  });

  test('so does the manifest of the example', async () => {
    const folder = copyOf(example);
    expect(await tidemill(folder, 'parse')).toMatchObject({ code: 0 });
    const ours = readArtifact(folder, 'manifest');
    expectSameManifest(ours, readWithDbt(python, folder, 'parse'));
  });
});
