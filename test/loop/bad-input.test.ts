import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeLock } from '../../engine/state/lock.ts';
import { systemClock } from '../../engine/words/clock.ts';
import { type Sandboxes, startSandboxes } from '../../sandbox/start-sandboxes.ts';
import { startProxy } from '../salesforce/proxy.ts';
import { liveRows } from './crm-rows.ts';
import { createSmallProject } from './small-project.ts';

const streams = {
  account: 'extract.salesforce.Account',
  contact: 'extract.salesforce.Contact',
  companies: 'extract.hubspot.companies',
} as const;

let sandboxes: Sandboxes;
beforeAll(async () => {
  sandboxes = await startSandboxes({ contacts: 40 });
});
afterAll(async () => {
  await sandboxes[Symbol.asyncDispose]();
});

const countRows = 'select count(*)::int as rows from';

describe('what a CRM refuses', () => {
  // In production: the secret was rotated, and the run of the other CRM must not wait for it.
  test('a wrong credential fails the streams of its connection; the other CRM is read', async () => {
    const env = { ...sandboxes.env, SALESFORCE_CLIENT_SECRET: 'not-the-secret' };
    using project = createSmallProject(env);
    const end = await project.run();
    expect(end.code).toBe(1);
    expect(end.status).toMatchObject({
      [streams.account]: 'failed',
      [streams.contact]: 'failed',
      [streams.companies]: 'success',
      'model.small.firms': 'success',
      'model.small.bands': 'skipped',
      'sync.bands': 'skipped',
    });
    expect(end.said(streams.account)).toMatch(/Salesforce answered invalid_client/);
    expect(end.said(streams.account)).toMatch(/Check login_url.*client_id.*secret/);
    expect(end.out + end.err).not.toContain('not-the-secret');
    const [firms] = await project.query<{ rows: number }>(`${countRows} main.firms`);
    expect(firms?.rows).toBeGreaterThan(0);
    expect(await project.call('plan')).toMatchObject({ code: 1 });
  });

  // In production: an administrator takes a permission set away; or it was never given.
  test('an object without permission fails alone, says who must do what, and keeps what was landed', async () => {
    using project = createSmallProject(sandboxes.env);
    expect((await project.run()).code).toBe(0);
    sandboxes.salesforce.dropObject('Contact');
    sandboxes.hubspot.revokeScope('crm.objects.companies.read');
    try {
      const end = await project.run();
      expect(end.code).toBe(1);
      expect(end.status).toMatchObject({
        [streams.account]: 'success',
        [streams.contact]: 'failed',
        [streams.companies]: 'failed',
        'model.small.bands': 'skipped',
        'sync.bands': 'skipped',
      });
      expect(end.said(streams.contact)).toMatch(/pipelines\.yaml:\d+:\d+.*no stream "Contact"/);
      expect(end.said(streams.contact)).toMatch(/permission/);
      expect(end.said(streams.companies)).toMatch(/companies/);
      expect(end.said(streams.companies)).toMatch(/scope/);
    } finally {
      sandboxes.salesforce.show('Contact');
      sandboxes.hubspot.signIn.grantScope('crm.objects.companies.read');
    }
    const [kept] = await project.query<{ rows: number }>(`${countRows} salesforce."Contact"`);
    expect(kept?.rows).toBe(liveRows(sandboxes.salesforce, 'Contact').length);
    expect((await project.run()).code).toBe(0);
  });

  // In production: somebody deletes the field that a project names.
  test('a field that vanished fails its stream and names the field', async () => {
    using project = createSmallProject(sandboxes.env, ({ extract }) => {
      Object.assign(extract['salesforce'] ?? {}, { Account: { fields: ['Name', 'Industri'] } });
    });
    const end = await project.run();
    expect(end.code).toBe(1);
    expect(end.status).toMatchObject({
      [streams.account]: 'failed',
      [streams.contact]: 'success',
      [streams.companies]: 'success',
    });
    expect(end.said(streams.account)).toMatch(/pipelines\.yaml:\d+:\d+.*"Industri".*"Industry"/);
  });
});

