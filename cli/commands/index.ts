import type { RegisterCommand } from '../host.ts';
import { registerQuery } from './query.ts';

/** Every command, in the order in which help lists them. */
export const commands: readonly RegisterCommand[] = [registerQuery];
