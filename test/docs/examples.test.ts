import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startSandboxes } from '../../sandbox/start-sandboxes.ts';
import { writeFolder } from '../models/project-folder.ts';
import { type Ended, runIn } from '../parse-cache/command-in-process.ts';
import { type Block, blockOf, listBlocks, readPages, root } from './page-blocks.ts';

const used = new Set<string>();
const keyOf = ({ page, line }: Block): string => `${page}:${line}`;

/** The text of an example; `the last test` holds that each has been taken, or is listed. */
function take(page: string, words: string): string {
  const block = blockOf(page, words);
  used.add(keyOf(block));
  return block.text;
}

const ownLayout =
  'project: docs\nwarehouse: { type: duckdb, path: warehouse.duckdb }\nmodels: { path: models }\n';

async function expectBuilt(folder: string, words: readonly string[] = ['build']): Promise<Ended> {
  const ended = await runIn(folder, { HOME: folder }, words);
  expect(ended.err).toBe('');
  expect(ended.code, ended.out).toBe(0);
  return ended;
}

const rowsOf = async (folder: string, text: string): Promise<unknown[]> => {
  const { out } = await expectBuilt(folder, ['query', text, '--json']);
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
};

/** The versions of which docs/history.md tells the life, and the days it asks about. */
const versions = {
  'seeds/account_versions.csv': `account_id,stage,modified_at,observed_at,is_deleted,sequence
a,new,2026-01-01,2026-01-01,false,1
a,won,2026-01-09,2026-01-09,false,2
a,open,2026-01-05,2026-01-10,false,3
`,
  'seeds/days.csv': 'day\n2026-01-06\n2026-01-10\n',
};

/** Models of the statements of an example, each of which begins with `select`. */
function toModels(text: string, name: string): Record<string, string> {
  const statements = text.split(/^(?=select )/m);
  expect(statements.length).toBeGreaterThan(1);
  return Object.fromEntries(
    statements.map((one, index) => [`models/asked/${name}_${index}.sql`, one]),
  );
}

test('the history of docs/history.md is the table that the page shows', async () => {
  const folder = writeFolder({
    'pipelines.yaml': ownLayout,
    ...versions,
    'models/history/account_history.sql': take('docs/history.md', "sequence='sequence'"),
    ...toModels(take('docs/history.md', 'valid_to_as_of'), 'history'),
  });
  await expectBuilt(folder);
  const days = 'valid_from, valid_to, valid_to_recorded_at, recorded_from, recorded_to'
    .split(', ')
    .map((name) => `coalesce(day(${name})::text || 'th', '')`)
    .join(", '|', ");
  const built = await rowsOf(
    folder,
    `select replace(concat(stage, '|', ${days}, '|', is_current), '1th', '1st') as row
     from history.account_history`,
  );
  const { text } = readPages().find(({ path }) => path === 'docs/history.md') ?? { text: '' };
  const shown = text.match(/^\| (?:new|open|won) .*$/gm) ?? [];
  const cells = (line: string): string =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
      .join('|');
  const asText = built.map((row) => (row as { row: string }).row);
  expect(asText.toSorted()).toEqual(shown.map(cells).toSorted());
  expect(await rowsOf(folder, 'select stage, day::text as day from asked.history_2')).toEqual([
    { stage: 'new', day: '2026-01-06' },
    { stage: 'won', day: '2026-01-10' },
  ]);
});

test('the models, the history and the unit test of docs/models.md build and hold', async () => {
  const folder = writeFolder({
    'pipelines.yaml': ownLayout,
    ...versions,
    'seeds/opportunity.csv': 'opportunity_id,name,last_activity_at\n1,Tide,2020-01-01\n',
    'models/operational/stale_deals.sql': take('docs/models.md', 'stale_deals.sql'),
    'models/history/account_history.sql': take('docs/models.md', "materialized='history'"),
    'models/history/history.yml': take('docs/models.md', 'unit_tests:'),
    ...toModels(take('docs/models.md', 'recorded='), 'models'),
  });
  const { out } = await expectBuilt(folder);
  expect(out).toContain('a_late_version_takes_back_what_was_believed: holds');
  expect(await rowsOf(folder, 'select name from operational.stale_deals')).toEqual([
    { name: 'Tide' },
  ]);
});

