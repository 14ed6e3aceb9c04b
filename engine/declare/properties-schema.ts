import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { loadLibrary } from '../words/load-library.ts';
import { acceptValue } from './yaml/accept-value.ts';

const anything = {};
const text = { type: 'string' };
const texts = { type: 'array', items: text };
const textOrTexts = {
  description: 'a text or a list of texts',
  anyOf: [text, texts],
};
const config = { type: ['object', 'null'] };

/** A test is its name alone, or one key with its arguments, or a list entry with `test_name`. */
const tests = {
  type: ['array', 'null'],
  items: {
    description: "a test's name, or a name with its arguments",
    anyOf: [text, { type: 'object', minProperties: 1 }],
  },
};

const common = {
  name: text,
  description: { type: ['string', 'null'] },
  config,
  meta: { type: ['object', 'null'] },
  docs: anything,
};

/** Of columns and sources; nodes have tags in their config alone. */
const tags = textOrTexts;

const columns = {
  type: ['array', 'null'],
  items: {
    type: 'object',
    required: ['name'],
    additionalProperties: false,
    properties: {
      ...common,
      tags,
      data_type: text,
      quote: { type: 'boolean' },
      tests,
      data_tests: tests,
      constraints: { type: 'array' },
      dimension: anything,
      entity: anything,
      granularity: text,
      policy_tags: texts,
      labels: texts,
    },
  },
};

function list(properties: Record<string, unknown>, required = ['name']): Record<string, unknown> {
  return {
    type: ['array', 'null'],
    items: {
      type: 'object',
      required,
      additionalProperties: false,
      properties: { ...common, ...properties },
    },
  };
}

const nodes = list({
  columns,
  tests,
  data_tests: tests,
  access: text,
  group: text,
  latest_version: anything,
  versions: { type: 'array' },
  constraints: { type: 'array' },
  deprecation_date: anything,
  relation: text,
  time_spine: anything,
  patch_path: text,
  semantic_model: anything,
  metrics: anything,
  agg_time_dimension: anything,
});

const sourceTables = list({
  tags,
  identifier: text,
  columns,
  tests,
  data_tests: tests,
  freshness: anything,
  loaded_at_field: { type: ['string', 'null'] },
  loaded_at_query: { type: ['string', 'null'] },
  loader: { type: ['string', 'null'] },
  quoting: anything,
  external: anything,
});

const sources = list({
  tags,
  schema: { type: ['string', 'null'] },
  database: { type: ['string', 'null'] },
  loader: { type: ['string', 'null'] },
  loaded_at_field: { type: ['string', 'null'] },
  loaded_at_query: { type: ['string', 'null'] },
  freshness: anything,
  overrides: text,
  quoting: anything,
  tables: sourceTables,
});

/** The shape of a properties file: what dbt's `schema.yml` may say. */
export const propertiesSchema = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    version: anything,
    models: nodes,
    seeds: nodes,
    snapshots: nodes,
    sources,
    tests: { type: ['array', 'null'] },
    data_tests: { type: ['array', 'null'] },
    unit_tests: { type: ['array', 'null'] },
    macros: { type: ['array', 'null'] },
    exposures: { type: ['array', 'null'] },
    analyses: nodes,
    groups: { type: ['array', 'null'] },
    metrics: { type: ['array', 'null'] },
    semantic_models: { type: ['array', 'null'] },
    saved_queries: { type: ['array', 'null'] },
    functions: { type: ['array', 'null'] },
    anchors: anything,
  },
};

const paths = texts;
const tree = { type: ['object', 'null'] };

/** The shape of `dbt_project.yml`; the trees of folders are read by `folder-config.ts`. */
export const dbtProjectSchema = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
    version: anything,
    'config-version': anything,
    profile: anything,
    'model-paths': paths,
    'source-paths': paths,
    'macro-paths': paths,
    'test-paths': paths,
    'seed-paths': paths,
    'data-paths': paths,
    'snapshot-paths': paths,
    'analysis-paths': paths,
    'docs-paths': paths,
    'asset-paths': paths,
    'function-paths': paths,
    'packages-install-path': text,
    'modules-path': text,
    'target-path': text,
    'log-path': text,
    'clean-targets': paths,
    'require-dbt-version': anything,
    'query-comment': anything,
    'on-run-start': textOrTexts,
    'on-run-end': textOrTexts,
    'restrict-access': { type: 'boolean' },
    'dbt-cloud': anything,
    quoting: anything,
    dispatch: { type: 'array' },
    flags: tree,
    vars: tree,
    models: tree,
    seeds: tree,
    snapshots: tree,
    sources: tree,
    tests: tree,
    data_tests: tree,
    unit_tests: tree,
    exposures: tree,
    metrics: tree,
    functions: tree,
    'semantic-models': tree,
    'saved-queries': tree,
    packages: anything,
  },
};

/** Answers what is wrong with a value; nothing: it is valid. */
export type Validator = (value: unknown) => readonly ErrorObject[];

let ajv: Ajv2020 | undefined;
const compiled = new Map<object, ValidateFunction>();

/** Compiled once a process, for the first value that may be wrong: most projects have none. */
function compileOnce(schema: object): ValidateFunction {
  const known = compiled.get(schema);
  if (known) return known;
  const library = loadLibrary('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  ajv ??= new library.Ajv2020({ allErrors: true, verbose: true, allowUnionTypes: true });
  const validate = ajv.compile(schema);
  compiled.set(schema, validate);
  return validate;
}

const validatorOf =
  (schema: object): Validator =>
  (value) => {
    if (acceptValue(schema, value)) return [];
    const validate = compileOnce(schema);
    return validate(value) ? [] : (validate.errors ?? []);
  };

export const validateProperties = validatorOf(propertiesSchema);
export const validateDbtProject = validatorOf(dbtProjectSchema);
