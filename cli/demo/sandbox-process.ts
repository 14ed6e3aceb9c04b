import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { TerminalError } from '../../engine/words/errors.ts';

/** What a person does in a CRM. */
export interface PersonEdit {
  readonly action: 'create' | 'update' | 'delete';
  readonly object: string;
  readonly id?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** ISO time in the past: a change that arrives late. */
  readonly at?: string;
}

export interface SandboxProcess extends AsyncDisposable {
  /** What the reference project's `${env:…}` need. */
  readonly env: Readonly<Record<string, string>>;
  /** Live records per object, as loaded. */
  readonly loaded: Readonly<Record<string, number>>;
  edit(crm: 'salesforce' | 'hubspot', edit: PersonEdit): Promise<void>;
  /** Moves both CRMs' clocks forward. */
  advance(durationMs: number): Promise<void>;
  /** API calls served since the start, by CRM. */
  countCalls(): Promise<Readonly<Record<'salesforce' | 'hubspot', number>>>;
}

export interface SandboxFlags {
  readonly scale: number;
  readonly seed: number;
  readonly data?: string;
  /** The file to start; default the one this process was started with. */
  readonly program?: string;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stdout } = child;
    if (!stdout) throw new Error('assertion failed: the child was started with a pipe');
    createInterface({ input: stdout }).once('line', resolve);
    child.once('exit', (code) => {
      const hint = 'run `tidemill sandbox` with the same flags to see why';
      const message = `the sandboxes ended before they served (exit code ${code ?? 'none'})`;
      reject(new TerminalError(message, { code: 'sandbox-failed', hint }));
    });
  });
}

/** Starts both CRM sandboxes in a process of their own, as `tidemill sandbox` does. */
export async function startSandboxProcess(flags: SandboxFlags): Promise<SandboxProcess> {
  const main = flags.program ?? process.argv[1];
  if (main === undefined) throw new Error('assertion failed: the program knows its own file');
  const data = flags.data === undefined ? [] : ['--data', flags.data];
  const args = ['--port', '0', '--scale', `${flags.scale}`, '--seed', `${flags.seed}`, ...data];
  const child = spawn(process.execPath, [main, 'sandbox', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { env, loaded } = JSON.parse(await firstLine(child)) as Pick<
    SandboxProcess,
    'env' | 'loaded'
  >;
  const urls = { salesforce: env['SALESFORCE_URL'] ?? '', hubspot: env['HUBSPOT_URL'] ?? '' };
  const control = async (
    crm: keyof typeof urls,
    path: string,
    body?: unknown,
  ): Promise<unknown> => {
    const response = await fetch(`${urls[crm]}/_sandbox/${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { message?: string };
    if (response.ok) return answer;
    throw new TerminalError(`the ${crm} sandbox refused ${path}: ${answer.message ?? ''}`, {
      code: 'sandbox-refused',
    });
  };
  const callsOf = async (crm: keyof typeof urls): Promise<number> =>
    ((await control(crm, 'calls')) as { total: number }).total;
  return {
    env,
    loaded,
    edit: async (crm, edit) => {
      await control(crm, 'person', edit);
    },
    advance: async (durationMs) => {
      // Both share one clock: moving it once moves both.
      await control('salesforce', 'clock', { advance_ms: durationMs });
    },
    countCalls: async () => ({
      salesforce: await callsOf('salesforce'),
      hubspot: await callsOf('hubspot'),
    }),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}
