import { join, relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Half a minute and more each, the longest first: the last to end must not run alone. */
const longest = [
  'test/loop/kill.test.ts',
  'test/materialize/kill.test.ts',
  'test/loop/kill-writes.test.ts',
  'test/loop/equal.test.ts',
  'test/loop/bad-input.test.ts',
  'test/serve/serve.test.ts',
];

/** Without durations of an earlier run the order is that of size, which says little. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification): number => {
      const rank = longest.indexOf(relative(import.meta.dirname, moduleId));
      return rank < 0 ? longest.length : rank;
    };
    return (await super.sort(files)).toSorted((left, right) => rankOf(left) - rankOf(right));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // These compare with dbt itself: `npm run test:peers`.
    exclude: ['node_modules/**', 'test/peers/**'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    env: {
      // Some tests start dozens of processes: each takes what the first one compiled.
      NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'tests'),
      // The cores that DuckDB believes in. Its threads wait for each other by turning, and where
      // all are busy small statements cost twice the time. Tests of what threads may do ask for
      // more by `threads`, however many the machine has.
      SLURM_CPUS_ON_NODE: '1',
    },
    // Ends a test that hangs; a slow one on a loaded machine is not meant.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
