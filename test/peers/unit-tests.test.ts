import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Entry, readArtifact } from '../artifacts/artifact-files.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { writeFolder } from '../models/project-folder.ts';
import { randomUnitTest, unitProject } from './random-unit-tests.ts';
import { describeWithDbt } from './with-dbt.ts';

const tests = Number(process.env['PEERS_UNIT_TESTS'] ?? 60);
const seed = Number(process.env['PEERS_SEED'] ?? 20_260);

function outcomesOf(folder: string): Map<string, unknown> {
  const results = readArtifact(folder, 'run_results')['results'] as readonly Entry[];
  return new Map(
    results.map(({ unique_id: id, status }) => [String(id).split('.').at(-1) ?? '', status]),
  );
}

describeWithDbt('unit tests', ({ dbt }) => {
  test(`${tests} unit tests of random rows hold where they hold in dbt`, async () => {
    const made = fc.sample(
      fc.gen().map((choose) => randomUnitTest((from) => choose(() => from))),
      { seed, numRuns: tests },
    );
    const written = made.map((one, index): Entry => ({ name: `unit_${index}`, ...one }));
    const folder = writeFolder({
      ...unitProject,
      'models/unit.yml': JSON.stringify({ unit_tests: written }, undefined, 1),
    });
    const env = { ...process.env, HOME: folder, DBT_SEND_ANONYMOUS_USAGE_STATS: 'false' };
    const ask = (...args: string[]) =>
      spawnSync(dbt, [...args, '--profiles-dir', folder], { cwd: folder, env });
    ask('run');
    ask('test');
    const dbts = outcomesOf(folder);
    rmSync(join(folder, 'shop.duckdb'));
    await tidemill(folder, 'build', '--exclude-resource-type', 'unit_test');
    await tidemill(folder, 'test');
    const ours = outcomesOf(folder);
    // dbt asks DuckDB to put rows of fewer keys together, and for columns that a text lacks.
    const judged = written.filter(({ name }) => dbts.get(String(name)) !== 'error');
    expect(judged.length).toBeGreaterThan(tests / 2);
    const told = (outcomes: Map<string, unknown>) =>
      judged.map((one) => [outcomes.get(String(one['name'])), one]);
    expect(told(ours)).toEqual(told(dbts));
    const held = judged.filter(({ name }) => dbts.get(String(name)) === 'pass').length;
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(judged.length);
  });
});
