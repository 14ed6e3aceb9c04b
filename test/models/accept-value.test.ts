import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { declaredTypes } from '../../cli/open-project.ts';
import { buildProjectSchema } from '../../engine/declare/project/schema.ts';
import { dbtProjectSchema, propertiesSchema } from '../../engine/declare/properties-schema.ts';
import { acceptValue } from '../../engine/declare/yaml/accept-value.ts';

const options = { allErrors: true, strict: false, allowUnionTypes: true } as const;

const leaf = fc.constantFrom<unknown>(
  ...['', 'a', 'name', 'pii', '10m', '5%', 'é', 'x.y', 'salesforce', 'duckdb', 'upsert'],
  ...[0, 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, true, false, null],
);

/** Values of about the right shape: the keys that the schema knows, and a few others. */
function valuesFor(keys: readonly string[]): fc.Arbitrary<unknown> {
  const key = fc.constantFrom(...keys, 'other', 'constructor', 'é');
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    ),
  })).value;
}

function keysIn(schema: unknown): string[] {
  if (schema === null || typeof schema !== 'object') return [];
  const own = (schema as { properties?: object }).properties;
  return [...new Set([...Object.keys(own ?? {}), ...Object.values(schema).flatMap(keysIn)])];
}

describe('a value that is accepted without the validator', () => {
  const schemas: readonly (readonly [string, object])[] = [
    ['of a properties file', propertiesSchema],
    ['of dbt_project.yml', dbtProjectSchema],
    ['of pipelines.yaml', buildProjectSchema(declaredTypes)],
  ];
  for (const [what, schema] of schemas) {
    test(`is one that the validator accepts: ${what}`, () => {
      const validate = new Ajv2020(options).compile(schema);
      const keys = keysIn(schema);
      const named = fc.dictionary(fc.constantFrom(...Object.keys(schema)), fc.constant(1));
      fc.assert(
        fc.property(fc.oneof(valuesFor(keys), named), (value) => {
          expect(acceptValue(schema, value)).toBe(validate(value));
        }),
        { numRuns: 1_000 },
      );
    });
  }

  test('is valid whatever the schema says, and of keywords unknown here nothing is accepted', () => {
    const { schema: made } = fc.letrec<{ schema: object }>((tie) => {
      const sub = tie('schema');
      const subs = fc.array(sub, { minLength: 1, maxLength: 3 });
      const type = fc.constantFrom('null', 'array', 'object', 'number', 'integer', 'string');
      return {
        schema: fc.oneof(
          { maxDepth: 4 },
          fc.constantFrom({}, { minLength: 1 }, { minimum: 0 }, { maximum: 0 }, { minItems: 1 }),
          fc.constantFrom({ pattern: '^[a-z]+$' }, { enum: ['a', 1, null] }, { const: true }),
          fc.constantFrom({ required: ['a'] }, { minProperties: 2 }, { uniqueItems: true }),
          fc.constantFrom({ maxLength: 1 }, { patternProperties: { a: false } }, { not: {} }),
          fc.record({ type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1 })) }),
          fc.record({ items: sub }),
          fc.record({
            properties: fc.dictionary(fc.constantFrom('a', 'b'), sub, { noNullPrototype: true }),
            additionalProperties: fc.oneof(fc.boolean(), sub),
          }),
          fc.record({ propertyNames: sub }),
          fc.record({ anyOf: subs }),
          fc.record({ oneOf: subs }),
          fc.record({ allOf: subs }),
          // biome-ignore lint/suspicious/noThenProperty: it is the keyword's name.
          fc.record({ if: sub, then: sub, else: sub }, { requiredKeys: ['if'] }),
        ),
      };
    });
    fc.assert(
      fc.property(made, valuesFor(['a', 'b']), (schema, value) => {
        if (!acceptValue(schema, value)) return;
        expect(new Ajv2020(options).validate(schema, value)).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(acceptValue({ maxLength: 1 }, 'a')).toBe(false);
    const either = { oneOf: [{ additionalProperties: false }, { type: ['integer', 'null'] }] };
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(acceptValue(either, number)).toBe(false);
    }
  });
});
