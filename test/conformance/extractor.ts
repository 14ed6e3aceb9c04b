import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BudgetExhausted, TerminalError } from '../../engine/words/errors.ts';
import type { Extractor, Page, Stream, StreamSettings } from '../../engine/words/stream.ts';
import type { FaultPlan } from '../../sandbox/faults.ts';
import { createLanding, type Landing } from './landing.ts';

/** A fresh sandbox of the source, an extractor signed in to it, and a person who works there. */
export interface ExtractorBench {
  readonly extractor: Extractor;
  /** The stream under test. */
  readonly stream: string;
  /** A text field of it that a person can edit. */
  readonly field: string;
  /** Our clock, for the run's boundary. */
  now(): number;
  /** Moves our clock and the source's. */
  advance(ms: number): void;
  /** Live records at the source: id to the value of `field`. */
  truth(): ReadonlyMap<string, string>;
  create(value: string): string;
  edit(id: string, value: string): void;
  remove(id: string): void;
  /** Calls that the source received. */
  calls(): number;
  setFaults(plan: FaultPlan | undefined): void;
  close(): Promise<void>;
}

export interface ExtractorSuite {
  readonly name: string;
  open(options: {
    readonly records: number;
    /** Most calls a day. */
    readonly dailyCalls?: number;
    readonly isSecretWrong?: boolean;
  }): Promise<ExtractorBench>;
  /** Records that take a read several pages. */
  readonly severalPages: number;
  /** Calls of a read that finds nothing new, discovery and sign-in not counted. */
  readonly idleCalls: number;
  /** A word of the secret used by `isSecretWrong`: must never show. */
  readonly secret: string;
}

const signal = new AbortController().signal;
const minuteMs = 60_000;

export interface ReadOptions {
  readonly settings?: StreamSettings;
  /** Breaks off after so many committed pages, as a killed process would. */
  readonly pagesMax?: number;
  /** Called after each committed page. */
  readonly afterPage?: (page: Page, pages: number) => void;
}

/** One run of one stream into a landing. */
export async function runRead(
  bench: Pick<ExtractorBench, 'extractor' | 'now'>,
  stream: Stream,
  landing: Landing,
  options: ReadOptions = {},
): Promise<void> {
  let pages = 0;
  const request = {
    stream,
    settings: options.settings ?? {},
    cursor: landing.cursor,
    boundaryMs: bench.now(),
    signal,
  };
  for await (const page of bench.extractor.read(request)) {
    await landing.commit(page);
    pages += 1;
    options.afterPage?.(page, pages);
    if (pages === options.pagesMax) return;
  }
}

export async function findStream(extractor: Extractor, name: string): Promise<Stream> {
  const [stream] = await extractor.discover(signal, [name]);
  if (stream === undefined) throw new Error(`no stream ${name}`);
  return stream;
}

function expectTruth(bench: ExtractorBench, landing: Landing): void {
  const landed = [...landing.live()].map(([id, record]) => [id, record[bench.field]]);
  expect(Object.fromEntries(landed)).toEqual(Object.fromEntries(bench.truth()));
}

/** What every extractor owes the engine, against a sandbox of its source. */
export function describeExtractor(suite: ExtractorSuite): void {
  const open = async (records: number, dailyCalls?: number) => {
    const bench = await suite.open({
      records,
      ...(dailyCalls === undefined ? {} : { dailyCalls }),
    });
    const stream = await findStream(bench.extractor, bench.stream);
    return { bench, stream, landing: createLanding(stream), [Symbol.asyncDispose]: bench.close };
  };

  describe(`${suite.name} as an extractor`, () => {
    describeDiscovery(suite, open);
    describeReading(suite, open);
    describeResuming(suite, open);
    describeFailing(suite, open);
  });
}

type Open = (
  records: number,
  dailyCalls?: number,
) => Promise<AsyncDisposable & { bench: ExtractorBench; stream: Stream; landing: Landing }>;

