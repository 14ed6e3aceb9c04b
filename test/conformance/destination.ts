import { describe, expect, test } from 'vitest';
import type { Destination, RowChange, WriteResult } from '../../engine/words/destination.ts';
import type { FaultPlan } from '../../sandbox/faults.ts';

/** A fresh sandbox of the CRM and a destination signed in to it. */
export interface DestinationBench {
  readonly destination: Destination;
  /** A plain text field that may be empty and repeat. */
  readonly text: string;
  /** A field no two records share, usable for upsert; a text. */
  readonly unique: string;
  /** Fields that a new record must have besides. */
  readonly required: Readonly<Record<string, string>>;
  /** A field and a value for it that the CRM refuses. */
  readonly bad: { readonly field: string; readonly value: string };
  /** Live records: id to the values of `text` and `unique`. */
  truth(): ReadonlyMap<string, { text: string | null; unique: string | null }>;
  calls(): number;
  setFaults(plan: FaultPlan | undefined): void;
  close(): Promise<void>;
}

export interface DestinationSuite {
  readonly name: string;
  open(options: { readonly dailyCalls?: number }): Promise<DestinationBench>;
  /** Sizes of one write worth testing: around page limits, and one for each way of writing. */
  readonly sizes: readonly number[];
  /** The sizes for tests with faults, one for each way of writing; the first is the cheapest. */
  readonly faultedSizes: readonly [number, ...number[]];
  /** Calls before the first write: sign-in and describe. */
  readonly openingCalls: number;
  /** False where a price is an estimate, because the CRM is asked until a job is done. */
  readonly isPriceExact: (total: number) => boolean;
}

const signal = new AbortController().signal;

export function describeDestination(suite: DestinationSuite): void {
  const open = async (dailyCalls?: number) => {
    const bench = await suite.open(dailyCalls === undefined ? {} : { dailyCalls });
    return { bench, [Symbol.asyncDispose]: bench.close };
  };
  describe(`${suite.name} as a destination`, () => {
    describeShape(open);
    describeWriting(suite, open);
    describeSettling(suite, open);
    describeFailing(suite, open);
    describeBudget(suite, open);
  });
}

type Open = (dailyCalls?: number) => Promise<AsyncDisposable & { bench: DestinationBench }>;

/** New records `from` to `to`, each with its own text and unique value. */
export function creates(bench: DestinationBench, from: number, to: number): RowChange[] {
  return Array.from({ length: to - from }, (_, index) => {
    const n = from + index;
    const fields = { ...bench.required, [bench.text]: `text ${n}`, [bench.unique]: `key-${n}` };
    return { key: `row ${n}`, action: 'create', fields };
  });
}

/** Writes in the groups that the destination asks for, as the engine does. */
export async function writeAll(
  destination: Destination,
  changes: readonly RowChange[],
): Promise<readonly WriteResult[]> {
  const results: WriteResult[] = [];
  const action = changes[0]?.action ?? 'update';
  const size = destination.groupSize(action, changes.length);
  for (let at = 0; at < changes.length; at += size) {
    const group = changes.slice(at, at + size);
    const answers = await destination.write(group, signal);
    expect(answers).toHaveLength(group.length);
    results.push(...answers);
  }
  return results;
}

export function idOf(result: WriteResult | undefined): string {
  if (result?.status !== 'written') throw new Error(`not written: ${JSON.stringify(result)}`);
  return result.id;
}

function describeShape(open: Open): void {
  test('describes its fields, the unique one as a key', async () => {
    await using world = await open();
    const { bench } = world;
    const fields = await bench.destination.describe(signal);
    const names = fields.map((field) => field.name);
    expect(new Set(names).size).toBe(names.length);
    const text = fields.find((field) => field.name === bench.text);
    const unique = fields.find((field) => field.name === bench.unique);
    expect(text).toMatchObject({
      creatable: true,
      updatable: true,
      required: false,
      unique: false,
    });
    expect(unique).toMatchObject({ creatable: true, unique: true });
  });

  test('finds records by a field, whatever characters the values have', async () => {
    await using world = await open();
    const { bench } = world;
    const texts = ["O'Neil", 'back\\slash', 'per%cent_', '"quoted"', 'ünï 𝄞', "') OR Id != ('"];
    const changes = creates(bench, 0, texts.length).map((change, index) => ({
      ...change,
      fields: { ...change.fields, [bench.text]: texts[index] ?? null },
    }));
    await writeAll(bench.destination, changes);
    for (const text of texts) {
      const found = await bench.destination.find(bench.text, [text], [bench.unique], signal);
      expect(found).toHaveLength(1);
      expect(found[0]?.fields[bench.unique]).toBe(`key-${texts.indexOf(text)}`);
    }
    expect(await bench.destination.find(bench.text, ['nobody'], [], signal)).toEqual([]);
    expect(await bench.destination.find(bench.text, [], [], signal)).toEqual([]);
  });

  test('finds by id, and nothing that was archived', async () => {
    await using world = await open();
    const { bench } = world;
    const results = await writeAll(bench.destination, creates(bench, 0, 2));
    const ids = results.map(idOf);
    const [gone = ''] = ids;
    await writeAll(bench.destination, [{ key: 'x', action: 'archive', id: gone, fields: {} }]);
    const found = await bench.destination.find('id', ids, [bench.text], signal);
    expect(found.map((record) => record.id)).toEqual(ids.slice(1));
  });
}

