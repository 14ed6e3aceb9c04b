import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { gatherProject } from '../../cli/work.ts';
import { spreadLabels } from '../../engine/lineage/labels.ts';
import { openLineageCache, transientLineageCache } from '../../engine/lineage/lineage-cache.ts';
import { traceProject } from '../../engine/plan/project-lineage.ts';
import { dbtFolder, troubles } from '../dbt/dbt-project.ts';
import { traceFolder } from '../lineage/traced.ts';
import { writeFolder } from '../models/project-folder.ts';

test('an id follows from what names a record, and from what its rules compare', async () => {
  const folder = writeFolder({
    'dbt_project.yml': 'name: shop\nversion: "1.0"',
    'seeds/people.csv': 'system,id,mail,nick\ncrm,1,a@x,al\n',
    'models/who.sql': `{{ config(materialized='identity', canonical_id='person_id', record_id='id',
      rules=[{'name': 'mail', 'exact': 'lower(email)'}]) }}
      select system, id, mail as email, nick from {{ ref('people') }}`,
  });
  const { graph } = await traceFolder(folder);
  const sourcesOf = (column: string) =>
    graph
      .sourcesOf({ node: 'model.shop.who', column })
      .map(({ from, kinds }) => `${from.column} ${kinds.join(' ')}`);
  expect(graph.nodes.get('model.shop.who')?.gap).toBeUndefined();
  expect(sourcesOf('person_id')).toEqual(['id computed', 'mail join', 'system computed']);
  expect(sourcesOf('id')).toEqual(['id copied']);
  expect(sourcesOf('record')).toEqual(['id computed', 'system computed']);
});

test('a table that stands beside an identity is read as soon as it stands', async () => {
  const project = dbtFolder({
    'seeds/people.csv': 'record_id,mail\n1,a\n2,a\n',
    'models/who.sql': `{{ config(materialized='identity', rules=[{'name': 'mail', 'exact': 'mail'}]) }}
      select 'crm' as system, record_id, mail from {{ ref('people') }}`,
    'models/why.sql': "select evidence from main.who_matches -- {{ ref('who') }}",
  });
  const gapNow = async () => {
    using opened = openProject({ folder: project.folder, env: {} });
    await using warehouse = await opened.openWarehouse();
    const work = await gatherProject(opened, warehouse, {});
    const cache = openLineageCache(join(project.folder, 'lineage.json'));
    return (await traceProject(work, cache)).nodes.get('model.shop.why')?.gap;
  };
  expect(await gapNow()).toBe('nothing is known of the columns of "main.who_matches"');
  expect(troubles(await project.build())).toEqual([]);
  expect(await gapNow()).toBeUndefined();
});

test('the tables beside an identity bear the labels of what it reads', async () => {
  const project = dbtFolder({
    'seeds/people.csv': 'record_id,mail\n1,a\n2,a\n',
    'seeds/seeds.yml': 'seeds: [{name: people, columns: [{name: mail, labels: [pii]}]}]',
    'models/who.sql': `{{ config(materialized='identity', rules=[{'name': 'mail', 'exact': 'mail'}]) }}
      select 'crm' as system, record_id, mail from {{ ref('people') }}`,
  });
  expect(troubles(await project.build())).toEqual([]);
  writeFileSync(
    join(project.folder, 'models/why.sql'),
    "select evidence from main.who_matches -- {{ ref('who') }}",
  );
  using opened = openProject({ folder: project.folder, env: {} });
  await using warehouse = await opened.openWarehouse({ readOnly: true });
  const work = await gatherProject(opened, warehouse, {});
  const labels = spreadLabels(await traceProject(work, transientLineageCache()));
  expect(labels.of({ node: 'model.shop.why', column: 'evidence' })).toEqual(['pii']);
});
