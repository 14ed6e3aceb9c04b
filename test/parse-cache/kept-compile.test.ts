import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { tidemill } from '../artifacts/command-line.ts';
import { compileIn, type Ended } from './command-in-process.ts';
import { fixedSeconds, laterMs, passTick } from './kept-project.ts';

const files = {
  'dbt_project.yml': `
name: shop
version: '1.0'
vars: {status: open}
models: {shop: {+materialized: view}}
`,
  'models/orders.sql': `select 1 as id, '{{ var("status") }}' as status, {{ cents('5') }} as amount`,
  'models/parts.sql': `{{ config(materialized='ephemeral') }} select 1 as id`,
  'models/more_parts.sql': `{{ config(materialized='ephemeral') }} select * from {{ ref('parts') }}`,
  'models/totals.sql': `select * from {{ ref('orders') }} cross join {{ ref('more_parts') }}`,
  'models/recent.sql': `{{ config(materialized='incremental', unique_key='id') }}
select * from {{ ref('orders') }} {% if is_incremental() %} where id > 0 {% endif %}`,
  'models/late.sql': `select '{% if execute %}{{ env_var("LATE", "none") }}{% endif %}' as late`,
  'models/schema.yml': `
models:
  - name: orders
    description: Every order.
    columns: [{name: id, data_tests: [unique, not_null]}]
  - name: parts
    columns: [{name: id, data_tests: [unique]}]
`,
  'analyses/looked.sql': `select * from {{ ref('totals') }} join {{ ref('parts') }} using (id)`,
  'macros/money.sql': '{% macro cents(column) %}({{ column }} / 100){% endmacro %}',
  'tests/no_orders.sql': `select * from {{ ref('totals') }} where id is null`,
  'seeds/codes.csv': 'code\n1\n',
};

interface Kept extends Disposable {
  readonly root: string;
  write(file: string, text: string): void;
  /** In the folder as it stands, `aheadMs` from now. */
  compile(aheadMs?: number, args?: readonly string[]): Promise<Ended>;
  /** The same of a copy that nobody has compiled yet, in its place. */
  compileCold(args?: readonly string[]): Promise<{ ended: Ended; outputs: Outputs }>;
  outputs(): Outputs;
  env: Record<string, string>;
}

type Outputs = Record<string, string>;

const times = /"(?:created_at|generated_at|invocation_id|invocation_started_at|tidemill)":[^,}]*/g;

function readOutputs(folder: string): Outputs {
  const names = globSync('target/**/*.{sql,json}', { cwd: folder }).toSorted();
  return Object.fromEntries(
    names.map((name) => {
      const text = readFileSync(join(folder, name), 'utf8').replaceAll(folder, '');
      return [name, name.endsWith('.json') ? text.replace(times, '') : text];
    }),
  );
}

function createKept(more: Readonly<Record<string, string>> = {}): Kept {
  const root = mkdtempSync(join(tmpdir(), 'tidemill-compile-'));
  const write: Kept['write'] = (file, text) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
    utimesSync(join(root, file), fixedSeconds, fixedSeconds);
  };
  for (const [file, text] of Object.entries({ ...files, ...more })) write(file, text);
  const kept: Kept = {
    root,
    env: {},
    write,
    compile: async (aheadMs = 0, args = []) => {
      vi.setSystemTime(realNow() + aheadMs);
      return await compileIn(root, kept.env, args);
    },
    compileCold: async (args = []) => {
      const copy = mkdtempSync(join(tmpdir(), 'tidemill-compile-'));
      try {
        const isSource = (path: string): boolean => !/\/(\.tidemill|target)$/.test(path);
        cpSync(root, copy, { recursive: true, filter: isSource });
        const ended = await compileIn(copy, kept.env, args);
        return { ended, outputs: readOutputs(copy) };
      } finally {
        rmSync(copy, { recursive: true });
      }
    },
    outputs: () => readOutputs(root),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  return kept;
}

const realNow = (): number => performance.timeOrigin + performance.now();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Change {
  readonly what: string;
  readonly args?: readonly string[];
  make(kept: Kept): void;
}