function describeDiscovery(suite: ExtractorSuite, open: Open): void {
  test('discovers the streams that are wanted, by name or by test, and no others', async () => {
    await using world = await open(1);
    const { bench } = world;
    const [named] = await bench.extractor.discover(signal, [bench.stream, 'no_such_stream']);
    const tested = await bench.extractor.discover(signal, (name) => name === bench.stream);
    expect(named?.name).toBe(bench.stream);
    expect(tested).toEqual([named]);
    expect(await bench.extractor.discover(signal, ['no_such_stream'])).toEqual([]);
  });

  test('names only columns that it has, each once', async () => {
    await using world = await open(1);
    const { stream } = world;
    const names = stream.columns.map((column) => column.name);
    expect(new Set(names).size).toBe(names.length);
    const { cursorField, modifiedField, deletedField, mergedIntoField } = stream;
    for (const name of [
      ...stream.primaryKey,
      cursorField,
      modifiedField,
      deletedField,
      mergedIntoField,
    ]) {
      if (name !== undefined) expect(names).toContain(name);
    }
  });

  test('an estimate costs no call', async () => {
    await using world = await open(3);
    const { bench, stream, landing } = world;
    const before = bench.calls();
    const request = { stream, settings: {}, cursor: undefined, boundaryMs: bench.now() };
    expect(bench.extractor.estimate(request).mode).toBe('full_refresh');
    expect(bench.calls()).toBe(before);
    await runRead(bench, stream, landing);
    const after = bench.calls();
    const estimate = bench.extractor.estimate({ ...request, cursor: landing.cursor });
    expect(estimate.calls).toBe(suite.idleCalls);
    expect(bench.calls()).toBe(after);
  });

  test('a wrong secret is a terminal error that says what to do and not the secret', async () => {
    const bench = await suite.open({ records: 0, isSecretWrong: true });
    try {
      const error: unknown = await bench.extractor.check(signal).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TerminalError);
      const { message, hint, cause } = error as TerminalError;
      expect(hint).toBeDefined();
      expect(JSON.stringify([message, hint, cause])).not.toContain(suite.secret);
    } finally {
      await bench.close();
    }
  });
}

function describeReading(suite: ExtractorSuite, open: Open): void {
  test.each([0, 1, suite.severalPages])('a first read lands all of %i records', async (records) => {
    await using world = await open(records);
    const { bench, stream, landing } = world;
    await runRead(bench, stream, landing);
    expectTruth(bench, landing);
    expect(landing.added).toBe(records);
    expect(landing.cursor).toBeDefined();
  });

  test('a read with nothing new costs the stated calls and adds nothing', async () => {
    await using world = await open(5);
    const { bench, stream, landing } = world;
    await runRead(bench, stream, landing);
    for (const waitMs of [0, minuteMs, 60 * minuteMs]) {
      bench.advance(waitMs);
      const before = { calls: bench.calls(), added: landing.added };
      await runRead(bench, stream, landing);
      expect(bench.calls() - before.calls).toBe(suite.idleCalls);
      expect(landing.added).toBe(before.added);
    }
    expectTruth(bench, landing);
  });

  test('later reads land what was created, edited and removed', async () => {
    await using world = await open(suite.severalPages);
    const { bench, stream, landing } = world;
    await runRead(bench, stream, landing);
    for (const round of [1, 2, 3]) {
      bench.advance(30 * minuteMs);
      const [first, second] = [...bench.truth().keys()];
      bench.create(`new ${round}`);
      if (first !== undefined) bench.edit(first, `edited ${round}`);
      if (second !== undefined) bench.remove(second);
      bench.advance(minuteMs);
      await runRead(bench, stream, landing);
      expectTruth(bench, landing);
    }
  });

  test('rows edited, created and removed between pages are lost in no run', async () => {
    await using world = await open(suite.severalPages);
    const { bench, stream, landing } = world;
    const ids = [...bench.truth().keys()];
    await runRead(bench, stream, landing, {
      afterPage(_, pages) {
        bench.advance(1000);
        const at = pages * 2;
        for (const id of [ids[at], ids.at(-at - 2)])
          if (id !== undefined) bench.edit(id, `p${pages}`);
        for (const id of [ids[at + 1], ids.at(-at - 1)]) if (id !== undefined) bench.remove(id);
        if (pages <= 4) bench.create(`during page ${pages}`);
      },
    });
    bench.advance(minuteMs);
    await runRead(bench, stream, landing);
    expectTruth(bench, landing);
  });
}

