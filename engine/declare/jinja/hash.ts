import { typeError } from './jinja-error.ts';

/** A value class that files itself under a key of its own (or refuses to be filed). */
export interface Hashable {
  hash(): unknown;
}

/**
 * The key under which a dict or set files a value: equal for values that Python holds equal,
 * different for others. Strings and numbers stand for themselves, other objects too unless they
 * are `Hashable`.
 */
export function hashValue(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      // U+0000 opens the encoding of tuples, so that no string of the template can equal one.
      return value.charCodeAt(0) === 0 ? `\u0000s${value}` : value;
    case 'boolean':
      return value ? 1 : 0;
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) throw unhashable('list');
      return 'hash' in value && typeof value.hash === 'function' ? value.hash() : value;
    default:
      return value;
  }
}

export function unhashable(name: string): Error {
  return typeError(`unhashable type: '${name}'`, 'keys and set members may be tuples');
}

export function hashFloat(value: number): unknown {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;
}

const identities = new WeakMap<object, number>();
let identityLast = 0;

export function hashItems(items: readonly unknown[]): string {
  const parts = items.map((item) => {
    const hash = hashValue(item);
    const text = typeof hash === 'object' && hash !== null ? identify(hash) : String(hash);
    return `${typeof hash}${text.length}:${text}`;
  });
  return `\u0000(${parts.join(',')}`;
}

function identify(value: object): string {
  const known = identities.get(value);
  if (known !== undefined) return String(known);
  identityLast += 1;
  identities.set(value, identityLast);
  return String(identityLast);
}
