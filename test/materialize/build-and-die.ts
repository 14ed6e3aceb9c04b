import { statSync } from 'node:fs';
import { kill, pid } from 'node:process';
import { materialize } from '../../engine/steps/materialize.ts';
import { silentLog } from '../../engine/words/log.ts';
import type { Session, Warehouse } from '../../engine/words/warehouse.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { batchesContext, batchesNode, days } from './dying-batches.ts';
import { type DyingKind, dyingContext, dyingNode } from './dying-node.ts';

/*
 * A process of its own: builds a node and kills itself at the n-th of its kill points, which are
 * after each statement or commit that changed the warehouse's file or its log: a kill at any other
 * moment leaves what the one before leaves. Ends with 0, and tells how many points there were, when
 * the build ended before that.
 */
const [path = '', kind = '', killPoint = ''] = process.argv.slice(2);
const files = [path, `${path}.wal`];
let points = 0;
let written = stampFiles();

function stampFiles(): string {
  const stats = files.map((file) => statSync(file, { bigint: true, throwIfNoEntry: false }));
  return stats.map((stat) => `${stat?.size} ${stat?.mtimeNs}`).join(', ');
}

async function passAfter<T>(work: Promise<T>): Promise<T> {
  const result = await work;
  const stamp = stampFiles();
  if (stamp !== written) {
    if (points === Number(killPoint)) kill(pid, 'SIGKILL');
    points += 1;
    written = stamp;
  }
  return result;
}

const watched = (session: Session): Session => ({
  ...session,
  query: (statement, rowsMax) => passAfter(session.query(statement, rowsMax)),
  execute: (statement) => passAfter(session.execute(statement)),
});

const warehouse = await openDuckDb({ path, log: silentLog });
const dying: Warehouse = {
  ...warehouse,
  ...watched(warehouse),
  ddl: (statements) => passAfter(warehouse.ddl(statements)),
  checkpoint: () => passAfter(warehouse.checkpoint()),
  transaction: (work) => passAfter(warehouse.transaction((session) => work(watched(session)))),
  [Symbol.asyncDispose]: () => warehouse[Symbol.asyncDispose](),
};
if (kind === 'microbatch') {
  await materialize(dying, batchesNode, batchesContext(days, 'second'));
} else if (kind === 'keyed') {
  // Read where it is needed only: the others are started a hundred times.
  const { dyingScript } = await import('../typescript-models/dying-script.ts');
  const { node, context } = await dyingScript(path, 'second');
  await materialize(dying, node, context);
} else {
  const one = kind as DyingKind;
  await materialize(dying, dyingNode(one), dyingContext(one, path, 'second'));
}
await warehouse[Symbol.asyncDispose]();
process.stdout.write(String(points));
