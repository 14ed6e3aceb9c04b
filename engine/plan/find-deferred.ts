import { sql } from 'kysely';
import { isModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { TerminalError } from '../words/errors.ts';
import { quoteIdentifier } from '../words/sql-name.ts';
import type { Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import type { StateComparison } from './state-comparison.ts';

export interface DeferRequest {
  /** Absent: every node is read where it stands here. */
  readonly defer?: 'missing' | 'always' | undefined;
  readonly session: Session;
  /** The warehouse's own name, as other environments' artifacts would give it. */
  readonly catalog: string;
}

/** `--defer`: what nodes that are not meant are read as, where they do not stand here. */
export async function findDeferred(
  { defer, session, catalog }: DeferRequest,
  from: {
    readonly models: ModelProject | undefined;
    readonly selected: ReadonlySet<string>;
    readonly state: StateComparison | undefined;
  },
): Promise<ReadonlyMap<string, string>> {
  const { models, selected, state } = from;
  const deferred = new Map<string, string>();
  if (defer === undefined || !models) return deferred;
  if (!state) {
    throw new TerminalError('--defer reads nodes where another environment has them', {
      code: 'state-unreadable',
      hint: 'name the folder of its manifest.json with --state',
    });
  }
  const standing = defer === 'missing' ? await readStanding(session) : new Set();
  for (const node of models.nodes.values()) {
    if (!isModelNode(node) || selected.has(node.id)) continue;
    if (node.nodeConfig.materialization === 'ephemeral') continue;
    if (standing.has(keyOf(node.relation))) continue;
    const other = state.relationOf(node.id);
    if (!other) continue;
    deferred.set(node.id, pathInState(other, catalog));
  }
  return deferred;
}

/** As SQL names what another environment has; with its database only where that is another. */
export function pathInState(
  { database, schema, name }: Relation & { readonly database?: string },
  catalog: string,
): string {
  const isElsewhere = database !== undefined && database !== catalog;
  const path = isElsewhere ? [database, schema, name] : [schema, name];
  return path.map(quoteIdentifier).join('.');
}

const keyOf = ({ schema, name }: Relation): string =>
  JSON.stringify([schema.toLowerCase(), name.toLowerCase()]);

async function readStanding(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ schema: string; name: string }>(sql`
    select table_schema as schema, table_name as name
    from information_schema.tables
    where table_catalog = current_database()`);
  return new Set(rows.map(keyOf));
}
