import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTicks, ticksCountMax } from '../../engine/run/ticks.ts';

function ticksFrom(schedule: string, timezone: string, from: string, count: number): string[] {
  const ticks = createTicks({ name: 'any', schedule, timezone });
  const found: string[] = [];
  let atMs: number | undefined = Date.parse(from);
  while (found.length < count && atMs !== undefined) {
    atMs = ticks.after(atMs);
    if (atMs !== undefined) found.push(new Date(atMs).toISOString());
  }
  return found;
}

test('an hour that summer time leaves out runs its schedule when the clock changes', () => {
  expect(ticksFrom('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ]);
});

test('an hour that winter time repeats runs a fixed hour once and every hour twice', () => {
  expect(ticksFrom('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ]);
  expect(ticksFrom('0 * * * *', 'Europe/Berlin', '2026-10-24T23:30:00Z', 3)).toEqual([
    '2026-10-25T00:00:00.000Z',
    '2026-10-25T01:00:00.000Z',
    '2026-10-25T02:00:00.000Z',
  ]);
});

test('a day that never comes has no tick', () => {
  expect(createTicks({ name: 'a', schedule: '0 0 31 2 *', timezone: 'UTC' }).after(0)).toBe(
    undefined,
  );
});

test('the next tick is always later, also where a zone repeats an hour', () => {
  // Chatham changes at 3:45 local time; the library alone answers an earlier moment there.
  const repeated = Date.parse('2026-04-04T14:30:00.500Z');
  fc.assert(
    fc.property(
      fc.constantFrom('Pacific/Chatham', 'Australia/Lord_Howe', 'Africa/Casablanca', 'UTC'),
      fc.constantFrom('* * * * *', '*/15 * * * *', '0 * * * *', '30 1,2,3 * * *'),
      fc.integer({ min: -3 * 3_600_000, max: 3 * 3_600_000 }),
      (timezone, schedule, offsetMs) => {
        const fromMs = repeated + offsetMs;
        const next = createTicks({ name: 'any', schedule, timezone }).after(fromMs);
        expect(next).toBeGreaterThan(fromMs);
      },
    ),
    { numRuns: 60 },
  );
});

test('a gap with more ticks than are counted is passed over whole', () => {
  const ticks = createTicks({ name: 'any', schedule: '* * * * *', timezone: 'UTC' });
  const untilMs = 10 * ticksCountMax * 60_000;
  expect(ticks.between(0, untilMs)).toEqual({ count: ticksCountMax, lastMs: untilMs });
  expect(ticks.between(0, 59_999)).toEqual({ count: 0, lastMs: undefined });
  expect(ticks.between(0, 60_000)).toEqual({ count: 1, lastMs: 60_000 });
});
