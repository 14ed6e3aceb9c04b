import { takeLock } from '../../engine/state/lock.ts';
import { systemClock } from '../../engine/words/clock.ts';

const folder = process.argv[2];
if (folder === undefined) throw new Error('the folder is the first argument');
takeLock({ folder, command: 'run nightly', clock: systemClock });
process.stdout.write('locked\n');
setInterval(() => undefined, 60_000);
