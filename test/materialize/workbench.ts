import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { BuildContext } from '../../engine/steps/build-context.ts';
import { silentLog } from '../../engine/words/log.ts';
import type { BuildNode, Check, NodeConfig } from '../../engine/words/node.ts';
import type { Row, Warehouse } from '../../engine/words/warehouse.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';

export interface Workbench extends AsyncDisposable {
  readonly warehouse: Warehouse;
  readonly path: string;
  run(...statements: string[]): Promise<void>;
  rows(text: string): Promise<Row[]>;
  /** Names in a schema with their kind, in order. */
  relations(schema: string): Promise<string[]>;
}

/** A real warehouse in a folder of its own. */
export async function openWorkbench(): Promise<Workbench> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemill-'));
  const path = join(folder, 'bench.duckdb');
  const warehouse = await openDuckDb({ path, log: silentLog });
  return {
    warehouse,
    path,
    async run(...statements) {
      for (const text of statements) await warehouse.ddl([sql.raw(text)]);
    },
    rows: (text) => warehouse.query(sql.raw(text)),
    async relations(schema) {
      const found = await warehouse.query<{ name: string }>(sql`
        select table_name || ' ' || lower(table_type) as name from information_schema.tables
        where table_schema = ${schema} order by 1`);
      return found.map(({ name }) => name);
    },
    async [Symbol.asyncDispose]() {
      await warehouse[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function nodeOf(
  text: string,
  config: Partial<NodeConfig> = {},
  rest: Partial<BuildNode> = {},
): BuildNode {
  return {
    id: 'model.test.thing',
    name: 'thing',
    file: 'models/thing.sql',
    relation: { schema: 'mart', name: 'thing' },
    config: {
      materialization: 'table',
      enabled: true,
      tags: [],
      preHooks: [],
      postHooks: [],
      raw: {},
      ...config,
    },
    sql: text,
    isIncremental: false,
    checks: [],
    fingerprint: 'f1',
    ...rest,
  };
}

/** A check on the node itself: the rows where `condition` holds break it. */
export function checkOf(condition: string, severity: Check['severity'] = 'error'): Check {
  return {
    id: `test.test.${condition}`,
    name: condition,
    severity,
    file: 'models/schema.yml',
    reads: ['model.test.thing'],
    sql: async (nameOf) => `select * from ${nameOf('model.test.thing')} where ${condition}`,
  };
}

let runs = 0;

export function contextOf(rest: Partial<BuildContext> = {}): BuildContext {
  runs += 1;
  return {
    runId: `run-${runs}`,
    boundaryMs: Date.UTC(2026, 0, 1) + runs,
    fullRefresh: false,
    signal: new AbortController().signal,
    log: silentLog,
    inputs: {},
    ...rest,
  };
}
