import { sql } from 'kysely';
import type { Config } from '../declare/config.ts';
import { isModelNode, isSourceNode, type ProjectNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import type { Relation } from '../words/table.ts';
import type { Dialect, Session } from '../words/warehouse.ts';
import { type ArtifactMoment, artifactMetadata } from './metadata.ts';

/** dbt's `catalog.json`, version 1: what of the project stands, and with which columns. */
export interface CatalogArtifact {
  readonly metadata: Config;
  readonly nodes: Readonly<Record<string, Config>>;
  readonly sources: Readonly<Record<string, Config>>;
  readonly errors: null;
}

export interface CatalogRequest {
  readonly project: ModelProject;
  /** Ids of nodes to tell of; those without a relation that stands are left out. */
  readonly ids: Iterable<string>;
  readonly session: Session;
  readonly dialect: Dialect;
  readonly moment: ArtifactMoment;
}

interface ColumnRow {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly column: string;
  readonly type: string;
}

interface CommentRow {
  readonly schema: string;
  readonly name: string;
  readonly column: string | null;
  readonly comment: string;
}

const keyOf = (schema: string, name: string): string =>
  JSON.stringify([schema.toLowerCase(), name.toLowerCase()]);

/** Reads the warehouse in two statements, however many nodes there are. */
export async function buildCatalog(request: CatalogRequest): Promise<CatalogArtifact> {
  const { project, session, dialect, moment } = request;
  const rows = await session.query<ColumnRow>(columnsStatement);
  const columns = Map.groupBy(rows, ({ schema, name }) => keyOf(schema, name));
  const comments = new Map<string, string>();
  if (dialect.comments) {
    for (const row of await session.query<CommentRow>(dialect.comments.read)) {
      comments.set(commentKey(row, row.column), row.comment);
    }
  }
  const nodes: Record<string, Config> = {};
  const sources: Record<string, Config> = {};
  for (const id of request.ids) {
    const node = project.nodes.get(id);
    const relation = relationOf(node);
    const found = relation && columns.get(keyOf(relation.schema, relation.name));
    if (!found) continue;
    const entry = entryOf(project, id, found, comments);
    if (isSourceNode(node)) sources[id] = entry;
    else nodes[id] = entry;
  }
  return { metadata: artifactMetadata('catalog', moment), nodes, sources, errors: null };
}

const columnsStatement = sql`
  select
    columns.table_schema as schema,
    columns.table_name as name,
    tables.table_type as kind,
    columns.column_name as "column",
    columns.data_type as type
  from information_schema.columns as columns
  join information_schema.tables as tables
    on tables.table_catalog = columns.table_catalog
    and tables.table_schema = columns.table_schema
    and tables.table_name = columns.table_name
  where columns.table_catalog = current_database()
  order by columns.table_schema, columns.table_name, columns.ordinal_position`;

function relationOf(node: ProjectNode | undefined): Relation | undefined {
  if (isSourceNode(node)) return node.relation;
  if (!isModelNode(node) || node.nodeConfig.materialization === 'ephemeral') return undefined;
  return node.relation;
}

function commentKey(
  { schema, name }: { readonly schema: string; readonly name: string },
  column: string | null,
): string {
  return JSON.stringify([keyOf(schema, name), column]);
}

function entryOf(
  project: ModelProject,
  id: string,
  rows: readonly ColumnRow[],
  comments: ReadonlyMap<string, string>,
): Config {
  const [first] = rows;
  if (first === undefined) return {};
  return {
    metadata: {
      type: first.kind,
      schema: first.schema,
      name: first.name,
      database: project.target.database,
      comment: comments.get(commentKey(first, null)) ?? null,
      owner: null,
    },
    columns: Object.fromEntries(
      rows.map(({ column, type }, index) => [
        column,
        {
          type,
          index: index + 1,
          name: column,
          comment: comments.get(commentKey(first, column)) ?? null,
        },
      ]),
    ),
    stats: {
      has_stats: {
        id: 'has_stats',
        label: 'Has Stats?',
        value: false,
        include: false,
        description: 'Indicates whether there are statistics for this table',
      },
    },
    unique_id: id,
  };
}
