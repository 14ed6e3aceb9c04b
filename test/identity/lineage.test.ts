import { expect, test } from 'vitest';
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
