/**
 * `tidemill run --json` a while later: a process of its own whose clock is ahead, so that what the
 * last run wrote lies before every lookback. Arguments: the folder, milliseconds.
 */
import { enableCompileCache } from 'node:module';

// As `cli/bin.ts` does before it imports anything.
enableCompileCache();
const { systemClock } = await import('../engine/words/clock.ts');
const { openProject, run } = await import('../index.ts');

const [folder = '.', aheadMs = '0'] = process.argv.slice(2);
const clock = { ...systemClock, now: () => systemClock.now() + Number(aheadMs) };
using project = openProject({ folder, clock });
const result = await run(project);
process.stdout.write(JSON.stringify(result));
