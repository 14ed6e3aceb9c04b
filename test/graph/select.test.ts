import { describe, expect, test } from 'vitest';
import { buildGraph, type GraphNode } from '../../engine/declare/graph.ts';
import { type SelectRequest, selectNodes } from '../../engine/declare/select.ts';
import { readFiles } from '../models/project-folder.ts';

function model(name: string, folder: string, dependsOn: string[], more: Partial<GraphNode> = {}) {
  return {
    id: `model.shop.${name}`,
    name,
    resourceType: 'model',
    packageName: 'shop',
    fqn: ['shop', ...folder.split('/'), name],
    file: `models/${folder}/${name}.sql`,
    tags: [],
    config: { materialized: 'view' },
    dependsOn,
    ...more,
  } satisfies GraphNode;
}

function source(name: string, table: string, dependsOn: string[] = []): GraphNode {
  return {
    id: `source.shop.${name}.${table}`,
    name: table,
    resourceType: 'source',
    packageName: 'shop',
    fqn: ['shop', name, table],
    file: '',
    tags: [],
    config: {},
    dependsOn,
    sourceName: name,
  };
}

function foreign(resourceType: 'stream' | 'sync', id: string, dependsOn: string[]): GraphNode {
  const [, connection = '', stream] = id.split('.');
  return {
    id,
    name: stream ?? connection,
    resourceType,
    packageName: 'shop',
    fqn: ['shop', id],
    file: 'pipelines.yaml',
    tags: [],
    config: {},
    dependsOn,
    ...(resourceType === 'stream' ? { sourceName: connection } : {}),
  };
}

function check(name: string, testName: string, dependsOn: string[]): GraphNode {
  return {
    id: `test.shop.${name}`,
    name,
    resourceType: 'test',
    packageName: 'shop',
    fqn: ['shop', name],
    file: 'models/schema.yml',
    tags: [],
    config: { severity: 'error' },
    dependsOn,
    testName,
    testType: 'generic',
  };
}

const graph = buildGraph([
  foreign('stream', 'stream.crm.contacts', []),
  foreign('stream', 'stream.hub.deals', []),
  source('crm', 'contacts', ['stream.crm.contacts']),
  source('hub', 'deals', ['stream.hub.deals']),
  model('stg_contacts', 'staging/crm', ['source.shop.crm.contacts'], { tags: ['daily', 'pii'] }),
  model('stg_deals', 'staging/hub', ['source.shop.hub.deals']),
  model('contact', 'canonical', ['model.shop.stg_contacts'], {
    config: { materialized: 'table', meta: { owner: 'ann' } },
  }),
  model('deal', 'canonical', ['model.shop.stg_deals', 'model.shop.contact'], { tags: ['daily'] }),
  model('health', 'operational', ['model.shop.deal']),
  foreign('sync', 'sync.contact_health', ['model.shop.health']),
  check('unique_contact_id', 'unique', ['model.shop.contact']),
  check('relationships_deal', 'relationships', ['model.shop.contact', 'model.shop.deal']),
]);

function select(select: string | undefined, more: Partial<SelectRequest> = {}): string[] {
  const request = { indirect: 'empty', ...(select === undefined ? {} : { select }) } as const;
  const { ids, errors } = selectNodes(graph, { ...request, ...more });
  expect(errors).toEqual([]);
  return [...ids].map((id) => id.replace(/^(model|source|test)\.shop\./, '')).sort();
}

