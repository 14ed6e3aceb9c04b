import { type HostCallback, HostFunction, HostObject, type JinjaValue } from './jinja/values.ts';

/** A read-only bag of attributes, such as `modules` or `exceptions`. */
export function bagValue(typeName: string, attributes: Record<string, JinjaValue>): HostObject {
  return new HostObject({
    typeName,
    text: () => `<${typeName}>`,
    attribute: (name) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined),
    item: (key) => (Object.hasOwn(attributes, String(key)) ? attributes[String(key)] : undefined),
  });
}

export function functionBag(
  typeName: string,
  functions: Record<string, HostCallback>,
  others: Record<string, JinjaValue> = {},
): HostObject {
  const made = Object.entries(functions).map(([name, run]) => [name, new HostFunction(name, run)]);
  return bagValue(typeName, { ...Object.fromEntries(made), ...others });
}
