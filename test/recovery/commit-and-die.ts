/** Commits row after row and dies before the log is folded in. Arguments: file, commits. */
import { sql } from 'kysely';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';

const [path = '', commits = '0'] = process.argv.slice(2);
const warehouse = await openDuckDb({ path, log: silentLog });
await warehouse.ddl([sql`create schema s`, sql`create table s.t (n integer, text varchar)`]);
for (let n = 0; n < Number(commits); n += 1) {
  await warehouse.execute(sql`insert into s.t select ${n}, repeat('x', 40) from range(20) as r(x)`);
}
process.kill(process.pid, 'SIGKILL');
