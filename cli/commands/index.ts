import type { RegisterCommand } from '../host.ts';
import { registerInit } from './init.ts';
import { registerQuery } from './query.ts';
import { registerSandbox } from './sandbox.ts';

/** Every command, in the order in which help lists them. */
export const commands: readonly RegisterCommand[] = [registerInit, registerQuery, registerSandbox];
