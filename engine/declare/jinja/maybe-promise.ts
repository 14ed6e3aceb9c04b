import type { MaybePromise } from './values.ts';

/** Goes on at once with a value, or later with a promised one. Awaiting what is already there
 * would cost a turn of the event loop for every node of every template. */
export function chain<T, U>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Applies `run` to each item in order, waiting only where an answer is a promise. */
export function mapInOrder<T, U>(
  items: readonly T[],
  run: (item: T) => MaybePromise<U>,
  done: U[] = [],
): MaybePromise<U[]> {
  for (let i = done.length; i < items.length; i += 1) {
    const item = items[i];
    if (item === undefined) break;
    const result = run(item);
    if (result instanceof Promise) {
      return result.then((value) => mapInOrder(items, run, [...done, value]));
    }
    done.push(result);
  }
  return done;
}
