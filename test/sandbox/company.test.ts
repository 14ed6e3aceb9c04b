import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Company, generateCompany } from '../../sandbox/company/company.ts';
import {
  isSalesOpportunities,
  readSalesOpportunities,
  toIsoDate,
} from '../../sandbox/company/sales-opportunities.ts';
import { startHubSpotSandbox } from '../../sandbox/hubspot/sandbox.ts';

const options = { seed: 7, contacts: 600, nowMs: Date.UTC(2026, 0, 15) };

function collect(company: Company): Record<string, Record<string, unknown>[]> {
  const all = [...company.salesforce.rows, ...company.hubspot.rows];
  return Object.fromEntries(all.map(([name, rows]) => [name, [...rows()]]));
}

describe('the generated company', () => {
  test('is the same for the same seed and differs for another', () => {
    const first = collect(generateCompany(options));
    expect(collect(generateCompany(options))).toEqual(first);
    expect(collect(generateCompany({ ...options, seed: 8 }))['Contact']).not.toEqual(
      first['Contact'],
    );
  });

  test('has unique ids, no row younger than today, and references that hold', () => {
    const rows = collect(generateCompany(options));
    const idsOf = (name: string) => new Set(rows[name]?.map((row) => row['Id'] ?? row['id']));
    for (const [name, list] of Object.entries(rows)) {
      if (name === 'associations' || name === 'Region__c') continue;
      expect(idsOf(name).size, name).toBe(list.length);
      for (const row of list) {
        const stamp =
          row['SystemModstamp'] ?? row['hs_lastmodifieddate'] ?? row['lastmodifieddate'];
        expect(Date.parse(String(stamp)), name).toBeLessThanOrEqual(options.nowMs);
      }
    }
    const accounts = idsOf('Account');
    for (const row of rows['Contact'] ?? []) expect(accounts).toContain(row['AccountId']);
    const opportunities = idsOf('Opportunity');
    for (const row of rows['OpportunityHistory'] ?? []) {
      expect(opportunities).toContain(row['OpportunityId']);
    }
  });

  test('overlaps, doubles and leaves gaps as companies do', () => {
    const rows = collect(generateCompany({ ...options, contacts: 2_000 }));
    const inSalesforce = new Set(rows['Contact']?.map((row) => row['Email']));
    const both = rows['contacts']?.filter((row) => inSalesforce.has(row['email'])).length ?? 0;
    expect(both).toBeGreaterThan(200);
    expect(both).toBeLessThan(rows['contacts']?.length ?? 0);
    expect(inSalesforce.size).toBeLessThan(rows['Contact']?.length ?? 0);
    expect(rows['Contact']?.some((row) => row['Email'] === null)).toBe(true);
  });

  test('loads into the HubSpot sandbox as it is', async () => {
    const sandbox = await startHubSpotSandbox({});
    try {
      const { schema, rows } = generateCompany(options).hubspot;
      sandbox.define(schema);
      for (const [type, list] of rows) sandbox.load(type, list());
      expect(sandbox.count('contacts')).toBe([...(rows.get('contacts')?.() ?? [])].length);
    } finally {
      await sandbox.close();
    }
  });
});

const dataFolder = fileURLToPath(
  new URL('../../../shared/data/crm-sales-opportunities', import.meta.url),
);

describe('the public data set', () => {
  test('reads dates of its form and no other', () => {
    expect(toIsoDate('20-10-16')).toBe('2016-10-20');
    expect(toIsoDate('')).toBeUndefined();
  });

  test('a folder without its four files is not taken for it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemill-data-'));
    writeFileSync(join(folder, 'accounts.csv'), 'account\n');
    expect(isSalesOpportunities(folder)).toBe(false);
  });

  test.skipIf(!existsSync(dataFolder))('keeps every row, dirt included', () => {
    const rows = collect(readSalesOpportunities(dataFolder));
    expect(rows['Opportunity']).toHaveLength(8_800);
    expect(rows['deals']).toHaveLength(4_238);
    expect(rows['Opportunity']?.filter((row) => row['AccountId'] === null)).toHaveLength(1_425);
    const spelled = rows['Opportunity']?.filter((row) => row['Product_Name__c'] === 'GTXPro');
    expect(spelled).toHaveLength(1_480);
  });
});
