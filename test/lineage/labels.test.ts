import { expect, test } from 'vitest';
import { spreadLabels } from '../../engine/lineage/labels.ts';
import { writeFolder } from '../models/project-folder.ts';
import { traceFolder } from './traced.ts';

const people = 'columns: [{name: id, data_type: integer}, {name: email, data_type: varchar';

const files = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"',
  'models/sources.yml': `sources:
  - name: plain
    schema: raw
    tables: [{name: people, ${people}}]}]
  - name: labelled
    schema: raw
    tables: [{name: persons, identifier: people, ${people}, labels: [pii]}]}]`,
};

/** `model.column` of every column that bears the label, of the models that are named. */
async function labelled(models: Readonly<Record<string, string>>): Promise<string[]> {
  const { graph } = await traceFolder(writeFolder({ ...files, ...models }));
  const labels = spreadLabels(graph);
  return [...graph.nodes.values()].flatMap(({ id, label, kind, columns }) =>
    kind === 'source'
      ? []
      : columns.flatMap(({ name }) =>
          labels.of({ node: id, column: name }).includes('pii') ? [`${label}.${name}`] : [],
        ),
  );
}

test('a label counts for the table, whichever of the sources that name it declares it', async () => {
  const found = await labelled({
    'models/one.sql': "select id, email as a from {{ source('plain', 'people') }}",
    'models/two.sql': "select id, email as b from {{ source('labelled', 'persons') }}",
  });
  expect(found).toEqual(['main.one.a', 'main.two.b']);
});

test('labels travel from tables that are named without ref, also those of a later turn', async () => {
  const found = await labelled({
    'models/a.sql': 'select id, email as mail from main.z',
    'models/b.sql': 'select id, email as mail from raw.people',
    'models/z.sql': "select id, email from {{ source('labelled', 'persons') }}",
  });
  expect(found.toSorted()).toEqual(['main.a.mail', 'main.b.mail', 'main.z.email']);
});

test('labels of every table that a statement names travel where nobody can read it', async () => {
  const found = await labelled({
    'seeds/people.csv': 'id,email\n1,a\n',
    'seeds/seeds.yml': 'seeds: [{name: people, columns: [{name: email, labels: [pii]}]}]',
    // Read after the seed, and not by name.
    'models/a.sql': "select id, email as mail from main.people tablesample 50% -- {{ ref('z') }}",
    'models/b.sql': "select x.mail from {{ ref('a') }} as x",
    'models/z.sql': "select id from {{ ref('people') }}",
  });
  expect(found).toEqual(['main.people.email', 'main.a.id', 'main.a.mail', 'main.b.mail']);
});

test('labels go from column to column of a table that reads its own rows', async () => {
  const found = await labelled({
    'models/grown.sql': `{{ config(materialized='incremental', unique_key='id') }}
      {% if is_incremental() %}
      select p.id, p.email, t.email as last_one, t.last_one as older
      from {{ source('labelled', 'persons') }} as p left join {{ this }} as t on t.id = p.id
      {% else %}
      select id, email, null::varchar as last_one, null::varchar as older
      from {{ source('labelled', 'persons') }}
      {% endif %}`,
  });
  expect(found).toEqual(['main.grown.email', 'main.grown.last_one', 'main.grown.older']);
});
