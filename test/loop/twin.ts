import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openProject } from '../../cli/open-project.ts';
import { planProject } from '../../cli/work.ts';
import { explainPlan, isNothingToDo } from '../../engine/plan/explain-plan.ts';
import type { RunResult } from '../../engine/run/run-plan.ts';
import { createClock } from '../../sandbox/clock.ts';
import { type Sandboxes, startSandboxes } from '../../sandbox/start-sandboxes.ts';
import { type Intercepted, startProxy } from '../salesforce/proxy.ts';
import { liveRecords, liveRows } from './crm-rows.ts';
import { copyProject, type ProjectFile, repository } from './loop.ts';
import { readTablesOf, type Tables } from './tables.ts';

export interface RunEnd {
  readonly wasKilled: boolean;
  readonly code: number | null;
  readonly tookMs: number;
  /** Something came in or went out: what a sync wrote comes back with the next run. */
  readonly hasMoved: boolean;
  /** What the process said, for a failed assertion. */
  readonly said: string;
}

/**
 * A pair of CRMs with a project of its own, worked on by processes of their own. Two twins of one
 * start are equal while people do the same in both, but for the moment within a round.
 */
export interface Twin extends AsyncDisposable {
  readonly sandboxes: Sandboxes;
  /** The CRMs' clock goes to the round's beginning, stands still while people work, and goes on. */
  startRound(round: number, work: (sandboxes: Sandboxes) => void): void;
  /** One `run` as people start it; killed after `killAfterMs`, where that is given. */
  run(killAfterMs?: number): Promise<RunEnd>;
  /** A part of one. */
  call(command: 'extract' | 'build' | 'sync'): Promise<RunEnd>;
  /** Empty, or the plan that still has something to do. */
  planLeft(): Promise<string>;
  /** Every model's rows, without our clock's columns, records that syncs made renamed. */
  readTables(): Promise<Tables>;
}

/** A second, for HubSpot: more than anybody asks. */
const searches = 1_000;

const leadsModel = `-- People whom only HubSpot knows, for Salesforce to call.
select
  contacts.email,
  contacts.first_name,
  coalesce(contacts.last_name, 'Unknown') as last_name,
  coalesce(accounts.name, 'Unknown') as company
from {{ ref('contact') }} as contacts
left join {{ ref('account') }} as accounts using (account_id)
where contacts.salesforce_id is null and contacts.email is not null
qualify row_number() over (partition by contacts.email order by contacts.hubspot_id) = 1
`;

/**
 * Beside the reference syncs, one whose creates a CRM would take twice: nothing is unique there.
 */
function declareLeads(project: ProjectFile): void {
  project.syncs['missing_leads'] = {
    from: 'operational.leads_missing_in_salesforce',
    to: 'salesforce.Lead',
    match: { Email: 'email' },
    behavior: 'upsert',
    fields: { FirstName: 'first_name', LastName: 'last_name', Company: 'company' },
    limits: { create: 5000 },
  };
  // Nobody waits for a turn to search: what comes of that is not looked at here.
  Object.assign(project.connections['hubspot'] ?? {}, { searches_per_second: searches });
  // Limits are for surprises; with forty people every edit is one.
  for (const sync of Object.values(project.syncs)) {
    sync['limits'] = { ...(sync['limits'] as object), update: '100%' };
  }
}

/** What passes between a project and its CRMs, and may end the process that is at work. */
export interface Watch {
  /** True: the process ends before the CRM hears this. */
  endsBefore(request: Intercepted): boolean;
  /** True: the CRM has done it, and the process ends before it hears so. */
  endsAfter(request: Intercepted): boolean;
}

/** Stands in for nobody: only to watch, and to end a process at a moment of the conversation. */
async function watchCrms(sandboxes: Sandboxes, watch: Watch, kill: () => void) {
  const intercept = (request: Intercepted) => {
    if (!watch.endsBefore(request)) return undefined;
    kill();
    return { status: 503, body: {} };
  };
  const after = (request: Intercepted, body: unknown): unknown => {
    if (watch.endsAfter(request)) kill();
    return body;
  };
  const { salesforce, hubspot } = sandboxes;
  const proxies = await Promise.all([
    startProxy(salesforce.url, intercept, after),
    startProxy(hubspot.url, intercept, after),
  ]);
  const [first, second] = proxies;
  return {
    env: { SALESFORCE_URL: first.url, HUBSPOT_URL: second.url },
    close: async () => {
      for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
    },
  };
}

const program = join(repository, 'cli', 'bin.ts');

