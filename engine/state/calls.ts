import type { Clock } from '../words/clock.ts';
import type { CallMeter } from '../words/connection.ts';
import type { StateDb } from './state-db.ts';

/** Counts an account's calls per UTC day, across processes and restarts. */
export function createCallMeter(db: StateDb, account: string, clock: Clock): CallMeter {
  return {
    usedToday() {
      const row = db.get(
        'select used from calls where account = ? and day = ?',
        account,
        dayOf(clock),
      );
      return Number(row?.['used'] ?? 0);
    },
    add(calls) {
      db.note(() =>
        db.run(
          `insert into calls values (?, ?, ?)
           on conflict (account, day) do update set used = used + excluded.used`,
          account,
          dayOf(clock),
          calls,
        ),
      );
    },
  };
}

export interface CallUsage {
  readonly account: string;
  readonly day: string;
  readonly used: number;
}

/** Calls per account and UTC day, newest first. */
export function listCalls(db: StateDb, limit: number): CallUsage[] {
  return db
    .all('select account, day, used from calls order by day desc, account limit ?', limit)
    .map((row) => ({
      account: String(row['account']),
      day: String(row['day']),
      used: Number(row['used']),
    }));
}

function dayOf(clock: Clock): string {
  return new Date(clock.now()).toISOString().slice(0, 10);
}
