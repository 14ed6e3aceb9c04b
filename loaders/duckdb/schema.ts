import type { ConnectionSchema } from '../../engine/words/connection.ts';

/** The keys of `warehouse` beside `type: duckdb`. */
export const duckdbSchema: ConnectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: {
      type: 'string',
      minLength: 1,
      description: 'The warehouse file, relative to pipelines.yaml. Created where it is missing.',
    },
    memory_limit: {
      type: 'string',
      pattern: '^[0-9]+(\\.[0-9]+)? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$',
      description: 'Most memory DuckDB may take, e.g. 2GB; default 80 % of the machine.',
    },
    threads: {
      type: 'integer',
      minimum: 1,
      maximum: 256,
      description: 'Threads of DuckDB; default the number of processor cores.',
    },
    spill_folder: {
      type: 'string',
      minLength: 1,
      description: 'Where queries larger than memory spill; default beside the file.',
    },
  },
};
