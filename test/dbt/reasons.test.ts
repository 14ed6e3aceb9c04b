import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { planProject } from '../../cli/work.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

test('a plan says for each node why it will be built, or will not', async () => {
  const project = dbtFolder({
    'seeds/numbers.csv': 'id\n1\n',
    'macros/more.sql': '{% macro more(x) %}{{ x }} + 1{% endmacro %}',
    'models/counted.sql':
      "{{ config(materialized='table') }} select {{ more('id') }} as id from {{ ref('numbers') }}",
    'models/scaled.sql':
      "{{ config(materialized='table') }} select {{ var('by', 1) }} as n from {{ ref('numbers') }}",
    'models/plain.sql': "{{ config(materialized='table') }} select 1 as n",
    'models/hourly.sql':
      "{{ config(materialized='table', refresh_every='1h') }} select {{ dbt.current_timestamp() }} as n",
  });
  const reasons = async (vars: Readonly<Record<string, number>> = {}) => {
    using opened = openProject({ folder: project.folder, env: { HOME: project.folder }, vars });
    const plan = await planProject(opened, { kinds: new Set(['materialize', 'history']) });
    return Object.fromEntries(
      plan.steps.map((step) => [
        step.id.split('.').at(-1),
        'decision' in step ? `${step.decision.action}: ${step.decision.reasons.join('; ')}` : '',
      ]),
    );
  };
  expect(new Set(Object.values(await reasons()))).toEqual(new Set(['run: it was never built']));
  expect(troubles(await project.build())).toEqual([]);
  writeFileSync(
    join(project.folder, 'macros/more.sql'),
    '{% macro more(x) %}{{ x }} + 2{% endmacro %}',
  );
  writeFileSync(
    join(project.folder, 'models/plain.sql'),
    "{{ config(materialized='table') }} select 2 as n",
  );
  expect(await reasons({ by: 2 })).toMatchObject({
    counted: 'run: a macro it uses changed',
    scaled: 'run: a variable it reads changed',
    plain: 'run: its SQL changed',
    numbers: 'reuse: nothing it reads has changed',
  });
  writeFileSync(join(project.folder, 'seeds/numbers.csv'), 'id\n1\n2\n');
  expect((await reasons())['numbers']).toBe('run: its file changed');
});

test('the plan of a node with all it is made of is that part of the whole plan', async () => {
  const told = '{{ log("told of " ~ this.name, info=true) }}';
  const files = {
    'seeds/numbers.csv': 'id\n1\n',
    'models/first.sql': `${told} select id from {{ ref('numbers') }}`,
    'models/second.sql': `{{ config(materialized='table') }} ${told} select * from {{ ref('first') }}`,
    'models/inside.sql': `{{ config(materialized='ephemeral') }} select * from {{ ref('second') }}`,
    'models/third.sql': `{{ config(materialized='table') }} ${told} select * from {{ ref('inside') }}`,
    'models/aside.sql': `{{ config(materialized='table') }} ${told} select current_date as day from {{ ref('first') }}`,
    'models/all.yml': `models:
  - { name: second, columns: [{ name: id, data_tests: [unique] }] }
  - { name: aside, columns: [{ name: day, data_tests: [not_null] }] }`,
  };
  const project = dbtFolder(files);
  const heard: string[] = [];
  const note = (_event: string, fields?: object): void =>
    void heard.push(String(Object.values(fields ?? {})));
  const log = { debug: note, info: note, warn: note, error: note };
  const plan = async (select?: string) => {
    using opened = openProject({ folder: project.folder, env: { HOME: project.folder }, log });
    const { steps } = await planProject(opened, select === undefined ? {} : { select: [select] });
    return steps;
  };
  const compare = async (): Promise<void> => {
    const whole = new Map((await plan()).map((step) => [step.id, step]));
    for (const name of ['numbers', 'first', 'second', 'third', 'aside']) {
      const steps = await plan(`+${name}`);
      expect(steps).toEqual(steps.map(({ id }) => whole.get(id)));
      expect(steps.length).toBeGreaterThan(0);
    }
  };
  await compare();
  heard.length = 0;
  await plan('second');
  // Each is heard as it is read; what is meant is rendered besides, and so is what it is made of.
  const counts = Map.groupBy(heard, (one) => one.split(' ').at(-1));
  expect(counts.get('second')).toHaveLength(2);
  expect(counts.get('first')).toHaveLength(2);
  expect(counts.get('third')).toHaveLength(1);
  expect(counts.get('aside')).toHaveLength(1);
  expect(troubles(await project.build())).toEqual([]);
  await compare();
  writeFileSync(
    join(project.folder, 'models/second.sql'),
    `{{ config(materialized='table') }} select id + 1 as id from {{ ref('first') }}`,
  );
  await compare();
});

