import { createInterface } from 'node:readline';

/** The command line in one process, call after call: a line of JSON in, a line out. */
interface Call {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

const answer = process.stdout.write.bind(process.stdout);
const printed = { stdout: '', stderr: '' };
for (const name of ['stdout', 'stderr'] as const) {
  process[name].write = (chunk: string | Uint8Array) => {
    printed[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    return true;
  };
}

// The module runs what it finds there once, when it is read, and would end the process after it.
process.argv = [process.execPath, 'tidemill', '--version'];
Object.assign(process, { exit: () => undefined });
const { main } = await import('../../../cli/main.ts');

for await (const line of createInterface({ input: process.stdin })) {
  const { args, cwd, env } = JSON.parse(line) as Call;
  process.chdir(cwd);
  process.env = { ...env };
  process.exitCode = undefined;
  Object.assign(printed, { stdout: '', stderr: '' });
  try {
    await main([process.execPath, 'tidemill', ...args]);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
  answer(`${JSON.stringify({ code: process.exitCode ?? 0, ...printed })}\n`);
}
process.exitCode = 0;
