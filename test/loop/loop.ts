import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { type OpenedProject, openProject } from '../../cli/open-project.ts';
import { planProject, type RunOptions, runProject } from '../../cli/work.ts';
import type { RunResult } from '../../engine/run/run-plan.ts';
import { type Clock, systemClock } from '../../engine/words/clock.ts';
import type { Plan } from '../../engine/words/step.ts';
import type { Row } from '../../engine/words/warehouse.ts';
import { createClock } from '../../sandbox/clock.ts';
import {
  type Sandboxes,
  type SandboxesOptions,
  startSandboxes,
} from '../../sandbox/start-sandboxes.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** The reference project in a folder of its own, against two sandboxes in this process. */
export interface Loop extends AsyncDisposable {
  readonly folder: string;
  readonly sandboxes: Sandboxes;
  /** Moves the project's clock and the sandboxes' together. */
  pass(durationMs: number): void;
  open(): OpenedProject;
  plan(options?: RunOptions): Promise<Plan>;
  run(options?: RunOptions): Promise<RunResult>;
  query<R = Row>(text: string): Promise<R[]>;
}

/** Copies the reference project: its declaration, and its models by link. */
export function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-loop-'));
  cpSync(join(repository, 'pipelines.yaml'), join(folder, 'pipelines.yaml'));
  symlinkSync(join(repository, 'models'), join(folder, 'models'));
  return folder;
}

export async function startLoop(options: SandboxesOptions = {}): Promise<Loop> {
  const sandboxClock = createClock();
  sandboxClock.hold(Date.now());
  const sandboxes = await startSandboxes({ contacts: 60, clock: sandboxClock, ...options });
  const folder = copyProject();
  const clock: Clock = { now: () => sandboxClock.now(), sleep: systemClock.sleep };
  const open = () => openProject({ folder, env: sandboxes.env, clock });
  return {
    folder,
    sandboxes,
    pass: (durationMs) => sandboxClock.advance(durationMs),
    open,
    plan: async (choice = {}) => {
      using opened = open();
      return await planProject(opened, choice);
    },
    run: async (choice = {}) => {
      // A run's boundary is its own: no two runs of one project share a moment.
      sandboxClock.advance(1_000);
      using opened = open();
      return await runProject(opened, choice);
    },
    query: async <R>(text: string) => {
      using opened = open();
      await using warehouse = await opened.openWarehouse({ readOnly: true });
      return await warehouse.query<R>(sql.raw(text));
    },
    [Symbol.asyncDispose]: async () => {
      await sandboxes[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Messages of the steps that did not end well: an empty list reads well in a failed assertion. */
export function troubles(result: RunResult): string[] {
  return result.steps
    .filter(({ status }) => status === 'failed' || status === 'skipped' || status === 'stopped')
    .map(({ id, message }) => `${id}: ${message}`);
}
