import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWorkbench, type Workbench } from '../materialize/workbench.ts';
import { build, createPeople, put, readClusters, remove } from './identity-bench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
  await createPeople(bench);
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

/** Tables with a row in which the text stands, whatever the column. */
async function findText(text: string): Promise<string[]> {
  const names = await bench.rows(`
    select table_schema || '.' || table_name as name from information_schema.tables
    where table_schema in ('mart', 'tidemill') order by 1`);
  const found: string[] = [];
  for (const { name } of names) {
    const rows = await bench.rows(
      `select 1 from ${name} as t where lower(t::varchar) like '%${text}%'`,
    );
    if (rows.length > 0) found.push(String(name));
  }
  return found;
}

test('of a record that is erased at its source an increment leaves no value, but its id among the ids', async () => {
  const firm = 'Secret Firm';
  await put(
    bench,
    { system: 'sf', id: '1', made: 1, email: 'secret@x.org', name: 'secret smith', firm },
    { system: 'hs', id: '2', made: 2, email: 'secret@x.org', name: 'secret smyth', firm },
    { system: 'hs', id: '3', made: 3, email: 'other@x.org', name: 'secret smithe', firm },
    { system: 'hs', id: '4', made: 4, email: 'other@x.org' },
  );
  await build(bench);
  expect(await findText('secret')).toEqual([
    'mart.thing_matches',
    'tidemill.identity__mart__thing',
  ]);
  await remove(bench, 'sf:1', 'hs:2', 'hs:3');
  await build(bench);
  expect(await findText('secret')).toEqual([]);
  expect(await readClusters(bench)).toEqual(['hs:4']);
  const bearing = await findText('sf:1');
  expect(bearing).toEqual(['mart.thing_ids']);
});

test('ten thousand records of one mailbox and one telephone match nothing, are told, and cost little', async () => {
  await bench.run(`insert into people
    select 'hs', range::varchar, range, 'info@x.org', '1', 'the reception', 'p', null, null, false
    from range(10000)`);
  await put(
    bench,
    { system: 'sf', id: 'a', email: 'a@x.org' },
    { system: 'sf', id: 'b', email: 'A@x.org' },
  );
  const first = await build(bench);
  expect(first.warnings).toEqual([
    '3 blocks larger than max_block matched nothing: see mart.thing_oversize',
  ]);
  expect(await bench.rows('select rule, records from mart.thing_oversize order by rule')).toEqual([
    { rule: 'email', records: 10_000 },
    { rule: 'phone', records: 10_000 },
    { rule: 'similar_name', records: 10_000 },
  ]);
  await put(bench, { system: 'hs', id: '7', email: 'info@x.org', firm: 'q' });
  expect(await build(bench)).toMatchObject({ rows: 0 });
  expect(await bench.rows('select left_record, right_record from mart.thing_matches')).toEqual([
    { left_record: 'sf:a', right_record: 'sf:b' },
  ]);
  expect(await bench.rows('select sum(records) as records from mart.thing_oversize')).toEqual([
    { records: 29_998 },
  ]);
});

test('a thing of a thousand records and more is told, in the builds that derive it', async () => {
  await bench.run(`insert into people
    select 'hs', range::varchar, range, null, null, null, null, null, '0', false
    from range(1001)`);
  const told =
    '1 id with more than 1,000 records, the largest 1,001 records: see by rule in mart.thing_matches what joins them';
  expect((await build(bench)).warnings).toEqual([told]);
  await put(bench, { system: 'sf', id: 'a', email: 'a@x.org' });
  expect((await build(bench)).warnings).toEqual([]);
  await put(bench, { system: 'hs', id: '1', merged: '0', gone: true });
  expect((await build(bench)).warnings).toEqual([told]);
  await put(bench, { system: 'hs', id: '1' });
  expect((await build(bench)).warnings).toEqual([]);
});

test('null, empty and blank keys match nothing, and names of other alphabets match by their letters', async () => {
  await put(
    bench,
    { system: 'sf', id: '1', email: '', phone: '', firm: '', name: '' },
    { system: 'hs', id: '2', email: '', phone: '', firm: '', name: '' },
    { system: 'sf', id: '0', email: '\t', phone: ' \u00a0', firm: '\u200b', name: '\n' },
    { system: 'hs', id: '1', email: '\t', phone: ' \u00a0', firm: '\u200b', name: '\n' },
    { system: 'sf', id: '3', name: 'мария кузнецова', firm: 'p' },
    { system: 'hs', id: '4', name: 'марина соколова', firm: 'q' },
    { system: 'hs', id: '5', name: 'мария кузнецовa', firm: 'p' },
    { system: 'sf', id: '6', name: '李小龙', firm: 'r' },
    { system: 'hs', id: '7', name: '李小龙', firm: 'r' },
  );
  await build(bench);
  expect(await readClusters(bench)).toEqual([
    'hs:1',
    'hs:2',
    'hs:4',
    'hs:5 sf:3',
    'hs:7 sf:6',
    'sf:0',
    'sf:1',
  ]);
});
