import { compareValues, isEqual, sortValues } from './compare.ts';
import type { Filter } from './filter.ts';
import { createGetter, defineFilter, ignoreCase } from './filter-table.ts';
import { isTrue, iterate, lengthOf, toList } from './iterate.ts';
import { typeError, valueError } from './jinja-error.ts';
import { checkRepeat, pickExtreme } from './list-methods.ts';
import { requireIndex } from './number.ts';
import { applyOperator } from './operators.ts';
import { printValue } from './print.ts';
import { reverseText } from './text.ts';
import {
  type JinjaValue,
  PyDict,
  PyIterator,
  PySet,
  PyTuple,
  typeName,
  Undefined,
  type UndefinedMode,
} from './values.ts';

type Getter = (item: JinjaValue) => JinjaValue;

/** The getter of a comparing filter: strings compare without case unless told otherwise. */
function createKey(
  attribute: JinjaValue | undefined,
  isCaseSensitive: JinjaValue | undefined,
  mode: UndefinedMode,
  fallback?: JinjaValue,
): Getter {
  const read = createGetter(attribute, mode, fallback);
  return isTrue(isCaseSensitive ?? false) ? read : (item) => ignoreCase(read(item));
}

/**
 * As Python's: always a list of keys, so that equal ones (undefined, too) are never put in order.
 */
function createSortKey(
  attribute: JinjaValue | undefined,
  isCaseSensitive: JinjaValue | undefined,
  mode: UndefinedMode,
): Getter {
  const names = typeof attribute === 'string' ? attribute.split(',') : [attribute];
  const keys = names.map((name) => createKey(name, isCaseSensitive, mode));
  return (item) => new PyTuple(keys.map((key) => key(item)));
}

function batchItems(items: JinjaValue[], size: number, fill: JinjaValue): JinjaValue[] {
  const out: JinjaValue[][] = [];
  const width = size > 0 ? size : Math.max(1, items.length);
  for (let i = 0; i < items.length; i += width) out.push(items.slice(i, i + width));
  const last = out.at(-1);
  if (fill !== null && last !== undefined) {
    checkRepeat(1, width);
    while (last.length < width) last.push(fill);
  }
  return out;
}

function sliceItems(items: JinjaValue[], count: number, fill: JinjaValue): JinjaValue[] {
  if (count === 0) throw valueError('integer division or modulo by zero');
  const size = Math.floor(items.length / count);
  const extra = items.length % count;
  const out: JinjaValue[] = [];
  let start = 0;
  for (let i = 0; i < checkRepeat(1, count); i += 1) {
    const stop = start + size + (i < extra ? 1 : 0);
    const part = items.slice(start, stop);
    if (fill !== null && i >= extra) part.push(fill);
    out.push(part);
    start = stop;
  }
  return out;
}

function groupItems(items: JinjaValue[], key: Getter, shown: Getter): JinjaValue[] {
  const groups: { key: JinjaValue; items: JinjaValue[] }[] = [];
  for (const item of sortValues(items, key)) {
    const value = key(item);
    const last = groups.at(-1);
    if (last !== undefined && isEqual(last.key, value)) last.items.push(item);
    else groups.push({ key: value, items: [item] });
  }
  return groups.map((group) => {
    const [first = null] = group.items;
    return new PyTuple([shown(first), group.items], ['grouper', 'list']);
  });
}

function uniqueItems(items: Iterable<JinjaValue>, key: Getter): JinjaValue[] {
  const seen = new PySet();
  const out: JinjaValue[] = [];
  for (const item of items) {
    const value = key(item);
    if (!seen.has(value)) out.push(item);
    seen.add(value);
  }
  return out;
}

function reverseValue(value: JinjaValue): JinjaValue {
  if (typeof value === 'string') return reverseText(value);
  if (value instanceof PyIterator) return toList(value).reverse();
  const name = Array.isArray(value) ? 'list_reverseiterator' : 'reversed';
  return new PyIterator(toList(value).reverse(), name);
}

function lastItem(value: JinjaValue): JinjaValue | undefined {
  if (value instanceof PyIterator) throw typeError(`'${value.name}' object is not reversible`);
  return toList(value).at(-1);
}