describe('selectors', () => {
  const cases: readonly [string, readonly string[]][] = [
    ['contact', ['contact']],
    ['+contact', ['contact', 'crm.contacts', 'stg_contacts', 'stream.crm.contacts']],
    ['1+contact', ['contact', 'stg_contacts']],
    ['health+', ['health', 'sync.contact_health']],
    ['stg_deals+1', ['deal', 'stg_deals']],
    ['1+deal+1', ['contact', 'deal', 'health', 'relationships_deal', 'stg_deals']],
    ['tag:daily', ['deal', 'stg_contacts']],
    ['tag:daily,tag:pii', ['stg_contacts']],
    ['contact deal', ['contact', 'deal']],
    ['path:models/staging', ['stg_contacts', 'stg_deals']],
    ['models/staging/crm', ['stg_contacts']],
    ['path:models/*/crm', ['stg_contacts']],
    ['staging', ['stg_contacts', 'stg_deals']],
    ['staging.*', ['stg_contacts', 'stg_deals']],
    ['shop.staging.crm', ['stg_contacts']],
    ['staging.crm.stg_contacts', ['stg_contacts']],
    ['stg_*', []],
    ['*.stg_*', ['stg_contacts', 'stg_deals']],
    ['fqn:*.*.stg_*', ['stg_contacts', 'stg_deals']],
    ['source:crm', ['crm.contacts', 'stream.crm.contacts']],
    ['source:crm.contacts', ['crm.contacts', 'stream.crm.contacts']],
    ['stream:hub', ['stream.hub.deals']],
    ['sync:*', ['sync.contact_health']],
    ['config.materialized:table', ['contact']],
    ['config.meta.owner:ann', ['contact']],
    ['resource_type:sync', ['sync.contact_health']],
    ['test_name:unique', ['unique_contact_id']],
    ['test_type:generic', ['relationships_deal', 'unique_contact_id']],
    ['file:health.sql', ['health']],
    ['health.sql', ['health']],
    ['package:shop,resource_type:source', ['crm.contacts', 'hub.deals']],
  ];
  for (const [selector, expected] of cases) {
    test(`"${selector}" chooses ${expected.join(', ')}`, () => {
      expect(select(selector)).toEqual(expected);
    });
  }

  test('"@name" takes its children and all their parents', () => {
    expect(select('@stg_deals')).toEqual(
      select('+health +sync.contact_health relationships_deal').filter(
        (id) => id !== 'unique_contact_id',
      ),
    );
  });

  test('the source of a connection and what follows is what a pipeline builds', () => {
    expect(select('source:hub+')).toEqual([
      'deal',
      'health',
      'hub.deals',
      'relationships_deal',
      'stg_deals',
      'stream.hub.deals',
      'sync.contact_health',
    ]);
  });

  test('without a selector everything is chosen, less what is excluded', () => {
    expect(select(undefined)).toHaveLength(graph.nodes.size);
    expect(select(undefined, { exclude: 'source:* resource_type:test +deal+ health' })).toEqual([]);
  });

  test('tests come along with the models they read', () => {
    const withTests = (indirect: 'eager' | 'cautious' | 'buildable') =>
      select('contact', { indirect });
    expect(withTests('eager')).toEqual(['contact', 'relationships_deal', 'unique_contact_id']);
    expect(withTests('cautious')).toEqual(['contact', 'unique_contact_id']);
    expect(select('deal', { indirect: 'buildable' })).toEqual(['deal', 'relationships_deal']);
  });

  test('a source that the chosen do not read keeps no test from being buildable', async () => {
    const project = await readFiles({
      'dbt_project.yml': 'name: shop',
      'models/a.sql': 'select 1 as id',
      'models/b.sql': 'select 1 as id',
      'models/s.yml': `sources: [{name: raw, tables: [{name: t}]}]
models:
  - name: a
    columns:
      - name: id
        data_tests:
          - relationships: {name: of_source, arguments: {to: "source('raw', 't')", field: id}}
          - relationships: {name: of_model, arguments: {to: "ref('b')", field: id}}`,
    });
    const select = (indirect: 'cautious' | 'buildable') =>
      [...selectNodes(project.graph, { select: 'a', indirect }).ids].map((id) => id.split('.')[2]);
    expect(select('cautious')).toEqual(['a']);
    expect(select('buildable').sort()).toEqual(['a', 'of_source']);
  });

  test('an unknown method is an error with the one that was meant', () => {
    const { errors } = selectNodes(graph, { select: 'tga:daily' });
    expect(errors[0]).toContain('unknown method "tga"; did you mean "tag"?');
  });

  test('what cannot be read is an error, and hides no other fault', () => {
    const { errors } = selectNodes(graph, { select: '@deal+ + config:table', exclude: 'x:y' });
    expect(errors).toHaveLength(4);
  });

  test('a selector that matches nothing warns, with the name that was meant', () => {
    const { ids, warnings } = selectNodes(graph, { select: 'contcat' });
    expect(ids.size).toBe(0);
    expect(warnings).toEqual(['the selector "contcat" matches nothing; did you mean "contact"?']);
  });

  test('methods that need more than the graph are given by the caller', () => {
    const methods = { state: (node: GraphNode, value: string) => value === node.name };
    expect(select('state:deal', { methods })).toEqual(['deal']);
  });
});
