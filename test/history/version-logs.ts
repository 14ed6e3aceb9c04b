import fc from 'fast-check';
import { vi } from 'vitest';
import type { Version } from './oracle.ts';

// A long run has the time that it takes: an hour ends what would never.
if (process.env['HISTORY_RUNS'] !== undefined) vi.setConfig({ testTimeout: 3_600_000 });

/** As many rounds as `HISTORY_RUNS` says, however long they take; without it, few and soon over. */
export function historyRounds(few = 6) {
  const many = process.env['HISTORY_RUNS'];
  if (many !== undefined) return { numRuns: Number(many) };
  return { numRuns: few, interruptAfterTimeLimit: 45_000, markInterruptAsFailure: true };
}

const idOf = (index: number) => `k${String(index).padStart(2, '0')}`;

const small = (max: number) => fc.integer({ min: 1, max });
const maybe = <T>(value: fc.Arbitrary<T>, freq = 4) => fc.option(value, { nil: null, freq });

/**
 * Many keys of few versions: every kind of disorder meets every other somewhere. `HISTORY_KEYS`
 * says how many, for long runs.
 */
export function logOf(few: number): fc.Arbitrary<Version[]> {
  const keys = Number(process.env['HISTORY_KEYS'] ?? few);
  return fc
    .array(
      fc.array(
        fc.record({
          valid: small(6),
          recorded: small(6),
          seq: maybe(small(2)),
          gone: maybe(fc.integer({ min: 0, max: 3 }).map((dice) => dice === 0)),
          survivor: fc.integer({ min: 0, max: 9 }).map((dice) => (dice < 2 ? `m${dice}` : null)),
          name: maybe(fc.constantFrom('a', 'b'), 6),
          size: fc.constantFrom(1, 2),
          seen: maybe(small(9)),
        }),
        { maxLength: 7 },
      ),
      { minLength: keys, maxLength: keys },
    )
    .map((logs) => logs.flatMap((log, key) => log.map((row) => ({ id: idOf(key), ...row }))));
}

/** The key that `removed` of a log made by `logOf` bears. */
export const keyOf = idOf;
