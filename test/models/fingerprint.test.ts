import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelProjectOptions } from '../../engine/declare/model-project.ts';
import { fingerprintNodes, type NodeFingerprint } from '../../engine/plan/fingerprint.ts';
import { explainChange } from '../../engine/plan/fingerprint-change.ts';
import { readFiles, target } from './project-folder.ts';
import { openWarehouse } from './shadow.ts';

type Files = Readonly<Record<string, string>>;

const base: Files = {
  'models/a.sql': "select 1 as id, {{ var('days', 7) }} as days",
  'models/b.sql':
    "{{ config(materialized='table') }}\nselect {{ half('id') }} as h from {{ ref('a') }}",
  'models/c.sql': "select * from {{ ref('b') }} where '{{ env_var('REGION', 'eu') }}' = 'eu'",
  'models/d.sql':
    "{{ config(materialized='incremental', unique_key='id') }}\nselect id from {{ ref('a') }}\n{% if is_incremental() %}where id > 0{% endif %}",
  'models/alone.sql': 'select 1 as one',
  'macros/m.sql':
    '{% macro half(x) %}{{ x }} / 2{% endmacro %}\n{% macro unused() %}x{% endmacro %}',
  'models/schema.yml': 'models:\n  - name: a\n    description: one\n',
  'seeds/s.csv': 'id\n1\n',
};

async function fingerprints(
  files: Files,
  options: Partial<ModelProjectOptions> = {},
): Promise<Map<string, NodeFingerprint>> {
  const project = await readFiles(files, options);
  expect(project.faults).toEqual([]);
  return await fingerprintNodes({ project });
}

/** Names of the nodes whose fingerprint an edit changes. */
async function changedBy(
  edit: Files,
  options: Partial<ModelProjectOptions> = {},
  part: 'fingerprint' | 'writtenAs' = 'fingerprint',
) {
  const before = await fingerprints(base);
  const after = await fingerprints({ ...base, ...edit }, options);
  return [...before.keys()]
    .filter((id) => before.get(id)?.[part] !== after.get(id)?.[part])
    .map((id) => id.split('.').at(-1))
    .sort();
}

const edited = (file: string, from: string, to: string): Files => {
  const text = base[file] ?? '';
  expect(text).toContain(from);
  return { [file]: text.replace(from, to) };
};

describe('a fingerprint changes when the result could', () => {
  const cases: readonly [string, Files, readonly string[], Partial<ModelProjectOptions>?][] = [
    ['nothing', {}, []],
    ['the SQL of a model', edited('models/a.sql', '1 as', '2 as'), ['a', 'b', 'c', 'd']],
    ['a macro that is used', edited('macros/m.sql', '/ 2', '/ 3'), ['b', 'c']],
    ['a variable that is read', {}, ['a', 'b', 'c', 'd'], { vars: { days: 8 } }],
    ['the environment that is read', {}, ['c'], { env: { REGION: 'us' } }],
    ['what only increments run', edited('models/d.sql', 'id > 0', 'id > 1'), ['d']],
    ['a key', edited('models/d.sql', "'id'", "['id','x']"), ['d']],
    ['a strategy', edited('models/d.sql', "'id'", "'id', incremental_strategy='append'"), ['d']],
    ['a view made a table', { 'models/_config.yml': 'materialized: table' }, ['a', 'alone', 'c']],
    ['a place', edited('models/b.sql', "'table'", "'table', alias='bb'"), ['b', 'c']],
    ['a hook', edited('models/b.sql', "'table'", "'table', post_hook='select 1'"), ['b', 'c']],
    [
      'which columns a merge writes',
      edited('models/d.sql', "'id'", "'id', merge_update_columns=['id']"),
      ['d'],
    ],
    ['the rows of a seed', { 'seeds/s.csv': 'id\n2\n' }, ['s']],
    ['case inside a text', edited('models/c.sql', "= 'eu'", "= 'EU'"), ['c']],
  ];
  for (const [what, edit, expected, options] of cases) {
    test(`${what}: ${expected.join(', ') || 'none'}`, async () => {
      expect(await changedBy(edit, options)).toEqual(expected);
    });
  }

  test.each(cases)(
    'so does what it is written as, but for values of the run: %s',
    async (...one) => {
      const [, edit, changed, options] = one;
      const written = await changedBy(edit, options, 'writtenAs');
      if (options) expect(written).toEqual([]);
      else expect(written).toEqual(expect.arrayContaining([...changed]));
    },
  );
});

