import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { ModelNode } from '../declare/model-node.ts';
import type { ScriptSource } from '../steps/build-context.ts';
import { materialize } from '../steps/materialize.ts';
import type { selectOf } from '../steps/relation-statements.ts';
import { assertThat, TerminalError } from '../words/errors.ts';
import { silentLog } from '../words/log.ts';
import type { BuildNode, CustomBuild, NodeConfig } from '../words/node.ts';
import type { Shadow, Warehouse } from '../words/warehouse.ts';
import { findBatches } from './microbatch.ts';

/** What a unit test needs to have its model's table built. */
export interface UnitBuild {
  readonly node: ModelNode;
  readonly config: NodeConfig;
  readonly sql: string;
  /** True where rows of `this` stand and the select only adds to them. */
  readonly isIncremental: boolean;
  readonly boundaryMs: number;
  readonly signal: AbortSignal;
  readonly custom?: CustomBuild;
  /** A model in TypeScript: its function, and the given rows as its inputs. */
  readonly script?: Omit<ScriptSource, 'spoolFolder'>;
}

/**
 * Builds the model's table in memory by the very statements of a run, beside whatever stands there,
 * so that a test sees keys refused, rows merged and intervals derived as they will be.
 */
export async function buildUnitTable(
  shadow: Shadow,
  dialectOf: Warehouse,
  build: UnitBuild,
): Promise<ReturnType<typeof selectOf>> {
  const { node, config, boundaryMs, signal } = build;
  const buildNode: BuildNode = {
    id: node.id,
    name: node.name,
    file: node.file,
    relation: node.relation,
    config: { ...config, preHooks: [], postHooks: [] },
    sql: build.sql,
    isIncremental: build.isIncremental,
    checks: [],
    fingerprint: 'unit',
    ...(build.custom ? { custom: build.custom } : {}),
  };
  const batches = findBatches(config, { boundaryMs, builtAtMs: undefined });
  const spoolFolder = join(tmpdir(), `tidemill-unit-${randomUUID()}`);
  await materialize(warehouseOf(shadow, dialectOf), buildNode, {
    runId: 'unit',
    boundaryMs,
    fullRefresh: false,
    signal,
    log: silentLog,
    inputs: {},
    ...(batches ? { batches } : {}),
    ...(build.script ? { script: { ...build.script, spoolFolder } } : {}),
  });
  const { schema, name } = node.relation;
  return sql`select * from ${sql.id(schema, name)}`;
}

/** A history is derived from its log alone: rows of its own would say nothing. */
export function refuseOwnRows(node: ModelNode, testName: string, file: string): void {
  if (node.nodeConfig.materialization !== 'history') return;
  throw new TerminalError(`the unit test ${testName} gives rows of this to a history (${file})`, {
    code: 'unit-test-input',
    hint: 'a history is made of its log alone: give the earlier versions as rows of its inputs',
    model: node.id,
  });
}

/** The twin in memory as a warehouse: what fails in it is thrown away whole. */
function warehouseOf(shadow: Shadow, warehouse: Warehouse): Warehouse {
  const { dialect, catalog } = warehouse;
  const absent = (what: string) => (): never => {
    assertThat(false, `a unit test needs no ${what}`);
  };
  return {
    dialect,
    catalog,
    query: (statement, rowsMax) => shadow.query(statement, rowsMax),
    execute: (statement) => shadow.execute(statement),
    describe: (relation) => shadow.describe(relation),
    describeQuery: (statement) => shadow.describeQuery(statement),
    makesRowByRow: async () => false,
    ddl: (statements) => shadow.ddl(statements),
    transaction: (work) => work(shadow),
    async *stream(statement) {
      yield await shadow.query(statement);
    },
    pages: (session, files, stream) => warehouse.pages(session, files, stream),
    findMisfit: absent('pages'),
    openShadow: absent('second twin'),
    async checkpoint() {},
    interrupt() {},
    async [Symbol.asyncDispose]() {},
  };
}
