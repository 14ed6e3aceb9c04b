import { createContext, Script } from 'node:vm';
import { jinjaError } from './jinja/jinja-error.ts';
import type { HostCallback } from './jinja/values.ts';

/** What one call of `modules.re` may take. */
const callMsMax = 2_000;

const room: { run?: () => unknown } = {};
const context = createContext(room);
const script = new Script('run()');

/**
 * The same function with an end: a repetition within a repetition can try a text of forty letters
 * for years, and nothing else of this process would be heard meanwhile. A script is all that
 * JavaScript lets be interrupted.
 */
export function limitRegex(call: HostCallback): HostCallback {
  return (...given) => {
    room.run = () => call(...given);
    try {
      return script.runInContext(context, { timeout: callMsMax });
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw jinjaError(
        'jinja-steps',
        `a pattern of modules.re took longer than ${callMsMax} ms (callMsMax)`,
        'write it without a repetition inside of a repetition, such as (a+)+',
      );
    }
  };
}