function describeWriting(suite: DestinationSuite, open: Open): void {
  test.each(suite.sizes)('creates %i records and answers each with its own id', async (size) => {
    await using world = await open();
    const { bench } = world;
    const changes = creates(bench, 0, size);
    const results = await writeAll(bench.destination, changes);
    const truth = bench.truth();
    expect(truth.size).toBe(size);
    for (const [index, result] of results.entries()) {
      expect(result).toMatchObject({ status: 'written', created: true });
      expect(truth.get(idOf(result))?.unique).toBe(`key-${index}`);
    }
  });

  test.each(suite.sizes)(
    'updates and clears %i records, leaving other fields alone',
    async (size) => {
      await using world = await open();
      const { bench } = world;
      const made = await writeAll(bench.destination, creates(bench, 0, size));
      const changes = made.map((result, index): RowChange => {
        const fields = { [bench.text]: index % 2 === 0 ? null : `new ${index}` };
        return { key: `row ${index}`, action: 'update', id: idOf(result), fields };
      });
      const results = await writeAll(bench.destination, changes);
      const truth = bench.truth();
      for (const [index, result] of results.entries()) {
        const id = idOf(made[index]);
        expect(result).toMatchObject({ status: 'written', id, created: false });
        const text = index % 2 === 0 ? null : `new ${index}`;
        expect(truth.get(id)).toEqual({ text, unique: `key-${index}` });
      }
    },
  );

  test.each(suite.sizes)('upserts %i records: creates once, updates after', async (size) => {
    await using world = await open();
    const { bench } = world;
    const upserts = creates(bench, 0, size).map((change, index): RowChange => {
      const { [bench.unique]: _, ...fields } = change.fields;
      const match = { field: bench.unique, value: `key-${index}` };
      return { ...change, action: 'upsert', match, fields };
    });
    const first = await writeAll(bench.destination, upserts);
    const second = await writeAll(bench.destination, upserts);
    expect(bench.truth().size).toBe(size);
    for (const [index, result] of first.entries()) {
      expect(result).toMatchObject({ status: 'written', created: true });
      expect(second[index]).toEqual({ status: 'written', id: idOf(result), created: false });
    }
  });
}

function describeSettling(suite: DestinationSuite, open: Open): void {
  test.each(suite.sizes)('archives %i records, and again without harm', async (size) => {
    await using world = await open();
    const { bench } = world;
    const made = await writeAll(bench.destination, creates(bench, 0, size));
    const changes = made.map(
      (result, index): RowChange => ({
        key: `${index}`,
        action: 'archive',
        id: idOf(result),
        fields: {},
      }),
    );
    for (const _ of [1, 2]) {
      const results = await writeAll(bench.destination, changes);
      for (const result of results) expect(result.status).toBe('written');
      expect(bench.truth().size).toBe(0);
    }
  });

  test.each(suite.sizes)('among %i records a bad one is refused for itself alone', async (size) => {
    await using world = await open();
    const { bench } = world;
    const badAt = Math.floor(size / 2);
    const changes = creates(bench, 0, size).map((change, index) =>
      index === badAt
        ? { ...change, fields: { ...change.fields, [bench.bad.field]: bench.bad.value } }
        : change,
    );
    const results = await writeAll(bench.destination, changes);
    const refused = results[badAt];
    expect(refused?.status).toBe('rejected');
    if (refused?.status === 'rejected') expect(refused.message).not.toBe('');
    expect(results.filter((result) => result.status === 'written')).toHaveLength(size - 1);
    expect(bench.truth().size).toBe(size - 1);
  });

  test.each(suite.sizes)('the price of %i records is what they cost', async (size) => {
    await using world = await open();
    const { bench } = world;
    const before = bench.calls() === 0 ? suite.openingCalls : bench.calls();
    await writeAll(bench.destination, creates(bench, 0, size));
    const cost = bench.calls() - before;
    const price = bench.destination.price('create', size);
    if (suite.isPriceExact(size)) expect(cost).toBe(price);
    else expect(cost).toBeLessThanOrEqual(price);
  });
}

