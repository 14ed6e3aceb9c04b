import { expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { readOutline } from '../../cli/outline.ts';
import { checkFreshness } from '../../engine/plan/source-freshness.ts';
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
  const all = await checkFreshness(nodes, warehouse, Date.UTC(2026, 0, 3, 12));
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
