import { AsyncLocalStorage } from 'node:async_hooks';
import { assertThat } from '../../engine/words/errors.ts';

/** One at a time, in the order asked. A task that asks again from within would wait for itself. */
export interface Gate {
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function createGate(): Gate {
  const inside = new AsyncLocalStorage<true>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(task) {
      assertThat(!inside.getStore(), 'a write inside a transaction must use its session');
      const turn = last.then(() => inside.run(true, task));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
