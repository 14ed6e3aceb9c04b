import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { planProject, runProject } from '../../cli/work.ts';
import { explainPlan } from '../../engine/plan/explain-plan.ts';
import type { Plan } from '../../engine/words/step.ts';
import { createShore, createShoreProject, type Shore, type ShoreProject } from './shore.ts';

let shore: Shore;
let project: ShoreProject;
const fields = createShore().columns;
const sources = `version: 2
sources: [{ name: shore, tables: [{ name: people }] }]
`;

beforeAll(async () => {
  shore = createShore();
  project = createShoreProject(shore);
  project.write('models/sources.yml', sources);
  using opened = project.open();
  const { status, steps } = await runProject(opened, {});
  expect(steps.filter((step) => step.status === 'failed').map(({ message }) => message)).toEqual(
    [],
  );
  expect(status).toBe('succeeded');
});

afterAll(() => project[Symbol.dispose]());

beforeEach(() => {
  shore.columns = [...fields];
});

async function plan(choice: Parameters<typeof planProject>[1] = {}): Promise<Plan> {
  using opened = project.open();
  return await planProject(opened, choice);
}

describe('a plan', () => {
  test('reads no lineage where nothing broke', async () => {
    expect((await plan()).impacts).toBeUndefined();
    expect(existsSync(join(project.folder, '.tidemill', 'lineage.json'))).toBe(false);
  });

  test('marks a field that is gone with the columns, rows and fields it breaks', async () => {
    shore.columns = fields.filter(({ name }) => name !== 'level' && name !== 'closed');
    const found = await plan();
    // What is not meant breaks all the same.
    expect((await plan({ select: ['stg_people'] })).impacts).toEqual(found.impacts);
    expect(found.impacts).toEqual([
      {
        change: 'removed',
        field: 'shore.people.level',
        message: 'is not there any more: its column is null for new versions',
        columns: ['staging.stg_people.points', 'main.open_people.points', 'main.scored.points'],
        fields: [{ sync: 'scores', target: 'shore.people', field: 'score' }],
        rows: [],
      },
      {
        change: 'removed',
        field: 'shore.people.closed',
        message: 'is not there any more: its column is null for new versions',
        columns: ['staging.stg_people.closed'],
        fields: [],
        rows: ['main.open_people'],
      },
    ]);
    const text = explainPlan(found);
    expect(text).toContain('  shore.people.level is not there any more');
    expect(text).toContain('      fields: shore.people.score (scores)');
    expect(text).toContain('      rows of: main.open_people');
  });

  test('marks columns that a field only orders, and what is made of them', async () => {
    const models = {
      'models/ranked.sql': `select person_id, row_number() over (order by points, person_id) as place
        from {{ ref('stg_people') }}`,
      'models/front.sql': "select place * 10 as shown from {{ ref('ranked') }} where place < 3",
    };
    for (const [path, text] of Object.entries(models)) project.write(path, text);
    try {
      shore.columns = fields.filter(({ name }) => name !== 'level');
      const found = await plan();
      const [impact] = found.impacts ?? [];
      expect(impact?.decided).toEqual(['main.ranked.place', 'main.front.shown']);
      expect(impact?.rows).toEqual(['main.front']);
      expect(explainPlan(found)).toContain(
        'decides values of: main.ranked.place, main.front.shown',
      );
    } finally {
      for (const path of Object.keys(models)) rmSync(join(project.folder, path));
    }
  });

  test('says nothing of a field that is gone and that nobody reads', async () => {
    shore.columns = fields.filter(({ name }) => name !== 'score');
    const found = await plan();
    expect(found.impacts).toBeUndefined();
  });

  test('marks a field whose values go elsewhere since its type changed', async () => {
    shore.columns = fields.map((field) =>
      field.name === 'closed' ? { ...field, type: 'integer' as const } : field,
    );
    const { impacts } = await plan();
    expect(impacts).toEqual([
      expect.objectContaining({
        change: 'moved',
        field: 'shore.people.closed',
        message: 'is integer now: its values go to "closed__integer"',
        rows: ['main.open_people'],
      }),
    ]);
  });

  test('marks a field that becomes wider', async () => {
    shore.columns = fields.map((field) =>
      field.name === 'level' ? { ...field, type: 'string' as const } : field,
    );
    const { impacts } = await plan();
    expect(impacts?.map(({ change, message }) => [change, message])).toEqual([
      ['retyped', 'becomes string'],
    ]);
  });

  test('marks a column that a model names and nobody has, and what cannot be built', async () => {
    const path = 'models/staging/stg_people.sql';
    project.write(
      path,
      `with people as (select * from {{ source('shore', 'people') }})
       select id as person_id, email as mail, levl * 10 as points, closed from people`,
    );
    try {
      const found = await plan();
      expect(found.impacts).toEqual([
        {
          change: 'missing',
          field: 'shore.people.levl',
          message: 'is named by a model and is not there',
          columns: ['staging.stg_people.points', 'main.open_people.points', 'main.scored.points'],
          fields: [{ sync: 'scores', target: 'shore.people', field: 'score' }],
          rows: [],
          unbuilt: ['staging.stg_people', 'main.open_people', 'main.scored', 'scores'],
        },
      ]);
      expect(explainPlan(found)).toContain(
        'cannot be built: staging.stg_people, main.open_people, main.scored, scores',
      );
    } finally {
      project.write(
        path,
        `select id as person_id, email as mail, level * 10 as points, closed
from {{ source('shore', 'people') }}`,
      );
    }
  });
});

