import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tidemill } from '../artifacts/command-line.ts';
import { type DbtFolder, dbtProjectIn } from '../dbt/dbt-project.ts';
import { writeFolder } from '../models/project-folder.ts';

const header = 'model,left_record,right_record,decision,why,decided_by,decided_at\n';

const files = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"',
  'seeds/people.csv': `system,id,email,name,firm
crm,001,ann@x.org,Ann Lee,x.org
shop,7,ANN@x.org ,Ann Lee,x.org
shop,8,,Anne Leigh,x.org
shop,9,,"Bob, Ray",x.org
`,
  // Codes of digits: dbt would make numbers of them.
  'seeds/people.yml': 'seeds: [{name: people, config: {column_types: {id: varchar}}}]',
  'seeds/decisions.csv': header,
  'macros/same_mail.sql': '{% macro same_mail(mail) %}lower(trim({{ mail }})){% endmacro %}',
  'models/who.sql': `{{ config(
  materialized='identity', canonical_id='person_id', id_prefix='per', record_id='id',
  decisions='decisions',
  rules=[
    {'name': 'email', 'exact': same_mail('email'), 'score': 0.95},
    {'name': 'name', 'fuzzy': 'lower(name)', 'block': 'firm', 'threshold': 0.97, 'review': 0.8},
  ]
) }}
select * from {{ ref('people') }}`,
  'models/people_once.sql':
    "select person_id, min(record) as record from {{ ref('who') }} where is_primary group by 1",
};

test('what stands beside an identity is read in the first run of all, behind a ref', async () => {
  const reading = {
    'models/asked.sql':
      "{{ config(materialized='table') }}\n-- depends_on: {{ ref('who') }}\nselect left_record, score + 1 as more from main.who_review",
    'models/lost.sql': 'select canonical_id from main.who_ids',
  };
  const folder = writeFolder({ ...files, ...reading });
  const shop = dbtProjectIn(folder);
  const { steps } = await shop.build();
  const outcome = (name: string) => steps.find(({ id }) => id === `model.shop.${name}`);
  expect(outcome('asked')).toMatchObject({ status: 'success' });
  expect(await shop.rows('select count(*) as pairs from main.asked')).toEqual([{ pairs: 2 }]);
  expect(outcome('lost')).toMatchObject({
    status: 'failed',
    message: expect.stringContaining(
      "it stands beside the identity who: write -- depends_on: {{ ref('who') }}, so that it is built first",
    ),
  });
});

test('a review says what it leaves out, and that there is none before the first build', async () => {
  const folder = writeFolder(files);
  const early = await tidemill(folder, 'identity', 'review');
  expect(early).toMatchObject({ code: 0, out: [] });
  expect(early.err).toContain('who is not built yet: tidemill build --select who');
  await dbtProjectIn(folder).build();
  const { out } = await tidemill(folder, 'identity', 'review', '--limit', '1');
  expect(out[0]).toMatch(
    /^who: 2 pairs to look at, the first of them \(--limit says how many\):$/m,
  );
  expect(out.join('\n').match(/doubtful/g)).toHaveLength(1);
});

