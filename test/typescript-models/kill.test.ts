import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readNodeStates } from '../../engine/state/nodes.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { killAtEachPoint } from '../materialize/kill-points.ts';
import { openWorkbench } from '../materialize/workbench.ts';
import { dyingScript } from './dying-script.ts';

/** What is published of the model: its rows, the digests they follow from, what is remembered. */
async function readPublished(path: string) {
  await using warehouse = await openDuckDb({ path, log: silentLog });
  const states = await readNodeStates(warehouse);
  const tables: unknown[] = [];
  for (const table of ['mart.thing', 'tidemill.digests__mart__thing']) {
    const [schema = '', name = ''] = table.split('.');
    const stands = await warehouse.describe({ schema, name });
    tables.push(stands ? await warehouse.query(sql`from ${sql.table(table)} order by id`) : []);
  }
  return { tables, builtBy: [...states.values()].map(({ dataVersion }) => dataVersion) };
}

test.each(['', 'first'])(
  'a model by keys, killed wherever it has written, is whole, and the next build ends as if undisturbed (built: %s)',
  { timeout: 600_000 },
  async (earlier) => {
    await using bench = await openWorkbench();
    await bench.run("create table log as select 'k' || range as id, 'a' as name from range(20)");
    if (earlier !== '') {
      const { node, context } = await dyingScript(bench.path, earlier);
      await materialize(bench.warehouse, node, context);
    }
    await bench.run(
      "insert into log select 'k' || range * 3, 'b' from range(8)",
      "delete from log where id = 'k1'",
    );
    await bench.warehouse[Symbol.asyncDispose]();
    const before = await readPublished(bench.path);
    expect(before.builtBy).toEqual(earlier === '' ? [] : [earlier]);
    let after = before;
    await killAtEachPoint(bench.path, 'keyed', async (path, wasKilled) => {
      const found = await readPublished(path);
      if (!wasKilled) {
        expect(found.builtBy).toEqual(['second']);
        after = found;
        return;
      }
      expect(found).toEqual(found.builtBy[0] === 'second' ? after : before);
      await using warehouse = await openDuckDb({ path, log: silentLog });
      const { node, context } = await dyingScript(path, 'third');
      await materialize(warehouse, node, context);
      const tables = await warehouse.query<{ name: string }>(sql`
        select table_schema || '.' || table_name as name from information_schema.tables
        where table_schema in ('mart', 'tidemill') order by 1`);
      expect(tables.map(({ name }) => name)).toEqual([
        'mart.thing',
        'tidemill.digests__mart__thing',
        'tidemill.nodes',
      ]);
      const rows = await warehouse.query(sql`from mart.thing order by id`);
      expect(rows).toEqual(after.tables[0]);
    });
  },
);