export async function startTwin(startMs: number, contacts: number, watch?: Watch): Promise<Twin> {
  const clock = createClock();
  clock.hold(startMs);
  const sandboxes = await startSandboxes({
    contacts,
    clock,
    hubspot: { searchPerSecond: searches },
  });
  const models = { 'operational/leads_missing_in_salesforce.sql': leadsModel };
  const folder = copyProject({ declare: declareLeads, models });
  let child: ChildProcess | undefined;
  const watched = watch && (await watchCrms(sandboxes, watch, () => child?.kill('SIGKILL')));
  const env = { ...sandboxes.env, ...watched?.env };
  const open = () => openProject({ folder, env });
  return {
    sandboxes,
    startRound: (round, work) => {
      clock.hold(startMs + round * roundMs);
      work(sandboxes);
      clock.release();
    },
    run: (killAfterMs) => {
      child = startChild(folder, env, 'run');
      return endChild(child, killAfterMs);
    },
    call: (command) => {
      child = startChild(folder, env, command);
      return endChild(child, undefined);
    },
    planLeft: async () => {
      using opened = open();
      const plan = await planProject(opened);
      return isNothingToDo(plan) ? '' : explainPlan(plan);
    },
    readTables: async () => {
      using opened = open();
      await using warehouse = await opened.openWarehouse({ readOnly: true });
      const name = findNames(sandboxes);
      const rename = (text: string): string => nameRound(text, startMs) ?? name(text);
      return await readTablesOf(warehouse, {
        without: ourClock,
        // Logs of what was observed, and when: their heads are in the tables made of them.
        skips: (table) => table.endsWith('_versions') || table.endsWith('_events'),
        // What was believed once depends on when we looked; what is believed now does not. So do
        // ids that went into others.
        keeps: (_, row) =>
          (row['recorded_to'] ?? null) === null && row['current_id'] === row['canonical_id'],
        rename,
      });
    },
    [Symbol.asyncDispose]: async () => {
      await watched?.close();
      await sandboxes[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Longer than a round can take on the slowest machine. */
const roundMs = 3_600_000;

/** The moment within a round depends on how fast the machine was; the round does not. */
function nameRound(text: string, startMs: number): string | undefined {
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text)) return undefined;
  const sinceMs = Date.parse(text) - startMs;
  return sinceMs < 0 ? text : `round ${Math.floor(sinceMs / roundMs)}`;
}

const ourClock = new Set([
  'observed_at',
  'first_seen_at',
  'recorded_from',
  'recorded_to',
  'valid_to_recorded_at',
]);

function startChild(
  folder: string,
  env: Readonly<Record<string, string>>,
  command: string,
): ChildProcess {
  return spawn(process.execPath, [program, '--project-dir', folder, command, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env, NO_COLOR: '1' },
  });
}

async function endChild(child: ChildProcess, killAfterMs: number | undefined): Promise<RunEnd> {
  const startedAt = performance.now();
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  if (killAfterMs !== undefined) {
    await Promise.race([ended, delay(killAfterMs)]);
    child.kill('SIGKILL');
  }
  const [code, signal] = await ended;
  return {
    wasKilled: signal === 'SIGKILL',
    code,
    tookMs: performance.now() - startedAt,
    hasMoved: code === 0 && hasMoved(JSON.parse(said) as RunResult),
    said,
  };
}

function hasMoved({ steps }: RunResult): boolean {
  const moving = ['inserted', 'created', 'updated', 'archived', 'moved', 'in_doubt', 'deferred'];
  return steps.some(({ counts }) => moving.some((name) => (counts[name] ?? 0) > 0));
}

/**
 * Names that two histories of observation share: a record that a sync made is called by what the
 * sync matches it by, since its id depends on the order of creation. Canonical ids need none: they
 * are the same.
 */
function findNames({ salesforce, hubspot }: Sandboxes) {
  const records = new Map<string, string>();
  for (const row of liveRows(salesforce, 'Lead')) {
    records.set(String(row['Id']), `lead ${String(row['Email'])}`);
  }
  for (const row of liveRecords(hubspot, 'contacts')) {
    if (row['email']) records.set(String(row['id']), `contact ${String(row['email'])}`);
  }
  for (const row of liveRecords(hubspot, 'companies')) {
    const account = row['salesforce_account_id'];
    if (account) records.set(String(row['id']), `company ${String(account)}`);
  }
  return (text: string): string =>
    records.get(text) ??
    text.replaceAll(
      /\b(salesforce|hubspot):(\w+)/g,
      (_, system: string, id: string) => `${system}:${records.get(id) ?? id}`,
    );
}
