import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runProject } from '../../cli/work.ts';
import { uuidOf } from '../../engine/lineage/openlineage-event.ts';
import type { RunResult } from '../../engine/run/run-plan.ts';
import { validateEvent } from './openlineage-schema.ts';
import { createShore, createShoreProject, type Shore, type ShoreProject } from './shore.ts';

interface Event {
  readonly eventType: string;
  readonly eventTime: string;
  readonly run: { readonly runId: string; readonly facets: Record<string, unknown> };
  readonly job: { readonly name: string; readonly facets: Record<string, { query?: string }> };
  readonly inputs: readonly { readonly namespace: string; readonly name: string }[];
  readonly outputs: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly facets: Record<string, { fields?: Record<string, unknown>; tags?: unknown }>;
    readonly outputFacets?: Record<string, { rowCount?: number }>;
  }[];
}

let shore: Shore;
let project: ShoreProject;

beforeEach(() => {
  shore = createShore();
  project = createShoreProject(shore);
});
afterEach(() => project[Symbol.dispose]());

/** Adds a section to the declaration. */
function declareEvents(lines: string): void {
  const text = readFileSync(join(project.folder, 'pipelines.yaml'), 'utf8');
  project.write('pipelines.yaml', `${text}openlineage:\n${lines}\n`);
}

async function run(
  env: Readonly<Record<string, string>> = {},
): Promise<{ result: RunResult; warnings: string[] }> {
  using opened = project.open(env);
  const warnings: string[] = [];
  const onWarning = (message: string): number => warnings.push(message);
  return { result: await runProject(opened, { onWarning }), warnings };
}

