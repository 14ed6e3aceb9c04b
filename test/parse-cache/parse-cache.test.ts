import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelProjectOptions } from '../../engine/declare/project-shape.ts';
import type { LogFields } from '../../engine/words/log.ts';
import {
  createKeptProject,
  describeProject,
  fixedSeconds,
  type KeptProject,
  laterMs,
  passTick,
} from './kept-project.ts';

const files = {
  'dbt_project.yml': `
name: shop
version: '1.0'
vars: {status: open, greeting: "{{ target.name }}"}
models:
  shop:
    +materialized: view
    marts: {+materialized: table, +tags: [daily]}
`,
  'models/orders.sql': `select 1 as id, '{{ var("status") }}' as status, {{ cents('5') }} as amount`,
  'models/marts/totals.sql': `{{ config(tags=['big']) }}
select {{ twice('amount') }} as amount from {{ ref('orders') }}`,
  'models/marts/recent.sql': `{{ config(materialized='incremental', unique_key='id') }}
select * from {{ ref('parts') }} {% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}`,
  'models/parts.sql': `{{ config(materialized='ephemeral') }} select id, '{{ env_var("REGION", "none") }}' as region from {{ source('raw', 'parts') }}`,
  'models/here/side.sql': `{{ config(enabled=(target.type == 'duckdb')) }} select 1 as side`,
  'models/there/side.sql': `{{ config(enabled=(target.type == 'bigquery')) }} select 2 as side`,
  'models/schema.yml': `
sources:
  - name: raw
    tables: [{name: parts}]
models:
  - name: orders
    description: Every order.
    columns:
      - {name: id, data_tests: [unique, not_null]}
      - name: status
        data_tests:
          - accepted_values: {arguments: {values: ["{{ var('status') }}", closed]}}
          - positive: {arguments: {than: "{{ cents('1') }}"}}
`,
  'macros/money.sql': `{% macro cents(column) %}({{ column }} / 100){% endmacro %}
{% macro twice(column) %}(2 * {{ cents(column) }}){% endmacro %}`,
  'macros/tests.sql': `{% test positive(model, column_name, than) %}
select * from {{ model }} where {{ column_name }} <= {{ than }}
{% endtest %}`,
  'tests/no_orders.sql': `select * from {{ ref('orders') }} where id is null`,
  'snapshots/kept.sql': `{% snapshot kept_orders %}{{ config(unique_key='id', strategy='check', check_cols='all') }}
select * from {{ ref('orders') }}{% endsnapshot %}
{% snapshot kept_totals %}{{ config(unique_key='amount', strategy='check', check_cols='all') }}
select * from {{ ref('totals') }}{% endsnapshot %}`,
  'dbt_packages/tools/dbt_project.yml': `name: tools\nversion: '1.0'`,
  'dbt_packages/tools/macros/tool.sql': `{% macro tool() %}{{ cents('7') }}{% endmacro %}`,
  'dbt_packages/tools/models/tooled.sql': `select {{ tool() }} as tooled`,
};

/** One change of the folder, or of what is said from outside. */
interface Change {
  readonly what: string;
  readonly options?: Partial<ModelProjectOptions>;
  make(kept: KeptProject): void;
}

const write = (file: string, text: string): Change => ({
  what: `write ${file}: ${text.slice(0, 40)}`,
  make: (kept) => kept.write(file, text),
});
const remove = (file: string): Change => ({
  what: `remove ${file}`,
  make: (kept) => kept.remove(file),
});
const rename = (from: string, to: string): Change => ({
  what: `rename ${from} to ${to}`,
  make: ({ root }) => {
    try {
      renameSync(join(root, from), join(root, to));
    } catch {
      // It went with an earlier change.
    }
  },
});
/** Another text of the same length whose time is put back. */
const forge = (file: string, from: string, to: string): Change => ({
  what: `forge ${file}`,
  make: ({ root }) => {
    const path = join(root, file);
    try {
      writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
      utimesSync(path, fixedSeconds, fixedSeconds);
    } catch {
      // It went with an earlier change.
    }
  },
});
const say = (what: string, options: Partial<ModelProjectOptions>): Change => ({
  what,
  options,
  make: () => {},
});