describe('an identity in a project', () => {
  let shop: DbtFolder;
  let decisions: string;
  const clusters = () =>
    shop.rows(
      `select string_agg(record, ' ' order by record) as records
       from main.who group by person_id order by 1`,
    );
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'identity-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    shop = dbtProjectIn(folder);
    decisions = join(shop.folder, 'seeds', 'decisions.csv');
    const result = await shop.build();
    expect(result.steps.filter(({ status }) => status !== 'success')).toEqual([]);
  });
  afterAll(() => rmSync(shop.folder, { recursive: true, force: true }));

  test('is built after the seeds of its records and decisions, by rules that call macros', async () => {
    expect(await clusters()).toEqual([
      { records: 'crm:001 shop:7' },
      { records: 'shop:8' },
      { records: 'shop:9' },
    ]);
    expect(await shop.rows('select count(*) as people from main.people_once')).toEqual([
      { people: 3 },
    ]);
  });

  test('is reused while nothing it reads has changed', async () => {
    const { steps } = await shop.build();
    expect(new Set(steps.map(({ status }) => status))).toEqual(new Set(['reused']));
  });

  test('shows what is doubtful, takes a decision into its seed, and follows it with the next build', async () => {
    const review = await tidemill(shop.folder, 'identity', 'review', '--json');
    const pairs = review.out.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(pairs).toMatchObject([
      { model: 'who', reason: 'doubtful', rule: 'name', right_record: 'shop:8' },
      { model: 'who', reason: 'doubtful', rule: 'name', right_record: 'shop:8' },
    ]);
    const why = ['--why', 'married, "Leigh" since'];
    const said = await tidemill(
      shop.folder,
      'identity',
      'decide',
      'shop:8',
      'crm:001',
      'same',
      ...why,
    );
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out.join('\n')).toContain('seeds/decisions.csv');
    const written = readFileSync(decisions, 'utf8');
    expect(written.startsWith(`${header}who,shop:8,crm:001,same,"married, ""Leigh"" since",`)).toBe(
      true,
    );
    await shop.build();
    expect((await clusters())[0]).toEqual({ records: 'crm:001 shop:7 shop:8' });
    expect(await shop.rows(`select evidence from main.who_matches where rule = 'same'`)).toEqual([
      { evidence: 'married, "Leigh" since' },
    ]);
    const [event] = await shop.rows('select event, from_id, to_id from main.who_events');
    expect(event).toMatchObject({ event: 'merged' });
    const resolved = await tidemill(shop.folder, 'identity', 'resolve', String(event?.['from_id']));
    expect(resolved.out).toEqual([`${String(event?.['to_id'])} of who: crm:001, shop:7, shop:8`]);
  });

  test('takes a later decision for the one that counts', async () => {
    shop.pass(60_000);
    const said = await tidemill(
      shop.folder,
      'identity',
      'decide',
      'crm:001',
      'shop:8',
      'different',
    );
    expect(said.code).toBe(0);
    await shop.build();
    expect(await clusters()).toHaveLength(3);
  });

  test('takes a decision into a file with the line ends of another system', async () => {
    const before = readFileSync(decisions, 'utf8');
    writeFileSync(decisions, before.trimEnd().replaceAll('\n', '\r\n'));
    shop.pass(60_000);
    const pair = ['shop:9', 'shop:8'];
    await tidemill(shop.folder, 'identity', 'decide', ...pair, 'same', '--why', 'says, he');
    expect(readFileSync(decisions, 'utf8').split('\n').slice(0, -1)).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/[^\r]$/)]),
    );
    const { steps } = await shop.build();
    expect(steps.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(await clusters()).toContainEqual({ records: 'shop:8 shop:9' });
    writeFileSync(decisions, before);
    await shop.build();
  });

  test('tells decisions that nobody follows: on a record that is not there, on no identity', async () => {
    const before = readFileSync(decisions, 'utf8');
    const more = ['who,shop:8,shop:99,same,lost', 'whoo,shop:8,shop:9,same,misspelt'];
    writeFileSync(decisions, `${before}${more.map((line) => `${line},mia,2026-01-01\n`).join('')}`);
    await shop.build();
    const asked = await tidemill(shop.folder, 'identity', 'review', '--json');
    const rows = asked.out.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.filter(({ reason }) => reason === 'waits')).toMatchObject([
      { rule: 'same', left_record: 'shop:8', right_record: 'shop:99', evidence: 'lost' },
    ]);
    expect(asked.err).toContain(
      'main.decisions has 1 decision on the model "whoo", which is no identity; did you mean "who"?',
    );
    const { out } = await tidemill(shop.folder, 'identity', 'review');
    expect(out.join('\n')).toContain(', 1 decision on records that are not there');
    writeFileSync(decisions, before);
    await shop.build();
  });

  test('refuses a decision on what it does not know, with what to do', async () => {
    const before = readFileSync(decisions, 'utf8');
    const wrong = await Promise.all([
      tidemill(shop.folder, 'identity', 'decide', 'crm:002', 'shop:8', 'same'),
      tidemill(shop.folder, 'identity', 'decide', 'crm:001', 'shop:8', 'perhaps'),
      tidemill(shop.folder, 'identity', 'review', '--model', 'whom'),
      tidemill(shop.folder, 'identity', 'resolve', 'per_0'),
    ]);
    expect(wrong.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
    expect(wrong.map(({ err }) => /^error.*$/m.exec(err)?.[0])).toEqual([
      'error: no identity holds both crm:002 and shop:8 (looked in who)',
      'error: a decision is same or different, not perhaps',
      'error: there is no identity "whom"; did you mean "who"?',
      'error: no identity ever gave the id per_0',
    ]);
    expect(readFileSync(decisions, 'utf8')).toBe(before);
  });

  test('is built anew when a rule changes, and says so, with the ids it gave', async () => {
    const ids = () => shop.rows('select record, person_id from main.who order by record');
    const before = await ids();
    const path = join(shop.folder, 'models', 'who.sql');
    writeFileSync(path, readFileSync(path, 'utf8').replace("'review': 0.8", "'review': 0.7"));
    const { steps } = await shop.build();
    const who = steps.find(({ id }) => id === 'model.shop.who');
    expect(who).toMatchObject({ status: 'success', hint: 'its config changed' });
    expect(await ids()).toEqual(before);
  });
});
