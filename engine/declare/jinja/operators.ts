import { combineSets } from './dict-methods.ts';
import { checkGrowth } from './iterate.ts';
import { jinjaError, typeError } from './jinja-error.ts';
import { checkRepeat } from './list-methods.ts';
import { calculate, negate, toInt, toNumber } from './number.ts';
import { formatPercent } from './percent-format.ts';
import {
  HostObject,
  type JinjaValue,
  NativeMarker,
  PyTuple,
  typeName,
  Undefined,
} from './values.ts';

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';

/** `a operator b` with Python's rules for every pair of types. */
export function applyOperator(operator: BinaryOperator, a: JinjaValue, b: JinjaValue): JinjaValue {
  if (typeof a === 'string' && typeof b === 'string' && operator === '+') return a + b;
  const numeric = calculate(operator, a, b);
  if (numeric !== undefined) return numeric;
  if (a instanceof NativeMarker) return applyOperator(operator, a.text, b);
  if (b instanceof NativeMarker) return applyOperator(operator, a, b.text);
  if (operator === '%' && typeof a === 'string') return formatPercent(a, b);
  for (const side of [a, b]) {
    if (side instanceof Undefined) {
      if (side.mode === 'capture') return side;
      throw jinjaError('jinja-undefined', side.complaint);
    }
  }
  const other = applyToSequence(operator, a, b) ?? applyToHost(operator, a, b);
  if (other !== undefined) return other;
  throw refuseOperands(operator, a, b);
}

function applyToSequence(
  operator: BinaryOperator,
  a: JinjaValue,
  b: JinjaValue,
): JinjaValue | undefined {
  if (operator === '+') {
    if (Array.isArray(a) && Array.isArray(b)) {
      checkGrowth(a.length + b.length);
      return [...a, ...b];
    }
    if (!(a instanceof PyTuple && b instanceof PyTuple)) return undefined;
    checkGrowth(a.items.length + b.items.length);
    return new PyTuple([...a.items, ...b.items]);
  }
  if (operator === '*') return repeat(a, b) ?? repeat(b, a);
  return combineSets(operator, a, b);
}

function repeat(value: JinjaValue, times: JinjaValue): JinjaValue | undefined {
  const count = toInt(times);
  if (count === undefined) return undefined;
  if (typeof value === 'string') return value.repeat(checkRepeat(value.length, Number(count)));
  if (Array.isArray(value)) return repeatItems(value, Number(count));
  if (value instanceof PyTuple) return new PyTuple(repeatItems(value.items, Number(count)));
  return undefined;
}

function repeatItems(items: readonly JinjaValue[], times: number): JinjaValue[] {
  const out: JinjaValue[] = [];
  const count = checkRepeat(items.length, times);
  for (let i = 0; i < count; i += 1) for (const item of items) out.push(item);
  return out;
}

function applyToHost(
  operator: BinaryOperator,
  a: JinjaValue,
  b: JinjaValue,
): JinjaValue | undefined {
  const direct = a instanceof HostObject ? a.behavior.operate?.(operator, b, false) : undefined;
  if (direct !== undefined) return direct;
  return b instanceof HostObject ? b.behavior.operate?.(operator, a, true) : undefined;
}

function refuseOperands(operator: BinaryOperator, a: JinjaValue, b: JinjaValue): Error {
  const names = `'${typeName(a)}' and '${typeName(b)}'`;
  if (operator === '+' && typeof a === 'string') {
    return typeError(
      `can only concatenate str (not "${typeName(b)}") to str`,
      'join values of any type with ~',
    );
  }
  const shown = operator === '**' ? '** or pow()' : operator;
  return typeError(`unsupported operand type(s) for ${shown}: ${names}`);
}

export function applySign(sign: '-' | '+', value: JinjaValue): JinjaValue {
  if (value instanceof Undefined) {
    if (value.mode === 'capture') return value;
    throw jinjaError('jinja-undefined', value.complaint);
  }
  if (sign === '+' && toNumber(value) !== undefined) return toInt(value) ?? value;
  const result = sign === '-' ? negate(value) : undefined;
  if (result === undefined) {
    throw typeError(`bad operand type for unary ${sign}: '${typeName(value)}'`);
  }
  return result;
}
