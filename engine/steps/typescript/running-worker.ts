import { parentPort, workerData } from 'node:worker_threads';
import type { ScriptColumn } from '../../declare/typescript/column-spec.ts';
import type { RunContext } from '../../declare/typescript/define-model.ts';
import { closeThread, registerModelHooks } from '../../declare/typescript/model-hooks.ts';
import { findModels } from '../../declare/typescript/script-definition.ts';
import { createInputRows, type PullBatch } from './input-rows.ts';
import { joinGroups } from './key-groups.ts';
import { openRowWriter, type RowWriter } from './row-writer.ts';
import {
  type FromThread,
  groupColumn,
  RefusedAnswer,
  type RunningOrder,
  type ThreadFailure,
  type ToThread,
} from './running-order.ts';

/** The thread that runs one model's function: batches in over its port, rows out into a file. */

type ScriptFunction = (...values: readonly unknown[]) => unknown;

function send(message: FromThread): void {
  parentPort?.postMessage(message);
}

/** One stream's batches: the next is asked for while this one is worked on. */
function listen(count: number, onAbort: () => void): PullBatch[] {
  const waiting = new Map<number, PromiseWithResolvers<readonly unknown[][] | undefined>>();
  parentPort?.on('message', (message: ToThread) => {
    if (message.kind === 'abort') return onAbort();
    const columns = message.kind === 'batch' ? message.columns : undefined;
    waiting.get(message.stream)?.resolve(columns);
  });
  return Array.from({ length: count }, (_, stream) => {
    let isEnded = false;
    let ahead: Promise<readonly unknown[][] | undefined> | undefined;
    const ask = (): Promise<readonly unknown[][] | undefined> => {
      const turn = Promise.withResolvers<readonly unknown[][] | undefined>();
      waiting.set(stream, turn);
      send({ kind: 'pull', stream });
      return turn.promise;
    };
    return async () => {
      if (isEnded) return undefined;
      const batch = await (ahead ?? ask());
      isEnded = batch === undefined;
      ahead = isEnded ? undefined : ask();
      return batch;
    };
  });
}

async function loadFunction(order: RunningOrder): Promise<ScriptFunction> {
  const digests = new Map(order.files);
  const trace = registerModelHooks(new Set(digests.keys()));
  closeThread();
  const exported = (await import(order.url)) as object;
  for (const [url, digest] of trace.digests) {
    if (digests.get(url) === digest) continue;
    throw new RefusedAnswer('script-changed', 'its file was changed while the run was under way');
  }
  const model = findModels(exported).find(([name]) => name === order.exportName)?.[1];
  const name = order.definition.mode === 'keyed' ? 'runKey' : 'run';
  const work = (model as Readonly<Record<string, unknown>> | undefined)?.[name];
  if (typeof work !== 'function') {
    throw new RefusedAnswer('script-changed', `it has no function ${name} any more`);
  }
  return work.bind(model) as ScriptFunction;
}

function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  const is = value !== null && typeof value === 'object';
  return is && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/** Every row of what the function answers, lists among them laid open. */
async function writeAnswers(answer: unknown, write: (row: unknown) => void): Promise<void> {
  if (!isIterable(answer)) {
    throw new RefusedAnswer('script-answer', 'must answer rows: a list, or what yields them');
  }
  for await (const one of answer) {
    if (Array.isArray(one)) for (const row of one) write(row);
    else write(one);
  }
}

async function runSet(
  order: RunningOrder,
  writer: RowWriter,
  context: RunContext,
  pulls: PullBatch[],
) {
  const work = await loadFunction(order);
  const inputs = order.definition.inputs.map(({ name, columns }, index) => {
    const pull = pulls[index] ?? (async () => undefined);
    return [name, createInputRows(name, columns, pull)] as const;
  });
  await writeAnswers(await work(Object.fromEntries(inputs), context), (row) => writer.write(row));
}

/** Streams are the keys first, then the inputs, each with its group's number before its columns. */
async function runKeyed(
  order: RunningOrder,
  writer: RowWriter,
  context: RunContext,
  pulls: PullBatch[],
) {
  const work = await loadFunction(order);
  const { inputs, columns, by, limits } = order.definition;
  const group: ScriptColumn = {
    name: groupColumn,
    type: 'double',
    precision: 0,
    scale: 0,
    isRequired: true,
  };
  const open = (name: string, own: readonly ScriptColumn[], index: number) => {
    const pull = pulls[index] ?? (async () => undefined);
    return createInputRows(name, [group, ...own], pull);
  };
  const keyColumns = by.flatMap((name) => columns.find((column) => column.name === name) ?? []);
  const streams = inputs.map(
    (input, index) => [input.name, open(input.name, input.columns, index + 1)] as const,
  );
  const groups = joinGroups(
    open('keys', keyColumns, 0),
    Object.fromEntries(streams),
    limits.rowsPerKey,
  );
  for await (const asked of groups) {
    const answer = await work(asked.key, asked.rows, context);
    await writeAnswers(answer, (row) => writer.write(row, asked));
  }
}

function describeFailure(error: unknown): ThreadFailure {
  if (error instanceof RefusedAnswer) {
    return { kind: 'refused', code: error.code, message: error.message };
  }
  if (!(error instanceof Error)) {
    return { kind: 'thrown', name: typeof error, message: String(error), stack: '' };
  }
  const { name, message, stack = '' } = error;
  return { kind: 'thrown', name, message, stack };
}

async function runModel(order: RunningOrder): Promise<void> {
  const { mode, inputs } = order.definition;
  const controller = new AbortController();
  const pulls = listen(inputs.length + 1, () => controller.abort());
  const context: RunContext = { signal: controller.signal, boundary: order.boundary };
  try {
    const writer = openRowWriter(order.spoolPath, order.definition);
    const run = mode === 'keyed' ? runKeyed : runSet;
    await run(order, writer, context, pulls);
    // A promise that nobody awaited and that failed ends the thread before the rows count.
    await new Promise((resolve) => setImmediate(resolve));
    send({ kind: 'done', rows: writer.close() });
  } catch (error) {
    send({ kind: 'failed', failure: describeFailure(error) });
  }
}

await runModel(workerData as RunningOrder);
