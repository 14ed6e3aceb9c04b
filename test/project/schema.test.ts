import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { declaredTypes } from '../../cli/open-project.ts';
import { loadProject } from '../../engine/declare/project/load-project.ts';
import { buildProjectSchema } from '../../engine/declare/project/schema.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

test('the schema that is shipped is the one the program checks by', () => {
  const shipped = JSON.parse(read('pipelines.schema.json')) as unknown;
  expect(shipped, 'run `npm run schema`').toEqual(buildProjectSchema(declaredTypes));
});

test('an editor finds no fault in the reference project', () => {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  const validate = ajv.compile(JSON.parse(read('pipelines.schema.json')) as object);
  validate(parse(read('pipelines.yaml')));
  expect(validate.errors).toBeNull();
});

test('an editor marks an unknown key, an unknown type and a key of another type', () => {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  const validate = ajv.compile(JSON.parse(read('pipelines.schema.json')) as object);
  const isValid = validate({
    project: 'p',
    warehouse: { type: 'duckdb', path: 'w.duckdb' },
    connections: {
      a: { type: 'salesfroce' },
      b: { type: 'salesforce', login_url: 'http://127.0.0.1', tokn: 'x' },
    },
    extracts: {},
  });
  expect(isValid).toBe(false);
  const places = (validate.errors ?? []).map(({ instancePath, keyword }) =>
    `${instancePath} ${keyword}`.trim(),
  );
  expect(places).toContain('additionalProperties');
  expect(places).toContain('/connections/a/type enum');
  expect(places).toContain('/connections/b additionalProperties');
});

test('without its environment the reference project opens for work that talks to no CRM', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'tidemill-schema-')), 'pipelines.yaml');
  cpSync(new URL('../../pipelines.yaml', import.meta.url), file);
  const options = { file, env: {}, types: declaredTypes };
  expect(loadProject({ ...options, needsConnections: false }).issues).toEqual([]);
  const messages = loadProject(options).issues.map(({ message }) => message);
  expect(messages.length).toBeGreaterThan(0);
  expect(messages.filter((message) => !/ needs [A-Z_]+, which is not set$/.test(message))).toEqual(
    [],
  );
});
