import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { openWorkbench, type Workbench } from '../materialize/workbench.ts';
import { readFiles } from '../models/project-folder.ts';
import { bindProject } from '../models/shadow.ts';
import { appendLog, build, createLog, renderMacro } from './history-bench.ts';
import { intervalsOf, version } from './oracle.ts';

const log = [
  version(1, 1),
  version(6, 2, { name: 'x' }),
  version(4, 4, { gone: true }),
  version(3, 5, { name: 'y' }),
  version(6, 6, { name: 'z' }),
  version(8, 6, { gone: true, survivor: 'w' }),
];
const moments = [...Array(10).keys()];

/** What a replay believed at `recorded` to be true at `valid`. */
const believed = (valid: number, recorded: number) =>
  intervalsOf(log.filter((row) => row.recorded <= recorded)).filter(
    (row) => row.valid_from <= valid && (row.valid_to === null || row.valid_to > valid),
  );

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
  await createLog(bench);
  await appendLog(bench, log);
  await build(bench);
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

describe('as_of', () => {
  test('of a valid time answers what is believed now', async () => {
    const condition = await renderMacro("{{ as_of('v.v') }}");
    const found = await bench.rows(`
      select v, name from range(10) as v (v), mart.thing where ${condition} order by v`);
    expect(found).toEqual(moments.flatMap((v) => believed(v, 99).map(({ name }) => ({ v, name }))));
  });

  test('of a valid and a recorded time answers what was believed then, ends included', async () => {
    const condition = await renderMacro("{{ as_of('v.v', recorded='r.r', alias='h') }}");
    const end = await renderMacro("{{ valid_to_as_of('r.r', alias='h') }}");
    const found = await bench.rows(`
      select v, r, name, ${end} as valid_to
      from range(10) as v (v), range(10) as r (r), mart.thing as h
      where ${condition}
      order by v, r`);
    const expected = moments.flatMap((v) =>
      moments.flatMap((r) =>
        believed(v, r).map(({ name, valid_to }) => ({ v, r, name, valid_to })),
      ),
    );
    expect(found).toEqual(expected);
  });
});

test.each([
  ['as_of()', 'as_of needs an instant'],
  ['as_of(none)', 'as_of needs an instant'],
  ["as_of('2026-03-01')", `not a bare 2026-03-01: as_of("timestamp '2026-03-01'")`],
  ["as_of('day', recorded='2026-03-01 10:00')", 'not a bare 2026-03-01 10:00'],
])('%s is refused with what to write', async (call, message) => {
  const project = await readFiles({ 'models/a.sql': `select 1 as id where {{ ${call} }}` });
  const { failures } = await bindProject(project);
  expect([...project.faults, ...failures].map(formatFault)).toEqual([
    expect.stringContaining(message),
  ]);
});

test('the projection has the columns of a dbt snapshot and no belief that was taken back', async () => {
  const select = await renderMacro("{{ history_as_dbt_snapshot('mart.thing', 'id') }}");
  const found = await bench.rows(`${select} order by dbt_valid_from`);
  expect(found.map((row) => [row['name'], row['dbt_valid_from'], row['dbt_valid_to']])).toEqual(
    intervalsOf(log).map((row) => [row.name, row.valid_from, row.valid_to]),
  );
  const [first] = found;
  expect(Object.keys(first ?? {})).toEqual([
    'id',
    'name',
    'size',
    'seen',
    'is_deleted',
    'superseded_by',
    'dbt_scd_id',
    'dbt_updated_at',
    'dbt_valid_from',
    'dbt_valid_to',
  ]);
  expect(new Set(found.map((row) => row['dbt_scd_id'])).size).toBe(found.length);
});