function describeResuming(suite: ExtractorSuite, open: Open): void {
  test('a read broken off after any page goes on where it was committed', async () => {
    await using world = await open(suite.severalPages);
    const { bench, stream, landing } = world;
    let reads = 0;
    for (; reads < 100; reads += 1) {
      const before = landing.pages;
      await runRead(bench, stream, landing, { pagesMax: 1 });
      if (landing.pages === before) break;
      if (reads > 2 && landing.live().size === suite.severalPages) break;
    }
    await runRead(bench, stream, landing);
    expectTruth(bench, landing);
    expect(landing.added).toBe(suite.severalPages);
  });

  test('any history of edits, waits and broken reads ends in the truth', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('create' as const), n: fc.nat(9) }),
      fc.record({ do: fc.constant('edit' as const), n: fc.nat(99) }),
      fc.record({ do: fc.constant('remove' as const), n: fc.nat(99) }),
      fc.record({ do: fc.constant('wait' as const), n: fc.nat(90) }),
      fc.record({ do: fc.constant('read' as const), n: fc.integer({ min: 1, max: 4 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        await using world = await open(4);
        const { bench, stream, landing } = world;
        for (const [at, { do: act, n }] of steps.entries()) {
          const id = [...bench.truth().keys()][n % Math.max(1, bench.truth().size)];
          if (act === 'create') bench.create(`c${at}`);
          else if (act === 'wait') bench.advance(n * minuteMs);
          else if (act === 'read') await runRead(bench, stream, landing, { pagesMax: n });
          else if (id !== undefined && act === 'edit') bench.edit(id, `e${at}`);
          else if (id !== undefined) bench.remove(id);
          bench.advance(1000);
        }
        await runRead(bench, stream, landing);
        await runRead(bench, stream, landing);
        expectTruth(bench, landing);
      }),
      { numRuns: 12 },
    );
  });
}

const faultsToPass: readonly FaultPlan['probability'][] = [
  { server_error: 0.3 },
  { rate_limit: 0.3 },
  { expired_token: 0.3 },
  { dropped_connection: 0.3 },
  { truncated_body: 0.3 },
  { lost_reply: 0.3 },
  {
    server_error: 0.08,
    rate_limit: 0.08,
    expired_token: 0.08,
    truncated_body: 0.08,
    lost_reply: 0.08,
  },
];

function describeFailing(suite: ExtractorSuite, open: Open): void {
  test.each(faultsToPass)('ends in the truth under faults %j', async (probability) => {
    await using world = await open(suite.severalPages);
    const { bench, stream, landing } = world;
    bench.setFaults({ seed: 7, probability, most: 12 });
    await runRead(bench, stream, landing);
    bench.advance(minuteMs);
    const [first, second] = [...bench.truth().keys()];
    if (first !== undefined) bench.edit(first, 'edited');
    if (second !== undefined) bench.remove(second);
    bench.setFaults({ seed: 8, probability, most: 4 });
    await runRead(bench, stream, landing);
    bench.setFaults(undefined);
    expectTruth(bench, landing);
  });

  test('stops at the daily budget without exceeding it, and goes on the next day', async () => {
    const dailyCalls = 4;
    await using world = await open(suite.severalPages, dailyCalls);
    const { bench, stream, landing } = world;
    let days = 0;
    for (; days < 60; days += 1) {
      const before = bench.calls();
      const spent = days === 0 ? before : 0;
      const error: unknown = await runRead(bench, stream, landing).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(bench.calls() - before).toBeLessThanOrEqual(dailyCalls - spent);
      if (error === undefined) break;
      expect(error).toBeInstanceOf(BudgetExhausted);
      bench.advance(24 * 60 * minuteMs);
    }
    expect(days).toBeGreaterThan(0);
    expectTruth(bench, landing);
  });

  test('an abort ends the read with its reason', async () => {
    await using world = await open(suite.severalPages);
    const { bench, stream } = world;
    const abort = new AbortController();
    const request = {
      stream,
      settings: {},
      cursor: undefined,
      boundaryMs: bench.now(),
      signal: abort.signal,
    };
    const read = async (): Promise<void> => {
      for await (const _ of bench.extractor.read(request)) abort.abort(new Error('stopped'));
    };
    await expect(read()).rejects.toThrow('stopped');
  });
}
