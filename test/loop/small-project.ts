import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { stringify } from 'yaml';
import type { RunResult } from '../../engine/run/run-plan.ts';
import { silentLog } from '../../engine/words/log.ts';
import type { Row } from '../../engine/words/warehouse.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { repository } from './loop.ts';

export interface CommandEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Three streams, two models, one sync: enough to go wrong in every way, and quick. */
export interface SmallProject extends Disposable {
  readonly folder: string;
  readonly declaration: SmallDeclaration;
  write(path: string, text: string): void;
  /** The command line as people start it. */
  call(...args: string[]): Promise<CommandEnd>;
  /** `run --json`: its steps' statuses by id beside the exit code. */
  run(...args: string[]): Promise<RunEnd>;
  query<R = Row>(text: string): Promise<R[]>;
}

export interface RunEnd extends CommandEnd {
  readonly result: RunResult | undefined;
  /** By step id. */
  readonly status: Readonly<Record<string, string>>;
  /** What was said of a step: its message and what to do. */
  said(id: string): string;
}

export interface SmallDeclaration {
  connections: Record<string, Record<string, unknown>>;
  extract: Record<string, Record<string, unknown>>;
  syncs: Record<string, Record<string, unknown>>;
  [key: string]: unknown;
}

function declare(): SmallDeclaration {
  return {
    project: 'small',
    warehouse: { type: 'duckdb', path: 'warehouse.duckdb' },
    connections: {
      salesforce: {
        type: 'salesforce',
        login_url: '${env:SALESFORCE_URL}',
        client_id: '${env:SALESFORCE_CLIENT_ID}',
        client_secret: '${env:SALESFORCE_CLIENT_SECRET}',
      },
      hubspot: { type: 'hubspot', url: '${env:HUBSPOT_URL}', token: '${env:HUBSPOT_TOKEN}' },
    },
    extract: { salesforce: { Account: {}, Contact: {} }, hubspot: { companies: {} } },
    models: { path: 'models' },
    syncs: {
      bands: {
        from: 'bands',
        to: 'salesforce.Contact',
        match: { Id: 'id' },
        behavior: 'update_only',
        fields: { Health_Band__c: 'band' },
        limits: { update: '100%' },
      },
    },
  };
}

const models: Readonly<Record<string, string>> = {
  'models/sources.yml': stringify({
    version: 2,
    sources: [
      { name: 'salesforce', tables: [{ name: 'Account' }, { name: 'Contact' }] },
      { name: 'hubspot', tables: [{ name: 'companies' }] },
    ],
  }),
  'models/bands.sql': `{{ config(materialized='table') }}
select "Id" as id, 'neutral' as band from {{ source('salesforce', 'Contact') }}`,
  'models/firms.sql': `{{ config(materialized='table') }}
select id, name from {{ source('hubspot', 'companies') }}`,
};

const program = join(repository, 'cli', 'bin.ts');

export function createSmallProject(
  env: Readonly<Record<string, string>>,
  change: (declaration: SmallDeclaration) => void = () => undefined,
  parent = tmpdir(),
): SmallProject {
  const folder = mkdtempSync(join(parent, 'tidemill-small-'));
  const declaration = declare();
  change(declaration);
  const write = (path: string, text: string): void => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  write('pipelines.yaml', stringify(declaration));
  for (const [path, text] of Object.entries(models)) write(path, text);
  const call = async (...args: string[]): Promise<CommandEnd> => {
    const child = spawn(process.execPath, [program, '--project-dir', folder, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env, NO_COLOR: '1' },
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString('utf8');
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  };
  return {
    folder,
    declaration,
    write,
    call,
    run: async (...args) => {
      const end = await call('run', '--json', ...args);
      const result = end.out.startsWith('{') ? (JSON.parse(end.out) as RunResult) : undefined;
      const steps = result?.steps ?? [];
      return {
        ...end,
        result,
        status: Object.fromEntries(steps.map(({ id, status }) => [id, status])),
        said: (id) => {
          const step = steps.find((one) => one.id === id);
          return [step?.message, step?.hint].filter((text) => text !== undefined).join('\n');
        },
      };
    },
    query: async <R>(text: string) => {
      const path = join(folder, 'warehouse.duckdb');
      await using warehouse = await openDuckDb({ path, log: silentLog, readOnly: true });
      return await warehouse.query<R>(sql.raw(text));
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
