import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type OpenedProject, openProject } from '../../cli/open-project.ts';
import type { DestinationFactory, ExtractorFactory } from '../../engine/words/connection.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { StreamColumn } from '../../engine/words/stream.ts';

/** A CRM of one object in this process, whose fields come, go and change as a test says. */
export interface Shore {
  columns: StreamColumn[];
  records: JsonObject[];
  readonly extractor: ExtractorFactory;
  readonly destination: DestinationFactory;
}

export function createShore(): Shore {
  const shore: Shore = {
    columns: [
      { name: 'id', type: 'string' },
      { name: 'email', type: 'string' },
      { name: 'level', type: 'integer' },
      { name: 'closed', type: 'boolean' },
      { name: 'score', type: 'integer' },
      { name: 'changed_at', type: 'timestamp' },
    ],
    records: [1, 2, 3].map((number) => ({
      id: `p${number}`,
      email: `secret${number}@shore.test`,
      level: number,
      closed: false,
      score: 0,
      changed_at: '2026-01-02T03:04:05Z',
    })),
    extractor: {
      schema: { type: 'object', properties: {} },
      create: () => ({
        check: async () => {},
        discover: async () => [
          {
            name: 'people',
            columns: shore.columns,
            primaryKey: ['id'],
            cursorField: 'changed_at',
            modifiedField: 'changed_at',
          },
        ],
        async *read() {
          const lines = shore.records.map((record) => `${JSON.stringify(record)}\n`);
          yield { format: 'ndjson', body: new TextEncoder().encode(lines.join('')) };
        },
        estimate: () => ({ mode: 'full_refresh', calls: 1, reason: 'a whole read' }),
      }),
    },
    destination: {
      schema: { type: 'object', properties: {} },
      streamOf: (object) => object,
      create: () => ({
        describe: async () =>
          shore.columns.map(({ name }) => ({
            name,
            label: name,
            kind: name === 'score' ? ('number' as const) : ('text' as const),
            type: 'text',
            required: false,
            unique: name === 'id',
            creatable: true,
            updatable: true,
          })),
        groupSize: (_action, total) => total,
        price: () => 1,
        write: async (changes) =>
          changes.map(({ id = '' }) => ({ status: 'written' as const, id, created: false })),
        find: async () => [],
      }),
    },
  };
  return shore;
}

const files: Readonly<Record<string, string>> = {
  'pipelines.yaml': `project: harbour
warehouse: { type: duckdb, path: warehouse.duckdb }
connections: { shore: { type: shore } }
extract: { shore: [people] }
models: { path: models }
syncs:
  scores:
    from: scored
    to: shore.people
    match: { id: person_id }
    behavior: update_only
    fields: { score: points, email: mail }
    limits: { update: 100% }
`,
  'models/sources.yml': `version: 2
sources:
  - name: shore
    tables:
      - name: people
        columns: [{ name: email, labels: [pii] }]
`,
  'models/staging/stg_people.sql': `select id as person_id, email as mail, level * 10 as points, closed
from {{ source('shore', 'people') }}`,
  'models/open_people.sql':
    "{{ config(materialized='table') }} select person_id, mail, points from {{ ref('stg_people') }} where not closed",
  'models/scored.sql':
    "{{ config(materialized='table') }} select person_id, points, mail from {{ ref('open_people') }}",
};

export interface ShoreProject extends Disposable {
  readonly folder: string;
  write(path: string, text: string): void;
  open(env?: Readonly<Record<string, string>>): OpenedProject;
}

export function createShoreProject(shore: Shore): ShoreProject {
  const folder = mkdtempSync(join(tmpdir(), 'shore-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  return {
    folder,
    write,
    open: (env = {}) =>
      openProject({
        folder,
        env,
        extractors: { shore: shore.extractor },
        destinations: { shore: shore.destination },
      }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
