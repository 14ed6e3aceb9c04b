import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { parse, stringify } from 'yaml';
import { type OpenedProject, openProject } from '../../cli/open-project.ts';
import { planProject, type RunOptions, runProject } from '../../cli/work.ts';
import type { RunResult } from '../../engine/run/run-plan.ts';
import type { Clock } from '../../engine/words/clock.ts';
import type { Plan } from '../../engine/words/step.ts';
import type { Row } from '../../engine/words/warehouse.ts';
import { createClock, type SandboxClock } from '../../sandbox/clock.ts';
import {
  type Sandboxes,
  type SandboxesOptions,
  startSandboxes,
} from '../../sandbox/start-sandboxes.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** `pipelines.yaml` as parsed: tests change single keys of the reference project. */
export interface ProjectFile {
  warehouse: Record<string, unknown>;
  connections: Record<string, Record<string, unknown>>;
  extract: Record<string, Record<string, unknown>>;
  models: Record<string, unknown>;
  syncs: Record<string, Record<string, unknown>>;
  [key: string]: unknown;
}

export interface LoopOptions extends SandboxesOptions, CopyOptions {
  /** In place of what the sandboxes say. */
  env?: Readonly<Record<string, string>>;
}

/** The reference project in a folder of its own, against two sandboxes in this process. */
export interface Loop extends AsyncDisposable {
  readonly folder: string;
  readonly sandboxes: Sandboxes;
  readonly env: Readonly<Record<string, string>>;
  /** Moves the project's clock and the sandboxes' together. */
  pass(durationMs: number): void;
  open(): OpenedProject;
  plan(options?: RunOptions): Promise<Plan>;
  run(options?: RunOptions): Promise<RunResult>;
  query<R = Row>(text: string): Promise<R[]>;
}

export interface CopyOptions {
  /** Changes the copied declaration. */
  declare?(project: ProjectFile): void;
  /** Files beside or in place of those under `models`, by path there. */
  readonly models?: Readonly<Record<string, string>>;
}

/** Copies the reference project: its declaration, and its models (by link where none change). */
export function copyProject({ declare, models }: CopyOptions = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-loop-'));
  const file = join(folder, 'pipelines.yaml');
  const text = readFileSync(join(repository, 'pipelines.yaml'), 'utf8');
  const project = parse(text) as ProjectFile;
  declare?.(project);
  writeFileSync(file, stringify(project));
  const source = join(repository, 'models');
  if (models === undefined) symlinkSync(source, join(folder, 'models'));
  else cpSync(source, join(folder, 'models'), { recursive: true });
  for (const [path, sqlText] of Object.entries(models ?? {})) {
    writeFileSync(join(folder, 'models', path), sqlText);
  }
  return folder;
}

/** A project's clock that waits by moving the sandboxes' clock: hours of waiting pass at once. */
function createLoopClock(sandboxClock: SandboxClock): Clock {
  return {
    now: () => sandboxClock.now(),
    sleep: async (durationMs, signal) => {
      signal?.throwIfAborted();
      sandboxClock.advance(durationMs);
      await nextTurn();
    },
  };
}

export async function startLoop(options: LoopOptions = {}): Promise<Loop> {
  const sandboxClock = createClock();
  sandboxClock.hold(Date.now());
  const { declare, models, env: changedEnv, ...about } = options;
  const sandboxes = await startSandboxes({ contacts: 60, clock: sandboxClock, ...about });
  const folder = copyProject({ ...(declare ? { declare } : {}), ...(models ? { models } : {}) });
  const clock = createLoopClock(sandboxClock);
  const env = { ...sandboxes.env, ...changedEnv };
  const open = () => openProject({ folder, env, clock });
  return {
    folder,
    sandboxes,
    env,
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