/** In the text as it is now; nothing where it is not there. */
const edit = (file: string, from: string, to: string): Change => ({
  what: `in ${file}: ${from} → ${to}`,
  make: (kept) => {
    const path = join(kept.root, file);
    if (existsSync(path)) kept.write(file, readFileSync(path, 'utf8').replace(from, to));
  },
});

const schema = 'models/schema.yml';
const martsYaml = 'models/marts/marts.yml';
/** Each is read alone: what it reaches is a few nodes. */
const aloneChanges: readonly Change[] = [
  edit(schema, 'Every order.', "Orders, {{ env_var('SHOWN', 'all') }} of them."),
  edit(schema, 'unique, not_null', 'unique'),
  edit(schema, '[unique, not_null]', '[unique, {not_null: {severity: warn, name: there}}]'),
  edit(
    schema,
    '    columns:',
    '    config: {tags: [said], alias: "{{ cents(3) | length }}"}\n    columns:',
  ),
  edit(schema, '    columns:', '    config: {materialized: ephemeral}\n    columns:'),
  edit(schema, '    columns:', '    config: {materialized: table}\n    columns:'),
  edit(
    schema,
    'models:',
    'models:\n  - {name: parts, columns: [{name: id, data_tests: [unique]}]}',
  ),
  write(
    martsYaml,
    'models: [{name: totals, description: All., columns: [{name: amount, tests: [not_null]}]}]',
  ),
  write('models/added.sql', `select id, {{ twice('3') }} as three from {{ ref('orders') }}`),
  write('models/marts/new/added_too.sql', `{{ config(materialized='ephemeral') }} select 1 as id`),
  remove('models/marts/recent.sql'),
  edit('models/marts/totals.sql', "tags=['big']", "tags=['big'], materialized='view'"),
  edit('models/marts/totals.sql', "ref('orders')", "ref('parts')"),
  edit('models/parts.sql', 'select id', "select {{ twice('id') }} as id"),
  edit('models/parts.sql', 'ephemeral', 'table'),
  edit('macros/money.sql', '(2 *', '(4 *'),
  edit('macros/money.sql', '{% macro twice', '\n\n{% macro twice'),
  write('models/notes.txt', 'nothing to read'),
];
/** The same, upon others. */
const smallChanges: readonly Change[] = [
  ...aloneChanges,
  write(
    martsYaml,
    `models:
  - {name: totals, config: {schema: own, meta: {by: '{{ cents(1) }}'}}}
  - {name: added, tests: [positive: {than: 1, column_name: id}]}`,
  ),
  remove(martsYaml),
  edit('models/added.sql', 'select', `select * from {{ ref('added_too') }} union all select`),
  remove('models/added.sql'),
  remove('models/marts/new'),
  edit('macros/money.sql', '100', '1000'),
  edit('macros/money.sql', '(2 *', '({{ exceptions.raise_compiler_error("no") }} *'),
  edit('macros/money.sql', '{{ exceptions.raise_compiler_error("no") }}', '2'),
  edit('models/marts/totals.sql', "tags=['big']", "schema='', alias='orders'"),
  edit(schema, '    columns:', '    config: {alias: elsewhere}\n    columns:'),
  edit('models/orders.sql', 'select', `select {{ ref('nowhere') }}, `),
  edit('models/orders.sql', `{{ ref('nowhere') }}, `, ''),
  edit(schema, 'models:', 'models:\n  - {name: added, columns: [{name: id, tests: [unique]}]}'),
  edit(schema, '  - {name: added, columns: [{name: id, tests: [unique]}]}\n', ''),
];