const kinds = [
  'lost_reply',
  'dropped_connection',
  'server_error',
  'rate_limit',
  'expired_token',
  'truncated_body',
] as const;

function describeFailing(suite: DestinationSuite, open: Open): void {
  const cases = kinds.flatMap((kind) => suite.faultedSizes.map((size) => [kind, size] as const));

  test.each(cases)('never creates twice under %s, %i records', async (kind, size) => {
    const isCheap = size === suite.faultedSizes[0];
    let doubtful = 0;
    for (let seed = 1; seed <= (isCheap ? 8 : 2); seed += 1) {
      await using world = await open();
      const { bench } = world;
      await bench.destination.describe(signal);
      bench.setFaults({ seed, probability: { [kind]: 0.4 } });
      // Without the unique value: nothing at the CRM would stop a second record.
      const changes = creates(bench, 0, size).map((change): RowChange => {
        const { [bench.unique]: _, ...fields } = change.fields;
        return { ...change, fields };
      });
      const results = await writeAll(bench.destination, changes);
      bench.setFaults(undefined);
      await expectHonest(bench, changes, results);
      doubtful += results.filter((result) => result.status === 'in_doubt').length;
    }
    // A create whose answer was lost cannot be known: to claim anything would be a guess.
    if (kind === 'lost_reply' && isCheap) expect(doubtful).toBeGreaterThan(0);
  });

  test.each(cases)(
    'updates end written, or known as not, under %s, %i records',
    async (kind, size) => {
      await using world = await open();
      const { bench } = world;
      const made = await writeAll(bench.destination, creates(bench, 0, size));
      bench.setFaults({ seed: 5, probability: { [kind]: 0.3 } });
      const changes = made.map((result, index): RowChange => {
        const fields = { [bench.text]: `new ${index}` };
        return { key: `${index}`, action: 'update', id: idOf(result), fields };
      });
      const results = await writeAll(bench.destination, changes);
      bench.setFaults(undefined);
      const truth = bench.truth();
      for (const [index, result] of results.entries()) {
        const text = truth.get(idOf(made[index]))?.text;
        if (result.status === 'written') expect(text).toBe(`new ${index}`);
        if (result.status === 'deferred' || result.status === 'rejected') {
          expect(text).toBe(`text ${index}`);
        }
      }
    },
  );
}

function describeBudget(suite: DestinationSuite, open: Open): void {
  test('beyond the daily budget rows are deferred, not sent', async () => {
    const dailyCalls = suite.openingCalls + 2;
    await using world = await open(dailyCalls);
    const { bench } = world;
    const changes = creates(bench, 0, suite.faultedSizes[0] * 8);
    const results: WriteResult[] = [];
    const size = bench.destination.groupSize('create', suite.faultedSizes[0]);
    for (let at = 0; at < changes.length; at += size) {
      results.push(...(await bench.destination.write(changes.slice(at, at + size), signal)));
    }
    expect(bench.calls()).toBeLessThanOrEqual(dailyCalls);
    const statuses = new Set(results.map((result) => result.status));
    expect([...statuses].filter((status) => status !== 'written')).toEqual(['deferred']);
    const written = results.filter((result) => result.status === 'written');
    expect(bench.truth().size).toBe(written.length);
  });
}

/** Every answer agrees with the CRM, where no record is twice; `find` settles what is in doubt. */
async function expectHonest(
  bench: DestinationBench,
  changes: readonly RowChange[],
  results: readonly WriteResult[],
): Promise<void> {
  const byText = new Map<string, string[]>();
  for (const [id, { text }] of bench.truth()) {
    byText.set(text ?? '', [...(byText.get(text ?? '') ?? []), id]);
  }
  const doubtful: string[] = [];
  for (const [index, result] of results.entries()) {
    const text = `text ${index}`;
    const ids = byText.get(text) ?? [];
    if (result.status === 'in_doubt') doubtful.push(text);
    if (result.status === 'written') expect(ids).toEqual([result.id]);
    else if (result.status === 'in_doubt') expect(ids.length).toBeLessThanOrEqual(1);
    else expect(ids).toEqual([]);
  }
  expect(results).toHaveLength(changes.length);
  const found = await bench.destination.find(bench.text, doubtful, [bench.text], signal);
  const expected = doubtful.flatMap((text) => byText.get(text) ?? []);
  expect(found.map((record) => record.id).toSorted()).toEqual(expected.toSorted());
}
