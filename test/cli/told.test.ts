import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createSmallProject } from '../loop/small-project.ts';
import { writeFolder } from '../models/project-folder.ts';
import { runIn } from '../parse-cache/command-in-process.ts';

const secrets = {
  SALESFORCE_CLIENT_ID: 'the-client-id',
  SALESFORCE_CLIENT_SECRET: 'the-client-secret',
  HUBSPOT_TOKEN: 'the-token',
};

/** An address where connections are taken and nobody ever answers. */
async function openSilence(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

test('what templates say to people is heard, also where nothing is read anew', async () => {
  using project = createSmallProject({}, (declaration) => {
    Object.assign(declaration, { connections: {}, extract: {}, syncs: {} });
  });
  for (const name of ['bands', 'firms']) project.write(`models/${name}.sql`, 'select 1 as a');
  project.write('models/sources.yml', 'version: 2\n');
  project.write(
    'models/talker.sql',
    `{% do log('logged for people', info=true) %}{% do log('logged for nobody') %}
     {% do print('printed') %}{% do exceptions.warn('warned') %} select 1 as a`,
  );
  for (const _ of ['read', 'remembered']) {
    const { code, out, err } = await project.call('ls', '--output', 'name');
    expect({ code, out }).toEqual({ code: 0, out: 'bands\nfirms\ntalker\n' });
    expect(err).toBe(
      'logged for people\nprinted\nwarning: warned (model talker, file models/talker.sql)\n',
    );
  }
});

test('the file of a sync is told from the folder of the project, as that of a model', async () => {
  const env = {
    ...secrets,
    SALESFORCE_URL: 'http://127.0.0.1:1',
    HUBSPOT_URL: 'http://127.0.0.1:1',
  };
  using project = createSmallProject(env);
  const { out } = await project.call('ls', '--output', 'path', '--select', 'bands', 'sync:bands');
  expect(out.split('\n').filter(Boolean).toSorted()).toEqual([
    'models/bands.sql',
    'pipelines.yaml',
  ]);
});

test('check says that it tries again, and gives up after its time', async () => {
  const silence = await openSilence();
  const env = { ...secrets, SALESFORCE_URL: silence, HUBSPOT_URL: 'http://127.0.0.1:1' };
  using project = createSmallProject(env);
  const { code, out, err } = await project.call('check', '--timeout', '2');
  expect(code).toBe(1);
  for (const name of ['salesforce', 'hubspot']) {
    expect(out).toContain(`failed  ${name}: not signed in within 2 s\n  check the address`);
  }
  expect(err).toContain('warning: trying again (connection hubspot, code connection-lost');
});

test('a folder of models that nobody declared is told', async () => {
  const folder = writeFolder({
    'pipelines.yaml': 'project: own\nwarehouse: { type: duckdb, path: w.duckdb }\n',
    'models/a.sql': 'select 1 as id',
  });
  const { code, out, err } = await runIn(folder, {}, ['plan']);
  expect([code, err]).toEqual([
    0,
    expect.stringMatching(/no `models`, so that the folder models\/ is not read: add `models: /),
  ]);
  // Without a CRM there is no news to wait for.
  expect(out).toMatch(/nothing left to do\n$/);
});
