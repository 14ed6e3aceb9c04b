import { expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { readOutline } from '../../cli/outline.ts';
import { isSourceNode } from '../../engine/declare/model-node.ts';
import { checkFreshness, freshSources } from '../../engine/plan/source-freshness.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { readFiles } from '../models/project-folder.ts';
import { dbtFolder } from './dbt-project.ts';

test('the time of the newest row is a column, or what loaded_at_query answers', async () => {
  const limits = 'freshness: {warn_after: {count: 1, period: day}}';
  const project = dbtFolder({
    'models/s.yml': `sources:
  - name: raw
    schema: main
    ${limits}
    loaded_at_query: select timestamp '2026-01-02'
    tables:
      - {name: from_source}
      - {name: by_field, loaded_at_field: tm}
      - {name: by_query, config: {loaded_at_query: "select max(tm) from main.by_query -- newest"}}
      - {name: broken, loaded_at_query: select nothing}`,
  });
  for (const name of ['by_field', 'by_query']) {
    await project.run(`create table ${name} as select timestamp '2026-01-03' as tm`);
  }
  using opened = openProject({ folder: project.folder, env: { HOME: project.folder } });
  const { models, ids } = await readOutline(opened);
  await using warehouse = await opened.openWarehouse({ readOnly: true });
  const nodes = ids.map((id) => models?.nodes.get(id));
  const all = await checkFreshness(freshSources(nodes), warehouse, Date.UTC(2026, 0, 3, 12));
  expect(
    Object.fromEntries(
      all.map(({ node, result }) => [
        node.name,
        [result.status, 'loadedAt' in result && result.loadedAt],
      ]),
    ),
  ).toEqual({
    from_source: ['warn', '2026-01-02T00:00:00.000Z'],
    by_field: ['pass', '2026-01-03T00:00:00.000Z'],
    by_query: ['pass', '2026-01-03T00:00:00.000Z'],
    broken: ['runtime error', false],
  });
});

const hooked = (flags: string): Record<string, string> => ({
  'dbt_project.yml': `name: shop
on-run-start: ["create table if not exists said (what varchar)", "insert into said values ('start {{ flags.WHICH }}')"]
on-run-end: ["{% for one in results %}insert into said values ('{{ one.node.name }} {{ one.status }} {{ schemas }}');{% endfor %}"]
${flags}`,
  'models/s.yml': `sources:
  - name: raw
    schema: main
    loaded_at_field: tm
    tables:
      - {name: fresh, freshness: {warn_after: {count: 1, period: day}}}
      - {name: silent}`,
});

test('source freshness runs the hooks of the run around what it asks, as dbt does', async () => {
  const project = dbtFolder(hooked(''));
  await project.run('create table fresh as select now()::timestamp as tm');
  const { code } = await tidemill(project.folder, 'source', 'freshness');
  expect(code).toBe(0);
  const said = await project.rows('select what from said order by what');
  expect(said.map(({ what }) => what)).toEqual(['fresh pass []', 'start freshness']);
});

test('source freshness runs no hooks where nothing is asked, or a flag says so', async () => {
  const project = dbtFolder(hooked(''));
  await project.run('create table fresh as select now()::timestamp as tm');
  await tidemill(project.folder, 'source', 'freshness', '--select', 'source:raw.silent');
  const without = dbtFolder(hooked('flags: {source_freshness_run_project_hooks: false}'));
  await without.run('create table fresh as select now()::timestamp as tm');
  const { out } = await tidemill(without.folder, 'source', 'freshness');
  expect(out.join()).toContain('pass');
  for (const { rows } of [project, without]) {
    await expect(rows('select * from said')).rejects.toThrow('said');
  }
});

test('a source of files is as fresh as its files, not a table of its name', async () => {
  const { folder, run } = dbtFolder({
    'late.csv': 'tm\n2026-01-02 00:00:00\n',
    'models/s.yml': `sources:
  - name: raw
    schema: main
    loaded_at_field: tm
    freshness: {error_after: {count: 1, period: day}}
    tables:
      - {name: late, meta: {external_location: "{name}.csv"}}`,
  });
  await run("create table late as select now()::timestamp + interval '1 day' as tm");
  const { out, code } = await tidemill(folder, 'source', 'freshness');
  expect(code).toBe(1);
  expect(out.join()).toMatch(/^error .*raw\.late: newest row .* \(2026-01-02T00:00:00/);
});

test('what a table says of when it was loaded goes before its source, null too', async () => {
  const { nodes, faults } = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/s.yml': `sources:
  - name: asked
    schema: crm
    config: {loaded_at_query: select 1}
    tables:
      - {name: plain}
      - {name: by_field, config: {loaded_at_field: at}}
      - {name: own, identifier: owned, loaded_at_query: "select max(at) from {{ this }}"}
  - name: told
    loaded_at_field: at
    tables: [{name: plain}, {name: none, loaded_at_field: null}]`,
  });
  expect(faults).toEqual([]);
  const sources = [...nodes.values()].filter(isSourceNode);
  expect(
    Object.fromEntries(
      sources.map(({ sourceName, name, config }) => [
        `${sourceName}.${name}`,
        [config['loaded_at_field'] ?? null, config['loaded_at_query'] ?? null],
      ]),
    ),
  ).toEqual({
    'asked.plain': [null, 'select 1'],
    'asked.by_field': ['at', null],
    'asked.own': [null, 'select max(at) from "crm"."owned"'],
    'told.plain': ['at', null],
    'told.none': [null, null],
  });
});
