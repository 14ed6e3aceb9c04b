import type { ScriptColumn } from '../../declare/typescript/column-spec.ts';
import type { Batch, InputRows } from '../../declare/typescript/define-model.ts';
import { RefusedAnswer } from './running-order.ts';

/** Asks for the next batch of columns; undefined at the end. */
export type PullBatch = () => Promise<readonly unknown[][] | undefined>;

export type ScriptRow = Readonly<Record<string, unknown>>;

/** What the function is given for one input: its batches, each asked for when it is wanted. */
export function createInputRows(
  name: string,
  columns: readonly ScriptColumn[],
  pull: PullBatch,
): InputRows<ScriptRow> {
  let isTaken = false;
  async function* batches(): AsyncGenerator<Batch<ScriptRow>> {
    if (isTaken) {
      throw new RefusedAnswer('script-read-twice', `the input "${name}" can be read once only`);
    }
    isTaken = true;
    for (;;) {
      const values = await pull();
      if (values === undefined) return;
      yield createBatch(name, columns, values);
    }
  }
  return {
    [Symbol.asyncIterator]: batches,
    async *rows() {
      for await (const batch of batches()) yield* batch;
    },
  };
}

function createBatch(
  input: string,
  columns: readonly ScriptColumn[],
  raw: readonly unknown[][],
): Batch<ScriptRow> {
  const values = columns.map((column, index) => convertColumn(input, column, raw[index] ?? []));
  const size = raw[0]?.length ?? 0;
  const indexOf = new Map(columns.map(({ name }, index) => [name, index]));
  return {
    size,
    column: (name) => {
      const found = values[indexOf.get(name) ?? -1];
      if (found) return found as never;
      throw new RefusedAnswer('script-column', `the input "${input}" has no column "${name}"`);
    },
    *[Symbol.iterator]() {
      for (let row = 0; row < size; row += 1) {
        const one: Record<string, unknown> = {};
        for (const [index, { name }] of columns.entries()) one[name] = values[index]?.[row];
        yield one;
      }
    },
  };
}

/** As declared: a bigint is one however small, and a null was allowed. */
function convertColumn(
  input: string,
  { name, type, isRequired }: ScriptColumn,
  values: unknown[],
): unknown[] {
  if (isRequired && values.includes(null)) {
    throw new RefusedAnswer(
      'script-input-null',
      `the input "${input}" has a null in "${name}", which is declared "not null"`,
    );
  }
  if (type !== 'bigint') return values;
  return values.map((value) => (typeof value === 'number' ? BigInt(value) : value));
}
