import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const bin = fileURLToPath(new URL('../../cli/bin.ts', import.meta.url));
const printedMaxBytes = 16 * 1024 * 1024;

export interface Printed {
  /** -1 of a process that was killed. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A process of Node, at home in a folder of its own. */
export function runNode(
  args: readonly string[],
  { home, env, cwd }: { home: string; env?: Readonly<Record<string, string>>; cwd?: string },
): Promise<Printed> {
  const all = { ...process.env, HOME: home, NO_COLOR: '1', ...env };
  const options = { cwd, env: all, maxBuffer: printedMaxBytes };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, out, err) => {
      const code = typeof error?.code === 'number' ? error.code : error ? -1 : 0;
      resolve({ code, out, err });
    });
  });
}

/** Runs the command on a project as people do; `out` is its lines. */
export async function tidemill(folder: string, ...args: string[]) {
  const { code, out, err } = await runNode([bin, '--project-dir', folder, ...args], {
    home: folder,
  });
  return { code, out: out.split('\n').filter((line) => line !== ''), err };
}