const original = (file: keyof typeof files): Change => write(file, files[file]);
const changes: readonly Change[] = [
  ...(Object.keys(files) as (keyof typeof files)[]).map(original),
  write('models/orders.sql', 'select 2 as id, 3 as amount'),
  write('models/orders.sql', `{{ config(enabled=false) }} select 1 as id`),
  write('models/orders.sql', 'select {{ broken'),
  write('models/orders.sql', `${files['models/orders.sql']}\n-- {{ env_var('SHOWN', 'nowhere') }}`),
  write('models/orders.sql', `-- {{ twice('x') }}\n${files['models/orders.sql']}`),
  write('models/orders.sql', `${files['models/orders.sql']} {{ log('heard', info=true) }}`),
  write('models/marts/totals.sql', `${files['models/marts/totals.sql']} -- {{ ref('orders') }}`),
  write('models/marts/totals.sql', `${files['models/marts/totals.sql']} -- {{ ref('parts') }}`),
  write('models/marts/totals.sql', `{{ config(tags=['big'], schema='own') }} select 1 as amount`),
  write('models/parts.sql', `${files['models/parts.sql']} where id > 0`),
  write('models/orders.sql', `select {{ cents('1') }} as c from {{ ref('nowhere') }}`),
  forge('models/orders.sql', '1 as id', '4 as id'),
  forge('macros/money.sql', '100', '200'),
  forge('models/schema.yml', 'Every order', 'Some orders'),
  write('models/there/side.sql', `${files['models/there/side.sql']}, 3 as more`),
  write('models/here/side.sql', `{{ config(enabled=false) }} select 1 as side`),
  remove('models/orders.sql'),
  remove('models/marts'),
  remove('macros/money.sql'),
  remove('dbt_packages'),
  remove('models/schema.yml'),
  rename('models/orders.sql', 'models/invoices.sql'),
  rename('models/parts.sql', 'models/marts/parts.sql'),
  rename('dbt_packages/tools', 'dbt_packages/other'),
  write('models/parts.sql', `select id, 1 as region from {{ source('raw', 'parts') }}`),
  write('models/marts/more.sql', `select * from {{ ref('tooled') }}`),
  write('models/notes.txt', 'nothing to read'),
  write('macros/money.sql', `{% macro cents(column) %}{{ column }}{% endmacro %}`),
  write('macros/cents_again.sql', `{% macro tool() %}{{ cents('8') }} + 1{% endmacro %}`),
  write('macros/naming.sql', `{% macro generate_schema_name(name, node) %}own{% endmacro %}`),
  write('models/schema.yml', 'models: [{name: orders, columns: [{name: id, tests: [unique]}]}]'),
  write('models/schema.yml', 'models: [{name: }'),
  write('dbt_project.yml', 'name: shop\nvars: {status: shut}\nmodels: {+materialized: table}'),
  write('seeds/codes.csv', 'code\n1\n'),
  remove('seeds'),
  write('packages.yml', 'packages: [{local: lib}]'),
  write('lib/dbt_project.yml', 'name: lib'),
  write('lib/macros/lib.sql', `{% macro lib() %}1{% endmacro %}`),
  say('vars', { vars: { status: 'paused' } }),
  say('env', { env: { REGION: 'north' } }),
  say('more env', { env: { SHOWN: 'here' } }),
  say('target', { target: { name: 'prod', schema: 'live', type: 'duckdb', database: 'shop' } }),
  say('full', { connections: [{ name: 'crm' }] }),
];

type Steps = readonly (readonly [Change, boolean])[];

async function readStepByStep(steps: Steps): Promise<void> {
  using kept = createKeptProject(files);
  await kept.readWarm({}, laterMs);
  let said: Partial<ModelProjectOptions> = {};
  for (const [change, isLater] of steps) {
    // With stamps that are trusted, a change comes in another tick than the reading.
    passTick(kept.root);
    change.make(kept);
    said = { ...said, ...change.options };
    const warm = await kept.readWarm(said, isLater ? laterMs : 0);
    const cold = await kept.readCold(said);
    expect(await describeProject(warm.project), change.what).toEqual(await describeProject(cold));
  }
}

const stepsOf = (list: readonly Change[], isLater: fc.Arbitrary<boolean>) =>
  fc.array(fc.tuple(fc.constantFrom(...list), isLater), { minLength: 1, maxLength: 6 });

