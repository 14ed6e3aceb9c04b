import { expect, test } from 'vitest';
import { type Dice, rollDice } from '../../sandbox/company/dice.ts';
import type { Sandboxes } from '../../sandbox/start-sandboxes.ts';
import { findRelations, findRepeated, liveRecords, liveRows } from './crm-rows.ts';
import { compareTables } from './tables.ts';
import { startTwin, type Twin } from './twin.ts';

const seed = 20;
const contacts = 40;
/** Killed runs before each run that ends, the first load first. Twenty together. */
const killsPerRound = [7, 7, 6] as const;
/** Tries for one kill: a run may be over before its moment comes. */
const triesMax = 5;
/**
 * Runs until nothing is left: what a sync makes comes back, is matched, and lets another follow.
 */
const runsMax = 6;

/** What people do between two runs: the same in both twins, which stand equal by then. */
function work({ salesforce, hubspot }: Sandboxes, round: number): void {
  const dice = rollDice(seed, 'people', round);
  const pick = <T>(values: readonly T[]): T => dice.pick(values);
  const idOf = (row: Record<string, unknown>) => String(row['Id'] ?? row['id']);
  const rowsOf = (object: string) =>
    liveRows(salesforce, object).toSorted((a, b) => idOf(a).localeCompare(idOf(b)));
  const loaded = (type: string) =>
    liveRecords(hubspot, type)
      .filter((row) => Number(row['id']) < 10 ** 10)
      .toSorted((a, b) => idOf(a).localeCompare(idOf(b)));
  const name = `Late ${round}`;
  const account = salesforce.person.create('Account', { Name: `${name} Works`, Phone: '+1 555 1' });
  for (const each of ['Ada', 'Ben', 'Cleo']) {
    const email = `${each.toLowerCase()}.${round}@late.example`;
    const fields = { FirstName: each, LastName: name, Email: email, AccountId: account };
    salesforce.person.create('Contact', fields);
    hubspot.person.create('contacts', {
      email: `${each.toLowerCase()}.${round}@only-hubspot.example`,
      firstname: each,
      lastname: name,
    });
  }
  const deals = rowsOf('Opportunity');
  salesforce.person.update('Opportunity', idOf(pick(deals)), { StageName: 'Closed Won' });
  salesforce.person.remove('Opportunity', idOf(pick(deals)));
  for (let count = 0; count < 4; count += 1) {
    const contact = idOf(pick(rowsOf('Contact')));
    salesforce.person.update('Contact', contact, { Title: `Title ${round}.${count}` });
    const subject = `Case ${round}.${count}`;
    salesforce.person.create('Case', { Subject: subject, Status: 'New', ContactId: contact });
  }
  const person = idOf(pick(loaded('contacts')));
  hubspot.person.update('contacts', person, { lifecyclestage: 'customer' });
  const [ticket] = loaded('tickets');
  if (ticket) hubspot.person.archive('tickets', idOf(ticket));
}

/** A moment between the start of the program and the end of a run that takes `tookMs`. */
function momentOf(dice: Dice, tookMs: number): number {
  return tookMs * (0.15 + 0.8 * dice.next());
}

/** Runs until nothing moves any more; then the plan must agree. */
async function finish(twin: Twin): Promise<void> {
  for (let runs = 1; ; runs += 1) {
    const { code, said, hasMoved } = await twin.run();
    expect(code, said).toBe(0);
    if (!hasMoved) break;
    expect(runs, said).toBeLessThan(runsMax);
  }
  expect(await twin.planLeft()).toBe('');
}

/** What the CRMs hold of what syncs write, without the ids that depend on the order of creation. */
function readCrms({ salesforce, hubspot }: Sandboxes) {
  const nameOf = new Map<unknown, unknown>();
  for (const row of liveRecords(hubspot, 'contacts')) nameOf.set(row['id'], row['email']);
  for (const row of liveRecords(hubspot, 'companies')) nameOf.set(row['id'], row['name']);
  const pick = (rows: Record<string, unknown>[], ...names: string[]) =>
    rows.map((row) => JSON.stringify(names.map((name) => row[name] ?? null))).toSorted();
  const health = ['Id', 'Health_Score__c', 'Health_Band__c', 'Lifecycle__c'];
  const person = ['email', 'salesforce_contact_id', 'firstname', 'lastname', 'jobtitle'];
  const won = ['closed_won_deals', 'closed_won_amount', 'last_won_on'];
  const firm = ['name', 'salesforce_account_id', 'domain', 'city', 'country', 'phone', ...won];
  return {
    contacts: pick(liveRows(salesforce, 'Contact'), ...health),
    leads: pick(liveRows(salesforce, 'Lead'), 'Email', 'FirstName', 'LastName', 'Company'),
    people: pick(liveRecords(hubspot, 'contacts'), ...person),
    companies: pick(liveRecords(hubspot, 'companies'), ...firm),
    relations: [...findRelations(hubspot, 'contacts', 'companies')]
      .map((pair) => JSON.stringify(pair.split('>').map((id) => nameOf.get(id) ?? id)))
      .toSorted(),
  };
}

/*
 * In production: the machine goes down, the container is moved, somebody's patience ends, at any
 * moment of a run. What must not happen: a record made twice in a CRM, a change lost, a table that
 * a rerun does not heal.
 */
test('a run killed at twenty random moments and run again ends as if nobody had', {
  timeout: 1_200_000,
}, async () => {
  const startMs = Math.floor(Date.now() / 1_000) * 1_000;
  await using calm = await startTwin(startMs, contacts);
  await using killed = await startTwin(startMs, contacts);
  const dice = rollDice(seed, 'kill', 0);
  const log: string[] = [];
  for (const [round, kills] of killsPerRound.entries()) {
    for (const twin of [calm, killed]) {
      twin.startRound(round, (sandboxes) => {
        if (round > 0) work(sandboxes, round);
      });
    }
    const first = await calm.run();
    expect(first.code, first.said).toBe(0);
    await finish(calm);
    let { tookMs } = first;
    for (let kill = 0; kill < kills; kill += 1) {
      for (let tries = 1; ; tries += 1) {
        const moment = momentOf(dice, tookMs);
        const end = await killed.run(moment);
        log.push(`round ${round}: ${end.wasKilled ? 'killed' : 'over'} at ${Math.round(moment)}`);
        if (end.wasKilled) break;
        expect(end.code, end.said).toBe(0);
        expect(tries, log.join('\n')).toBeLessThan(triesMax);
        // Less was left to do, or the machine is less busy by now.
        tookMs = Math.min(tookMs, end.tookMs);
      }
    }
    await finish(killed);
    const { hubspot, salesforce } = killed.sandboxes;
    const people = liveRecords(hubspot, 'contacts').map((row) => row['email']);
    const firms = liveRecords(hubspot, 'companies').map((row) => row['salesforce_account_id']);
    const leads = liveRows(salesforce, 'Lead').map((row) => row['Email']);
    const story = log.join('\n');
    expect([people, firms, leads].flatMap(findRepeated), story).toEqual([]);
    const differences = compareTables(await calm.readTables(), await killed.readTables());
    expect(differences, story).toEqual({});
    expect(readCrms(killed.sandboxes), story).toEqual(readCrms(calm.sandboxes));
  }
  expect(log.filter((line) => line.includes('killed'))).toHaveLength(20);
});
