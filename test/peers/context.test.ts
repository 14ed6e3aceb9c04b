import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { absentFromContext } from './absent-from-context.ts';
import { layFiles } from './odd-project.ts';
import { findPython, type Python, whyNoPython } from './python.ts';
import type { TwinProject } from './twin-project.ts';

const found = findPython();

/** What dbt calls a mapping tells its own names. */
const mappings = [
  ...['context', 'exceptions', 'modules', 'modules.datetime', 'modules.re', 'modules.pytz'],
  ...['modules.itertools', 'target', 'graph'],
];
const listing = `{%- if execute -%}${mappings
  .map(
    (name) =>
      `{% for key in ${name}.keys() %}{% do log('here ${name}.' ~ key, true) %}{% endfor %}`,
  )
  .join('')}{%- endif %} select 1 as n`;

const ofAdapter = `from dbt.adapters.duckdb.impl import DuckDBAdapter
print("\\n".join(sorted(DuckDBAdapter._available_)))`;
const ofConfig = `from dbt.context.providers import RuntimeConfigObject as C
print("\\n".join(sorted(n for n in dir(C) if not n.startswith("_")) + ["model"]))`;

/**
 * Each name as a template asks for it: a macro for one database by another name is none of them.
 */
function namesOf({ python }: Python, printed: string): string[] {
  const introspect = (text: string): string[] =>
    execFileSync(python, ['-c', text], { encoding: 'utf8' }).trim().split('\n');
  const told = [...printed.matchAll(/here (\S+)/g)].map(([, name = '']) => name);
  const plain = told.map((name) => name.replace(/^context\./, ''));
  return [
    ...plain.filter(
      (name) => /^[a-z][\w.]*$/i.test(name) && !/__|^materialization_|^def$/.test(name),
    ),
    ...introspect(ofAdapter).map((name) => `adapter.${name}`),
    ...introspect(ofConfig).map((name) => `config.${name}`),
  ];
}

describe.skipIf(!found)(
  `names of dbt’s context${found ? '' : ` (skipped: ${whyNoPython()})`}`,
  () => {
    let twins: TwinProject;
    let names: readonly string[] = [];
    let missing: readonly string[] = [];
    beforeAll(() => {
      if (!found) return;
      twins = layFiles(found, { name: 'odd', files: { 'models/m.sql': listing } });
      names = [...new Set(namesOf(found, twins.dbt.run('build').printed))].toSorted();
      const probe = names
        .map(
          (name) => `{% if ${name} is not defined %}{% do log('lacks ${name}', true) %}{% endif %}`,
        )
        .join('\n');
      twins.edit((project) => {
        const text = `{%- if execute -%}${probe}{%- endif %} select 1 as n`;
        writeFileSync(join(project, 'models/m.sql'), text);
      });
      const { printed } = twins.tidemill.run('build');
      const lacked = [...printed.matchAll(/lacks (\S+)/g)].map(([, name = '']) => name);
      missing = [...new Set(lacked)].toSorted();
    });
    afterAll(() => twins?.[Symbol.dispose]());

    test('are here, but for those that are listed as absent', () => {
      expect(names.length).toBeGreaterThan(300);
      expect(missing.filter((name) => !absentFromContext.has(name))).toEqual([]);
    });

    test('are absent where they are listed so, and none is that dbt does not have', () => {
      expect([...absentFromContext].filter((name) => !missing.includes(name))).toEqual([]);
    });
  },
);
