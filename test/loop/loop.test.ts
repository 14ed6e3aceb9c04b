import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOutline } from '../../cli/outline.ts';
import { compileProject } from '../../engine/plan/compile-project.ts';
import { isNothingToDo } from '../../engine/plan/explain-plan.ts';
import { findRelations, findRepeated, liveRecords } from './crm-rows.ts';
import { type Loop, startLoop, troubles } from './loop.ts';

const twoHoursMs = 2 * 3_600_000;

describe('the whole loop', () => {
  let loop: Loop;
  beforeAll(async () => {
    loop = await startLoop();
  });
  afterAll(async () => {
    await loop[Symbol.asyncDispose]();
  });

  test('plans without making a warehouse, then runs everything', async () => {
    const plan = await loop.plan();
    expect(plan.faults).toEqual([]);
    expect(plan.steps.filter(({ fault }) => fault)).toEqual([]);
    expect(isNothingToDo(plan)).toBe(false);
    using opened = loop.open();
    expect(opened.hasWarehouse()).toBe(false);
    expect(troubles(await loop.run())).toEqual([]);
  });

  test('settles: two more runs take in what was written, then nothing is left to do', async () => {
    loop.pass(60_000);
    expect(troubles(await loop.run())).toEqual([]);
    loop.pass(60_000);
    expect(troubles(await loop.run())).toEqual([]);
    const plan = await loop.plan();
    expect(plan.steps.filter((step) => step.kind === 'sync' && step.preview?.hasWork)).toEqual([]);
    expect(isNothingToDo(plan)).toBe(true);
  });

  test('an idle run builds nothing, sends nothing, and asks once per stream with a cursor', async () => {
    // The first run with nothing new takes the diffs; those after it know that they are empty.
    loop.pass(60_000);
    await loop.run();
    loop.pass(60_000);
    loop.sandboxes.salesforce.calls.reset();
    loop.sandboxes.hubspot.calls.reset();
    const result = await loop.run();
    const done = result.steps.filter(
      ({ kind, status }) => !['extract', 'check'].includes(kind) && status !== 'reused',
    );
    expect(done.map(({ id, message }) => [id, message])).toEqual([]);
    const salesforce = Object.entries(loop.sandboxes.salesforce.calls.byRoute);
    const hubspot = Object.entries(loop.sandboxes.hubspot.calls.byRoute);
    const count = (routes: readonly (readonly [string, number])[], pattern: RegExp): number =>
      routes.filter(([route]) => pattern.test(route)).reduce((sum, [, calls]) => sum + calls, 0);
    const streams = result.steps.filter(({ id }) => id.startsWith('extract.salesforce.'));
    expect(count(salesforce, /^GET \/query/)).toBe(streams.length);
    // Owners and stages have no cursor: HubSpot does not say what of them has changed.
    const peers = result.steps.filter(({ id }) =>
      /^extract\.hubspot\.(?!owners|pipeline_stages)/.test(id),
    );
    // The associations of an object share its search.
    const searches = peers.filter(({ id }) => !id.startsWith('extract.hubspot.associations_'));
    expect(count(hubspot, /\/search$|\/objects\/\w+$|associations/), JSON.stringify(hubspot)).toBe(
      searches.length,
    );
    const writes = [...salesforce, ...hubspot].filter(([route]) =>
      /^(PATCH|DELETE|PUT)|composite|batch\/(create|update|upsert|associate)/.test(route),
    );
    expect(writes).toEqual([]);
  });

  test('no model compares every row of one table with every row of another', async () => {
    using opened = loop.open();
    const { models } = await readOutline(opened, {});
    if (!models) throw new Error('the reference project has models');
    await using warehouse = await opened.openWarehouse({ readOnly: true });
    const { compiled, faults } = await compileProject({
      project: models,
      ids: models.nodes.keys(),
      session: warehouse,
      boundaryMs: opened.clock.now(),
      invocationId: 'plans',
    });
    expect(faults).toEqual([]);
    const slow: string[] = [];
    for (const { node, sql: text } of compiled) {
      const plan = JSON.stringify(await warehouse.query(sql.raw(`explain (format json) ${text}`)));
      if (/(NL_JOIN|NESTED_LOOP_JOIN)/.test(plan)) slow.push(node.id);
    }
    expect(slow).toEqual([]);
    expect(compiled.length).toBeGreaterThan(50);
  });

  test('a stage that a rep moves becomes a history row and a stay', async () => {
    const [open] = await loop.query<{ Id: string; StageName: string }>(
      `select "Id", "StageName" from salesforce."Opportunity" where not "IsClosed" order by 1 limit 1`,
    );
    const id = open?.Id ?? '';
    loop.sandboxes.salesforce.person.update('Opportunity', id, { StageName: 'Closed Won' });
    loop.pass(twoHoursMs);
    expect(troubles(await loop.run())).toEqual([]);
    const rows = await loop.query<{ stage: string; valid_to: string | null }>(
      `select stage, valid_to from history.opportunity_history
       where salesforce_id = '${id}' and recorded_to is null order by valid_from`,
    );
    expect(rows.map(({ stage }) => stage).slice(-2)).toEqual([open?.StageName, 'Closed Won']);
    expect(rows.at(-2)?.valid_to).not.toBeNull();
    expect(rows.at(-1)?.valid_to).toBeNull();
  });

  test('a deleted record closes its history and leaves the current table', async () => {
    const [gone] = await loop.query<{ Id: string }>(
      `select "Id" from salesforce."Opportunity" where "IsClosed" order by 1 limit 1`,
    );
    loop.sandboxes.salesforce.person.remove('Opportunity', gone?.Id ?? '');
    loop.pass(twoHoursMs);
    expect(troubles(await loop.run())).toEqual([]);
    expect(
      await loop.query(`select 1 from salesforce."Opportunity" where "Id" = '${gone?.Id}'`),
    ).toEqual([]);
    const [log] = await loop.query<{ deleted: boolean }>(
      `select _deleted as deleted from raw_salesforce."Opportunity"
       where "Id" = '${gone?.Id}' order by _modified_at desc limit 1`,
    );
    expect(log?.deleted).toBe(true);
  });

  // A second record for one person is the failure that people never forgive a reverse ETL.
  test('what the syncs made in HubSpot is there once, and known by its Salesforce id', async () => {
    const { hubspot } = loop.sandboxes;
    expect(findRepeated(liveRecords(hubspot, 'contacts').map((row) => row['email']))).toEqual([]);
    const names = liveRecords(hubspot, 'companies').map((row) => row['salesforce_account_id']);
    expect(findRepeated(names)).toEqual([]);
    const alone = await loop.query(
      `select contact_id from canonical.contact
       where hubspot_id is null and salesforce_id is not null and email is not null`,
    );
    expect(alone).toEqual([]);
  });

  // Without its company a contact in HubSpot is on nobody's list.
  test('a contact that a sync made stands with its company in HubSpot', async () => {
    const { hubspot } = loop.sandboxes;
    const companies = new Set(liveRecords(hubspot, 'companies').map(({ id }) => id));
    const made = await loop.query<{ id: string; company: string }>(
      `select people.record_id as id, accounts.hubspot_id as company
       from tidemill_sync.missing_contacts as state
       inner join identity.identity_contacts as people
         on people.system = 'hubspot' and people.record_id = state.crm_id
       inner join canonical.contact as contacts using (contact_id)
       inner join canonical.account as accounts using (account_id)`,
    );
    expect(made.length).toBeGreaterThan(10);
    const known = findRelations(hubspot, 'contacts', 'companies');
    expect(made.filter(({ id, company }) => !known.has(`${id}>${company}`))).toEqual([]);
    expect(made.filter(({ company }) => !companies.has(company))).toEqual([]);
  });
});
