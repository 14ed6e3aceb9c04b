import { expect, test } from 'vitest';
import type { Intercepted } from '../salesforce/proxy.ts';
import { findRepeated, liveRecords, liveRows } from './crm-rows.ts';
import { type RunEnd, startTwin } from './twin.ts';

const writes = /\/batch\/(create|update|upsert|associate)|\/composite\/sobjects/;
/** Writes of the first load, creates ended twice, and then some. */
const endsMax = 24;

/*
 * In production: the line goes, or the machine, while a CRM is at work on a write. Whether it was
 * done, nobody heard; sending it again makes a record twice, and not sending it loses it.
 */
test('a run killed at each write, before or after the CRM has done it, makes no record twice', {
  timeout: 1_200_000,
}, async () => {
  const ended = new Set<string>();
  const endOnce = (phase: string, { method, path, body }: Intercepted): boolean => {
    const isCreate = /\/batch\/create/.test(path) || (method === 'POST' && body.includes('Lead'));
    if (method === 'GET' || !writes.test(path) || (phase === 'before' && !isCreate)) return false;
    const what = `${phase} ${method} ${path} ${/"type":"(\w+)"/.exec(body)?.[1] ?? ''}`;
    if (ended.has(what)) return false;
    ended.add(what);
    return true;
  };
  await using twin = await startTwin(Math.floor(Date.now() / 1_000) * 1_000, 30, {
    endsBefore: (request) => endOnce('before', request),
    endsAfter: (request) => endOnce('after', request),
  });
  twin.startRound(0, () => undefined);
  for (const command of ['extract', 'build'] as const) {
    const { code, said } = await twin.call(command);
    expect(code, said).toBe(0);
  }
  // Only syncs after a kill: an extract would find what was made, and the ledger had no part in it.
  let isSyncing = true;
  for (let runs = 0; ; runs += 1) {
    const end: RunEnd = await (isSyncing ? twin.call('sync') : twin.run());
    if (!end.wasKilled) {
      expect(end.code, end.said).toBe(0);
      if (!isSyncing && !end.hasMoved) break;
    }
    isSyncing = end.wasKilled;
    expect(runs, [...ended].join('\n')).toBeLessThan(endsMax);
  }
  expect(await twin.planLeft()).toBe('');
  // Both phases of three creates, and after two updates and the associations.
  expect(ended.size, [...ended].join('\n')).toBeGreaterThanOrEqual(9);
  const { salesforce, hubspot } = twin.sandboxes;
  const people = liveRecords(hubspot, 'contacts').map((row) => row['email']);
  const firms = liveRecords(hubspot, 'companies').map((row) => row['salesforce_account_id']);
  const leads = liveRows(salesforce, 'Lead').map((row) => row['Email']);
  expect([people, firms, leads].flatMap(findRepeated)).toEqual([]);
  for (const row of liveRows(salesforce, 'Contact')) {
    expect(row['Health_Score__c']).not.toBeNull();
    if (row['Email']) expect(people).toContain(row['Email']);
  }
});
