import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SandboxProcess, startSandboxProcess } from '../cli/demo/sandbox-process.ts';
import { type AnswerClock, openAnswerClock } from './answer-clock.ts';
import { type Bench, type Measurement, round } from './measure.ts';

const laterRun = fileURLToPath(new URL('./later-run.ts', import.meta.url));
const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
const repository = fileURLToPath(new URL('..', import.meta.url));
const contacts = 1_500;
/** Runs that take in what the syncs wrote, until a whole run had nothing to do. */
const settlingRuns = 4;
/** Beyond every lookback, and short of the hour after which archived records are listed again. */
const apartMs = 18 * 60_000;
const idleSecondsMax = 2;
/** HubSpot answers five searches a second to all apps together; the connector asks for four. */
const searchesPerSecond = 4;

interface RunAnswer {
  readonly status: string;
  readonly steps: readonly {
    readonly kind: string;
    readonly status: string;
    readonly id: string;
  }[];
}

/** Runs a program in a process of its own, as a schedule would start it. */
async function runProgram(args: readonly string[], env: Readonly<Record<string, string>>) {
  const startedMs = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (part: Buffer) => {
    text += part.toString('utf8');
  });
  await new Promise((resolve) => child.once('close', resolve));
  return {
    seconds: (performance.now() - startedMs) / 1_000,
    answer: JSON.parse(text) as RunAnswer,
  };
}

interface Stage {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly sandboxes: SandboxProcess;
  readonly clocks: readonly [AnswerClock, AnswerClock];
}

async function onStage<T>(scale: number, work: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-bench-'));
  cpSync(join(repository, 'pipelines.yaml'), join(folder, 'pipelines.yaml'));
  cpSync(join(repository, 'models'), join(folder, 'models'), { recursive: true });
  const size = Math.max(50, Math.round(contacts * scale));
  await using sandboxes = await startSandboxProcess({ scale: size, seed: 7, program: main });
  await using salesforce = await openAnswerClock(sandboxes.env['SALESFORCE_URL'] ?? '');
  await using hubspot = await openAnswerClock(sandboxes.env['HUBSPOT_URL'] ?? '');
  const env = { ...sandboxes.env, SALESFORCE_URL: salesforce.url, HUBSPOT_URL: hubspot.url };
  try {
    return await work({ folder, env, sandboxes, clocks: [salesforce, hubspot] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const idle: Bench = {
  name: 'loop-idle-run',
  run: (scale) =>
    onStage(scale, async ({ folder, env, sandboxes, clocks }): Promise<Measurement> => {
      for (let run = 0; run < settlingRuns; run += 1) {
        await runProgram([laterRun, folder, `${run * apartMs}`], env);
        await sandboxes.advance(apartMs);
      }
      for (const clock of clocks) clock.reset();
      const later = [laterRun, folder, `${settlingRuns * apartMs}`];
      const { seconds, answer } = await runProgram(later, env);
      const searches = clocks[1].calls.filter((call) => call.endsWith('/search')).length;
      const held = Math.max(0, searches - 1) / searchesPerSecond;
      const answering = clocks.reduce((sum, clock) => sum + clock.busySeconds(), held);
      const builds = answer.steps.filter(
        ({ kind }) => kind === 'materialize' || kind === 'history',
      );
      const rebuilt = builds.filter(({ status }) => status !== 'reused').length;
      const own = seconds - answering;
      return {
        value: round(own),
        unit: 's of our own',
        reference: round(answering),
        ratio: round(seconds / Math.max(answering, 0.001)),
        target: `at most ${idleSecondsMax} s beyond the CRM's answers and search limit, no model rebuilt (${rebuilt} were)`,
        met: own <= idleSecondsMax && rebuilt === 0 && answer.status === 'succeeded',
        rows: builds.length,
        cpu_s: 0,
        rss_mb: 0,
      };
    }),
};

const pageSizes = { salesforce: 2_000, hubspot: 100 } as const;
const engagements = ['calls', 'meetings', 'emails'] as const;

/** What a first extract must cost when every page is full and nothing is asked twice. */
function leastCalls(loaded: Readonly<Record<string, number>>): number {
  let calls = 2; // Sign-in to Salesforce, and the list of its objects for the pattern "*__c".
  for (const [name, count] of Object.entries(loaded)) {
    const [crm, object] = name.split('.') as [keyof typeof pageSizes, string];
    if (object === 'associations') continue;
    calls += 1 + Math.max(1, Math.ceil(count / pageSizes[crm]));
  }
  // Archived records are a list of their own, for each type that can be archived.
  calls += ['companies', 'contacts', 'deals', 'tickets', ...engagements].length;
  calls += ['owners', 'archived owners', 'pipelines of deals', 'pipelines of tickets'].length;
  for (const from of ['deals', ...engagements]) {
    const pages = Math.ceil((loaded[`hubspot.${from}`] ?? 0) / pageSizes.hubspot);
    calls += pages + pages;
  }
  return calls;
}

const firstCalls: Bench = {
  name: 'loop-first-calls',
  run: (scale) =>
    onStage(scale, async ({ folder, env, sandboxes, clocks }): Promise<Measurement> => {
      await runProgram([main, '--project-dir', folder, 'extract', '--json'], env);
      const made = clocks.reduce((sum, clock) => sum + clock.calls.length, 0);
      const least = leastCalls(sandboxes.loaded);
      return {
        value: made,
        unit: 'calls',
        reference: least,
        ratio: round(made / least),
        target: 'at most the arithmetic minimum with sign-in and one describe per object',
        met: made <= least,
        rows: Object.values(sandboxes.loaded).reduce((sum, count) => sum + count, 0),
        cpu_s: 0,
        rss_mb: 0,
      };
    }),
};

export const loopBenches: readonly Bench[] = [idle, firstCalls];
