import type { BuildContext } from '../engine/steps/build-context.ts';
import { silentLog } from '../engine/words/log.ts';

/** Of a build on its own, outside of any run. */
export const contextOf = (runId: string): BuildContext => ({
  runId,
  boundaryMs: Date.UTC(2025, 5, 1),
  fullRefresh: false,
  signal: new AbortController().signal,
  log: silentLog,
  inputs: {},
});
