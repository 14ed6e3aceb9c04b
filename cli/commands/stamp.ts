import type { Clock } from '../../engine/words/clock.ts';

/** The moment as a part of a file's name that sorts by time: `20260301T090000Z`. */
export function formatStamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
}

export const stampPattern = /^\d{8}T\d{6}Z$/;
