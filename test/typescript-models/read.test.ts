import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isModelNode, languageOf } from '../../engine/declare/model-node.ts';
import type { ModelProject } from '../../engine/declare/model-project.ts';
import { readScripts } from '../../engine/declare/typescript/read-scripts.ts';
import { readFiles, writeFolder } from '../models/project-folder.ts';

const head = "import { defineModel, ref, source } from 'tidemill';\n";
const good = (from = "ref('people', { id: 'bigint' })"): string => `${head}
export const model = defineModel({
  inputs: { people: ${from} },
  columns: { id: 'bigint' },
  key: ['id'],
  config: { tags: ['scored'], schema: 'mart' },
  async *run({ people }) { yield* people.rows(); },
});
`;
const people = { 'models/people.sql': 'select 1::bigint as id' };
const faultsOf = (project: ModelProject): string[] =>
  project.faults.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);

test('a file is a node like any other: edges, config, YAML, tests, schema', async () => {
  const project = await readFiles({
    ...people,
    'models/marts/scores.ts': good(),
    'models/schema.yml': `models:
  - name: scores
    description: From YAML
    config: {tags: [yaml]}
    columns: [{name: id, tests: [unique]}]`,
    'models/after.sql': "select * from {{ ref('scores') }}",
  });
  expect(faultsOf(project)).toEqual([]);
  const node = project.nodes.get('model.shop.scores');
  if (!isModelNode(node)) throw new Error('there is no node');
  expect(languageOf(node)).toBe('typescript');
  expect(node).toMatchObject({
    dependsOn: ['model.shop.people'],
    relation: { schema: 'mart', name: 'scores' },
    fqn: ['shop', 'marts', 'scores'],
    tags: ['yaml', 'scored'],
    description: 'From YAML',
  });
  expect(node.nodeConfig).toMatchObject({ materialization: 'table', uniqueKey: ['id'] });
  expect(project.graph.childrenOf(node.id)).toHaveLength(2);
});

test('whatever is wrong in a file is told at its place, and the others are read', async () => {
  const project = await readFiles({
    ...people,
    'models/good.ts': good(),
    'models/throws.ts': `${head}const found = [1];\nfound.forEach(() => {\n  throw new Error('no');\n});`,
    'models/syntax.ts': `${head}export const a: = 1;`,
    'models/twice.ts': `${head}const a = 1;\nconst a = 2;`,
    'models/enumerated.ts': `${head}\nexport enum Kind { A }`,
    'models/lost.ts': `${head}import { tidy } from './nowhere.ts';`,
    'models/package.ts': `${head}import tidy from 'no-such-package';`,
    'models/name.ts': `${head}import { nothing } from './part.ts';`,
    'models/part.ts': 'export const something = 1;',
    'models/nosy.ts': `${head}import { readFileSync } from 'node:fs';`,
    'models/deep.ts': `${head}import { openProject } from 'tidemill';`,
    'models/empty.ts': 'export const x = 1;',
    'models/two.ts': `${good()}\nexport const other = model;`,
    'models/wrong.ts': `${head}export const m = defineModel({ inputs: {}, colums: {}, columns: { id: 'bigit' }, run: 1 } as never);`,
    'models/adrift.ts': good("ref('peple', { id: 'bigint' })"),
    'models/seen.ts': good().replace("tags: ['scored']", "materialized: 'view'"),
    'models/types.d.ts': 'export type A = 1;',
    'models/good.test.ts': "throw new Error('never imported')",
  });
  const told = (file: string): string[] =>
    faultsOf(project)
      .filter((fault) => fault.startsWith(`models/${file}`))
      .map((fault) => fault.slice(`models/${file}`.length));
  expect(told('good.ts')).toEqual([]);
  expect(told('throws.ts')).toEqual([':4:9 threw Error while it was read: no']);
  expect(told('syntax.ts')[0]).toMatch(/^:2:17 cannot be read as TypeScript: Unexpected token/);
  expect(told('twice.ts')[0]).toMatch(/^:3:7 .*'a' has already been declared/);
  expect(told('enumerated.ts')[0]).toMatch(/^:3:8 .*enum is not supported/);
  expect(told('lost.ts')).toEqual([':2:22 "./nowhere.ts" does not exist']);
  expect(told('package.ts')).toEqual([':2:18 "no-such-package" is not installed']);
  expect(told('name.ts')[0]).toMatch(/^:2:10 .*does not provide an export named 'nothing'/);
  expect(told('part.ts')).toEqual([]);
  expect(told('nosy.ts')[0]).toMatch(/^:2:30 a model may not import "node:fs"/);
  expect(told('deep.ts')[0]).toMatch(/^:2:10 .*'tidemill' does not provide an export/);
  expect(told('empty.ts')).toEqual([':1:1 exports no model, but x']);
  expect(told('two.ts')).toEqual([':1:1 a file holds one model; this one exports model and other']);
  expect(told('wrong.ts')).toHaveLength(4);
  expect(told('wrong.ts').join()).toContain('did you mean "columns"');
  expect(told('wrong.ts').join()).toContain('did you mean "bigint"');
  expect(told('adrift.ts')).toEqual([':4:21 there is no model "peple"; did you mean "people"?']);
  expect(told('seen.ts')[0]).toMatch(/cannot be materialized as "view"/);
  expect(told('types.d.ts')).toEqual([]);
  expect(told('good.test.ts')).toEqual([]);
  expect(project.broken.has('model.shop.good')).toBe(false);
  expect(project.broken.has('model.shop.throws')).toBe(true);
  expect(project.nodes.has('model.shop.part')).toBe(false);
});

