import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../cli/bin.ts', import.meta.url));

export interface Ended {
  readonly code: number;
  readonly out: string[];
  readonly err: string;
}

/** Runs the command as people do. */
export function tidemill(folder: string, ...args: string[]): Promise<Ended> {
  const all = [bin, '--project-dir', folder, ...args];
  const env = { ...process.env, HOME: folder, NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : 0;
      resolve({ code, out: stdout.split('\n').filter((line) => line !== ''), err: stderr });
    });
  });
}
