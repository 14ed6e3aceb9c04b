/** What a bit is worth behind each of 2^n zero bits: powers of x modulo CRC-32's polynomial. */
const powers: number[] = [0x40000000];
const polynomial = 0xedb88320;
const one = 0x80000000;

for (let n = 1; n < 32; n += 1) powers.push(multiply(powers[n - 1] ?? 0, powers[n - 1] ?? 0));

/** CRC-32 of two texts, one behind the other, of which the second is `bytes` long. */
export function joinChecksums(first: number, second: number, bytes: number): number {
  return (multiply(shiftOf(bytes), first) ^ second) >>> 0;
}

/** Modulo the polynomial, its bits from the highest power down. */
function multiply(left: number, right: number): number {
  let product = 0;
  let factor = right;
  for (let bit = one; bit !== 0 && left !== 0; bit >>>= 1) {
    if ((left & bit) !== 0) product ^= factor;
    factor = (factor & 1) === 0 ? factor >>> 1 : (factor >>> 1) ^ polynomial;
  }
  return product >>> 0;
}

const bitsPerByte = 8;

/** x to the power of that many bytes' bits. */
function shiftOf(bytes: number): number {
  let shift = one;
  let place = Math.log2(bitsPerByte);
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) shift = multiply(powers[place % powers.length] ?? 0, shift);
    place += 1;
  }
  return shift;
}