test('the identity of docs/identity.md builds, with the decisions and the join of the page', async () => {
  const record = 'system,record_id,merged_into,is_deleted,email,phone,name_key,account_id';
  const folder = writeFolder({
    'pipelines.yaml': ownLayout,
    'seeds/contact_records.csv': `${record},salesforce_contact_id,created_at
salesforce,003xx1,,false,,,ada tide,1,,2026-01-01
hubspot,51,,false,eve@example.com,,eve shore,2,,2026-01-02
hubspot,77,,false,eve@example.com,,eve shore,2,,2026-01-03
`,
    'seeds/contact_records.yml':
      'seeds: [{ name: contact_records, config: { column_types: { record_id: varchar, merged_into: varchar, email: varchar, phone: varchar, salesforce_contact_id: varchar } } }]',
    'seeds/identity_decisions.csv': take('docs/identity.md', 'decided_at'),
    'models/identity/identity_contacts.sql': take('docs/identity.md', "{'name': 'crm_merge'"),
    'models/asked.sql': take('docs/identity.md', '-- depends_on: {{ ref('),
  });
  await expectBuilt(folder);
  const records = 'select count(distinct contact_id)::int as ids from identity.identity_contacts';
  // 51 is 003xx1 by decision, and 77 is never 51, though the address is the same.
  expect(await rowsOf(folder, records)).toEqual([{ ids: 2 }]);
  const join = take('docs/identity.md', 'ids.current_id as contact_id');
  const orders =
    "(select canonical_id as contact_id, 'x' as note from identity.identity_contacts_ids)";
  const asked = join.replace('from orders', `from ${orders} as orders`);
  expect(await rowsOf(folder, asked)).not.toEqual([]);
});

/** A file beside this one, which `npm run types` checks. */
const typed = (name: string): string => readFileSync(join(root, 'test/docs/typed', name), 'utf8');

test('the models of docs/typescript-models.md build', async () => {
  const folder = writeFolder({
    'pipelines.yaml': ownLayout,
    'seeds/contacts.csv': 'id,phones\n1,"+4930123 or 030456"\n2,none\n',
    'seeds/events.csv': 'contact_id,event_id\n1,1\n1,2\n2,3\n',
    'models/phones.ts': typed('phones.ts'),
    'models/sessions.ts': typed('sessions.ts'),
    'models/parts/find-numbers.ts': typed('parts/find-numbers.ts'),
  });
  await expectBuilt(folder);
  expect(await rowsOf(folder, 'select count(*)::int as n from main.phones')).toEqual([{ n: 2 }]);
  const sessions = 'select contact_id::int as id, events from main.sessions order by 1';
  expect(await rowsOf(folder, sessions)).toEqual([
    { id: 1, events: 2 },
    { id: 2, events: 1 },
  ]);
});

test('the TypeScript of the pages is that of files whose types are checked', () => {
  // The formatter breaks longer lines than a page does.
  const bare = (text: string): string => text.replace(/[\s,]/g, '');
  const copies = [
    ['phones.ts', take('docs/typescript-models.md', '// models/phones.ts')],
    ['sessions.ts', take('docs/typescript-models.md', "by: ['contact_id']")],
    ['library.ts', take('README.md', 'buildPlan, openProject')],
    ['sandbox.ts', take('docs/sandbox.md', "from './sandbox/")],
  ] as const;
  for (const [name, text] of copies) {
    expect(bare(typed(name).replace('../../../', './')), name).toContain(bare(text));
  }
});

/** All the blocks of pages that describe `pipelines.yaml`, laid one below the other. */
const declaredIn = (page: string, ...words: readonly string[]): string =>
  words.map((one) => take(page, one)).join('');

const crmEnv = {
  SALESFORCE_URL: 'http://127.0.0.1:9',
  SALESFORCE_CLIENT_ID: 'id',
  SALESFORCE_CLIENT_SECRET: 'secret',
  HUBSPOT_URL: 'http://127.0.0.1:9',
  HUBSPOT_TOKEN: 'token',
  OPENLINEAGE_URL: 'http://127.0.0.1:9',
  OPENLINEAGE_API_KEY: 'key',
};

const lines = (text: string): string[] => text.split('\n').filter(Boolean);

test('the ten lines of README are a project, with all that they name', async () => {
  const folder = writeFolder({
    'pipelines.yaml': take('README.md', 'titles: {'),
    'models/canonical/contact.sql': "select 'a@example.com' as email, 'Captain' as title",
  });
  const { code, out, err } = await runIn(folder, { ...crmEnv, HOME: folder }, ['ls']);
  expect([code, err]).toEqual([0, '']);
  expect(lines(out)).toContain('revenue.canonical.contact');
  expect(lines(out)).toContain('sync:titles');
});

