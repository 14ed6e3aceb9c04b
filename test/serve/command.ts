import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type Sandboxes, startSandboxes } from '../../sandbox/start-sandboxes.ts';

const entry = fileURLToPath(new URL('../../cli/bin.ts', import.meta.url));

/** Half a day from now, whenever the tests run: no tick falls into one. */
export const schedule = `30 ${(new Date().getUTCHours() + 12) % 24} * * *`;

const declaration = `project: small
warehouse: { type: duckdb, path: warehouse.duckdb }
connections:
  salesforce:
    type: salesforce
    login_url: "\${env:SALESFORCE_URL}"
    client_id: "\${env:SALESFORCE_CLIENT_ID}"
    client_secret: "\${env:SALESFORCE_CLIENT_SECRET}"
extract:
  salesforce: [Account, Contact]
models: { path: models }
syncs:
  titles:
    from: main.titles
    to: salesforce.Contact
    match: { Id: id }
    behavior: update_only
    fields: { Title: title }
    limits: { update: 100% }
pipelines:
  nightly: { schedule: "${schedule}", timezone: UTC }
`;

const model = `select "Id" as id, 'Dr. ' || "LastName" as title
from {{ source('salesforce', 'Contact') }}
`;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs in a process of its own. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The first line, of those not yet looked at, that holds the text. */
  seeLine(text: string): Promise<string>;
}

export interface CommandLab {
  readonly folder: string;
  readonly stateFolder: string;
  readonly sandboxes: Sandboxes;
  readonly declaration: string;
  declare(text: string): void;
  writeModel(text: string): void;
  start(...args: string[]): Running;
  run(...args: string[]): Promise<Ended>;
  /** Rows of a query by a process of its own. */
  query(text: string): Promise<Record<string, unknown>[]>;
}

/** A small Salesforce-only project in a folder of its own, its CRM in this process. */
export async function openCommandLab(): Promise<CommandLab> {
  const sandboxes = await startSandboxes({ contacts: 40, seed: 11 });
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-command-'));
  const children = new Set<ChildProcess>();
  onTestFinished(async () => {
    for (const child of children) child.kill('SIGKILL');
    await sandboxes[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, 'models'));
  const declare = (text: string): void => writeFileSync(join(folder, 'pipelines.yaml'), text);
  const writeModel = (text: string): void =>
    writeFileSync(join(folder, 'models', 'titles.sql'), text);
  declare(declaration);
  writeModel(model);
  const start = (...args: string[]): Running => {
    const child = spawn(process.execPath, [entry, '--project-dir', folder, ...args], {
      env: { ...process.env, ...sandboxes.env, CI: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    return watch(child, () => children.delete(child));
  };
  const run = (...args: string[]): Promise<Ended> => start(...args).ended;
  return {
    folder,
    stateFolder: join(folder, '.tidemill'),
    sandboxes,
    declaration,
    declare,
    writeModel,
    start,
    run,
    async query(text) {
      const { stdout, stderr, code } = await run('query', text, '--format', 'json');
      if (code !== 0) throw new Error(`query failed: ${stderr}`);
      const lines = stdout.split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}

function watch(child: ChildProcess, onEnd: () => void): Running {
  const lines: string[] = [];
  const texts = { stdout: '', stderr: '' };
  let looked = 0;
  let wake: () => void = () => {};
  let isOver = false;
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name];
    if (!stream) throw new Error('the child has no pipes');
    createInterface({ input: stream }).on('line', (line) => {
      texts[name] += `${line}\n`;
      lines.push(line);
      wake();
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      isOver = true;
      onEnd();
      resolve({ code, signal, ...texts });
      wake();
    });
  });
  return {
    child,
    ended,
    async seeLine(text) {
      for (;;) {
        while (looked < lines.length) {
          const line = lines[looked] ?? '';
          looked += 1;
          if (line.includes(text)) return line;
        }
        if (isOver) throw new Error(`ended without "${text}":\n${lines.join('\n')}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
