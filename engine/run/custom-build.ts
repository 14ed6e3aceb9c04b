import { sql } from 'kysely';
import type { TemplateWarehouse } from '../declare/adapter-value.ts';
import type { CompileOptions } from '../declare/compile-node.ts';
import type { ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { queryRowsMax } from '../declare/query-value.ts';
import {
  askSnapshotStrategy,
  renderStrategy,
  runMaterialization,
} from '../declare/run-materialization.ts';
import { firstWord, splitStatements } from '../declare/split-statements.ts';
import type { TemplateWriter } from '../declare/write-functions.ts';
import { findKind } from '../steps/relation-statements.ts';
import type { CustomBuild } from '../words/node.ts';
import type { Session } from '../words/warehouse.ts';

/** What the project's own macros decide of a node's build; undefined where they decide nothing. */
export function customBuild(
  project: ModelProject,
  node: ModelNode,
  select: string,
  options: CompileOptions,
): CustomBuild | undefined {
  const { materialization, incrementalStrategy } = node.nodeConfig;
  const runOf = (warehouse: TemplateWarehouse) => ({
    ...{ project, node, options, warehouse },
    sql: select,
  });
  if (materialization === 'custom') {
    return {
      materialize: (session) =>
        runMaterialization(runOf({ ...readerOf(session), writer: writerOf(session) })),
    };
  }
  if (node.nodeConfig.snapshot?.strategy === 'custom') {
    const { warehouse } = options;
    if (warehouse === undefined) throw new Error('assertion failed: a build has a warehouse');
    return { snapshotStrategy: (isStanding) => askSnapshotStrategy(runOf(warehouse), isStanding) };
  }
  if (incrementalStrategy !== 'custom') return undefined;
  return {
    mergeBatch: async (session, batch) =>
      splitStatements(await renderStrategy(runOf(readerOf(session)), batch)),
  };
}

/** Statements whose columns can be told though they answered no row. */
const asking: ReadonlySet<string> = new Set(['select', 'with', 'from', 'values']);

function readerOf(session: Session): TemplateWarehouse {
  return { describe: (relation) => session.describe(relation), session };
}

function writerOf(session: Session): TemplateWriter {
  return {
    isTransaction: true,
    execute: (statement) => session.execute(sql.raw(statement)),
    query: async (statement) => {
      const rows = await session.query(sql.raw(statement), queryRowsMax);
      const [first] = rows;
      if (first !== undefined) return { names: Object.keys(first), rows };
      if (!asking.has(firstWord(statement))) return { names: [], rows };
      const columns = await session.describeQuery(sql.raw(statement));
      return { names: columns.map(({ name }) => name), rows };
    },
    findKind: (relation) => findKind(session, relation),
  };
}