function sortDict(value: JinjaValue, args: readonly (JinjaValue | undefined)[]): JinjaValue {
  const [isCaseSensitive = false, by = 'key', isReversed = false] = args;
  if (!(value instanceof PyDict)) throw typeError(`'${typeName(value)}' has no items to sort`);
  if (by !== 'key' && by !== 'value') {
    throw valueError('You can only sort by either "key" or "value"');
  }
  const pairs = value.entries().map((entry) => ({ entry, key: entry[by === 'key' ? 0 : 1] }));
  const keyed = pairs.map(({ entry, key }) => ({
    entry,
    key: isTrue(isCaseSensitive) ? key : ignoreCase(key),
  }));
  const sign = isTrue(isReversed) ? -1 : 1;
  keyed.sort((a, b) => sign * compareValues(a.key, b.key) || 0);
  return keyed.map(({ entry }) => new PyTuple(entry));
}

function sumItems(items: Iterable<JinjaValue>, start: JinjaValue): JinjaValue {
  if (typeof start === 'string') throw typeError("sum() can't sum strings [use ''.join(seq)]");
  let total: JinjaValue = start;
  for (const item of items) total = applyOperator('+', total, item);
  return total;
}

export const listFilters: readonly [string, Filter][] = [
  defineFilter('list', [], (value) => toList(value)),
  defineFilter('length', [], (value) => lengthOf(value)),
  defineFilter('count', [], (value) => lengthOf(value)),
  defineFilter('first', [], (value, _args, { undefinedMode }) => {
    for (const item of iterate(value)) return item;
    return new Undefined(undefinedMode, 'No first item, sequence was empty.');
  }),
  defineFilter('last', [], (value, _args, { undefinedMode }) => {
    const last = lastItem(value);
    if (last !== undefined) return last;
    return new Undefined(undefinedMode, 'No last item, sequence was empty.');
  }),
  defineFilter('random', [], (value, _args, { undefinedMode }) => {
    const items = toList(value);
    const pick = items[Math.floor(Math.random() * items.length)];
    if (pick !== undefined) return pick;
    return new Undefined(undefinedMode, 'No random item, sequence was empty.');
  }),
  defineFilter('join', ['d?', 'attribute?'], (value, [separator, attribute], context) => {
    const read = createGetter(attribute, context.undefinedMode);
    return Array.from(iterate(value), (item) => printValue(read(item))).join(
      separator === undefined ? '' : printValue(separator),
    );
  }),
  defineFilter('reverse', [], reverseValue),
  defineFilter('batch', ['linecount', 'fill_with?'], (value, [size = null, fill = null]) => {
    return new PyIterator(batchItems(toList(value), requireIndex(size, 'linecount'), fill));
  }),
  defineFilter('slice', ['slices', 'fill_with?'], (value, [count = null, fill = null]) => {
    return new PyIterator(sliceItems(toList(value), requireIndex(count, 'slices'), fill));
  }),
  defineFilter('sort', ['reverse?', 'case_sensitive?', 'attribute?'], (value, args, context) => {
    const [isReversed = false, isCaseSensitive, attribute] = args;
    const key = createSortKey(attribute, isCaseSensitive, context.undefinedMode);
    return sortValues(toList(value), key, isTrue(isReversed));
  }),
  defineFilter('unique', ['case_sensitive?', 'attribute?'], (value, args, context) => {
    const [isCaseSensitive, attribute] = args;
    const key = createKey(attribute, isCaseSensitive, context.undefinedMode);
    return new PyIterator(uniqueItems(iterate(value), key));
  }),
  ...(['min', 'max'] as const).map((name) =>
    defineFilter(name, ['case_sensitive?', 'attribute?'], (value, args, context) => {
      const [isCaseSensitive, attribute] = args;
      const key = createKey(attribute, isCaseSensitive, context.undefinedMode);
      const found = pickExtreme(iterate(value), name === 'min' ? 1 : -1, key);
      if (found !== undefined) return found;
      return new Undefined(context.undefinedMode, 'No aggregated item, sequence was empty.');
    }),
  ),
  defineFilter('sum', ['attribute?', 'start?'], (value, [attribute, start = 0], context) => {
    const read = createGetter(attribute, context.undefinedMode);
    return sumItems(Array.from(iterate(value), read), start);
  }),
  defineFilter(
    'groupby',
    ['attribute', 'default?', 'case_sensitive?'],
    (value, [attribute, fallback = null, isCaseSensitive], { undefinedMode }) => {
      const key = createKey(attribute, isCaseSensitive, undefinedMode, fallback);
      return groupItems(toList(value), key, createGetter(attribute, undefinedMode, fallback));
    },
  ),
  defineFilter('dictsort', ['case_sensitive?', 'by?', 'reverse?'], sortDict),
  defineFilter('items', [], (value) => {
    if (value instanceof Undefined) return new PyIterator([]);
    if (!(value instanceof PyDict)) throw typeError('Can only get item pairs from a mapping.');
    return new PyIterator(value.entries().map((entry) => new PyTuple(entry)));
  }),
];
