import type { Warehouse } from '../words/warehouse.ts';

/** A step between two statements has none to interrupt: its next one is met by the next turn. */
const turnMs = 500;

/**
 * From the moment of `cut` until disposed, whatever statement the warehouse is working on ends in
 * an error. What is not committed is rolled back, as after a kill; but the run is put on record.
 */
export function interruptOn(cut: AbortSignal, warehouse: Warehouse): Disposable {
  let turns: NodeJS.Timeout | undefined;
  const begin = (): void => {
    warehouse.interrupt();
    turns = setInterval(() => warehouse.interrupt(), turnMs);
  };
  if (cut.aborted) begin();
  else cut.addEventListener('abort', begin, { once: true });
  return {
    [Symbol.dispose]() {
      cut.removeEventListener('abort', begin);
      clearInterval(turns);
    },
  };
}
