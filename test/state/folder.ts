import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../engine/words/clock.ts';

/** A folder of its own for one test, removed afterwards. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A clock that moves only when told to, or when somebody sleeps on it. */
export function heldClock(
  start = '2026-03-01T09:00:00.000Z',
): Clock & { advance(ms: number): void } {
  let nowMs = Date.parse(start);
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
    async sleep(durationMs) {
      nowMs += durationMs;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
