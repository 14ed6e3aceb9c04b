import { isCallable } from './attribute.ts';
import { bindArguments } from './bind-arguments.ts';
import { isEqual, isOrdered, isSame } from './compare.ts';
import type { Filter, FilterContext } from './filter.ts';
import { contains, tryIterate, tryLength } from './iterate.ts';
import { toNumber } from './number.ts';
import { applyOperator } from './operators.ts';
import { printValue } from './print.ts';
import { isLowerText, isUpperText } from './string-methods.ts';
import {
  HostObject,
  type JinjaValue,
  NativeMarker,
  PyDict,
  PyFloat,
  PyIterator,
  PySet,
  PyView,
  Undefined,
} from './values.ts';

function alone(
  name: string,
  run: (value: JinjaValue, context: FilterContext) => boolean,
): [string, Filter] {
  return [
    name,
    (value, args, kwargs, context) => {
      bindArguments(name, [], args, kwargs);
      return run(value, context);
    },
  ];
}

function against(
  names: readonly string[],
  run: (value: JinjaValue, other: JinjaValue) => boolean,
): [string, Filter][] {
  return names.map((name) => [
    name,
    (value, args, kwargs) => {
      const [other = null] = bindArguments(name, ['other'], args, kwargs);
      return run(value, other);
    },
  ]);
}

function isInteger(value: JinjaValue): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

function hasRest(value: JinjaValue, divisor: number, rest: number): boolean {
  return isEqual(applyOperator('%', value, divisor), rest);
}

/** What has a length and items by key or index; a mapping counts, as in Python. */
function isSequence(value: JinjaValue): boolean {
  if (value instanceof PySet || value instanceof PyView || value instanceof PyIterator)
    return false;
  if (value instanceof HostObject) {
    return value.behavior.length !== undefined && value.behavior.item !== undefined;
  }
  return tryLength(value) !== undefined;
}

function isMapping(value: JinjaValue): boolean {
  return value instanceof PyDict;
}

export const tests: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  alone('odd', (value) => hasRest(value, 2, 1)),
  alone('even', (value) => hasRest(value, 2, 0)),
  alone('defined', (value) => !(value instanceof Undefined)),
  alone('undefined', (value) => value instanceof Undefined),
  alone('none', (value) => value === null),
  alone('boolean', (value) => typeof value === 'boolean'),
  alone('false', (value) => value === false),
  alone('true', (value) => value === true),
  alone('integer', isInteger),
  alone('float', (value) => value instanceof PyFloat),
  alone('number', (value) => toNumber(value) !== undefined),
  alone('string', (value) => typeof value === 'string' || value instanceof NativeMarker),
  alone('lower', (value) => isLowerText(printValue(value))),
  alone('upper', (value) => isUpperText(printValue(value))),
  alone('mapping', isMapping),
  alone('sequence', isSequence),
  alone('iterable', (value) => tryIterate(value) !== undefined),
  alone('callable', isCallable),
  alone('escaped', () => false),
  alone('filter', (value, context) => isKnown(() => context.findFilter(printValue(value)))),
  alone('test', (value, context) => isKnown(() => context.findTest(printValue(value)))),
  ...against(['divisibleby'], (value, other) => isEqual(applyOperator('%', value, other), 0)),
  ...against(['sameas'], isSame),
  ...against(['in'], (value, other) => contains(other, value)),
  ...against(['eq', 'equalto', '=='], (value, other) => isEqual(value, other)),
  ...against(['ne', '!='], (value, other) => !isEqual(value, other)),
  ...against(['gt', 'greaterthan', '>'], (value, other) => isOrdered('>', value, other)),
  ...against(['ge', '>='], (value, other) => isOrdered('>=', value, other)),
  ...against(['lt', 'lessthan', '<'], (value, other) => isOrdered('<', value, other)),
  ...against(['le', '<='], (value, other) => isOrdered('<=', value, other)),
]);

function isKnown(find: () => Filter): boolean {
  try {
    find();
    return true;
  } catch {
    return false;
  }
}
