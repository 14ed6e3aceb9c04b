import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // These compare with dbt itself: `npm run test:peers`.
    exclude: ['node_modules/**', 'test/peers/**'],
    pool: 'forks',
    maxWorkers: 2,
    // Ends a test that hangs; a slow one on a loaded machine is not meant.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