/*
 * In production: orders of the last seven days are a table whose input gains no rows over a
 * weekend, and a file beside the project is written by somebody else.
 */
test('what reads the clock or a file in its SQL is built again, and what reads a view of it', async () => {
  const table = "{{ config(materialized='table') }} ";
  const project = dbtFolder({ 'models/still.sql': `${table}select 1 as n` });
  const file = join(project.folder, 'numbers.csv');
  writeFileSync(file, 'n\n1\n');
  for (const [name, text] of Object.entries({
    dated: `${table}select current_date as day`,
    shown: 'select now() as at',
    kept: `${table}select * from {{ ref('shown') }}`,
    filed: `${table}select * from read_csv('${file}')`,
    daily: `{{ config(materialized='table', refresh_every='1d') }} select today() as day`,
  })) {
    writeFileSync(join(project.folder, `models/${name}.sql`), text);
  }
  expect(troubles(await project.build())).toEqual([]);
  using opened = openProject({ folder: project.folder, env: { HOME: project.folder } });
  const plan = await planProject(opened, { kinds: new Set(['materialize']) });
  const said = plan.steps.flatMap((step) =>
    'decision' in step ? [[step.id.split('.').at(-1), ...step.decision.reasons]] : [],
  );
  const why = 'its SQL answers differently each time:';
  expect(Object.fromEntries(said)).toMatchObject({
    dated: `${why} current_date`,
    shown: 'nothing it reads has changed',
    kept: `${why} now() in shown`,
    filed: `${why} read_csv()`,
    still: 'nothing it reads has changed',
  });
  writeFileSync(file, 'n,more\n1,2\n3,4\n');
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select n::int as n, more::int as more from filed order by n')).toEqual(
    [
      { n: 1, more: 2 },
      { n: 3, more: 4 },
    ],
  );
});

const ofPeople = `models:
  - name: people
    columns:
      - { name: idd, data_tests: [not_null] }
      - { name: nmae, data_tests: [unique] }
      - { name: id, data_tests: [unique, { relationships: { to: ref('towns'), field: id } }] }
`;

test.each(['at first', 'of a model that stands'])(
  'every test that cannot run is told, and once, %s',
  async (when) => {
    const project = dbtFolder({ 'models/people.sql': 'select 1 as id' });
    if (when !== 'at first') expect(troubles(await project.build())).toEqual([]);
    writeFileSync(join(project.folder, 'models/people.yml'), ofPeople);
    const { steps } = await project.build();
    const failed = steps.filter(({ status }) => status === 'failed');
    expect(failed.map(({ id, message }) => [id.split('.')[2], message]).toSorted()).toEqual([
      ['people', expect.stringMatching(/^models\/people\.yml:4:35 does not bind: .*"idd"/)],
      ['relationships_people_id__id__ref_towns_', expect.stringMatching(/yml:6:42 .*"towns"/)],
      ['unique_people_nmae', expect.stringMatching(/^models\/people\.yml:5:36 .*"nmae"/)],
    ]);
  },
);
