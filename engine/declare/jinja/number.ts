import { jinjaError, typeError, valueError } from './jinja-error.ts';
import { type JinjaValue, PyFloat } from './values.ts';

export type Int = number | bigint;

/** The largest int a template may build, in bits: beyond it `2 ** n` would eat the memory. */
const intBitsMax = 100_000;

export function normalizeInt(value: bigint): Int {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

/** The integer a value is (bools count), or undefined. */
export function toInt(value: JinjaValue): Int | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return undefined;
}

/** The JavaScript number a numeric value is, or undefined where it is no number at all. */
export function toNumber(value: JinjaValue): number | undefined {
  if (typeof value === 'number') return value;
  if (value instanceof PyFloat) return value.value;
  const int = toInt(value);
  return int === undefined ? undefined : Number(int);
}

/** A small integer for an argument such as a width or an index. */
export function requireIndex(value: JinjaValue, what: string): number {
  const int = toInt(value);
  if (int === undefined) throw typeError(`${what} must be an integer`);
  if (typeof int === 'bigint') throw jinjaError('jinja-size', `${what} is too large`);
  return int;
}

export function compareNumbers(a: JinjaValue, b: JinjaValue): number | undefined {
  const left = a instanceof PyFloat ? a.value : toInt(a);
  const right = b instanceof PyFloat ? b.value : toInt(b);
  if (left === undefined || right === undefined) return undefined;
  if (left < right) return -1;
  if (left > right) return 1;
  // Neither smaller nor larger: equal, a bigint and a number by value; unless one of them is NaN.
  return Number.isNaN(Number(left)) || Number.isNaN(Number(right)) ? Number.NaN : 0;
}

export function negate(value: JinjaValue): JinjaValue | undefined {
  if (value instanceof PyFloat) return new PyFloat(-value.value);
  const int = toInt(value);
  if (int === undefined) return undefined;
  return int === 0 ? 0 : typeof int === 'bigint' ? normalizeInt(-int) : -int;
}

/** Arithmetic on two numbers, or undefined when either is none. */
export function calculate(operator: string, a: JinjaValue, b: JinjaValue): JinjaValue | undefined {
  const left = toInt(a);
  const right = toInt(b);
  if (left !== undefined && right !== undefined) return calculateInts(operator, left, right);
  const x = toNumber(a);
  const y = toNumber(b);
  if (x === undefined || y === undefined) return undefined;
  return new PyFloat(calculateFloats(operator, x, y));
}

function calculateInts(operator: string, a: Int, b: Int): JinjaValue | undefined {
  if (operator === '/') {
    if (b === 0) throw valueError('division by zero');
    return new PyFloat(divideInts(a, b));
  }
  if (operator === '**') return raiseInt(a, b);
  if (typeof a === 'number' && typeof b === 'number') {
    const small = calculateSmall(operator, a, b);
    if (small === undefined || Number.isSafeInteger(small)) return small;
  }
  return calculateBig(operator, BigInt(a), BigInt(b));
}

/** The float nearest to the exact quotient: dividing rounded operands would round twice. */
function divideInts(a: Int, b: Int): number {
  if (typeof a === 'number' && typeof b === 'number') return a / b;
  const [x, y] = [BigInt(a), BigInt(b)];
  const size = (value: bigint) => (value < 0n ? -value : value).toString(2).length;
  const shift = size(y) - size(x) + 66;
  const numerator = shift > 0 ? x << BigInt(shift) : x;
  const divisor = shift > 0 ? y : y << BigInt(-shift);
  const quotient = numerator / divisor;
  const isExact = quotient * divisor === numerator;
  // Twice the quotient and a last bit for the rest: what decides a tie.
  return (Number(quotient * 2n + (isExact ? 0n : quotient < 0n ? -1n : 1n)) / 2) * 2 ** -shift;
}

function calculateSmall(operator: string, a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b + 0;
    case '//':
      if (b === 0) throw valueError('integer division or modulo by zero');
      return Math.floor(a / b) + 0;
    case '%': {
      if (b === 0) throw valueError('integer modulo by zero');
      const rest = a % b;
      return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest + 0;
    }
    default:
      return undefined;
  }
}

function calculateBig(operator: string, a: bigint, b: bigint): Int | undefined {
  switch (operator) {
    case '+':
      return normalizeInt(a + b);
    case '-':
      return normalizeInt(a - b);
    case '*':
      return normalizeInt(a * b);
    case '//':
    case '%': {
      if (b === 0n) throw valueError('integer division or modulo by zero');
      const rest = a % b;
      const isShifted = rest !== 0n && rest < 0n !== b < 0n;
      if (operator === '%') return normalizeInt(isShifted ? rest + b : rest);
      return normalizeInt(isShifted ? a / b - 1n : a / b);
    }
    default:
      return undefined;
  }
}

function raiseInt(base: Int, exponent: Int): JinjaValue {
  if (exponent < 0) {
    if (base === 0) throw valueError('0.0 cannot be raised to a negative power');
    return new PyFloat(Number(base) ** Number(exponent));
  }
  const bits = Math.log2(Math.max(2, Math.abs(Number(base)))) * Number(exponent);
  if (Math.abs(Number(base)) > 1 && bits > intBitsMax) {
    throw jinjaError('jinja-size', `a power of more than ${intBitsMax} bits`);
  }
  return normalizeInt(BigInt(base) ** BigInt(exponent));
}

function calculateFloats(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '**': {
      if (a === 0 && b < 0) throw valueError('0.0 cannot be raised to a negative power');
      const power = a ** b;
      if (Number.isNaN(power) && !Number.isNaN(a) && !Number.isNaN(b)) {
        throw valueError('a negative number raised to a fraction is complex');
      }
      return power;
    }
    default:
      return divideFloats(operator, a, b);
  }
}

function divideFloats(operator: string, a: number, b: number): number {
  if (b === 0) throw valueError(operator === '%' ? 'float modulo' : 'float division by zero');
  if (operator === '/') return a / b;
  const rest = a % b;
  const isShifted = rest !== 0 && rest < 0 !== b < 0;
  if (operator === '%') return rest === 0 ? (b < 0 ? -0 : 0) : isShifted ? rest + b : rest;
  const quotient = (a - rest) / b - (isShifted ? 1 : 0);
  if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}
