import { durationPattern } from '../../words/duration.ts';
import type { JsonObject } from '../../words/json.ts';
import { behaviors, driftPolicies, fieldOwners, writeRules } from '../../words/sync.ts';

const duration = {
  type: 'string',
  pattern: durationPattern,
  description: 'A whole number and a unit: ms, s, m, h or d. Example: 10m',
};

const names = { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true };

const limit = {
  description: 'A number of records, or a share such as 10%. The sync stops before it exceeds it.',
  type: ['integer', 'string'],
  minimum: 0,
  pattern: '^[0-9]+(\\.[0-9]+)?%$',
};

const streamSettings = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    lookback: { ...duration, description: 'How far before the cursor a read starts again.' },
    volatile: {
      type: 'object',
      description: 'Fields that change without moving the modified stamp, e.g. formulas.',
      additionalProperties: false,
      required: ['fields', 'every'],
      properties: { fields: names, every: duration },
    },
    fields: { ...names, description: 'Only these fields (keys and stamps are always read).' },
    exclude: { ...names, description: 'All fields but these.' },
    full_every: { ...duration, description: 'How often the stream is read whole.' },
    options: { type: 'object', description: 'Keys that only this connector understands.' },
  },
};

const field = {
  description: 'A column of the model, or an object with from, write and owner.',
  type: ['string', 'object'],
  minLength: 1,
  required: ['from'],
  additionalProperties: false,
  properties: {
    from: { type: 'string', minLength: 1, description: 'The column of the model.' },
    write: {
      enum: [...writeRules],
      description: 'When the value is written: default always.',
    },
    owner: {
      enum: [...fieldOwners],
      description: 'Who wins when both sides changed: default warehouse.',
    },
  },
};

const sync = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'to', 'match', 'fields'],
  properties: {
    from: { type: 'string', minLength: 1, description: 'The model: name or schema.name.' },
    to: {
      type: 'string',
      pattern: '^[^.]+\\.[^.]+$',
      description: 'connection.object, e.g. salesforce.Contact',
    },
    match: {
      type: 'object',
      description: 'The sync key: CRM field → column.',
      minProperties: 1,
      additionalProperties: { type: 'string', minLength: 1 },
    },
    behavior: { enum: [...behaviors], description: 'Default upsert.' },
    fields: { type: 'object', minProperties: 1, additionalProperties: field },
    associate: {
      type: 'object',
      description: 'Other object → column with its id at the CRM.',
      additionalProperties: { type: 'string', minLength: 1 },
    },
    limits: {
      type: 'object',
      additionalProperties: false,
      properties: { create: limit, update: limit, archive: limit },
    },
    on_drift: {
      enum: [...driftPolicies],
      description: 'When a person edited what a sync wrote and the model did not change.',
    },
    modified_column: {
      type: 'string',
      description: 'The column that says when a row changed; needed where an owner is latest.',
    },
  },
};

const pipeline = {
  type: 'object',
  additionalProperties: false,
  required: ['schedule'],
  properties: {
    schedule: { type: 'string', minLength: 1, description: 'Cron: minute hour day month weekday.' },
    timezone: { type: 'string', minLength: 1, description: 'IANA zone; default UTC.' },
    select: { type: ['string', 'array'], items: { type: 'string' } },
    exclude: { type: ['string', 'array'], items: { type: 'string' } },
  },
};

/** The schema of `openlineage`; what is `writeOnly` must come from the environment. */
export const openlineage = {
  type: 'object',
  description: 'Where OpenLineage events of runs go.',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    file: { type: 'string', minLength: 1, description: 'A file that each event is a line of.' },
    url: { type: 'string', minLength: 1, description: 'The server; default OPENLINEAGE_URL.' },
    endpoint: { type: 'string', minLength: 1, description: 'Default api/v1/lineage.' },
    api_key: { type: 'string', writeOnly: true, description: 'Default OPENLINEAGE_API_KEY.' },
    namespace: {
      type: 'string',
      minLength: 1,
      description: "Of jobs; default the project's name.",
    },
    timeout: { ...duration, description: 'For one event; default 5s.' },
  },
};

const reference = '\\$\\{env:[A-Za-z_][A-Za-z0-9_]*\\}';

/**
 * A text may be a reference instead of what its pattern asks for: editors see the file before it is
 * resolved, and work that talks to no CRM goes on without its environment.
 */
function allowReferences(properties: JsonObject = {}): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => {
      const schema = value as JsonObject;
      const pattern = schema['pattern'];
      if (typeof pattern !== 'string') return [key, schema];
      return [key, { ...schema, pattern: `(?:${pattern})|${reference}` }];
    }),
  );
}

function typed(schemas: Readonly<Record<string, JsonObject>>): JsonObject {
  const types = Object.keys(schemas);
  return {
    type: 'object',
    required: ['type'],
    properties: { type: { enum: types } },
    allOf: types.map((type) => {
      const schema = schemas[type] as { properties?: JsonObject };
      return {
        if: { properties: { type: { const: type } }, required: ['type'] },
        // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
        then: {
          ...schema,
          type: 'object',
          properties: { type: {}, ...allowReferences(schema.properties) },
          additionalProperties: false,
        },
      };
    }),
  } as JsonObject;
}

/** What the composition root knows and the engine does not. */
export interface DeclaredTypes {
  /** Connection type → schema of its keys. */
  readonly connections: Readonly<Record<string, JsonObject>>;
  /** Warehouse type → schema of its keys. */
  readonly warehouses: Readonly<Record<string, JsonObject>>;
}

/** The JSON Schema (draft 2020-12) of `pipelines.yaml`; also shipped as `pipelines.schema.json`. */
export function buildProjectSchema(types: DeclaredTypes): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Tidemill pipelines.yaml',
    type: 'object',
    additionalProperties: false,
    required: ['project', 'warehouse'],
    properties: {
      project: { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_]*$' },
      warehouse: typed(types.warehouses),
      connections: {
        type: 'object',
        propertyNames: { pattern: '^[a-z][a-z0-9_]*$' },
        additionalProperties: typed(types.connections),
      },
      extract: {
        type: 'object',
        additionalProperties: {
          type: ['array', 'object'],
          items: { type: 'string', minLength: 1 },
          additionalProperties: streamSettings,
        },
      },
      models: {
        type: 'object',
        additionalProperties: false,
        required: ['path'],
        properties: { path: { type: 'string', minLength: 1 }, vars: { type: 'object' } },
      },
      syncs: { type: 'object', additionalProperties: sync },
      pipelines: { type: 'object', additionalProperties: pipeline },
      openlineage,
      keep_runs: {
        ...duration,
        description: 'How long runs and what they planned and sent are kept; default 90d.',
      },
    },
  } as JsonObject;
}
