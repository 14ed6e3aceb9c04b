import { plural } from '../words/plural.ts';
import type { Config } from './config.ts';
import type { FaultList } from './model-fault.ts';
import type { ModelNode } from './model-node.ts';
import type { PackageSource } from './package-source.ts';

/** A key of dbt's that is not read here, or says less than whoever wrote it may think. */
interface Unread {
  readonly says: string;
  readonly hint: string;
  /** Without it the rows would be others, so the node is not built. */
  readonly isError?: true;
}

const unread: Readonly<Record<string, Unread>> = {
  grants: {
    says: 'has no effect: DuckDB has no grants',
    hint: 'leave it out; who may read the warehouse is who may read its file',
  },
  incremental_strategy: {
    says: 'only adds rows, as there is no unique_key',
    hint: 'name the unique_key, or write incremental_strategy: append',
  },
  indexes: {
    says: 'has no effect: no index is made',
    hint: 'a post_hook with `create index` makes one',
  },
  merge_returning_columns: {
    says: 'has no effect: what a merge answers is not read',
    hint: 'leave it out',
  },
  sql_header: {
    says: 'is not run before the select',
    hint: 'run it in a pre_hook, or in on-run-start',
    isError: true,
  },
};

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/**
 * Says of each key that dbt reads and nobody here does what it comes to: once for all nodes where
 * nothing but the key is lost, of each node where its rows would be others.
 */
export function reportUnreadConfig(
  nodes: readonly ModelNode[],
  database: string,
  faults: FaultList,
): void {
  const lost = new Map<string, ModelNode[]>();
  for (const node of nodes) {
    const { raw } = node.nodeConfig;
    for (const [key, { says, hint, isError }] of Object.entries(unread)) {
      if (isEmpty(raw[key]) || !isMeant(key, node)) continue;
      if (isError)
        faults.error(startOf(node), `config "${key}" ${says}`, { hint, nodeId: node.id });
      else lost.set(key, [...(lost.get(key) ?? []), node]);
    }
    reportDatabase(node, raw, database, faults);
  }
  for (const [key, those] of lost) {
    const [first, ...others] = those;
    const about = unread[key];
    if (!first || !about) continue;
    const also = others.length > 0 ? ` (and of ${plural(others.length, 'more node')})` : '';
    faults.warn(startOf(first), `config "${key}" of ${first.name}${also} ${about.says}`, about);
  }
}

/** Keys of a merge mean something to the merge alone, and a project's own macros read any. */
function isMeant(key: string, { nodeConfig, resourceType }: ModelNode): boolean {
  const { materialization, incrementalStrategy = '', uniqueKey } = nodeConfig;
  if (materialization === 'custom') return false;
  if (key === 'incremental_strategy') {
    return !uniqueKey && ['merge', 'delete+insert'].includes(incrementalStrategy);
  }
  if (key.startsWith('merge_')) return incrementalStrategy === 'merge';
  return key !== 'sql_header' || resourceType !== 'seed';
}

function reportDatabase(node: ModelNode, raw: Config, database: string, faults: FaultList): void {
  const wanted = raw['database'];
  if (typeof wanted !== 'string' || wanted === '' || wanted === database) return;
  faults.error(startOf(node), `config "database" is "${wanted}", and "${database}" is built in`, {
    nodeId: node.id,
    hint: 'leave it out, or name the file with --warehouse: nodes are built in one database',
  });
}

/** Sources in other databases than the one that is built in: told once for each database. */
export function reportSourceDatabases(
  packages: readonly PackageSource[],
  database: string,
  faults: FaultList,
): void {
  const told = new Set([database, '']);
  for (const table of packages.flatMap(({ properties }) => properties.sources)) {
    const { database: wanted = '', place, source } = table;
    reportFunction(table, faults);
    if (told.has(wanted) || wanted.includes('{')) continue;
    told.add(wanted);
    faults.warn(place, `the database "${wanted}" of the source ${source} is not looked into`, {
      hint: `tables are read in "${database}", the warehouse's own file; a view there may show them`,
    });
  }
}

/** With `quoting: {identifier: false}` dbt prints a call as it is; names are always quoted here. */
function reportFunction(table: PackageSource['properties']['sources'][number], faults: FaultList) {
  const { source, name, identifier, place, config, sourceMeta } = table;
  const isFile = /"external_location":/.test(JSON.stringify([config, sourceMeta]));
  if (!/\(.*\)/.test(identifier) || isFile) return;
  const what = `${source}.${name} has the identifier "${identifier}"`;
  faults.warn(place, `${what}, which is looked for as a table of that name`, {
    hint: 'quoting is not read: a function of DuckDB is asked by external_location in its config',
  });
}

const startOf = ({ file }: ModelNode) => ({ file, line: 1, column: 1 });
