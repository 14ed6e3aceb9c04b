import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { expectedDifferences } from './adapter-suite/expected-differences.ts';
import type { Python } from './python.ts';
import { describeWithDbt } from './with-dbt.ts';

const folder = fileURLToPath(new URL('adapter-suite', import.meta.url));
const warm = join(folder, 'warm.ts');
const suiteMaxMs = 3_000_000;
const printedMaxBytes = 256 * 1024 * 1024;

/** Of each test why it failed; '' where it passed. */
function runSuite({ python }: Python): ReadonlyMap<string, string> {
  const root = mkdtempSync(join(tmpdir(), 'peers-adapter-suite-'));
  const outcomes = join(root, 'outcomes.json');
  const pytest = ['-m', 'pytest', '-n', '2', '--dist', 'loadscope', '-p', 'no:cacheprovider'];
  const { stdout, stderr, error } = spawnSync(
    python,
    [...pytest, '-p', 'tidemill', '--basetemp', join(root, 'projects'), folder],
    {
      cwd: root,
      encoding: 'utf8',
      timeout: suiteMaxMs,
      maxBuffer: printedMaxBytes,
      env: {
        ...process.env,
        PYTHONPATH: folder,
        PYTHONDONTWRITEBYTECODE: '1',
        SUITE_TIDEMILL: JSON.stringify([process.execPath, warm]),
        SUITE_OUTCOMES: outcomes,
      },
    },
  );
  if (error) throw error;
  const last = `${stdout}${stderr}`.trim().split('\n').at(-1);
  process.stdout.write(`peers: dbt-tests-adapter ${last}\n`);
  try {
    return new Map(Object.entries<string>(JSON.parse(readFileSync(outcomes, 'utf8'))));
  } finally {
    if (!process.env['PEERS_KEEP']) rmSync(root, { recursive: true, force: true });
    else process.stdout.write(`peers: kept ${root}\n`);
  }
}

/** The tests by which dbt's makers judge an adapter, each run of dbt in them one of Tidemill. */
describeWithDbt('dbt-tests-adapter', (python) => {
  let outcomes: ReadonlyMap<string, string> = new Map();
  beforeAll(() => {
    outcomes = runSuite(python);
  });

  test('passes but for the differences that are listed', () => {
    expect(outcomes.size).toBeGreaterThan(200);
    const failed = [...outcomes].filter(([name, why]) => why && !expectedDifferences.has(name));
    expect(failed).toEqual([]);
  });

  test('fails in each of those, so that the list stays true', () => {
    const passed = [...expectedDifferences.keys()].filter((name) => !outcomes.get(name));
    expect(passed).toEqual([]);
  });
});
