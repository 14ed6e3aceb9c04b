import { describe, expect, test } from 'vitest';
import { isModelNode, isSourceNode } from '../../engine/declare/model-node.ts';
import type { ModelProject } from '../../engine/declare/model-project.ts';
import { faultsOf, readFiles } from '../models/project-folder.ts';

function describedOf(project: ModelProject, id: string) {
  const node = project.nodes.get(id);
  if (!isModelNode(node) && !isSourceNode(node)) throw new Error(`there is no ${id}`);
  return {
    description: node.description,
    columns: Object.fromEntries(node.columns.map(({ name, description }) => [name, description])),
  };
}

const project = 'name: shop';
const model = { 'models/a.sql': 'select 1 as n' };

describe('docs blocks', () => {
  test('stand in Markdown beside the models, and descriptions name them', async () => {
    const read = await readFiles({
      'dbt_project.yml': project,
      ...model,
      'models/deep/words.md':
        '# {{ not_a_template }}\n{% docs people %}\n  People.\n{% enddocs %}\n{% docs number %}A {# really #}number.{% enddocs %}',
      'macros/m.md': '{% docs in_macros %}From afar.{% enddocs %}',
      'models/schema.yml': `
models:
  - name: a
    description: "{{ doc('people') }} Of {{ var('where', 'all the world') }}."
    columns: [{name: n, description: '{{ doc("shop", "number") }}'}]
sources: [{name: s, tables: [{name: t, description: "{{ doc('in_macros') }}"}]}]
macros: [{name: m, description: "{{ doc('people') }}"}]
`,
      'macros/m.sql': '{% macro m() %}{% endmacro %}',
    });
    expect(faultsOf(read)).toEqual([]);
    expect(describedOf(read, 'model.shop.a')).toEqual({
      description: 'People. Of all the world.',
      columns: { n: 'A number.' },
    });
    expect(describedOf(read, 'source.shop.s.t').description).toBe('From afar.');
    expect([...read.docs.keys()]).toEqual(
      expect.arrayContaining(['doc.shop.people', 'doc.shop.number', 'doc.shop.in_macros']),
    );
  });

  test('one that is missing is told where it is asked for, with what was probably meant', async () => {
    const read = await readFiles({
      'dbt_project.yml': project,
      ...model,
      'models/words.md': '{% docs people %}People.{% enddocs %}',
      'models/schema.yml': `
models:
  - name: a
    description: "{{ doc('poeple') }}"
    columns:
      - {name: n, description: "{{ doc('other', 'people') }}"}
`,
    });
    expect(faultsOf(read)).toEqual([
      expect.stringMatching(/^models\/schema\.yml:3:\d+ .*doc\('poeple'\); did you mean "people"/),
      expect.stringMatching(/^models\/schema\.yml:6:\d+ .*doc\('other', 'people'\)/),
    ]);
    // The model itself is whole: it can be built.
    expect(read.broken.has('model.shop.a')).toBe(false);
  });

  test('two of one name, and one that is no template, are told by their lines', async () => {
    const read = await readFiles({
      'dbt_project.yml': project,
      ...model,
      'models/one.md': 'x\n{% docs people %}People.{% enddocs %}',
      'models/two.md':
        'x\n\n{% docs people %}Others.{% enddocs %}\n{% docs odd %}{{ 1 + }}{% enddocs %}',
    });
    expect(faultsOf(read)).toEqual([
      expect.stringMatching(
        /^models\/two\.md:3:1 the docs block "people" is written twice.*one\.md/,
      ),
      expect.stringMatching(/^models\/two\.md:4:1 /),
    ]);
  });

  test('a package sees its own before those of the project, and docs-paths say where to look', async () => {
    const read = await readFiles({
      'dbt_project.yml': 'name: shop\ndocs-paths: [words]',
      ...model,
      'models/lost.md': '{% docs lost %}Not looked at.{% enddocs %}',
      'words/w.md': '{% docs who %}The shop.{% enddocs %}{% docs ours %}Ours.{% enddocs %}',
      'dbt_packages/tools/dbt_project.yml': 'name: tools',
      'dbt_packages/tools/models/b.sql': 'select 1 as n',
      'dbt_packages/tools/models/b.md': '{% docs who %}The tools.{% enddocs %}',
      'dbt_packages/tools/models/b.yml':
        "models: [{name: b, description: \"{{ doc('who') }} {{ doc('ours') }}\"}]",
    });
    expect(faultsOf(read)).toEqual([]);
    expect(describedOf(read, 'model.tools.b').description).toBe('The tools. Ours.');
    expect(read.docs.has('doc.shop.lost')).toBe(false);
  });
});