test('a file that does not end, or ends its thread, is told and hides no other', async () => {
  const root = writeFolder({
    'models/a_hangs.ts': 'for (;;) {}',
    'models/b_quits.ts': 'process.exit(3);',
    'models/c_waits.ts': 'await new Promise(() => setInterval(() => {}, 1000));',
    'models/d_never.ts': 'await new Promise(() => {});',
    'models/e_good.ts': good(),
  });
  const files = ['a_hangs', 'b_quits', 'c_waits', 'd_never', 'e_good'].map(
    (name) => `models/${name}.ts`,
  );
  const read = await readScripts(root, files, { timeoutMs: 2_000 });
  const said = files.map((file) => {
    const one = read.get(file);
    return one?.kind === 'faulty' ? one.faults.map(({ message }) => message).join() : one?.kind;
  });
  expect(said).toEqual([
    'takes more than 2 s to be read',
    'ended its thread while it was read, or awaits what never comes',
    'takes more than 2 s to be read',
    'ended its thread while it was read, or awaits what never comes',
    'model',
  ]);
});

test('a file has no environment and no network, and prints into nothing', async () => {
  const root = writeFolder({
    'models/asks.ts': `${head}
      console.log('a secret');
      throw new Error([typeof fetch, Object.keys(process.env).length, typeof process.getBuiltinModule].join());`,
  });
  const read = (await readScripts(root, ['models/asks.ts'])).get('models/asks.ts');
  expect(read).toMatchObject({
    kind: 'faulty',
    faults: [{ message: 'threw Error while it was read: undefined,0,undefined' }],
  });
});

test('the digest follows the file, what it imports from file to file, and versions of packages', async () => {
  const root = writeFolder({
    'models/model.ts': good().replace(
      head,
      `${head}import { a } from './lib/a.ts';\nimport { v } from 'weights';\nexport const used = [a, v];\n`,
    ),
    'models/lib/a.ts': "export { b as a } from './b.ts';",
    'models/lib/b.ts': 'export const b = 1;',
    'models/lib/unused.ts': 'export const c = 1;',
    'node_modules/weights/package.json':
      '{"name":"weights","version":"1.0.0","type":"module","exports":"./v.js"}',
    'node_modules/weights/v.js': 'export const v = 1;',
  });
  const digestOf = async (): Promise<string> => {
    const read = (await readScripts(root, ['models/model.ts'])).get('models/model.ts');
    if (read?.kind !== 'model') throw new Error(JSON.stringify(read));
    return read.script.digest;
  };
  const change = async (path: string, text: string): Promise<string> => {
    writeFileSync(join(root, path), text);
    return digestOf();
  };
  const first = await digestOf();
  expect(await digestOf()).toBe(first);
  expect(await change('models/lib/unused.ts', 'export const c = 2;')).toBe(first);
  const second = await change('models/lib/b.ts', 'export const b = 2;');
  expect(second).not.toBe(first);
  const third = await change(
    'node_modules/weights/package.json',
    '{"name":"weights","version":"1.0.1","type":"module","exports":"./v.js"}',
  );
  expect(third).not.toBe(second);
});

test('models resolve tidemill to the engine that runs them, installed beside them or not', async () => {
  const root = writeFolder({ 'models/model.ts': good(), 'package.json': '{"type":"commonjs"}' });
  const other = join(root, 'node_modules', 'tidemill');
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, 'package.json'), '{"name":"tidemill","exports":"./none.js"}');
  expect((await readScripts(root, ['models/model.ts'])).get('models/model.ts')?.kind).toBe('model');
  const link = `${root}-link`;
  symlinkSync(root, link);
  expect((await readScripts(link, ['models/model.ts'])).get('models/model.ts')?.kind).toBe('model');
});
