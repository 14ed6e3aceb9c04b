import { expect, test } from 'vitest';
import { openProject, run } from '../../index.ts';
import { startSandboxes } from '../../sandbox/start-sandboxes.ts';
import { createSmallProject, type SmallProject } from '../loop/small-project.ts';

type Env = Readonly<Record<string, string>>;

/** One whole run, and what became of the sync of `bands`. */
async function runSync({ folder }: SmallProject, env: Env) {
  using project = openProject({ folder, env });
  const { steps } = await run(project);
  return steps.find(({ id }) => id === 'sync.bands');
}

const writes = "update main.bands set band = 'healthy'";

const ways: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  [
    'a hook of another model',
    {
      'models/writer.sql': `{{ config(materialized='table', post_hook="${writes}") }} select 1 as a`,
    },
  ],
  [
    'a materialization of the project',
    {
      'macros/writing.sql': `{% materialization writing, default %}
        {% call statement('main') %} create or replace table {{ this }} as {{ sql }} {% endcall %}
        {% call statement('writes') %} ${writes} {% endcall %}
        {{ return({'relations': [this]}) }}
      {% endmaterialization %}`,
      'models/writer.sql': "{{ config(materialized='writing') }} select 1 as a",
    },
  ],
];

test.each(ways)('rows that %s wrote into a synced table are sent', async (_, files) => {
  await using sandboxes = await startSandboxes({ contacts: 5 });
  const { env } = sandboxes;
  using project = createSmallProject(env);
  const statuses: (string | undefined)[] = [];
  for (const _ of ['send', 'verify', 'nothing', 'rest'])
    statuses.push((await runSync(project, env))?.status);
  expect(statuses.at(-1)).toBe('reused');
  for (const [path, text] of Object.entries(files)) project.write(path, text);
  // The sync does not depend on the model that writes, so it may have its turn before it.
  const counts = [await runSync(project, env), await runSync(project, env)].map(
    (step) => step?.counts['updated'] ?? 0,
  );
  expect(Math.max(...counts)).toBe([...sandboxes.salesforce.rows('Contact')].length);
});
