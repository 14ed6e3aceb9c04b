import { expect, test } from 'vitest';
import { compileNode } from '../../engine/declare/compile-node.ts';
import { isModelNode } from '../../engine/declare/model-node.ts';
import { batchSelects } from '../../engine/run/batch-selects.ts';
import { readFiles } from '../models/project-folder.ts';

const micro = `{{ config(materialized='incremental', incremental_strategy='microbatch',
  event_time='tm', batch_size='day', begin='2026-01-01') }}`;

async function selectsOf(text: string): Promise<{ isByBatch: boolean; isChained: boolean }> {
  const project = await readFiles({
    'macros/own.sql': `{% macro standing() %}{{ this }}{% endmacro %}
      {% macro plain() %}1{# not of this table #}{% endmacro %}`,
    'models/timed.sql': "{{ config(event_time='tm') }} select now() as tm",
    'models/plain.sql': 'select now() as tm',
    'models/m.sql': `${micro} ${text}`,
  });
  const node = project.nodes.get('model.shop.m');
  if (!isModelNode(node)) throw new Error('m is a model');
  const options = { isIncremental: true };
  const compiled = await compileNode(project, node, options);
  const { selectOf, isChained = false } = batchSelects(project, node, compiled, options);
  return { isByBatch: selectOf !== undefined, isChained };
}

test.each([
  ["select tm from {{ ref('plain') }} -- of this batch", false, false],
  ["select tm from {{ ref('plain') }} {# batch by batch, this way #}", false, false],
  ["select tm, '{{ model.batch.id }}' as b from {{ ref('plain') }}", true, false],
  ["select tm from {{ ref('timed') }}", true, false],
  ["select tm from {{ ref('timed') }} /* this */ where 1 = {{ plain() }}", true, false],
  ["select tm from {{ ref('plain') }} where tm > (select max(tm) from {{ this }})", true, true],
  [
    "select tm from {{ ref('timed') }} where tm not in (select tm from {{ standing() }})",
    true,
    true,
  ],
])('%s: by batch %s, one after another %s', async (text, isByBatch, isChained) => {
  expect(await selectsOf(text)).toEqual({ isByBatch, isChained });
});
