import type { RegisterCommand } from '../host.ts';
import { registerCheck } from './check.ts';
import { registerClean } from './clean.ts';
import { registerCompile } from './compile.ts';
import { registerDemo } from './demo.ts';
import { registerInit } from './init.ts';
import { registerLs } from './ls.ts';
import { registerPlan } from './plan.ts';
import { registerQuery } from './query.ts';
import { registerBuild, registerExtract, registerRun, registerSync, registerTest } from './run.ts';
import { registerRuns } from './runs.ts';
import { registerSandbox } from './sandbox.ts';
import { registerServe } from './serve.ts';
import { registerShow } from './show.ts';
import { registerSource } from './source.ts';
import { registerStatus } from './status.ts';
import { registerUndo } from './undo.ts';

/** Every command, in the order in which help lists them. */
export const commands: readonly RegisterCommand[] = [
  registerInit,
  registerDemo,
  registerCheck,
  registerPlan,
  registerRun,
  registerExtract,
  registerBuild,
  registerTest,
  registerSync,
  registerUndo,
  registerServe,
  registerLs,
  registerCompile,
  registerShow,
  registerSource,
  registerQuery,
  registerStatus,
  registerRuns,
  registerSandbox,
  registerClean,
];