const quietly = (work: () => void): void => {
  try {
    work();
  } catch {
    // It went with an earlier change.
  }
};
const write = (file: string, text: string): Change => ({
  what: `write ${file}: ${text.slice(0, 40)}`,
  make: (kept) => kept.write(file, text),
});
const original = (file: keyof typeof files): Change => write(file, files[file]);
const edit = (file: string, from: string, to: string): Change => ({
  what: `in ${file}: ${from} → ${to}`,
  make: ({ root }) =>
    quietly(() => {
      const path = join(root, file);
      writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
      utimesSync(path, fixedSeconds, fixedSeconds);
    }),
});
const touch = (file: string): Change => ({
  what: `touch ${file}`,
  make: ({ root }) => quietly(() => utimesSync(join(root, file), new Date(), new Date())),
});
const remove = (file: string): Change => ({
  what: `remove ${file}`,
  make: ({ root }) => rmSync(join(root, file), { recursive: true, force: true }),
});
const rename = (from: string, to: string): Change => ({
  what: `rename ${from} to ${to}`,
  make: ({ root }) => quietly(() => renameSync(join(root, from), join(root, to))),
});
const say = (env: Record<string, string>): Change => ({
  what: `env ${JSON.stringify(env)}`,
  make: (kept) => {
    kept.env = env;
  },
});

const changes: readonly Change[] = [
  ...(Object.keys(files) as (keyof typeof files)[]).map(original),
  edit('models/orders.sql', '1 as id', '2 as id'),
  edit('models/orders.sql', 'select', '-- note\nselect'),
  edit('models/orders.sql', 'select', 'select {{ broken'),
  edit('models/orders.sql', 'select', "{{ log('heard', info=true) }} select"),
  edit('models/orders.sql', 'select', "{{ run_started_at.strftime('%Y') }}select"),
  edit('models/parts.sql', '1 as id', '3 as id'),
  edit('models/parts.sql', 'select', `select '{{ env_var("PART", "x") }}' as part,`),
  edit('models/more_parts.sql', 'select', '/* more */ select'),
  edit('models/totals.sql', "ref('orders')", "ref('recent')"),
  edit('models/totals.sql', "ref('orders')", "ref('nowhere')"),
  edit('models/schema.yml', 'Every order', 'Some orders'),
  edit('models/schema.yml', 'unique, not_null', 'unique'),
  edit('models/schema.yml', '[unique, not_null]', '[unique, {not_null: {where: id > 0}}]'),
  edit('models/schema.yml', '    columns:', '    config: {materialized: ephemeral}\n    columns:'),
  edit('models/schema.yml', '    columns:', '    config: {alias: renamed}\n    columns:'),
  edit(
    'models/schema.yml',
    'models:',
    'models:\n  - {name: totals, description: "{{ cents(2) }}"}',
  ),
  write('models/more.yml', 'models: [{name: late, columns: [{name: late, tests: [not_null]}]}]'),
  remove('models/more.yml'),
  edit('models/parts.sql', 'ephemeral', 'table'),
  edit('analyses/looked.sql', 'select *', 'select 1 as one, *'),
  edit('models/totals.sql', 'select *', "select {{ cents('1') }} as c, *"),
  write('models/new/another.sql', `select {{ cents('3') }} as c from {{ ref('orders') }}`),
  remove('models/new'),
  edit('macros/money.sql', '{{ column }}', '{{ column }} + 0'),
  edit('macros/money.sql', '100', '200'),
  edit('dbt_project.yml', 'open', 'shut'),
  edit('dbt_project.yml', '+materialized: view', '+materialized: table'),
  edit('seeds/codes.csv', '1', '2'),
  edit('seeds/codes.csv', 'code', 'cöde'),
  write('models/added.sql', `select * from {{ ref('parts') }}`),
  write('seeds/added.csv', 'id\n1\n'),
  write('macros/where.sql', '{% macro get_where_subquery(relation) %}{{ relation }}{% endmacro %}'),
  touch('models/orders.sql'),
  touch('dbt_project.yml'),
  remove('models/totals.sql'),
  remove('models/added.sql'),
  remove('macros/where.sql'),
  remove('seeds/added.csv'),
  rename('models/late.sql', 'models/later.sql'),
  rename('models/later.sql', 'models/late.sql'),
  say({ LATE: 'now' }),
  say({ DBT_ENV_CUSTOM_ENV_RUN: '7' }),
  say({ LATE: 'then', PART: 'y' }),
  say({}),
  remove('target/manifest.json'),
  remove('target/compiled/shop/models/orders.sql'),
  remove('target'),
  edit('target/manifest.json', '"shop"', '"shoe"'),
  edit('target/compiled/shop/models/orders.sql', 'select', 'SELECT'),
  { what: 'vars', args: ['--full-refresh'], make: () => {} },
];

const linesOf = (text: string): ReadonlySet<string> => new Set(text.split('\n'));

