import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSources } from '../tidy/source-files.ts';
import { readPages, root } from './page-blocks.ts';

const words = new Set(readPages().flatMap(({ text }) => text.match(/\w+/g) ?? []));

/** Names of keys anywhere in a JSON Schema. */
function listKeys(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {} } = schema as { readonly properties?: object };
  return [...Object.keys(properties), ...Object.values(schema).flatMap(listKeys)];
}

test('every key of pipelines.yaml is named on a page', () => {
  const text = readFileSync(join(root, 'pipelines.schema.json'), 'utf8');
  const keys = [...new Set(listKeys(JSON.parse(text)))];
  expect(keys.length).toBeGreaterThan(50);
  expect(keys.filter((key) => !words.has(key))).toEqual([]);
});

test('every key of config that the engine reads is named on a page', () => {
  const files = readSources().filter(({ path }) => /^engine\/declare\/[^/]+\.ts$/.test(path));
  const pattern = /\b(?:raw|config)\??\.?\['([a-z_]+)'\]/g;
  const read = files.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, key = '']) => key));
  const keys = [...new Set(read)];
  expect(keys.length).toBeGreaterThan(40);
  // The older name that dbt still reads of `incremental_predicates`.
  const old = ['predicates'];
  expect(keys.filter((key) => !words.has(key) && !old.includes(key))).toEqual([]);
});
