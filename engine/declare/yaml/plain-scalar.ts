/** Thrown inside, never outside: the text is not of the plain part of YAML. */
export class BeyondPlain extends Error {}

export function leavePlain(): never {
  throw new BeyondPlain();
}

/** What may begin a scalar without quotes here. YAML allows more: that is left to its reader. */
const plainStart = /[A-Za-z0-9_$/.(<^~+=;\\)\u00a0-\udfff]|-[A-Za-z0-9.]/y;
/** All that may be a number, a time or infinite to YAML 1.1, and more. */
const numberLike = /^[-+]?(?:[0-9.][0-9_.:]*(?:e[-+]?[0-9]+)?|0[bx][0-9a-f_]+|\.(?:inf|nan))$/i;
const wholeNumber = /^-?(?:0|[1-9][0-9]{0,14})$/;
const decimal = /^-?(?:0|[1-9][0-9]{0,7})\.[0-9]{1,7}$/;
const version = /^[0-9]+\.[0-9]+\.[0-9]+$/;

const names: ReadonlyMap<string, boolean | null> = new Map([
  ...['yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
    (name) => [name, true] as const,
  ),
  ...['no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(
    (name) => [name, false] as const,
  ),
  ...['~', 'null', 'Null', 'NULL'].map((name) => [name, null] as const),
]);

export function isPlainStart(text: string, at: number): boolean {
  plainStart.lastIndex = at;
  return plainStart.test(text);
}

/** Keys that JavaScript keeps in an order of its own, or that mean something to it or to YAML. */
export function isOddKey(name: string): boolean {
  return name === '__proto__' || name === '<<' || /^[0-9]/.test(name) || name === '';
}

/** The value of a scalar without quotes, by YAML 1.1 as Python's reader has it. */
export function resolvePlain(text: string): string | number | boolean | null {
  const named = names.get(text);
  if (named !== undefined) return named;
  if (!numberLike.test(text) || version.test(text)) return text === '<<' ? leavePlain() : text;
  if ((wholeNumber.test(text) && text !== '-0') || decimal.test(text)) return Number(text);
  return leavePlain();
}

export interface Quoted {
  readonly value: string;
  /** Behind the closing quote. */
  readonly end: number;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  '"': '"',
  '\\': '\\',
  '/': '/',
};

/** A text in quotes that ends on its line. */
export function readQuoted(text: string, at: number, lineEnd: number): Quoted {
  return text[at] === '"' ? readDouble(text, at, lineEnd) : readSingle(text, at, lineEnd);
}

function readSingle(text: string, at: number, lineEnd: number): Quoted {
  let end = at + 1;
  let isDoubled = false;
  for (;;) {
    end = text.indexOf("'", end);
    if (end === -1 || end >= lineEnd) return leavePlain();
    if (text[end + 1] !== "'") break;
    isDoubled = true;
    end += 2;
  }
  const inside = text.slice(at + 1, end);
  return { value: isDoubled ? inside.replaceAll("''", "'") : inside, end: end + 1 };
}

function readDouble(text: string, at: number, lineEnd: number): Quoted {
  let end = at + 1;
  let isEscaped = false;
  for (; end < lineEnd && text[end] !== '"'; end += 1) {
    if (text[end] !== '\\') continue;
    isEscaped = true;
    end += 1;
  }
  if (end >= lineEnd) return leavePlain();
  const inside = text.slice(at + 1, end);
  const value = isEscaped
    ? inside.replace(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? leavePlain())
    : inside;
  return { value, end: end + 1 };
}
