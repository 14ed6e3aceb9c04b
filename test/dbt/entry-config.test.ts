import { expect, test } from 'vitest';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { readFiles } from '../models/project-folder.ts';

const exposure = (enabled: string) =>
  `exposures:\n  - {name: mail, type: dashboard, owner: {email: a@b.c}, config: {enabled: ${enabled}}}`;
const source = (enabled: string) =>
  `sources:\n  - {name: raw, tables: [{name: rows, config: {enabled: ${enabled}}}]}`;
const query = (enabled: string) =>
  `saved_queries:\n  - {name: weekly, query_params: {group_by: [day]}, config: {enabled: ${enabled}}}`;

test.each([
  ['a source', source('"false"'), '"false"'],
  ['a source', source('0'), '0'],
  ['an exposure', exposure('"no"'), '"no"'],
  ['a saved query', query('"no"'), '"no"'],
])(
  '`enabled` of %s that is neither true nor false is told at its place: %s',
  async (_, text, shown) => {
    const { faults } = await readFiles({ 'dbt_project.yml': 'name: shop', 'models/s.yml': text });
    expect(faults.map(formatFault)).toEqual([
      expect.stringMatching(
        new RegExp(`^models/s.yml:2:\\d+ config "enabled" is ${shown}; write true or false`),
      ),
    ]);
  },
);

test.each([source, exposure, query])('a template of it is rendered', async (write) => {
  for (const isOn of [true, false]) {
    const { nodes, faults } = await readFiles({
      'dbt_project.yml': `name: shop\nvars: {switched: ${isOn}}`,
      'models/s.yml': write(`"{{ var('switched') | as_bool }}"`),
    });
    expect(faults).toEqual([]);
    expect(nodes.size).toBe(isOn ? 1 : 0);
  }
});

test('so is what dbt_project.yml says of the sources of a folder', async () => {
  const { nodes, faults } = await readFiles({
    'dbt_project.yml': `name: shop
vars: {raw_on: false}
sources: {shop: {raw: {+enabled: "{{ var('raw_on') }}"}, kept: {+enabled: "{{ not var('raw_on') }}"}}}`,
    'models/s.yml':
      'sources: [{name: raw, tables: [{name: a}]}, {name: kept, tables: [{name: b}]}]',
  });
  expect(faults).toEqual([]);
  expect([...nodes.keys()]).toEqual(['source.shop.kept.b']);
});

test('tags and meta of a folder, a source and a table of it are added up', async () => {
  const { nodes, faults } = await readFiles({
    'dbt_project.yml': 'name: shop\nsources: {shop: {+tags: [all], +meta: {of: shop, team: a}}}',
    'models/s.yml': `sources:
  - name: raw
    config: {tags: [raw], meta: {team: b}}
    tables: [{name: rows, config: {tags: [big], meta: {size: 9}}}]`,
  });
  expect(faults).toEqual([]);
  expect(nodes.get('source.shop.raw.rows')).toMatchObject({
    tags: ['all', 'raw', 'big'],
    config: { meta: { of: 'shop', team: 'b', size: 9 } },
  });
});
