import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerChanges } from '../../engine/wire/answer-changes.ts';
import { type ChunkWriter, splitCallsMax, writeChunks } from '../../engine/wire/write-chunks.ts';
import type { WriteResult } from '../../engine/words/destination.ts';
import { BudgetExhausted, TerminalError, TransientError } from '../../engine/words/errors.ts';
import { silentLog } from '../../engine/words/log.ts';
import { createVirtualClock } from './virtual-clock.ts';

const { signal } = new AbortController();

/** What the CRM does with one call. lost: applied, and the answer does not arrive. */
type Weather = 'fair' | 'lost' | 'unreachable' | 'no budget' | 'no permission';

interface Crm {
  readonly applied: Map<number, number>;
  calls: number;
}

const refusedAll = new TerminalError('a row is malformed', { code: 'request-refused' });

/** A CRM that refuses a whole call for one malformed row, and whose line fails as told. */
function createWriter(
  options: { isIdempotent: boolean; malformed: ReadonlySet<number>; weather: readonly Weather[] },
  settled: Map<number, WriteResult>,
) {
  const crm: Crm = { applied: new Map(), calls: 0 };
  const writer: ChunkWriter<number> = {
    rowsMax: 4,
    isIdempotent: options.isIdempotent,
    clock: createVirtualClock(),
    log: silentLog,
    signal,
    async send(rows) {
      const weather = options.weather[crm.calls] ?? 'fair';
      crm.calls += 1;
      if (weather === 'unreachable') throw new TransientError('no line', { code: 'unreachable' });
      if (weather === 'no budget') throw new BudgetExhausted('crm', 10, 10);
      if (weather === 'no permission') {
        throw new TerminalError('not allowed', { code: 'permission-missing' });
      }
      if (rows.some((row) => options.malformed.has(row))) throw refusedAll;
      for (const row of rows) crm.applied.set(row, (crm.applied.get(row) ?? 0) + 1);
      if (weather === 'lost') throw new TransientError('timed out', { code: 'timeout' });
      for (const row of rows) {
        writer.settle(row, { status: 'written', id: String(row), created: false });
      }
      return [];
    },
    settle(row, result) {
      expect(settled.has(row), `row ${row} is settled once`).toBe(false);
      settled.set(row, result);
    },
    isNotApplied: (error) => error instanceof TransientError && error.code === 'unreachable',
    readRefusal: (error) =>
      error === refusedAll
        ? {
            isShared: () => false,
            reject: () => ({ status: 'rejected', code: 'MALFORMED', message: 'malformed' }),
          }
        : undefined,
  };
  return { crm, writer };
}

const weathers = fc.array(
  fc.constantFrom<Weather>(
    'fair',
    'fair',
    'fair',
    'lost',
    'unreachable',
    'no budget',
    'no permission',
  ),
  { maxLength: 30 },
);
const malformedRows = fc.uniqueArray(fc.nat(19), { maxLength: 4 }).map((rows) => new Set(rows));

test('whatever the line does, no answer lies about what was applied', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.integer({ min: 1, max: 20 }),
      malformedRows,
      weathers,
      async (isIdempotent, count, malformed, weather) => {
        const settled = new Map<number, WriteResult>();
        const { crm, writer } = createWriter({ isIdempotent, malformed, weather }, settled);
        const rows = Array.from({ length: count }, (_, row) => row);
        const end = await writeChunks(writer, rows).catch((error: unknown) => error);
        if (end === undefined) expect(settled.size).toBe(count);
        else expect(end).toMatchObject({ code: 'permission-missing' });
        for (const row of rows) {
          const times = crm.applied.get(row) ?? 0;
          const status = settled.get(row)?.status;
          if (!isIdempotent) expect(times).toBeLessThanOrEqual(1);
          if (malformed.has(row)) expect(times).toBe(0);
          // Not settled, deferred or rejected all say: it is not there.
          if (times > 0) expect(['written', 'in_doubt']).toContain(status);
          if (status === 'written') expect(times).toBeGreaterThan(0);
        }
      },
    ),
    { numRuns: 500 },
  );
});

describe('a call refused for one of its rows', () => {
  test('is halved until that row stands alone', async () => {
    const settled = new Map<number, WriteResult>();
    const { writer } = createWriter(
      { isIdempotent: false, malformed: new Set([2]), weather: [] },
      settled,
    );
    await writeChunks(writer, [0, 1, 2, 3, 4]);
    expect([...settled].filter(([, { status }]) => status !== 'written')).toMatchObject([
      [2, { status: 'rejected', code: 'MALFORMED' }],
    ]);
  });

  test('costs a limited number of calls, however many rows are malformed', async () => {
    const settled = new Map<number, WriteResult>();
    const rows = Array.from({ length: 400 }, (_, row) => row);
    const { crm, writer } = createWriter(
      { isIdempotent: false, malformed: new Set(rows), weather: [] },
      settled,
    );
    await writeChunks(writer, rows);
    expect(settled.size).toBe(400);
    expect(crm.calls).toBeLessThanOrEqual(rows.length / 4 + splitCallsMax);
  });
});

describe('an error that needs a person', () => {
  const denied = new TerminalError('not allowed', {
    code: 'permission-missing',
    hint: 'Allow it.',
  });

  test('leaves the answers that were given, and goes along with the changes it held back', async () => {
    const results = await answerChanges(
      3,
      async () => 'ready',
      async (answers) => {
        answers.settle(1, { status: 'written', id: '7', created: true });
        throw denied;
      },
    );
    expect(results.map(({ status }) => status)).toEqual(['deferred', 'written', 'deferred']);
    expect(results[0]).toMatchObject({ stop: denied });
  });

  test('before anything was sent holds every change back', async () => {
    const write = () => Promise.reject(new Error('must not be called'));
    const results = await answerChanges(2, () => Promise.reject(denied), write);
    expect(results).toMatchObject([
      { status: 'deferred', stop: denied },
      { status: 'deferred', stop: denied },
    ]);
  });
});

test('a lost line before anything was sent leaves the changes for the next run', async () => {
  const lost = new TransientError('no line', { code: 'timeout' });
  const write = () => Promise.reject(new Error('must not be called'));
  const results = await answerChanges(1, () => Promise.reject(lost), write);
  expect(results).toEqual([{ status: 'deferred', reason: 'no line' }]);
});

test('a lost line while writing is thrown: nobody knows what was applied', async () => {
  const lost = new TransientError('no line', { code: 'timeout' });
  const write = () => Promise.reject(lost);
  await expect(answerChanges(1, async () => undefined, write)).rejects.toBe(lost);
});
