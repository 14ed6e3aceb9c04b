import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TerminalError } from '../../engine/words/errors.ts';
import { openScriptBench, type ScriptBench } from './script-bench.ts';

/** A model over `crm.facts (id bigint, label varchar)` with the given function. */
function modelOf(run: string, more = "columns: { id: 'bigint', label: 'varchar' },"): string {
  return `import { defineModel, source } from 'tidemill';
const seen: unknown[] = [];
export const thing = defineModel({
  inputs: { facts: source('crm', 'facts', { id: 'bigint', label: 'varchar' }, { orderBy: ['id'] }) },
  key: ['id'],
  ${more}
  ${run}
} as never);`;
}

async function openFacts(text: string): Promise<ScriptBench> {
  const stage = await openScriptBench(text, ['facts']);
  await stage.bench.run(
    "create table crm.facts as select i as id, 'private' || i as label from range(10000) as r(i)",
  );
  return stage;
}

/** The error of a build, which must have left nothing behind. */
async function failureOf(text: string): Promise<TerminalError> {
  await using stage = await openFacts(text);
  const failure = await stage.build().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof TerminalError)) throw new Error(`not told: ${String(failure)}`);
  expect(`${failure.message} ${failure.hint}`).not.toContain('private');
  expect(await stage.bench.relations('main')).toEqual([]);
  expect(await stage.bench.relations('tidemill')).toEqual(['nodes base table']);
  expect(existsSync(join(stage.project.root, '.tidemill', 'spool'))).toBe(false);
  return failure;
}

const each = (row: string): string =>
  `async *run({ facts }) { for await (const row of facts.rows()) yield ${row}; }`;

test('batches are bounded, come in the order asked for, and are read by column or by row', async () => {
  await using stage = await openFacts(
    modelOf(`async *run({ facts }) {
      let last = -1n; let most = 0;
      for await (const batch of facts) {
        most = Math.max(most, batch.size);
        const ids = batch.column('id');
        if (ids.length !== batch.size || [...batch].length !== batch.size) throw new Error('uneven');
        for (const id of ids) { if (id !== last + 1n) throw new Error('order'); last = id; }
      }
      yield { id: BigInt(most), label: String(last) };
    }`),
  );
  expect(await stage.build()).toMatchObject({ action: 'created', rows: 1 });
  expect(await stage.rows()).toEqual([{ id: 2048, label: '9999' }]);
});

test('a function may answer a list, lists of rows, or nothing, and need not read its inputs', async () => {
  for (const [run, rows] of [
    ["run: () => [{ id: 1, label: null }, [{ id: 2n, label: 'b' }]]", 2],
    ['run: () => []', 0],
    ['async *run() {}', 0],
    ["run: async () => [{ id: 1, label: 'x' }]", 1],
  ] as const) {
    await using stage = await openFacts(modelOf(run));
    expect((await stage.build()).rows).toBe(rows);
  }
});

test.each([
  [
    'an unknown column',
    each("{ ...row, lable: 'x' }"),
    /unknown column "lable"; did you mean "label"\? \(id=0\)/,
  ],
  ['a missing column', each('{ id: row.id }'), /no value for the column "label" \(id=0\)/],
  [
    'a wrong type',
    each('{ id: row.id, label: 7 }'),
    /for the column "label" a number that is no varchar \(id=0\)/,
  ],
  ['a broken text', each("{ id: row.id, label: '🌊'.slice(0, 1) }"), /a string that is no varchar/],
  [
    'a fraction for a bigint',
    each('{ id: 1.5, label: null }'),
    /"id" a number with a fraction that is no bigint/,
  ],
  ['a null key', each('{ id: null, label: null }'), /"id" null, which it must not be/],
  ['no row at all', 'run: () => [7]', /answered a number where a row is meant/],
  ['no rows at all', 'run: () => undefined', /must answer rows/],
] as const)(
  '%s is refused with the row’s key and none of its values',
  async (_what, run, message) => {
    const failure = await failureOf(modelOf(run));
    expect(failure.message).toMatch(message);
    expect(failure.message).toMatch(/^models\/thing\.ts: /);
  },
);

test('a key that is there twice is refused, and shown', async () => {
  const failure = await failureOf(modelOf(each('{ id: (row.id ?? 0n) / 2n, label: null }')));
  expect(failure.code).toBe('duplicate-keys');
  expect(failure.message).toContain('5,000 keys on more than one row, such as id=0');
});

