import { expect, test } from 'vitest';
import { compileNode } from '../../engine/declare/compile-node.ts';
import { isFileNode } from '../../engine/declare/model-node.ts';
import { readFiles } from '../models/project-folder.ts';

const path = '{{ model.path }}';

test('templates see the path that dbt has for a node: within the folder of its kind', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'macros/names.sql': `{% macro generate_schema_name(custom, node) -%}
{{ node.path.split('/')[0] if '/' in node.path else target.schema }}
{%- endmacro %}`,
    'models/top.sql': path,
    'models/marts/orders.sql': path,
    'models/same/same.sql': path,
    'models/marts/kept_v1.sql': path,
    'models/schema.yml': 'models: [{name: kept, versions: [{v: 1}]}]',
    'analyses/deep/look.sql': path,
    'snapshots/past/blocks.sql': `{% snapshot then %}{{ config(strategy='check', unique_key='n', check_cols='all') }}${path}{% endsnapshot %}`,
  });
  expect(project.faults).toEqual([]);
  const seen: Record<string, unknown> = {};
  for (const node of project.nodes.values()) {
    if (!isFileNode(node)) continue;
    const { schema } = 'relation' in node ? node.relation : node.wouldBe;
    seen[node.id] = [(await compileNode(project, node)).sql.trim(), schema];
  }
  expect(seen).toEqual({
    'analysis.shop.look': ['analysis/deep/look.sql', 'analysis'],
    'model.shop.kept.v1': ['marts/kept_v1.sql', 'marts'],
    'model.shop.orders': ['marts/orders.sql', 'marts'],
    'model.shop.same': ['same/same.sql', 'same'],
    'model.shop.top': ['top.sql', 'main'],
    'snapshot.shop.then': ['past/blocks.sql', 'past'],
  });
});