test('the parts of pipelines.yaml that pages show are one project together', async () => {
  const connections = blockOf('README.md', 'titles: {').text.match(/^connections:\n(?: .*\n)+/m);
  const health = 'salesforce_contact_id, 1 as health_score, 2 as lifecycle';
  const folder = writeFolder({
    'pipelines.yaml': [
      declaredIn('docs/pipelines.md', 'project: revenue', 'extract:', 'vars:', 'Europe/Berlin'),
      connections?.[0],
      take('docs/syncs.md', 'contact_health:'),
      take('docs/lineage.md', 'OPENLINEAGE_URL'),
      'keep_runs: 30d\n',
    ].join(''),
    'models/operational/contact_health.sql': `select 'x' as ${health}`,
    'models/sources.yml': take('docs/lineage.md', 'labels: [pii]'),
  });
  const { code, out, err } = await runIn(folder, { ...crmEnv, HOME: folder }, ['ls']);
  expect([code, err]).toEqual([0, '']);
  expect(lines(out)).toContain('sync:contact_health');
  const other = take('docs/operations.md', 'nightly:');
  const schedules = `${ownLayout}${other}`;
  const serving = writeFolder({ 'pipelines.yaml': schedules, 'models/a.sql': 'select 1 as id' });
  expect((await expectBuilt(serving, ['status'])).out).toContain('nightly');
});

test('the queries about runs of docs/operations.md are answered', async () => {
  const folder = writeFolder({ 'pipelines.yaml': ownLayout, 'models/a.sql': 'select 1 as id' });
  await expectBuilt(folder);
  const queries = lines(take('docs/operations.md', 'tidemill.run_steps'));
  expect(queries).toHaveLength(3);
  // The third asks about syncs, of which this project has none.
  for (const query of queries.slice(0, 2)) {
    await rowsOf(folder, query.replace(/;$/, ''));
  }
});

test('every call of docs/sandbox.md is answered', async () => {
  await using sandboxes = await startSandboxes({ contacts: 5 });
  const { salesforce, hubspot } = sandboxes;
  const bases: Readonly<Record<string, string>> = { S: salesforce.url, H: hubspot.url };
  const page = 'docs/sandbox.md';
  take(page, 'S=http');
  const calls = [
    '/calls/reset',
    '{"hold": true}',
    '"merge"',
    'count?',
    'Ship__c": {"fields": [{"name": "T',
    'faults -d',
  ].flatMap(
    (words) =>
      take(page, words === '"merge"' ? '/_sandbox/person' : words).match(
        /^curl (?:.|\n {2})*$/gm,
      ) ?? [],
  );
  expect(calls).toHaveLength(15);
  for (const call of calls) {
    const [, base = '', path = ''] = /\$([SH])(\/[^\s"]+)/.exec(call) ?? [];
    const body = / -d (?:'([^']+)'|(null))/.exec(call);
    const method = body || call.includes('-X POST') ? 'POST' : 'GET';
    const answer = await fetch(`${bases[base]}${path}`, {
      method,
      ...(body ? { body: body[1] ?? body[2] ?? null } : {}),
    });
    expect(`${call}: ${answer.status} ${answer.ok ? '' : await answer.text()}`).toMatch(/: 20\d $/);
  }
  for (const [url, words] of [
    [salesforce.url, '"referenceTo"'],
    [hubspot.url, '"primaryDisplayProperty"'],
  ] as const) {
    const answer = await fetch(`${url}/_sandbox/define`, {
      method: 'POST',
      body: take(page, words),
    });
    expect(`${answer.status} ${await answer.text()}`).toMatch(/^20\d /);
  }
});

/** Examples that cannot be held against anything, by their first words, and why. */
const notRun: Readonly<Record<string, string>> = {
  'docs/getting-started.md: syncs: 4': 'what `plan` prints of a company with other rows',
  'docs/history.md: 1st': 'a drawing; its table is compared',
  'docs/identity.md: records': 'a drawing',
  'docs/lineage.md: $ tidemill lineage': 'what `lineage` prints, cut; its command is checked',
  'docs/lineage.md: changes upstream': 'what `plan` prints of a CRM that lost a field',
  'docs/operations.md: [Unit]': 'a file of systemd',
  'docs/operations.md: 0 * * * *': 'a line of cron',
  'docs/sandbox.md: my-crm/': 'a listing of a folder',
};

test('no example is left out but those that are listed, each with its reason', () => {
  const left = readPages()
    .flatMap(listBlocks)
    .filter(({ language }) => !['sh', 'mermaid'].includes(language))
    .filter((block) => !used.has(keyOf(block)))
    // Commands are held against the command line itself: command-lines.test.ts.
    .filter(({ text }) => !/^(npx tidemill|tidemill|npm) /.test(text))
    .map(({ page, text }) => `${page}: ${text.trim().split('\n')[0]}`);
  const listed = Object.keys(notRun);
  expect(left.filter((one) => !listed.some((words) => one.startsWith(words)))).toEqual([]);
  expect(listed.filter((words) => !left.some((one) => one.startsWith(words)))).toEqual([]);
});
