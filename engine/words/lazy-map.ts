/** A map over these keys, each of whose values is made when it is first asked for. */
export function lazyMap<V>(
  keys: readonly string[],
  make: (index: number) => V,
): ReadonlyMap<string, V> {
  const places = new Map(keys.map((key, index) => [key, index]));
  const made = new Map<string, V>();
  const findValue = (key: string, index: number): V => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(index);
    made.set(key, value);
    return value;
  };
  function* values(): Generator<V, undefined> {
    for (const [key, index] of places) yield findValue(key, index);
  }
  function* entries(): Generator<[string, V], undefined> {
    for (const [key, index] of places) yield [key, findValue(key, index)];
  }
  const map: ReadonlyMap<string, V> = {
    size: places.size,
    has: (key) => places.has(key),
    get: (key) => {
      const index = places.get(key);
      return index === undefined ? undefined : findValue(key, index);
    },
    keys: () => places.keys(),
    values,
    entries,
    forEach: (work, self?: unknown) => {
      for (const [key, value] of entries()) work.call(self, value, key, map);
    },
    [Symbol.iterator]: entries,
  };
  return map;
}