test('what a function throws is told with its place; its words only where they are the language’s', async () => {
  const own = await failureOf(
    modelOf(
      "async *run({ facts }) {\n    for await (const row of facts.rows()) throw new RangeError('bad ' + row.label);\n  }",
    ),
  );
  expect(own.message).toBe('models/thing.ts:8:49: the function threw RangeError');
  expect(own.code).toBe('script-threw');
  const language = await failureOf(modelOf(each('{ id: row.id, label: row.lable.trim() }')));
  expect(language.message).toContain("Cannot read properties of undefined (reading 'trim')");
  // Such a message names what was computed, which may be a value of the row.
  for (const computed of ['({} as never)[row.label].x[row.label]', '[1].map(row.label as never)']) {
    const failure = await failureOf(modelOf(each(`{ id: row.id, label: ${computed} }`)));
    expect(failure.message).toMatch(/the function threw TypeError/);
  }
  const late = await failureOf(
    modelOf(
      `async *run() { setTimeout(() => { throw new Error('private'); }, 1); await new Promise(() => {}); }`,
    ),
  );
  expect(late.message).toContain('the function threw Error');
});

test('limits end it: time, whether it listens or not, rows, memory, and its own exit', async () => {
  const timed = "limits: { timeout: '300ms' },\ncolumns: { id: 'bigint', label: 'varchar' },";
  for (const run of [
    'async *run() { for (;;) {} }',
    'async *run() { await new Promise(() => {}); }',
    "async *run(_, { signal }) { await new Promise((_, no) => signal.addEventListener('abort', () => no(new Error('private')))); }",
  ]) {
    const failure = await failureOf(modelOf(run, timed));
    expect(failure.message).toMatch(/took more than 300 ms \(limits\.timeout\)/);
  }
  const few = "limits: { rows: 10 },\ncolumns: { id: 'bigint', label: 'varchar' },";
  const many = await failureOf(modelOf(each('row'), few));
  expect(many.message).toContain('more than 10 rows (limits.rows)');
  const small = "limits: { memoryMb: 24 },\ncolumns: { id: 'bigint', label: 'varchar' },";
  const fill = 'async *run() { for (;;) seen.push(new Array(1000).fill({})); }';
  expect((await failureOf(modelOf(fill, small))).code).toBe('script-memory');
  // Buffers are no part of the heap that a thread's own limit counts.
  const buffers = 'async *run() { for (;;) seen.push(new Uint8Array(1_000_000).fill(1)); }';
  expect((await failureOf(modelOf(buffers, small))).code).toBe('script-memory');
  expect((await failureOf(modelOf('async *run() { process.exit(0); }'))).code).toBe('script-ended');
});

test('a signal that a function sends reaches nobody', async () => {
  const failure = await failureOf(modelOf('async *run() { process.kill(process.pid); }'));
  expect(failure.message).toContain('process.kill is not a function');
});

test('a run that is asked to stop ends the function', async () => {
  await using stage = await openFacts(modelOf('async *run() { for (;;) {} }'));
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('asked to stop')), 200);
  await expect(stage.build({ signal: controller.signal })).rejects.toThrow('asked to stop');
  expect(await stage.bench.relations('main')).toEqual([]);
});

test('files that were not there when the model was read take no part in it', async () => {
  await using stage = await openFacts(modelOf("async *run() { await import('./other.ts'); }"));
  writeFileSync(join(stage.project.root, 'models', 'other.ts'), 'export const a = 1;');
  await expect(stage.build()).rejects.toThrow('import it at the top');
  writeFileSync(join(stage.project.root, stage.node.file), `${stage.node.text}\n`);
  await expect(stage.build()).rejects.toThrow('its file was changed');
  const nosy = await failureOf(modelOf("async *run() { await import('node:net'); }"));
  expect(nosy.message).toContain('a model may not import "node:net"');
});

test('a promise that nobody awaits and that fails is no success', async () => {
  const forgotten = `run() {
    [1].forEach(async () => { throw new Error('private'); });
    return [{ id: 1n, label: 'a' }];
  }`;
  expect((await failureOf(modelOf(forgotten))).message).toMatch(/the function threw Error$/);
});