function readEvents(): Event[] {
  const text = readFileSync(join(project.folder, 'events.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
}

function refusals(events: readonly unknown[]): unknown[] {
  return events.flatMap((event) =>
    validateEvent(event) ? [] : [{ event, errors: validateEvent.errors }],
  );
}

const story = (events: readonly Event[]): string[] =>
  events.map(({ eventType, job }) => `${eventType} ${job.name}`);

/** A server that takes events, or does what a test wants of it. */
async function serve(
  answer: (body: string, authorization: string | undefined) => number | undefined,
): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => {
      const status = answer(`${request.url} ${body}`, request.headers.authorization);
      if (status !== undefined) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, server };
}

describe('a run that is told in OpenLineage events', () => {
  test('starts and completes itself and every step, in events that are valid', async () => {
    declareEvents('  file: events.jsonl\n  namespace: harbour');
    const { result, warnings } = await run();
    expect(result.status).toBe('succeeded');
    expect(warnings).toEqual([]);
    const events = readEvents();
    expect(refusals(events)).toEqual([]);
    const told = story(events);
    expect(told[0]).toBe('START harbour.run');
    expect(told.at(-1)).toBe('COMPLETE harbour.run');
    const steps = [
      'extract.shore.people',
      'model.harbour.stg_people',
      'model.harbour.open_people',
      'model.harbour.scored',
      'sync.scores',
    ];
    for (const step of steps) {
      const [start, end] = [told.indexOf(`START ${step}`), told.indexOf(`COMPLETE ${step}`)];
      expect(start, step).toBeGreaterThan(0);
      expect(end, step).toBeGreaterThan(start);
      expect(told.filter((one) => one.endsWith(` ${step}`))).toHaveLength(2);
      expect(events[start]?.run.runId).toBe(events[end]?.run.runId);
    }
    expect(events[0]?.run.runId).toBe(uuidOf(result.runId));
    expect(events[1]?.run.facets['parent']).toMatchObject({
      run: { runId: uuidOf(result.runId) },
      job: { namespace: 'harbour', name: 'harbour.run' },
    });
  });

  test('say of each dataset its columns, what they follow from, labels and rows', async () => {
    declareEvents('  file: events.jsonl');
    await run();
    const ends = readEvents().filter(({ eventType }) => eventType === 'COMPLETE');
    const find = (name: string): Event | undefined => ends.find(({ job }) => job.name === name);

    const scored = find('model.harbour.scored');
    expect(scored?.inputs.map(({ namespace, name }) => `${namespace} ${name}`)).toEqual([
      'duckdb://warehouse main.open_people',
    ]);
    expect(scored?.job.facets['sql']?.query).toContain('from "main"."open_people"');
    const [table] = scored?.outputs ?? [];
    expect(table).toMatchObject({ namespace: 'duckdb://warehouse', name: 'main.scored' });
    expect(table?.outputFacets?.['outputStatistics']?.rowCount).toBe(3);
    expect(table?.facets['tags']?.tags).toEqual([
      { key: 'label', value: 'pii', source: 'TIDEMILL', field: 'mail' },
    ]);

    const open = find('model.harbour.open_people')?.outputs[0]?.facets['columnLineage'];
    const closed = 'staging.stg_people';
    expect(open).toMatchObject({
      fields: {
        points: {
          inputFields: [
            {
              namespace: 'duckdb://warehouse',
              name: closed,
              field: 'points',
              transformations: [{ type: 'DIRECT', subtype: 'IDENTITY' }],
            },
          ],
        },
      },
      dataset: [
        {
          name: closed,
          field: 'closed',
          transformations: [{ type: 'INDIRECT', subtype: 'FILTER' }],
        },
      ],
    });

    const landed = find('extract.shore.people');
    expect(landed?.inputs).toMatchObject([{ namespace: 'shore://shore', name: 'people' }]);
    const sync = find('sync.scores')?.outputs[0];
    expect(sync).toMatchObject({ namespace: 'shore://shore', name: 'people' });
    expect(Object.keys(sync?.facets['columnLineage']?.fields ?? {})).toEqual(['score', 'email']);
  });

  test('hold no value of a CRM and no secret, also where a step fails', async () => {
    declareEvents(
      '  file: events.jsonl\n  url: "${env:LINEAGE_URL}"\n  api_key: "${env:LINEAGE_KEY}"',
    );
    project.write(
      'models/scored.sql',
      `{{ config(materialized='table') }}
select person_id, cast(mail as integer) as points, mail, 'key-4711-secret' as note
from {{ ref('open_people') }}`,
    );
    const seen: string[] = [];
    const { url, server } = await serve((body, authorization) => {
      seen.push(`${authorization} ${body}`);
      return 201;
    });
    try {
      const { result } = await run({ LINEAGE_URL: url, LINEAGE_KEY: 'key-4711-secret' });
      expect(result.status).toBe('failed');
    } finally {
      server.close();
    }
    const events = readEvents();
    expect(refusals(events)).toEqual([]);
    expect(seen).toHaveLength(events.length);
    for (const one of seen) expect(one).toMatch(/^Bearer key-4711-secret \/api\/v1\/lineage \{/);
    const failed = events.filter(({ eventType }) => eventType === 'FAIL');
    expect(story(failed)).toEqual(['FAIL model.harbour.scored', 'FAIL harbour.run']);
    expect(failed[0]?.run.facets['errorMessage']).toMatchObject({ programmingLanguage: 'SQL' });
    const text = JSON.stringify(events);
    expect(text).not.toContain('shore.test');
    expect(text).not.toContain('key-4711-secret');
    expect(text).toContain("'[secret]' as note");
  });

  test('tell nothing of what did not run', async () => {
    declareEvents('  file: events.jsonl');
    await run();
    const before = readEvents().length;
    await run();
    const models = story(readEvents().slice(before)).filter((one) => one.includes('model.'));
    expect(models).toEqual([]);
  });
});

describe('an endpoint that fails', () => {
  test('fails no run: one warning, and no more events', async () => {
    let asked = 0;
    const { url, server } = await serve(() => {
      asked += 1;
      return 500;
    });
    try {
      const { result, warnings } = await run({ OPENLINEAGE_URL: url });
      expect(result.status).toBe('succeeded');
      expect(warnings).toEqual([
        expect.stringMatching(
          /^lineage events are lost: 127\.0\.0\.1:\d+ answered 500 to an event/,
        ),
      ]);
      expect(asked).toBe(1);
    } finally {
      server.close();
    }
  });

  test('leaves the file beside it every event', async () => {
    const { url, server } = await serve(() => 500);
    try {
      declareEvents('  file: events.jsonl\n  url: "${env:LINEAGE_URL}"');
      const { warnings } = await run({ LINEAGE_URL: url });
      expect(warnings).toHaveLength(1);
      const told = story(readEvents());
      expect(told.at(0)).toMatch(/^START/);
      expect(told.at(-1)).toMatch(/^COMPLETE/);
    } finally {
      server.close();
    }
  });

  test('that nobody answers at costs a run no more than its own timeout', async () => {
    declareEvents('  url: "${env:LINEAGE_URL}"\n  timeout: 50ms');
    const { url, server } = await serve(() => undefined);
    try {
      const { result, warnings } = await run({ LINEAGE_URL: url });
      expect(result.status).toBe('succeeded');
      expect(warnings).toEqual([expect.stringContaining('no answer within 50 ms')]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('is signed in to by the password of its address, which is said nowhere', async () => {
    const signed: (string | undefined)[] = [];
    const { url, server } = await serve((_, authorization) => {
      signed.push(authorization);
      return 403;
    });
    const pair = 'me:word-of-four';
    try {
      const { warnings } = await run({ OPENLINEAGE_URL: url.replace('//', `//${pair}@`) });
      expect(signed).toEqual([`Basic ${Buffer.from(pair).toString('base64')}`]);
      expect(warnings.join()).toMatch(/answered 403/);
      expect(warnings.join()).not.toContain('word');
    } finally {
      server.close();
    }
    const nobody = await run({ OPENLINEAGE_URL: `http://${pair}@127.0.0.1:9` });
    expect(nobody.warnings).toEqual([expect.stringMatching(/^lineage events are lost: POST 127/)]);
    expect(nobody.warnings.join()).not.toContain('word');
  });

  test('is none where its variable is empty, and is told where it is no address', async () => {
    expect((await run({ OPENLINEAGE_URL: '' })).warnings).toEqual([]);
    const { result, warnings } = await run({ OPENLINEAGE_URL: 'me:word@events' });
    expect(result.status).toBe('succeeded');
    expect(warnings).toEqual([expect.stringContaining('is no http:// or https:// address')]);
    expect(warnings.join()).not.toContain('word');
  });

  test('is not asked where events are disabled', async () => {
    const env = { OPENLINEAGE_URL: 'http://127.0.0.1:9', OPENLINEAGE_DISABLED: 'true' };
    const { warnings } = await run(env);
    expect(warnings).toEqual([]);
    expect(existsSync(join(project.folder, '.tidemill', 'lineage.json'))).toBe(false);
  });
});

describe('the declaration of events', () => {
  test('takes its key by reference only', () => {
    declareEvents('  url: http://127.0.0.1:9\n  api_key: abcdef');
    expect(() => project.open()).toThrow(
      /pipelines\.yaml:\d+:\d+ openlineage\.api_key is a secret written into the file\n +write "\$\{env:OPENLINEAGE_API_KEY\}"/,
    );
  });

  test('refuses keys it does not know', () => {
    declareEvents('  fil: events.jsonl');
    expect(() => project.open()).toThrow(/unknown key "fil" in openlineage; did you mean "file"\?/);
  });
});
