/**
 * Builds tables and views over each other, judged and not, and dies before the log is folded in.
 * Arguments: file, builds.
 */
import { materialize } from '../../engine/steps/materialize.ts';
import { silentLog } from '../../engine/words/log.ts';
import type { Check } from '../../engine/words/node.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { contextOf, nodeOf } from '../materialize/workbench.ts';

const names = 4;
/** Enough for some of them to be written past the log, into the file itself. */
const largeRows = 200_000;

const [path = '', builds = '0'] = process.argv.slice(2);
const warehouse = await openDuckDb({ path, log: silentLog });
for (let build = 0; build < Number(builds); build += 1) {
  const name = `t${build % names}`;
  const id = `model.test.${name}`;
  const check: Check = {
    id: `test.${id}`,
    name: 'holds',
    severity: 'error',
    file: 'models/schema.yml',
    reads: [id],
    sql: async (nameOf) => `select * from ${nameOf(id)} where version is null`,
  };
  const rows = build % 5 === 0 ? largeRows : 1 + build;
  const node = nodeOf(
    `select 'run-${build}' as version, range as n from range(${rows})`,
    { materialization: build % 3 === 1 ? 'view' : 'table' },
    { id, relation: { schema: 'mart', name }, checks: build % 2 === 0 ? [] : [check] },
  );
  await materialize(warehouse, node, contextOf({ runId: `run-${build}` }));
}
process.kill(process.pid, 'SIGKILL');