describe('a project compiled before', () => {
  test('comes to the same files as one compiled for the first time, whatever was changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...changes), fc.boolean()), {
          minLength: 1,
          maxLength: 5,
        }),
        async (steps) => {
          using kept = createKept();
          await kept.compile(laterMs);
          await kept.compile(laterMs);
          for (const [change, isLater] of steps) {
            // With stamps that are trusted, a change comes in another tick than the reading.
            if (isLater) passTick(kept.root);
            change.make(kept);
            const warm = await kept.compile(isLater ? laterMs : 0, change.args);
            const cold = await kept.compileCold(change.args);
            expect(warm, change.what).toEqual({ ...cold.ended, err: expect.anything() as string });
            // What a template says is heard as often as it is rendered, which may differ.
            expect(linesOf(warm.err)).toEqual(linesOf(cold.ended.err));
            const outputs = kept.outputs();
            for (const [name, text] of Object.entries(cold.outputs)) {
              expect(outputs[name], `${change.what}: ${name}`).toBe(text);
            }
          }
        },
      ),
      { numRuns: Number(process.env['PARSE_RUNS'] ?? 15) },
    );
  });

  test('writes nothing where nothing has changed', async () => {
    using kept = createKept();
    await kept.compile(laterMs);
    await kept.compile(laterMs);
    const stampOf = (name: string): bigint =>
      statSync(join(kept.root, name), { bigint: true }).ctimeNs;
    const names = Object.keys(kept.outputs());
    const before = names.map(stampOf);
    const again = await kept.compile(laterMs);
    expect(again).toEqual({ code: 0, out: 'wrote 11 files to target/compiled\n', err: '' });
    expect(names.map(stampOf)).toEqual(before);
  });

  test('makes anew what a changed text is written into, and leaves the rest as it was', async () => {
    using kept = createKept();
    await kept.compile(laterMs);
    passTick(kept.root);
    edit('models/parts.sql', '1 as id', '3 as id').make(kept);
    await kept.compile(2 * laterMs);
    const manifest = JSON.parse(readFileSync(join(kept.root, 'target/manifest.json'), 'utf8')) as {
      nodes: Record<string, { name: string; created_at: number }>;
    };
    const nodes = Object.values(manifest.nodes);
    const first = Math.min(...nodes.map((node) => node.created_at));
    const anew = nodes.filter((node) => node.created_at > first).map(({ name }) => name);
    // The test of totals reads its view.
    expect(anew.toSorted()).toEqual(['looked', 'more_parts', 'parts', 'totals', 'unique_parts_id']);
  });

  test('renders again each time what looks at the clock, asks the warehouse or speaks', async () => {
    using kept = createKept({
      'models/clock.sql': `select '{{ run_started_at }}' as at`,
      'models/asks.sql': `select {% if execute %}{{ run_query('select 40 + 2 as x').rows[0][0] }}{% else %}1{% endif %} as x`,
      'models/loud.sql': `{% if execute %}{{ exceptions.warn('hear me') }}{% endif %}select 1 as one`,
    });
    const clock = (): string | undefined => kept.outputs()['target/compiled/shop/models/clock.sql'];
    await kept.compile(laterMs);
    const first = clock();
    await kept.compile(2 * laterMs);
    expect(clock()).not.toBe(first);
    expect(kept.outputs()['target/compiled/shop/models/asks.sql']).toBe('select 42 as x');
  });

  test('is compiled anew once a table stands that was not there', async () => {
    using kept = createKept();
    const recent = (): string | undefined =>
      kept.outputs()['target/compiled/shop/models/recent.sql'];
    await kept.compile(laterMs);
    expect(recent()).not.toContain('where id > 0');
    const built = await tidemill(kept.root, 'build');
    expect(built.code, built.err).toBe(0);
    for (const aheadMs of [0, laterMs, laterMs]) {
      await kept.compile(aheadMs);
      expect(recent()).toContain('where id > 0');
    }
  });

  test('is compiled anew where what was kept is torn', async () => {
    using kept = createKept();
    await kept.compile(laterMs);
    const { outputs } = await kept.compileCold();
    const path = join(kept.root, '.tidemill/models/compiled');
    for (const share of [0, 0.3, 0.9]) {
      truncateSync(path, Math.floor(statSync(path).size * share));
      edit('models/orders.sql', '1 as id', '1 as id').make(kept);
      await kept.compile(laterMs);
      expect(kept.outputs()).toEqual(outputs);
    }
  });

  test('no value of the environment is kept with it', async () => {
    using kept = createKept();
    kept.env = { LATE: 'a-value-nobody-knows' };
    await kept.compile(laterMs);
    const text = readFileSync(join(kept.root, '.tidemill/models/compiled'), 'latin1');
    expect(text).not.toContain('nobody-knows');
  });
});
