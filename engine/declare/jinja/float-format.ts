/** `repr` of a float: the shortest digits that read back, exponents as Python writes them. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (Object.is(value, -0)) return '-0.0';
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (value !== 0 && (exponent < -4 || exponent >= 16)) return mantissa + writeExponent(exponent);
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

function writeExponent(exponent: number): string {
  return `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** `|value| × 10^digits`, rounded half to even on the float's exact value, as Python rounds. */
export function scaleExactly(value: number, digits: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  let numerator = biased === 0 ? fraction : fraction | 0x10000000000000n;
  let denominator = 1n;
  const exponent = (biased === 0 ? 1 : biased) - 1075;
  if (exponent >= 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  if (digits >= 0) numerator *= 10n ** BigInt(digits);
  else denominator *= 10n ** BigInt(-digits);
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  const isUp = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  return isUp ? quotient + 1n : quotient;
}

/** Digits without a sign, `precision` of them after the point. */
export function formatFixed(value: number, precision: number): string {
  const digits = scaleExactly(value, precision)
    .toString()
    .padStart(precision + 1, '0');
  if (precision === 0) return digits;
  return `${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
}

/** The `precision + 1` significant digits of a float and its decimal exponent. */
function splitDigits(value: number, precision: number): [string, number] {
  if (value === 0) return ['0'.repeat(precision + 1), 0];
  let exponent = Number(value.toExponential().split('e')[1] ?? '0');
  let digits = scaleExactly(value, precision - exponent).toString();
  if (digits.length > precision + 1) {
    exponent += 1;
    digits = digits.slice(0, precision + 1);
  }
  return [digits, exponent];
}

export function formatExponent(value: number, precision: number): string {
  const [digits, exponent] = splitDigits(value, precision);
  const tail = precision === 0 ? '' : `.${digits.slice(1)}`;
  return digits.slice(0, 1) + tail + writeExponent(exponent);
}

/** The `g` format: whichever of the two is shorter, without trailing zeros. */
export function formatGeneral(value: number, precision: number, keepZeros = false): string {
  const significant = Math.max(1, precision);
  const [, exponent] = splitDigits(value, significant - 1);
  if (exponent < -4 || exponent >= significant) {
    const [mantissa = '', power = ''] = formatExponent(value, significant - 1).split('e');
    return `${keepZeros ? mantissa : stripZeros(mantissa)}e${power}`;
  }
  const text = formatFixed(value, significant - 1 - exponent);
  return keepZeros ? text : stripZeros(text);
}

function stripZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