describe('a project read before', () => {
  test('is the same as one read for the first time, whatever was changed in between', async () => {
    await fc.assert(fc.asyncProperty(stepsOf(changes, fc.boolean()), readStepByStep), {
      numRuns: Number(process.env['PARSE_RUNS'] ?? 25),
    });
  }, 120_000);

  test('is the same after edits that reach a few nodes, one upon the other', async () => {
    await fc.assert(fc.asyncProperty(stepsOf(smallChanges, fc.constant(true)), readStepByStep), {
      numRuns: Number(process.env['PARSE_RUNS'] ?? 25),
    });
  }, 120_000);

  test('a change in the very tick in which it was read is seen', async () => {
    using kept = createKeptProject(files);
    for (let round = 0; round < 20; round += 1) {
      kept.write('models/orders.sql', `select ${10 + round} as id`);
      const { project } = await kept.readWarm();
      const node = project.nodes.get('model.shop.orders');
      expect(node).toMatchObject({ text: `select ${10 + round} as id` });
    }
  });

  test('opens no file where nothing has changed', async () => {
    using kept = createKeptProject(files);
    await kept.readWarm({}, laterMs);
    const { memory } = await kept.readWarm({}, laterMs);
    expect(memory.isUnchanged()).toBe(true);
    expect(memory.disk.opened).toEqual([]);
  });

  test('reads and renders again only what a change reaches', async () => {
    using kept = createKeptProject(files);
    await kept.readWarm({}, laterMs);
    passTick(kept.root);
    const twice = files['macros/money.sql'].replace('(2 *', '(3 *');
    kept.write('macros/money.sql', twice);
    const { memory } = await kept.readWarm({}, laterMs);
    expect(memory.disk.opened).toEqual(['macros/money.sql']);
    const added = readFileSync(join(kept.memoryFolder, 'parsed'), 'utf8').split('\n\n')[1] ?? '';
    const nodes = [...added.matchAll(/"model\.shop\.(\w+)"|render\.\w+/g)].map(([found]) => found);
    // totals alone calls it: its file is rendered once more, and nothing else.
    expect(nodes.filter((found) => found.startsWith('render.'))).toHaveLength(1);
  });

  test('reads one model alone where its text alone has changed', async () => {
    using kept = createKeptProject(files);
    const { project: first } = await kept.readWarm({}, laterMs);
    const text = `${files['models/marts/totals.sql']} -- {{ env_var('SHOWN', 'nowhere') }}`;
    passTick(kept.root);
    kept.write('models/marts/totals.sql', text);
    const { project, memory } = await kept.readWarm({}, laterMs);
    expect(memory.disk.opened).toEqual(['models/marts/totals.sql']);
    expect(project.change).toMatchObject({ stamp: first.stamp });
    const again = await kept.readWarm({}, laterMs);
    expect(again.project.stamp).toBe(project.stamp);
    // By now it was written down.
    const last = await kept.readWarm({}, laterMs);
    expect(last.memory.isUnchanged()).toBe(true);
    expect(last.project.stamp).toBe(project.stamp);
    expect(await describeProject(last.project)).toEqual(
      await describeProject(await kept.readCold()),
    );
    // What the new text looked at counts from now on.
    const env = { SHOWN: 'here' };
    const { project: shown } = await kept.readWarm({ env }, laterMs);
    expect(shown.stamp).not.toBe(project.stamp);
    expect(await describeProject(shown)).toEqual(
      await describeProject(await kept.readCold({ env })),
    );
  });

  test.each(aloneChanges.map((one) => [one.what, one] as const))(
    'is not read whole after: %s',
    async (_, change) => {
      using kept = createKeptProject(files);
      await kept.readWarm({}, laterMs);
      passTick(kept.root);
      change.make(kept);
      const { project, memory } = await kept.readWarm({}, laterMs);
      expect(project.change).toBeDefined();
      expect(memory.disk.opened.length).toBeLessThanOrEqual(1);
      expect(await describeProject(project)).toEqual(await describeProject(await kept.readCold()));
    },
  );

  test('many models changed one after the other are read as if at once', async () => {
    using kept = createKeptProject(files);
    for (let index = 0; index < 30; index += 1) {
      kept.write(`models/m${index}.sql`, `select ${index} as id`);
    }
    await kept.readWarm({}, laterMs);
    for (let index = 0; index < 30; index += 1) {
      passTick(kept.root);
      kept.write(`models/m${index}.sql`, `select ${index} + 1 as id`);
      await kept.readWarm({}, laterMs);
    }
    const { project } = await kept.readWarm({}, laterMs);
    expect(await describeProject(project)).toEqual(await describeProject(await kept.readCold()));
  });

  test('what templates say while they are read is said again', async () => {
    using kept = createKeptProject({
      ...files,
      'models/loud.sql': `{{ log('hear me', info=true) }} select 1 as one`,
    });
    const said: LogFields[] = [];
    const note = (_event: string, fields: LogFields = {}): void => {
      said.push(fields);
    };
    const log = { debug: () => {}, info: note, warn: note, error: note };
    for (const aheadMs of [laterMs, laterMs]) await kept.readWarm({ log }, aheadMs);
    expect(said.filter(({ message }) => message === 'hear me').length).toBeGreaterThanOrEqual(2);
  });

  test('no value of the environment is kept', async () => {
    using kept = createKeptProject(files);
    await kept.readWarm({ env: { REGION: 'a-region-nobody-knows' } }, laterMs);
    const texts = readdirSync(kept.memoryFolder).map((name) =>
      readFileSync(join(kept.memoryFolder, name), 'latin1'),
    );
    // Rendered SQL holds what a template printed: as much as target/compiled does.
    expect(texts[readdirSync(kept.memoryFolder).indexOf('project')]).not.toContain('nobody-knows');
  });
});

