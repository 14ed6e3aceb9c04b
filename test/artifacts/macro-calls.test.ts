import { expect, test } from 'vitest';
import { writeFolder } from '../models/project-folder.ts';
import { runIn } from '../parse-cache/command-in-process.ts';
import { type Entry, readArtifact } from './artifact-files.ts';

test('a node names the macros that it calls, by whatever name', async () => {
  const root = writeFolder({
    'dbt_project.yml': 'name: shop',
    'macros/all.sql': ['one', 'two', 'three', 'default__four', 'five']
      .map((name) => `{% macro ${name}() %}1{% endmacro %}`)
      .join('\n'),
    'dbt_packages/tool/dbt_project.yml': 'name: tool',
    'dbt_packages/tool/macros/six.sql': '{% macro six() %}1{% endmacro %}',
    'models/m.sql': `select {{ one() }} + {{ context['two']() }} + {{ shop.three() }}
      + {{ adapter.dispatch('four')() }} + {{ context["tool"]["six"]() }} as "five()"`,
  });
  expect((await runIn(root, {}, ['parse'])).code).toBe(0);
  const nodes = readArtifact(root, 'manifest')['nodes'] as Record<string, Entry>;
  const called = ['default__four', 'one', 'three', 'two'].map((name) => `macro.shop.${name}`);
  const macros = [...called, 'macro.tool.six'];
  expect(nodes['model.shop.m']?.['depends_on']).toEqual({
    nodes: [],
    macros: expect.toSatisfy((found: string[]) => found.toSorted().join() === macros.join()),
  });
});
