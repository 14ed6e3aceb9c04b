import { kill, pid } from 'node:process';
import { materialize } from '../../engine/steps/materialize.ts';
import { silentLog } from '../../engine/words/log.ts';
import type { Session, Warehouse } from '../../engine/words/warehouse.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { batchesContext, batchesNode, days } from './dying-batches.ts';
import { type DyingKind, dyingContext, dyingNode } from './dying-node.ts';

/*
 * A process of its own: builds a node and kills itself before its n-th statement. Ends with 0 when
 * the build ended before that.
 */
const [path = '', kind = '', countdown = ''] = process.argv.slice(2);
let left = Number(countdown);

function count(): void {
  left -= 1;
  if (left < 0) kill(pid, 'SIGKILL');
}

function counted(session: Session): Session {
  return {
    ...session,
    query: (statement) => {
      count();
      return session.query(statement);
    },
    execute: (statement) => {
      count();
      return session.execute(statement);
    },
  };
}

const warehouse = await openDuckDb({ path, log: silentLog });
const dying: Warehouse = {
  ...warehouse,
  ...counted(warehouse),
  ddl: async (statements) => {
    count();
    await warehouse.ddl(statements);
    count();
  },
  transaction: (work) => warehouse.transaction((session) => work(counted(session))),
  [Symbol.asyncDispose]: () => warehouse[Symbol.asyncDispose](),
};
if (kind === 'microbatch') {
  await materialize(dying, batchesNode, batchesContext(days, 'second'));
} else {
  const one = kind as DyingKind;
  await materialize(dying, dyingNode(one), dyingContext(one, path, 'second'));
}
await warehouse[Symbol.asyncDispose]();
