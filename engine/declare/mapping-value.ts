import {
  type HostCallback,
  HostFunction,
  HostObject,
  type JinjaValue,
  type MaybePromise,
  PyTuple,
} from './jinja/values.ts';

/** A mapping of names whose values are made when they are asked for. */
export interface LazyMapping {
  names(): readonly string[];
  find(name: string): MaybePromise<JinjaValue> | undefined;
}

/** As templates see it: with what Python's dict answers. `more`: what else it can do. */
export function mappingValue(
  typeName: string,
  { names, find }: LazyMapping,
  more: Readonly<Record<string, HostCallback>> = {},
): HostObject {
  const items = async (): Promise<(readonly [string, JinjaValue])[]> => {
    const all: (readonly [string, JinjaValue])[] = [];
    for (const name of names()) all.push([name, (await find(name)) ?? null]);
    return all;
  };
  const methods: Readonly<Record<string, HostCallback>> = {
    get: async ([name, other]) => (await find(String(name))) ?? other ?? null,
    keys: () => [...names()],
    values: async () => (await items()).map(([, value]) => value),
    items: async () => (await items()).map((pair) => new PyTuple([...pair])),
    ...more,
  };
  return new HostObject({
    typeName,
    isMapping: true,
    text: () => `<${typeName}>`,
    attribute: (name) => {
      const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
      return method ? new HostFunction(name, method) : find(name);
    },
    item: (key) => find(String(key)),
    iterate: () => names(),
    length: () => names().length,
  });
}
