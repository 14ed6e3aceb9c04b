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
