import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogFields } from '../../engine/words/log.ts';
import {
  createKeptProject,
  describeProject,
  type KeptProject,
  laterMs,
  passTick,
} from './kept-project.ts';
import {
  type Change,
  files,
  forge,
  readStepByStep,
  remove,
  rename,
  say,
  stepsOf,
  write,
} from './project-edits.ts';

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

describe('a project read before', () => {
  test('is the same as one read for the first time, whatever was changed in between', async () => {
    await fc.assert(fc.asyncProperty(stepsOf(changes, fc.boolean()), readStepByStep), {
      numRuns: Number(process.env['PARSE_RUNS'] ?? 25),
    });
  });

  test('of two models of one name the same one counts, however they were read', async () => {
    using kept = createKeptProject({
      ...files,
      'models/marts/parts.sql': "select 2 as id, 'x' as region",
    });
    await kept.readWarm({}, laterMs);
    const warm = await kept.readWarm({}, laterMs);
    expect(warm.memory.isUnchanged()).toBe(true);
    const cold = await describeProject(await kept.readCold());
    expect(cold).toMatchObject({ faults: [expect.anything()] });
    expect(await describeProject(warm.project)).toEqual(cold);
  });

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
  });

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