describe('what a CRM garbles', () => {
  const atContacts = ({ path }: { path: string }): boolean =>
    path.includes('/query') &&
    decodeURIComponent(path).replaceAll('+', ' ').includes(' FROM Contact ');

  // In production: a proxy on the way cuts an answer short, or puts its own page in its place.
  test('a record that is not JSON fails its stream with nothing of it landed', async () => {
    await using proxy = await startProxy(sandboxes.salesforce.url, (request) =>
      atContacts(request)
        ? { status: 200, body: '{"totalSize":2,"done":true,"records":[{"Id":"003' }
        : undefined,
    );
    using project = createSmallProject({ ...sandboxes.env, SALESFORCE_URL: proxy.url });
    const end = await project.run();
    expect(end.code).toBe(1);
    expect(end.status).toMatchObject({
      [streams.account]: 'success',
      [streams.contact]: 'failed',
      [streams.companies]: 'success',
      'model.small.firms': 'success',
      'model.small.bands': 'skipped',
    });
    expect(end.said(streams.contact)).toMatch(/queryAll: the page is not valid JSON \(\d+ bytes\)/);
    expect(end.said(streams.contact)).toMatch(/Run again.*proxy/);
    const landed = await project.query(
      `select * from information_schema.tables
       where table_schema = 'raw_salesforce' and table_name = 'Contact'`,
    );
    if (landed.length > 0) {
      const [rows] = await project.query<{ rows: number }>(`${countRows} raw_salesforce."Contact"`);
      expect(rows?.rows).toBe(0);
    }
  });

  // In production: a field's type is changed at the CRM between its description and its records.
  test('a value that does not fit its column fails its stream, and is not shown', async () => {
    await using proxy = await startProxy(
      sandboxes.salesforce.url,
      () => undefined,
      (request, body) => {
        if (!decodeURIComponent(request.path).replaceAll('+', ' ').includes(' FROM Account ')) {
          return body;
        }
        const { records } = body as { records: Record<string, unknown>[] };
        const [first] = records;
        if (first) first['NumberOfEmployees'] = 'about forty';
        return body;
      },
    );
    using project = createSmallProject({ ...sandboxes.env, SALESFORCE_URL: proxy.url });
    const end = await project.run();
    expect(end.code).toBe(1);
    expect(end.status).toMatchObject({
      [streams.account]: 'failed',
      [streams.contact]: 'success',
      [streams.companies]: 'success',
      'sync.bands': 'success',
    });
    expect(end.said(streams.account)).toMatch(
      /salesforce\.Account: record 001\w+ has a value in "NumberOfEmployees" that is no integer/,
    );
    expect(end.said(streams.account)).toMatch(/exclude: \[NumberOfEmployees\]/);
    expect(end.out + end.err).not.toContain('about forty');
  });
});