describe('a memory that cannot be believed', () => {
  const readTexts = (kept: KeptProject) =>
    readdirSync(kept.memoryFolder).map((name) => join(kept.memoryFolder, name));

  test('is ignored, wherever its files are torn or overwritten', async () => {
    using kept = createKeptProject(files);
    const expected = await describeProject(await kept.readCold());
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat(255),
        fc.boolean(),
        async (which, at, byte, isCut) => {
          await kept.readWarm({}, laterMs);
          await kept.readWarm({}, laterMs);
          const path = readTexts(kept)[which] ?? '';
          const content = readFileSync(path);
          const place = Math.floor(at * content.length);
          if (!isCut) content[place] = byte;
          writeFileSync(path, isCut ? content.subarray(0, place) : content);
          const { project } = await kept.readWarm({}, laterMs);
          expect(await describeProject(project)).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);

  test('of another program is not read', async () => {
    using kept = createKeptProject(files);
    await kept.readWarm({}, laterMs);
    for (const path of readTexts(kept)) {
      const text = readFileSync(path, 'latin1');
      writeFileSync(path, text.replace(/[0-9a-f]{40}/, '0'.repeat(40)), 'latin1');
    }
    const { memory } = await kept.readWarm({}, laterMs);
    expect(memory.isUnchanged()).toBe(false);
  });

  test('in a folder that cannot be written to costs nothing but time', async () => {
    using kept = createKeptProject({ ...files, '.tidemill/models': 'a file where a folder goes' });
    const { project } = await kept.readWarm();
    expect(await describeProject(project)).toEqual(await describeProject(await kept.readCold()));
  });

  test('written by two processes at once is the memory of one of them', async () => {
    using kept = createKeptProject(files);
    const expected = await describeProject(await kept.readCold());
    await Promise.all(Array.from({ length: 4 }, () => kept.readWarm({}, laterMs)));
    const { project } = await kept.readWarm({}, laterMs);
    expect(await describeProject(project)).toEqual(expected);
    expect(readdirSync(kept.memoryFolder).sort()).toEqual(['parsed', 'project', 'rendered']);
  });
});
