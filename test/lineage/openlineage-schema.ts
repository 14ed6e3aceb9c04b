import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/*
 * The standard's own schema comes in no package that could be installed: this one is written from
 * what the standard says of an event (2-0-2) and of the facets that are used. It is stricter: what
 * is not named here does not belong into our events. test/peers asks the standard's own.
 */
const text = { type: 'string', minLength: 1 };
const uri = { type: 'string', pattern: '^[a-z][a-z0-9+.-]*:[^\\s]+$' };
const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' };
const uuid = {
  type: 'string',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
};

function closed(properties: Record<string, unknown>, required = Object.keys(properties)): object {
  return { type: 'object', properties, required, additionalProperties: false };
}

function facet(
  name: string,
  properties: Record<string, unknown>,
  required = Object.keys(properties),
): object {
  const schema = `^https://openlineage\\.io/spec/facets/\\d+-\\d+-\\d+/${name}\\.json#/\\$defs/${name}$`;
  return closed(
    { _producer: uri, _schemaURL: { type: 'string', pattern: schema }, ...properties },
    ['_producer', '_schemaURL', ...required],
  );
}

const job = { namespace: text, name: text };
const transformation = closed({
  type: { enum: ['DIRECT', 'INDIRECT'] },
  subtype: { enum: ['IDENTITY', 'TRANSFORMATION', 'FILTER', 'JOIN', 'GROUP_BY', 'SORT', 'WINDOW'] },
});
const inputField = closed({
  namespace: text,
  name: text,
  field: text,
  transformations: { type: 'array', items: transformation, minItems: 1 },
});
const inputFields = { type: 'array', items: inputField };
const schemaFacet = facet('SchemaDatasetFacet', {
  fields: {
    type: 'array',
    items: closed({ name: text, type: text, ordinal_position: { type: 'integer', minimum: 1 } }, [
      'name',
      'ordinal_position',
    ]),
  },
});
const tagsFacet = facet('TagsDatasetFacet', {
  tags: { type: 'array', items: closed({ key: text, value: text, source: text, field: text }) },
});
const columnLineage = facet(
  'ColumnLineageDatasetFacet',
  {
    fields: { type: 'object', additionalProperties: closed({ inputFields }) },
    dataset: inputFields,
  },
  ['fields'],
);
const input = closed({
  ...job,
  facets: closed({ schema: schemaFacet, tags: tagsFacet }, ['schema']),
});
const output = closed(
  {
    ...job,
    facets: closed({ schema: schemaFacet, tags: tagsFacet, columnLineage }, ['schema']),
    outputFacets: closed({
      outputStatistics: facet('OutputStatisticsOutputDatasetFacet', {
        rowCount: { type: 'integer', minimum: 0 },
      }),
    }),
  },
  ['namespace', 'name', 'facets'],
);

const event = closed({
  eventType: { enum: ['START', 'COMPLETE', 'ABORT', 'FAIL'] },
  eventTime: time,
  producer: uri,
  schemaURL: { const: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent' },
  run: closed({
    runId: uuid,
    facets: closed(
      {
        nominalTime: facet('NominalTimeRunFacet', { nominalStartTime: time }),
        processing_engine: facet('ProcessingEngineRunFacet', { name: text, version: text }),
        parent: facet('ParentRunFacet', { run: closed({ runId: uuid }), job: closed(job) }),
        errorMessage: facet('ErrorMessageRunFacet', { message: text, programmingLanguage: text }),
      },
      ['nominalTime', 'processing_engine'],
    ),
  }),
  job: closed({
    ...job,
    facets: closed(
      {
        jobType: facet('JobTypeJobFacet', {
          processingType: { const: 'BATCH' },
          integration: text,
          jobType: text,
        }),
        sql: facet('SQLJobFacet', { query: text, dialect: text }),
      },
      ['jobType'],
    ),
  }),
  inputs: { type: 'array', items: input },
  outputs: { type: 'array', items: output },
});

export const validateEvent: ValidateFunction = new Ajv2020({ allErrors: true }).compile(event);
