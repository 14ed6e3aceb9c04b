/** SOQL's date literals (`TODAY`, `LAST_N_DAYS:30`) as the half-open range of days they mean. */

const dayMs = 24 * 3600 * 1000;

export interface DayRange {
  /** First instant, in milliseconds. */
  from: number;
  /** First instant after. */
  to: number;
}

type Unit = 'DAY' | 'WEEK' | 'MONTH' | 'QUARTER' | 'YEAR';

/** Undefined for a literal that is not known. `n` belongs to literals such as LAST_N_DAYS. */
export function readDateLiteral(literal: string, n: number, nowMs: number): DayRange | undefined {
  const name = literal.toUpperCase();
  const today = startOf('DAY', nowMs);
  if (name === 'TODAY') return span('DAY', today, 0, 1);
  if (name === 'YESTERDAY') return span('DAY', today, -1, 0);
  if (name === 'TOMORROW') return span('DAY', today, 1, 2);
  if (name === 'LAST_90_DAYS') return span('DAY', today, -90, 1);
  if (name === 'NEXT_90_DAYS') return span('DAY', today, 1, 91);
  const plain = /^(THIS|LAST|NEXT)_(WEEK|MONTH|QUARTER|YEAR)$/.exec(name);
  if (plain !== null) {
    const at = { THIS: 0, LAST: -1, NEXT: 1 }[plain[1] as 'THIS' | 'LAST' | 'NEXT'];
    return span(plain[2] as Unit, nowMs, at, at + 1);
  }
  const counted = /^(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR)S$/.exec(name);
  if (counted !== null) {
    const unit = counted[2] as Unit;
    if (counted[1] === 'NEXT') return span(unit, nowMs, 1, n + 1);
    // The last n days include today; the last n weeks, months and so on leave the running one out.
    return span(unit, nowMs, -n, unit === 'DAY' ? 1 : 0);
  }
  const ago = /^N_(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO$/.exec(name);
  if (ago !== null) return span(ago[1] as Unit, nowMs, -n, -n + 1);
  return undefined;
}

function span(unit: Unit, at: number, from: number, to: number): DayRange {
  return { from: shift(unit, startOf(unit, at), from), to: shift(unit, startOf(unit, at), to) };
}

function startOf(unit: Unit, ms: number): number {
  const day = Math.floor(ms / dayMs) * dayMs;
  const date = new Date(day);
  switch (unit) {
    case 'DAY':
      return day;
    case 'WEEK':
      return day - date.getUTCDay() * dayMs;
    case 'MONTH':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    case 'QUARTER':
      return Date.UTC(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / 3) * 3, 1);
    case 'YEAR':
      return Date.UTC(date.getUTCFullYear(), 0, 1);
  }
}

function shift(unit: Unit, start: number, by: number): number {
  if (unit === 'DAY') return start + by * dayMs;
  if (unit === 'WEEK') return start + by * 7 * dayMs;
  const months = { MONTH: 1, QUARTER: 3, YEAR: 12 }[unit] * by;
  const date = new Date(start);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
}
