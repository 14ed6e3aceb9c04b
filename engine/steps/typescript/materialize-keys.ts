import { sql } from 'kysely';
import { type NodeState, readNodeState, saveNodeState } from '../../state/nodes.ts';
import type { BuildNode } from '../../words/node.ts';
import type { Relation } from '../../words/table.ts';
import type { Session, Warehouse } from '../../words/warehouse.ts';
import { auditOrRollBack, Withheld } from '../audit.ts';
import type { BuildContext, MaterializeResult, ScriptSource } from '../build-context.ts';
import { digestsOf } from '../history-changes.ts';
import { deleteByKey, insertBatch } from '../merge-statements.ts';
import { clearTheWay, nextOf, publishTable, stateOf, withhold } from '../publish.ts';
import {
  countRows,
  createSchema,
  createTableAs,
  dropTables,
  findKind,
  type RelationKind,
  tableOf,
} from '../relation-statements.ts';
import { dropAside, withAside } from './aside.ts';
import {
  answerKeys,
  createChangedKeys,
  createKeys,
  digestColumn,
  freshOf,
  keysOf,
  selectKeyDigests,
} from './keyed-statements.ts';
import {
  declaredColumns,
  insertAnswers,
  requireUnique,
  type SpooledAnswers,
} from './spool-table.ts';

interface KeyedWork {
  readonly source: ScriptSource;
  readonly spoolPath: string;
}

const batchTable = sql.id('tidemill_batch');

/**
 * A table whose rows follow, key by key, from the rows that the inputs have of the key. Only keys
 * whose rows differ from the last build's are asked for again; their old rows, and those of keys
 * that are gone, are replaced in one transaction with the audit, the new digests and the state.
 */
export async function materializeKeys(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  work: KeyedWork,
): Promise<MaterializeResult> {
  const live = await clearTheWay(warehouse, node.relation);
  const asides = [keysOf(node.relation), freshOf(node.relation)];
  await dropAside(warehouse, asides);
  return withAside(warehouse, asides, async () => {
    const base = await findBase(warehouse, node, context, live);
    return base
      ? updateKeys(warehouse, node, context, { ...work, base })
      : rebuildKeys(warehouse, node, context, { ...work, live });
  });
}

/** The state to go on from; undefined where every key must be asked for. */
async function findBase(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  live: RelationKind | undefined,
): Promise<NodeState | undefined> {
  if (live !== 'table' || context.fullRefresh || !node.isIncremental) return undefined;
  const state = await readNodeState(warehouse, node);
  if (state?.fingerprint !== node.fingerprint) return undefined;
  const kept = await findKind(warehouse, digestsOf(node.relation));
  return kept === 'table' ? state : undefined;
}

async function rebuildKeys(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  { source, spoolPath, live }: KeyedWork & { readonly live: RelationKind | undefined },
): Promise<MaterializeResult> {
  const { columns, by, key } = source.script.definition;
  const digests = digestsOf(node.relation);
  const keys = keysOf(node.relation);
  await clearTheWay(warehouse, digests);
  return publishTable(warehouse, {
    node,
    context,
    live,
    companions: [digests],
    async write(copy) {
      const fresh = nextOf(digests);
      await warehouse.ddl([
        createTableAs(fresh, selectKeyDigests(source, warehouse.dialect)),
        createKeys(keys, by, tableOf(fresh)),
      ]);
      const answers = await answerKeys(warehouse, node, context, { source, spoolPath, keys });
      await warehouse.ddl([
        createSchema(copy.schema),
        sql`create table ${tableOf(copy)} ${declaredColumns(columns)}`,
      ]);
      await warehouse.transaction((session) =>
        insertAnswers(warehouse, session, tableOf(copy), answers),
      );
      await requireUnique(warehouse, node, tableOf(copy), key);
      return { result: { rows: answers.rows } };
    },
  });
}

async function updateKeys(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  { source, spoolPath, base }: KeyedWork & { readonly base: NodeState },
): Promise<MaterializeResult> {
  const { by } = source.script.definition;
  const [keys, fresh] = [keysOf(node.relation), freshOf(node.relation)];
  const kept = digestsOf(node.relation);
  await warehouse.ddl([
    createTableAs(fresh, selectKeyDigests(source, warehouse.dialect)),
    createChangedKeys(keys, by, { fresh, kept }),
  ]);
  const changed = await countRows(warehouse, tableOf(keys));
  const answers =
    changed === 0
      ? undefined
      : await answerKeys(warehouse, node, context, { source, spoolPath, keys });
  try {
    return await warehouse.transaction(async (session) => {
      if (answers) await replaceKeys(warehouse, session, node, answers);
      if (answers) await replaceDigests(session, { by, keys, fresh, kept });
      const failures = await auditOrRollBack(session, node, node.relation);
      context.signal.throwIfAborted();
      const state = stateOf(node, context);
      // Nothing changed: dependants must not think so.
      const dataVersion = answers ? state.dataVersion : base.dataVersion;
      await saveNodeState(session, { ...state, dataVersion });
      const action = answers ? 'merged' : 'unchanged';
      return { action, rows: answers?.rows ?? 0, dataVersion, failures, warnings: [] };
    });
  } catch (error) {
    if (error instanceof Withheld) return withhold(warehouse, node, error.failures, error.kept);
    throw error;
  }
}

async function replaceKeys(
  warehouse: Warehouse,
  session: Session,
  node: BuildNode,
  answers: SpooledAnswers,
): Promise<void> {
  const { columns, by, key } = answers.definition;
  const names = columns.map(({ name }) => name);
  await session.execute(sql`create temporary table ${batchTable} ${declaredColumns(columns)}`);
  await insertAnswers(warehouse, session, batchTable, answers);
  await session.execute(deleteByKey(node.relation, tableOf(keysOf(node.relation)), by));
  await session.execute(insertBatch(node.relation, batchTable, names));
  // A key that holds all of `by` can only be there twice within the batch.
  const isWithin = by.every((name) => key.includes(name));
  await requireUnique(session, node, isWithin ? batchTable : tableOf(node.relation), key);
  await dropTables(session, [batchTable]);
}

async function replaceDigests(
  session: Session,
  tables: {
    readonly by: readonly string[];
    readonly keys: Relation;
    readonly fresh: Relation;
    readonly kept: Relation;
  },
): Promise<void> {
  const { by, keys, fresh, kept } = tables;
  const names = sql.join([...by, digestColumn].map((name) => sql.id(name)));
  const matched = sql.join(
    by.map((name) => sql`keys.${sql.id(name)} = fresh.${sql.id(name)}`),
    sql` and `,
  );
  await session.execute(deleteByKey(kept, tableOf(keys), by));
  await session.execute(sql`
    insert into ${tableOf(kept)} (${names})
    select ${names}
    from ${tableOf(fresh)} as fresh
    where exists (select 1 from ${tableOf(keys)} as keys where ${matched})`);
}