describe('what a project gets wrong', () => {
  // In production: the first commit of a colleague on a Friday.
  test('every fault of the YAML is told at once, with its place, and nothing is touched', async () => {
    using project = createSmallProject(sandboxes.env);
    project.write(
      'pipelines.yaml',
      'project: small\nwarehouse: { type: duckdb, path: w.duckdb }\nconnections:\n' +
        '  salesforce: { type: salesforse }\nextract:\n  salesforce: { Account: { lookbak: 10m } }\n',
    );
    const end = await project.call('run');
    expect(end.code).toBe(1);
    expect(end.err).toMatch(/pipelines\.yaml:4:\d+.*salesforse/);
    expect(end.err).toMatch(/pipelines\.yaml:6:\d+ .*"lookbak".*"lookback"/);
    expect(end.err).not.toMatch(/ {4}at /);
  });

  test('a text that is not YAML is refused at its line', async () => {
    using project = createSmallProject(sandboxes.env);
    project.write('pipelines.yaml', 'project: small\nconnections: [a, b\nextract: {}\n');
    const end = await project.call('plan');
    expect(end.code).toBe(1);
    expect(end.err).toMatch(/pipelines\.yaml:[23]:\d+/);
  });

  test('a model that does not bind fails alone, before any of its data is touched', async () => {
    using project = createSmallProject(sandboxes.env);
    expect((await project.run()).code).toBe(0);
    project.write(
      'models/bands.sql',
      `{{ config(materialized='table') }}
select "Id" as id, "Bandd" as band from {{ source('salesforce', 'Contact') }}`,
    );
    project.write(
      'models/firms.sql',
      `select id, name, 1 as one from {{ source('hubspot', 'companies') }}`,
    );
    const end = await project.run();
    expect(end.code).toBe(1);
    expect(end.status).toMatchObject({
      'model.small.bands': 'failed',
      'sync.bands': 'skipped',
      'model.small.firms': 'success',
      [streams.contact]: 'success',
    });
    expect(end.said('model.small.bands')).toMatch(/models\/bands\.sql/);
    expect(end.said('model.small.bands')).toMatch(/Bandd/);
    const [kept] = await project.query<{ rows: number }>(
      `${countRows} main.bands where band = 'neutral'`,
    );
    expect(kept?.rows).toBe(liveRows(sandboxes.salesforce, 'Contact').length);
    const plan = await project.call('plan');
    expect(plan.code).toBe(1);
    expect(plan.out).toMatch(/cannot run: .*bands\.sql/);
  });

  test('a circle of models is told model by model; what is outside of it is built', async () => {
    using project = createSmallProject(sandboxes.env);
    project.write('models/hen.sql', "select * from {{ ref('egg') }}");
    project.write('models/egg.sql', "select * from {{ ref('hen') }}");
    const end = await project.run();
    expect(end.code).toBe(1);
    expect(`${end.err}${end.out}`).toMatch(/hen.*egg.*hen|egg.*hen.*egg/s);
    expect(end.status).toMatchObject({
      [streams.contact]: 'success',
      'model.small.firms': 'success',
    });
  });

  test('an unknown field in a mapping is refused with a suggestion, and nothing is sent', async () => {
    using project = createSmallProject(sandboxes.env, ({ syncs }) => {
      Object.assign(syncs['bands'] ?? {}, { fields: { Helth_Band__c: 'band', Title: 'bnd' } });
    });
    const before = JSON.stringify(liveRows(sandboxes.salesforce, 'Contact'));
    const end = await project.run();
    expect(end.code).toBe(1);
    expect(end.status).toMatchObject({ 'model.small.bands': 'success', 'sync.bands': 'failed' });
    expect(end.said('sync.bands')).toMatch(/Helth_Band__c.*Health_Band__c/);
    expect(end.said('sync.bands')).toMatch(/bnd/);
    expect(JSON.stringify(liveRows(sandboxes.salesforce, 'Contact'))).toBe(before);
  });
});

describe('what a machine does', () => {
  // In production: cron starts the next run while somebody's by hand is still under way.
  test('a second tidemill on the same warehouse is refused, with the pid and start of the first', async () => {
    using project = createSmallProject(sandboxes.env);
    const folder = join(project.folder, '.tidemill');
    mkdirSync(folder);
    using lock = takeLock({ folder, command: 'tidemill run --by-hand', clock: systemClock });
    const end = await project.call('run');
    expect(end.code).toBe(1);
    expect(end.err).toContain(`process ${process.pid}`);
    expect(end.err).toContain(lock.owner.startedAt);
    expect(end.err).toContain('tidemill run --by-hand');
  });

  // In production: logs of something else fill the disk at night.
  test('a full disk ends a run with everything as of the last commit; with room it goes on', async (context) => {
    const disk = mkdtempSync(join(tmpdir(), 'tidemill-disk-'));
    const mount = (...options: string[]) =>
      execFileSync('mount', ['-t', 'tmpfs', ...options, 'tidemill', disk], { stdio: 'ignore' });
    try {
      mount('-o', 'size=80m');
    } catch {
      rmSync(disk, { recursive: true });
      context.skip('mounting a small disk needs a superuser');
    }
    try {
      const project = createSmallProject(sandboxes.env, undefined, disk);
      expect((await project.run()).code).toBe(0);
      const versions = `${countRows} raw_salesforce."Contact"`;
      const before = await project.query(versions);
      for (const row of liveRows(sandboxes.salesforce, 'Contact')) {
        sandboxes.salesforce.person.update('Contact', String(row['Id']), { Title: 'Moved' });
      }
      mount('-o', 'remount,size=40m');
      const full = await project.run();
      expect(full.code).toBe(1);
      expect(`${full.out}${full.err}`).toMatch(/free|space/i);
      expect(await project.query(versions)).toEqual(before);
      mount('-o', 'remount,size=200m');
      expect((await project.run()).code).toBe(0);
      const [row] = await project.query<{ rows: number }>(
        `${countRows} salesforce."Contact" where "Title" = 'Moved'`,
      );
      expect(row?.rows).toBe(liveRows(sandboxes.salesforce, 'Contact').length);
    } finally {
      execFileSync('umount', [disk]);
      rmSync(disk, { recursive: true });
    }
  });
});
