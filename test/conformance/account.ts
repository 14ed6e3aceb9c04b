import type { Clock } from '../../engine/words/clock.ts';
import type { ConnectionContext } from '../../engine/words/connection.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import { silentLog } from '../../engine/words/log.ts';

/** One account with its meter; each context made of it is that of another process. */
export function openAccount(clock: Clock): (config: JsonObject) => ConnectionContext {
  const usedByDay = new Map<number, number>();
  const day = (): number => Math.floor(clock.now() / 86_400_000);
  const usedToday = (): number => usedByDay.get(day()) ?? 0;
  const meter = {
    usedToday,
    add: (calls: number) => void usedByDay.set(day(), usedToday() + calls),
  };
  return (config) => {
    const values = new Map<string, unknown>();
    return {
      name: 'crm',
      config,
      clock,
      log: silentLog,
      meter,
      once<T>(key: string, open: () => T): T {
        if (!values.has(key)) values.set(key, open());
        return values.get(key) as T;
      },
    };
  };
}
