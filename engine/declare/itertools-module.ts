import { functionBag } from './host-bag.ts';
import { isTrue, toList } from './jinja/iterate.ts';
import { typeError } from './jinja/jinja-error.ts';
import { applyOperator } from './jinja/operators.ts';
import { type HostCallback, type HostObject, type JinjaValue, PyTuple } from './jinja/values.ts';

/** Most items any of them may answer: a template's mistake must not eat the memory. */
const itemsMax = 100_000;
/** Most places that are looked at or filled for them: nor the time. */
const stepsMax = 10_000_000;
/** Most places of one choice: each is a call deeper. */
const placesMax = 1_000;

/**
 * Python's `itertools`, each answer a list. What has no end in Python (`count`, `cycle`) is not
 * here: `range` and `%` say the same with one.
 */
export function itertoolsModule(): HostObject {
  return functionBag('itertools', {
    chain: (args) => limit('chain', args.flatMap(toList)),
    product: (args, kwargs) => {
      const lists = args.map(toList);
      const times = sizeOf(kwargs.get('repeat'), 1);
      if (times > itemsMax) throw tooLarge('product');
      return tuples('product', multiply(Array.from({ length: times }, () => lists).flat()));
    },
    combinations: choose('combinations', (last, next) => next > last),
    combinations_with_replacement: choose(
      'combinations_with_replacement',
      (last, next) => next >= last,
    ),
    permutations: choose('permutations', (_last, next, taken) => !taken.includes(next)),
    accumulate: async ([list = [], run], kwargs, call) => {
      const add = kwargs.get('func') ?? run ?? null;
      const sums: JinjaValue[] = [];
      const initial = kwargs.get('initial') ?? null;
      for (const item of [...(initial === null ? [] : [initial]), ...toList(list)]) {
        const before = sums.at(-1);
        if (before === undefined) sums.push(item);
        else if (add === null) sums.push(applyOperator('+', before, item));
        else sums.push(await call.invoke(add, [before, item]));
      }
      return limit('accumulate', sums);
    },
    compress: ([list = [], marks = []]) => {
      const kept = toList(marks).map(isTrue);
      return toList(list).filter((_, index) => kept[index]);
    },
    islice: ([list = [], ...bounds]) => {
      const [start, stop, step] =
        bounds.length === 1 ? [0, bounds[0], 1] : [bounds[0], bounds[1], bounds[2] ?? 1];
      const end = stop === null || stop === undefined ? Infinity : sizeOf(stop, 0);
      const every = sizeOf(step ?? 1, 1);
      if (every === 0) throw typeError('itertools.islice takes a step of 1 or more');
      const from = sizeOf(start ?? 0, 0);
      return toList(list).filter(
        (_, index) => index >= from && index < end && (index - from) % every === 0,
      );
    },
    repeat: ([value = null, times], kwargs) => {
      const said = kwargs.get('times') ?? times;
      if (said === undefined) throw typeError('itertools.repeat needs to be told how many times');
      const count = sizeOf(said, 0);
      if (count > itemsMax) throw tooLarge('repeat');
      return Array.from({ length: count }, () => value);
    },
    starmap: async ([run = null, list = []], _kwargs, call) => {
      const answers: JinjaValue[] = [];
      for (const item of toList(list)) answers.push(await call.invoke(run, toList(item)));
      return answers;
    },
    zip_longest: (args, kwargs) => {
      const lists = args.map(toList);
      const fill = kwargs.get('fillvalue') ?? null;
      const length = Math.max(0, ...lists.map((list) => list.length));
      return Array.from(
        { length },
        (_, index) => new PyTuple(lists.map((list) => list[index] ?? fill)),
      );
    },
  });
}

function sizeOf(value: JinjaValue | undefined, fallback: number): number {
  const size = Number(value ?? fallback);
  if (!Number.isInteger(size) || size < 0) throw typeError('a whole number was expected');
  return size;
}

function tooLarge(name: string): Error {
  return typeError(`itertools.${name} is too large: more than ${itemsMax} items, or too long ones`);
}

function limit(name: string, items: JinjaValue[]): JinjaValue[] {
  if (items.length > itemsMax) throw tooLarge(name);
  return items;
}

const tuples = (name: string, rows: readonly JinjaValue[][]): JinjaValue[] =>
  limit(
    name,
    rows.map((row) => new PyTuple(row)),
  );

function multiply(lists: readonly JinjaValue[][]): JinjaValue[][] {
  let rows: JinjaValue[][] = [[]];
  let steps = 0;
  for (const items of lists) {
    if (rows.length * items.length > itemsMax) throw tooLarge('product');
    steps += rows.length * items.length * ((rows[0]?.length ?? 0) + 1);
    if (steps > stepsMax) throw tooLarge('product');
    rows = rows.flatMap((row) => items.map((item) => [...row, item]));
  }
  return rows;
}

/** Choices of `r` places of a list, in Python's order; `isMeant` says which place may be next. */
function choose(
  name: string,
  isMeant: (last: number, next: number, taken: readonly number[]) => boolean,
): HostCallback {
  return ([list = [], r], kwargs) => {
    const items = toList(list);
    const size = sizeOf(kwargs.get('r') ?? r, items.length);
    if (size > placesMax) throw tooLarge(name);
    const rows: JinjaValue[] = [];
    const places: number[] = [];
    let steps = 0;
    /** Goes on from the places that are taken. */
    const extend = (): void => {
      if (places.length === size) {
        rows.push(new PyTuple(places.map((place) => items[place] ?? null)));
        if (rows.length > itemsMax) throw tooLarge(name);
        return;
      }
      for (let next = 0; next < items.length; next += 1) {
        steps += places.length + 1;
        if (steps > stepsMax) throw tooLarge(name);
        if (!isMeant(places.at(-1) ?? -1, next, places)) continue;
        places.push(next);
        extend();
        places.pop();
      }
    };
    extend();
    return rows;
  };
}
