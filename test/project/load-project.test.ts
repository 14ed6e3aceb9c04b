import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatIssue, loadProject } from '../../engine/declare/project/load-project.ts';

const types = {
  connections: {
    salesforce: {
      type: 'object',
      required: ['login_url', 'client_secret'],
      properties: {
        login_url: { type: 'string' },
        client_secret: { type: 'string', writeOnly: true },
        daily_calls: { type: ['integer', 'string'] },
      },
    },
    hubspot: {
      type: 'object',
      required: ['token'],
      properties: { token: { type: 'string', writeOnly: true } },
    },
  },
  warehouses: { duckdb: { type: 'object', properties: { path: { type: 'string' } } } },
};

const head = `project: revenue
warehouse: { type: duckdb, path: warehouse.duckdb }
connections:
  salesforce: { type: salesforce, login_url: "http://x", client_secret: "\${env:SECRET}" }
  hubspot: { type: hubspot, token: "\${env:TOKEN}" }
`;

function load(text: string, env: Record<string, string> = { SECRET: 's3cret', TOKEN: 'pat-1' }) {
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-project-'));
  const file = join(folder, 'pipelines.yaml');
  writeFileSync(file, text);
  return loadProject({ file, env, types });
}

/** `line:column message`, without the folder. */
function faults(text: string, env?: Record<string, string>): string[] {
  return load(text, env).issues.map((issue) =>
    formatIssue({ ...issue, file: 'pipelines.yaml' }).replace(/\/\S*tidemill-project-\w+\//g, ''),
  );
}

describe('a valid project', () => {
  test('has its defaults filled in and its secrets collected', () => {
    const { project } = load(`${head}
extract:
  salesforce:
    Account: {}
    Contact: { lookback: 10m, volatile: { fields: [Score__c], every: 24h } }
    "*__c": { exclude: [Notes__c] }
  hubspot: [contacts, associations]
models: { path: models, vars: { days: 30 } }
syncs:
  health:
    from: operational.contact_health
    to: salesforce.Contact
    match: { Id: salesforce_contact_id }
    behavior: update_only
    fields: { Health__c: health, Stage__c: { from: stage, write: if_empty, owner: crm } }
    limits: { create: 0, update: 10% }
pipelines:
  hourly: { schedule: "0 * * * *", select: "source:hubspot+" }
`);
    expect(project?.secrets).toEqual(['s3cret', 'pat-1']);
    expect(project?.extract.get('salesforce')?.map((stream) => stream.settings)).toEqual([
      {},
      { lookbackMs: 600_000, volatile: { fields: ['Score__c'], everyMs: 86_400_000 } },
      { exclude: ['Notes__c'] },
    ]);
    expect(project?.syncs[0]).toMatchObject({
      connection: 'salesforce',
      object: 'Contact',
      behavior: 'update_only',
      onDrift: 'reassert',
      limits: { create: { count: 0 }, update: { percent: 10 }, archive: { percent: 5 } },
      fields: [
        { field: 'Health__c', column: 'health', write: 'always', owner: 'warehouse' },
        { field: 'Stage__c', column: 'stage', write: 'if_empty', owner: 'crm' },
      ],
    });
    expect(project?.pipelines[0]).toMatchObject({ timezone: 'UTC', select: ['source:hubspot+'] });
  });

  test('reads .env beside the file, and the environment wins', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemill-project-'));
    writeFileSync(join(folder, '.env'), 'SECRET=from-file\nTOKEN=from-file\n');
    writeFileSync(join(folder, 'pipelines.yaml'), head);
    const file = join(folder, 'pipelines.yaml');
    const { project } = loadProject({ file, env: { TOKEN: 'from-env' }, types });
    expect(project?.secrets).toEqual(['from-file', 'from-env']);
  });
});

describe('faults', () => {
  test('are all reported at once, each with its place and a suggestion', () => {
    expect(
      faults(`${head}
extract:
  salesforce:
    Account: { lokback: 10m }
  hubsopt: [contacts]
syncs:
  health:
    from: contact_health
    to: salesforce
    match: {}
    behaviour: upsert
    fields: { A: { from: a, write: sometimes } }
`),
    ).toEqual([
      expect.stringMatching(
        /^pipelines\.yaml:9:16 unknown key "lokback" in extract\.salesforce\.Account; did you mean "lookback"\?\n {4}known keys: lookback, /,
      ),
      expect.stringMatching(/^pipelines\.yaml:14:9 syncs\.health\.to is not of the form needed/),
      expect.stringMatching(
        /^pipelines\.yaml:15:12 syncs\.health\.match must NOT have fewer than 1/,
      ),
      expect.stringMatching(
        /^pipelines\.yaml:16:5 unknown key "behaviour" in syncs\.health; did you mean "behavior"\?/,
      ),
      expect.stringMatching(
        /^pipelines\.yaml:17:36 syncs\.health\.fields\.A\.write is "sometimes"\n {4}one of: always, if_empty/,
      ),
    ]);
  });

  test('of names that point nowhere come with the nearest name', () => {
    expect(
      faults(`${head}extract:
  hubsopt: [contacts]
pipelines:
  hourly: { schedule: "every hour", timezone: Mars/Olympus }
`),
    ).toEqual([
      expect.stringMatching(
        /^pipelines\.yaml:7:3 extract names the connection "hubsopt", .*did you mean "hubspot"\?/,
      ),
      expect.stringMatching(/^pipelines\.yaml:9:23 pipelines\.hourly\.schedule is not valid/),
      expect.stringMatching(/^pipelines\.yaml:9:47 pipelines\.hourly\.timezone is not valid/),
    ]);
  });

  test('of a missing environment name list every place that was looked at', () => {
    const [fault] = faults(head, { SECRET: 'x' });
    expect(fault).toMatch(/^pipelines\.yaml:5:36 connections\.hubspot\.token needs TOKEN/);
    expect(fault).toMatch(/looked at: the environment; \.env \(no such file\)/);
  });

  test('a missing name of a connection is no fault for work that talks to no CRM', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemill-project-'));
    const file = join(folder, 'pipelines.yaml');
    writeFileSync(file, head);
    expect(loadProject({ file, env: {}, types, needsConnections: false }).issues).toEqual([]);
  });

  test('of a secret written into the file say how to refer to it, without repeating it', () => {
    const [fault] = faults(head.replace('${env:TOKEN}', 'pat-very-secret'));
    expect(fault).toMatch(/connections\.hubspot\.token is a secret written into the file/);
    expect(fault).not.toContain('pat-very-secret');
  });

  test('of YAML itself are reported with their place', () => {
    expect(faults('project: [revenue\nwarehouse: {')[0]).toMatch(
      /^pipelines\.yaml:\d+:\d+ not valid YAML/,
    );
  });

  test('of an unknown connection type name the known ones', () => {
    expect(faults(head.replace('type: hubspot', 'type: hubspo'))).toEqual([
      expect.stringMatching(/"hubspo"; did you mean "hubspot"\?\n {4}one of: salesforce, hubspot/),
    ]);
  });

  test('an unreadable file is one error that says what to do', () => {
    expect(() => loadProject({ file: 'no/such/pipelines.yaml', env: {}, types })).toThrow(
      /there is no .*no\/such\/pipelines\.yaml/,
    );
  });
});
