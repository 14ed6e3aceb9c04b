import { execFile } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const script = new URL('./build-and-die.ts', import.meta.url).pathname;
const pointsMax = 100;

/** Builds without a kill; answers how many points there are to kill at. */
async function countPoints(path: string, kind: string): Promise<number> {
  const { stdout } = await run(process.execPath, [script, path, kind, '-1']);
  return Number(stdout);
}

async function buildAndDie(path: string, kind: string, point: number): Promise<void> {
  const end = await run(process.execPath, [script, path, kind, String(point)]).then(
    () => 'no signal',
    (error: { signal?: string }) => error.signal,
  );
  if (end !== 'SIGKILL') throw new Error(`point ${point}: ended by ${end}, not by SIGKILL`);
}

/**
 * Builds the node in copies of the warehouse: in the first the build ends well, in each of the
 * others it is killed at another of its kill points (see `build-and-die.ts`). `look` is given the
 * copies in that order.
 */
export async function killAtEachPoint(
  warehousePath: string,
  kind: string,
  look: (path: string, wasKilled: boolean) => Promise<void>,
): Promise<void> {
  const path = join(dirname(warehousePath), 'killed.duckdb');
  const copy = async () => {
    await rm(`${path}.wal`, { force: true });
    await copyFile(warehousePath, path);
  };
  await copy();
  const points = await countPoints(path, kind);
  if (points === 0 || points > pointsMax) throw new Error(`${kind}: ${points} points to kill at`);
  await look(path, false);
  for (let point = 0; point < points; point += 1) {
    await copy();
    await buildAndDie(path, kind, point);
    await look(path, true);
  }
}