describe('a plan of a project with labels', () => {
  test('shows which labelled values a sync sends to a CRM', async () => {
    project.write(
      'models/sources.yml',
      `version: 2
sources: [{ name: shore, tables: [{ name: people, columns: [{ name: email, labels: [pii] }] }] }]
`,
    );
    const found = await plan();
    const sync = found.steps.find(({ kind }) => kind === 'sync');
    expect(sync).toMatchObject({
      labelled: [{ field: 'email', column: 'mail', labels: ['pii'] }],
    });
    expect(explainPlan(found)).toContain('      sends pii: email');
  });

  test('shows them also of a field that is gone, whose column holds what landed before', async () => {
    shore.columns = fields.filter(({ name }) => name !== 'email');
    const found = await plan();
    const sync = found.steps.find(({ kind }) => kind === 'sync');
    expect(sync).toMatchObject({ labelled: [{ field: 'email', labels: ['pii'] }] });
    expect(found.impacts).toMatchObject([{ change: 'removed', field: 'shore.people.email' }]);
  });

  test('tells a label on a name that no column has, where one is near', async () => {
    const labels = (name: string) => `{ name: ${name}, labels: [pii] }`;
    project.write(
      'models/sources.yml',
      `version: 2
sources: [{ name: shore, tables: [{ name: people, columns: [${labels('emial')}, ${labels('nobodys')}] }] }]
`,
    );
    expect((await plan()).warnings).toEqual([
      'models/sources.yml:2:69 shore.people has no column "emial", which is labelled pii; did you mean "email"?',
    ]);
    project.write(
      'models/sources.yml',
      sources.replace('name: people', `name: people, columns: [${labels('email')}]`),
    );
  });

  test('holds a column to the labels it declares itself', async () => {
    project.write(
      'models/schema.yml',
      'models: [{ name: open_people, columns: [{ name: mail, labels: [] }] }]\n',
    );
    const sync = (await plan()).steps.find(({ kind }) => kind === 'sync');
    expect(sync).not.toHaveProperty('labelled');
    project.write(
      'models/schema.yml',
      'models: [{ name: stg_people, columns: [{ name: points, config: { meta: { labels: health } } }] }]\n',
    );
    const other = (await plan()).steps.find(({ kind }) => kind === 'sync');
    expect(other).toMatchObject({
      labelled: [
        { field: 'score', labels: ['health'] },
        { field: 'email', labels: ['pii'] },
      ],
    });
  });

  test('refuses what is no label, with its place', async () => {
    project.write(
      'models/schema.yml',
      `models:
  - name: stg_people
    columns:
      - name: points
        labels: [pii, Health Data]
      - name: mail
        meta:
          labels: { pii: true }
`,
    );
    const { faults } = await plan();
    expect(faults.map(({ message }) => message)).toEqual([
      'models/schema.yml:5:23 "Health Data" is no label; a label is a name in lower case, e.g. labels: [pii, consent]',
      'models/schema.yml:8:19 this is no label; a label is a name in lower case, e.g. labels: [pii, consent]',
    ]);
  });
});