describe('a fingerprint stays when the result cannot differ', () => {
  const cases: readonly [string, Files, Partial<ModelProjectOptions>?][] = [
    ['space and comments in SQL', edited('models/a.sql', 'select', '-- note\nselect  /* x */\n ')],
    ['a comment of the template', edited('models/a.sql', 'select', '{# note #}select')],
    ['a macro nobody uses', edited('macros/m.sql', 'x{% endmacro', 'y{% endmacro')],
    ['the name of a macro nobody uses', edited('macros/m.sql', 'unused()', 'idle()')],
    [
      'space and comments in YAML',
      edited('models/schema.yml', '\n  - name', '\n\n  # why\n  - name'),
    ],
    ['a comment in a macro', edited('macros/m.sql', '{{ x }}', '{# of #}{{ x }}')],
    ['a description', edited('models/schema.yml', 'one', 'two')],
    ['tags and meta', edited('models/b.sql', "'table'", "'table', tags=['x'], meta={'a': 1}")],
    [
      'a test',
      edited('models/schema.yml', 'one\n', 'one\n    columns: [{name: id, tests: [unique]}]\n'),
    ],
    ['a variable nobody reads', {}, { vars: { weeks: 1 } }],
    ['the default written out', {}, { vars: { days: 7 } }],
    ['a file moved in its folder', { 'models/alone.sql': base['models/alone.sql'] ?? '' }],
  ];
  for (const [what, edit, options] of cases) {
    test(what, async () => {
      expect(await changedBy(edit, options)).toEqual([]);
    });
  }

  test('by any space or comment between the tokens of a select', async () => {
    const gap = fc.constantFrom(' ', '\n\n', '\t', ' -- why\n', '/* a */', ' {# b #} ');
    const tokens = [
      'select',
      'id',
      ',',
      "'a  b'",
      'as',
      'x',
      'from',
      "{{ ref('a') }}",
      'where',
      'id',
      '>',
      '1',
    ];
    const before = await fingerprints({ ...base, 'models/e.sql': tokens.join(' ') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(gap, { minLength: tokens.length, maxLength: tokens.length }),
        async (gaps) => {
          const text = tokens.map((token, index) => token + gaps[index]).join('');
          const after = await fingerprints({ ...base, 'models/e.sql': text });
          expect(after.get('model.shop.e')?.fingerprint).toBe(
            before.get('model.shop.e')?.fingerprint,
          );
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('what is rendered only while a node is built', () => {
  const late: Files = {
    'models/hooked.sql': `{{ config(materialized='table', post_hook="{{ grow(this) }}") }} select 1 as id`,
    'models/own.sql': `{{ config(materialized='mine') }} select 1 as id`,
    'models/plain.sql': 'select 1 as id',
    'macros/grow.sql': `{% macro grow(to) %}insert into {{ to }} select {{ by() }}{% endmacro %}
      {% macro by() %}{{ adapter.dispatch('step', 'shop')() }}{% endmacro %}
      {% macro default__step() %}{{ var('step', 2) }} + {{ env_var('MORE', '0') }}{% endmacro %}
      {% macro idle() %}1{% endmacro %}`,
    'macros/mine.sql': `{% materialization mine, default %}{{ var('kind', 'x') }}{% endmaterialization %}`,
  };
  const changed = async (edit: Files, options: Partial<ModelProjectOptions> = {}) => {
    const [before, after] = [
      await fingerprints(late),
      await fingerprints({ ...late, ...edit }, options),
    ];
    return ['hooked', 'own', 'plain'].filter(
      (name) =>
        before.get(`model.shop.${name}`)?.fingerprint !==
        after.get(`model.shop.${name}`)?.fingerprint,
    );
  };
  const grow = late['macros/grow.sql'] ?? '';
  const others = { ...late, 'macros/grow.sql': grow.replace("'0'", "'1'") };

  test('counts: a macro that a hook calls, however far away', async () => {
    expect(await changed({ 'macros/grow.sql': others['macros/grow.sql'] })).toEqual([
      'hooked',
      'own',
    ]);
  });

  test('counts: a variable or a name of the environment that such a macro reads', async () => {
    expect(await changed({}, { vars: { step: 3 } })).toEqual(['hooked', 'own']);
    expect(await changed({}, { env: { MORE: '1' } })).toEqual(['hooked', 'own']);
    expect(await changed({}, { vars: { kind: 'y' } })).toEqual(['own']);
    expect(await changed({}, { vars: { nobody: 'y' } })).toEqual([]);
  });

  const said: Files = {
    'models/told.sql': `{{ config(materialized='table', meta={'unit': 'kg', 'note': 'a'}, tags=['x'],
      post_hook="insert into log select '{{ config.get('meta')['unit'] }}', '{{ model.tags | join }}'") }} select 1 as id`,
    'models/noted.sql': `{{ config(materialized='table', post_hook="{{ note() }}") }} select 1 as id`,
    'models/aimed.sql': `{{ config(materialized='table', post_hook="{{ aim() }}") }} select 1 as id`,
    'models/deaf.sql': `{{ config(materialized='table', meta={'unit': 'kg'}, post_hook="select {{ 1 }} as target, 1 as model") }} select 1 as id`,
    'macros/say.sql': `{% macro note() %}{{ model.description }}{% endmacro %}
      {% macro aim() %}{{ target.name }}{% endmacro %}`,
    'models/schema.yml':
      'models: [{name: noted, description: one}, {name: told, description: one}, {name: deaf, description: one}]\n',
  };
  const changedSaid = async (edit: Files, options: Partial<ModelProjectOptions> = {}) => {
    const before = await fingerprints(said);
    const after = await fingerprints({ ...said, ...edit }, options);
    return ['told', 'noted', 'aimed', 'deaf'].filter((name) => {
      const id = `model.shop.${name}`;
      return before.get(id)?.fingerprint !== after.get(id)?.fingerprint;
    });
  };
  const swap = (file: string, from: string, to: string): Files => ({
    [file]: (said[file] ?? '').replaceAll(from, to),
  });

  test('counts: what is said of the node, where a hook reads it', async () => {
    expect(await changedSaid(swap('models/told.sql', "'kg'", "'lb'"))).toEqual(['told']);
    expect(await changedSaid(swap('models/told.sql', "['x']", "['y']"))).toEqual(['told']);
    expect(await changedSaid(swap('models/deaf.sql', "'kg'", "'lb'"))).toEqual([]);
    expect(await changedSaid(swap('models/schema.yml', 'one', 'two'))).toEqual(['noted']);
  });

  test('counts: the target, where a hook names it', async () => {
    expect(await changedSaid({}, { target: { ...target, name: 'prod' } })).toEqual(['aimed']);
  });

  test('counts: a variable as the node sees it, whichever package has the macro', async () => {
    const files = {
      'dbt_project.yml': 'name: shop\n',
      'dbt_packages/pkg/dbt_project.yml': 'name: pkg\n',
      'dbt_packages/pkg/macros/p.sql': "{% macro px() %}{{ var('x') }}{% endmacro %}",
      'models/a.sql': `{{ config(materialized='table', post_hook="select {{ pkg.px() }}") }} select 1 as id`,
    };
    const printOf = async (vars: Record<string, unknown>) =>
      (await fingerprints(files, { vars })).get('model.shop.a')?.fingerprint;
    const first = await printOf({ shop: { x: 1 }, pkg: { x: 5 } });
    expect(await printOf({ shop: { x: 1 }, pkg: { x: 6 } })).toBe(first);
    expect(await printOf({ shop: { x: 2 }, pkg: { x: 5 } })).not.toBe(first);
  });

  test('a macro that no hook calls matters only to materializations of the project', async () => {
    const edit = { 'macros/grow.sql': grow.replace('%}1{%', '%}2{%') };
    expect(await changed(edit)).toEqual(['own']);
  });
});

describe('what a fingerprint tells', () => {
  test('which part changed', async () => {
    const before = await fingerprints(base);
    const after = await fingerprints({ ...base, ...edited('macros/m.sql', '/ 2', '/ 3') });
    const explain = (id: string): string[] =>
      explainChange(before.get(id)?.fingerprint ?? '', after.get(id)?.fingerprint ?? '');
    expect(explain('model.shop.b')).toEqual(['its SQL changed']);
    expect(explain('model.shop.c')).toEqual(['a model it reads changed']);
    expect(explain('model.shop.a')).toEqual([]);
  });

  test('whether the text depends on the run, the warehouse or the clock', async () => {
    const found = await fingerprints({
      'models/run.sql': "select '{{ run_started_at.strftime('%Y') }}' as y",
      'models/id.sql': "select '{{ invocation_id }}' as i",
      'models/ask.sql': "select {{ run_query('select 1').rows[0][0] if execute else 0 }} as n",
      'models/now.sql': 'select now() as t',
      'models/plain.sql': 'select 1 as n',
      'models/reads.sql': "select * from {{ ref('now') }}",
      'models/table.sql': "{{ config(materialized='table') }} select * from {{ ref('reads') }}",
      'models/after.sql': "select * from {{ ref('table') }}",
    });
    const flags = (name: string) => {
      const one = found.get(`model.shop.${name}`);
      return [one?.readsClock, one?.asksWarehouse, one?.volatile];
    };
    expect(flags('run')).toEqual([true, false, undefined]);
    expect(flags('id')).toEqual([true, false, undefined]);
    expect(flags('ask')).toEqual([false, true, undefined]);
    expect(flags('now')).toEqual([false, false, 'now()']);
    // A view answers when it is asked: so does what reads it, until somebody keeps the answer.
    expect(flags('reads')).toEqual([false, false, 'now() in now']);
    expect(flags('table')).toEqual([false, false, 'now() in now']);
    expect(flags('after')).toEqual([false, false, undefined]);
    expect(flags('plain')).toEqual([false, false, undefined]);
  });

  test('with a warehouse, a template that asks is known by the answer', async () => {
    const warehouse = await openWarehouse();
    const project = await readFiles({
      'models/ask.sql':
        "select {{ run_query('select 42 as n').rows[0][0] if execute else 0 }} as n",
    });
    const ask = { describe: warehouse.describe, session: warehouse };
    const first = await fingerprintNodes({ project, warehouse: ask });
    const again = await fingerprintNodes({ project, warehouse: ask });
    expect(first.get('model.shop.ask')?.asksWarehouse).toBe(true);
    expect(again).toEqual(first);
  });

  test('no value of a variable or of the environment', async () => {
    const found = await fingerprints(
      { 'models/a.sql': "select '{{ env_var('REGION') }}' as r, '{{ var('who') }}' as w" },
      { env: { REGION: 'atlantis' }, vars: { who: 'somebody' } },
    );
    const text = JSON.stringify([...found.values()]);
    expect(text).toContain('REGION');
    expect(text).not.toMatch(/atlantis|somebody/);
  });

  test('a new column of a source counts, where columns are known', async () => {
    const project = await readFiles(
      { 'models/a.sql': "select * from {{ source('crm', 'T') }}" },
      { connections: [{ name: 'crm' }] },
    );
    const withColumns = (names: readonly string[]) =>
      fingerprintNodes({
        project,
        sourceColumns: () => names.map((name) => ({ name, typeName: 'VARCHAR' })),
      });
    const [one, two] = [await withColumns(['a']), await withColumns(['a', 'b'])];
    expect(one.get('model.shop.a')).not.toEqual(two.get('model.shop.a'));
  });
});

test('a node’s fingerprint is the same whichever others are asked for, and of those none is taken', async () => {
  const project = await readFiles(base);
  const all = await fingerprintNodes({ project });
  const anyIds = fc.subarray([...project.nodes.keys(), 'model.shop.unheard_of']);
  await fc.assert(
    fc.asyncProperty(anyIds, async (ids) => {
      const wanted = new Set([...ids, ...project.graph.ancestorsOf(ids)]);
      expect([...(await fingerprintNodes({ project, ids }))]).toEqual(
        [...all].filter(([id]) => wanted.has(id)),
      );
    }),
    { numRuns: 30 },
  );
});
