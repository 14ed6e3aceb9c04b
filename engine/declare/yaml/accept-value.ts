import { isDeepStrictEqual } from 'node:util';

type Schema = Readonly<Record<string, unknown>>;
type Rule = (wanted: unknown, value: unknown, schema: Schema) => boolean;

/** A keyword, or a use of one, that is not looked at here. */
class Undecided extends Error {}

/**
 * Whether a value is certainly valid under a JSON Schema of the few keywords that ours have. False:
 * it is not, or nobody knows; the validator, which takes longer to load than all values take to be
 * looked at, says which and why.
 */
export function acceptValue(schema: object, value: unknown): boolean {
  try {
    return isValid(schema, value);
  } catch (error) {
    if (error instanceof Undecided) return false;
    throw error;
  }
}

function isValid(schema: unknown, value: unknown): boolean {
  if (typeof schema === 'boolean') return schema;
  if (schema === null || typeof schema !== 'object') throw new Undecided();
  for (const keyword in schema) {
    const rule = rules[keyword];
    if (rule === undefined) throw new Undecided();
    if (!rule((schema as Schema)[keyword], value, schema as Schema)) return false;
  }
  return true;
}

/** What a keyword says of values of one kind says nothing of others. */
const ofText =
  (rule: (wanted: unknown, text: string) => boolean): Rule =>
  (wanted, value) =>
    typeof value !== 'string' || rule(wanted, value);
const ofNumber =
  (rule: (wanted: number, number: number) => boolean): Rule =>
  (wanted, value) =>
    !isNumber(value) || rule(Number(wanted), value);
const ofList =
  (rule: (wanted: unknown, list: readonly unknown[]) => boolean): Rule =>
  (wanted, value) =>
    !Array.isArray(value) || rule(wanted, value);
const ofMap =
  (rule: (wanted: unknown, map: Schema, schema: Schema) => boolean): Rule =>
  (wanted, value, schema) =>
    !isMap(value) || rule(wanted, value, schema);
const says: Rule = () => true;

const rules: Readonly<Record<string, Rule>> = {
  description: says,
  title: says,
  default: says,
  writeOnly: says,
  $schema: says,
  type: (wanted, value) => listOf(wanted).some((type) => isOfType(type, value)),
  enum: (wanted, value) => listOf(wanted).some((one) => isDeepStrictEqual(one, value)),
  const: (wanted, value) => isDeepStrictEqual(wanted, value),
  pattern: ofText((wanted, text) => patternOf(String(wanted)).test(text)),
  minLength: ofText((wanted, text) => [...text].length >= Number(wanted)),
  minimum: ofNumber((wanted, number) => number >= wanted),
  maximum: ofNumber((wanted, number) => number <= wanted),
  minItems: ofList((wanted, list) => list.length >= Number(wanted)),
  uniqueItems: ofList((wanted, list) => wanted !== true || areUnlike(list)),
  items: ofList((wanted, list) => list.every((item) => isValid(wanted, item))),
  minProperties: ofMap((wanted, map) => Object.keys(map).length >= Number(wanted)),
  required: ofMap((wanted, map) => listOf(wanted).every((key) => map[String(key)] !== undefined)),
  properties: ofMap((wanted, map) => {
    const schemas = wanted as Schema;
    for (const key in schemas) {
      const item = map[key];
      if (item !== undefined && !isValid(schemas[key], item)) return false;
    }
    return true;
  }),
  additionalProperties: ofMap((wanted, map, schema) => {
    if ('patternProperties' in schema) throw new Undecided();
    const known = (schema['properties'] ?? {}) as Schema;
    return Object.keys(map).every((key) => Object.hasOwn(known, key) || isValid(wanted, map[key]));
  }),
  propertyNames: ofMap((wanted, map) => Object.keys(map).every((key) => isValid(wanted, key))),
  anyOf: (wanted, value) => listOf(wanted).some((schema) => isValid(schema, value)),
  oneOf: (wanted, value) => listOf(wanted).filter((schema) => isValid(schema, value)).length === 1,
  allOf: (wanted, value) => listOf(wanted).every((schema) => isValid(schema, value)),
  if: (wanted, value, schema) => {
    const next = isValid(wanted, value) ? schema['then'] : schema['else'];
    return next === undefined || isValid(next, value);
  },
  // Looked at by `if`, and nothing without one.
  // biome-ignore lint/suspicious/noThenProperty: it is the keyword's name.
  then: says,
  else: says,
};

function isMap(value: unknown): value is Schema {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  if (typeof value !== 'number') return false;
  // What validators make of these is a matter of their options.
  if (!Number.isFinite(value)) throw new Undecided();
  return true;
}

function listOf(wanted: unknown): readonly unknown[] {
  return Array.isArray(wanted) ? wanted : [wanted];
}

function isOfType(type: unknown, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isMap(value);
    case 'number':
      return isNumber(value);
    case 'integer':
      return isNumber(value) && Number.isInteger(value);
    case 'string':
    case 'boolean':
      return typeof value === type;
    default:
      throw new Undecided();
  }
}

const patterns = new Map<string, RegExp>();

function patternOf(text: string): RegExp {
  const known = patterns.get(text) ?? new RegExp(text, 'u');
  patterns.set(text, known);
  return known;
}

function areUnlike(list: readonly unknown[]): boolean {
  if (list.some((item) => typeof item === 'object')) throw new Undecided();
  return new Set(list).size === list.length;
}
