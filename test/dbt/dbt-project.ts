import { sql } from 'kysely';
import { toRunOptions } from '../../cli/commands/retry.ts';
import { type OpenProjectOptions, openProject } from '../../cli/open-project.ts';
import { type RunOptions, runProject } from '../../cli/work.ts';
import { findRetry } from '../../engine/run/find-retry.ts';
import type { RunResult } from '../../engine/run/run-plan.ts';
import { type Clock, systemClock } from '../../engine/words/clock.ts';
import type { Step } from '../../engine/words/step.ts';
import type { Row } from '../../engine/words/warehouse.ts';
import { writeFolder } from '../models/project-folder.ts';

const builds: ReadonlySet<Step['kind']> = new Set<Step['kind']>([
  'materialize',
  'history',
  'check',
]);

export interface DbtFolder {
  readonly folder: string;
  build(options?: RunOptions, more?: OpenProjectOptions): Promise<RunResult>;
  rows(text: string): Promise<Row[]>;
  run(text: string): Promise<void>;
  pass(durationMs: number): void;
}

/** Of the project `shop`: `dev`, which is meant where none is named, and `prod` beside it. */
export const twoTargets = `shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: wh.duckdb, schema: dev}
    prod: {type: duckdb, path: wh.duckdb, schema: prod}
`;

/** A dbt project in a folder of its own, on a clock that is held. */
export function dbtFolder(files: Readonly<Record<string, string>>): DbtFolder {
  return dbtProjectIn(writeFolder({ 'dbt_project.yml': 'name: shop\nversion: "1.0"', ...files }));
}

export function dbtProjectIn(folder: string): DbtFolder {
  let nowMs = Date.UTC(2026, 0, 1);
  const clock: Clock = { now: () => nowMs, sleep: systemClock.sleep };
  const env = { HOME: folder };
  return {
    folder,
    pass: (durationMs) => {
      nowMs += durationMs;
    },
    build: async (options = {}, more = {}) => {
      nowMs += 1_000;
      using opened = openProject({ folder, env, clock, ...more });
      return await runProject(opened, { kinds: builds, ...options });
    },
    rows: async (text) => {
      using opened = openProject({ folder, env, clock });
      await using warehouse = await opened.openWarehouse({ readOnly: true });
      return await warehouse.query(sql.raw(text));
    },
    run: async (text) => {
      using opened = openProject({ folder, env, clock });
      await using warehouse = await opened.openWarehouse();
      await warehouse.ddl([sql.raw(text)]);
    },
  };
}

/** Steps that did not end well, with their messages. */
export function troubles(result: RunResult): string[] {
  return result.steps
    .filter(({ status }) => !['success', 'reused'].includes(status))
    .map(({ id, status, message }) => `${id} ${status}: ${message}`);
}

/** What `retry` would do now. */
export function retryOf({ folder }: DbtFolder): RunOptions {
  using opened = openProject({ folder, env: {} });
  return toRunOptions(findRetry(opened.state, systemClock));
}
