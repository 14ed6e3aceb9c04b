import type { RegisterCommand } from '../host.ts';
import { registerCheck } from './check.ts';
import { registerInit } from './init.ts';
import { registerQuery } from './query.ts';
import { registerRuns } from './runs.ts';
import { registerSandbox } from './sandbox.ts';
import { registerStatus } from './status.ts';

/** Every command, in the order in which help lists them. */
export const commands: readonly RegisterCommand[] = [
  registerInit,
  registerCheck,
  registerQuery,
  registerStatus,
  registerRuns,
  registerSandbox,
];
