import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Company } from './company.ts';
import { hubspotSchema, salesforceSchema } from './custom-fields.ts';
import { hubspotIds, type Row, type RowSource, salesforceIds } from './scale.ts';

/**
 * The public teaching data set "CRM Sales Opportunities" as a company in both CRMs: accounts and
 * opportunities in Salesforce, the companies and the won deals in HubSpot too. Nothing is mended or
 * dropped on the way: what is dirty in the files is dirty in the CRMs.
 */
const files = ['accounts.csv', 'products.csv', 'sales_pipeline.csv', 'sales_teams.csv'] as const;

export function isSalesOpportunities(folder: string): boolean {
  return files.every((file) => existsSync(join(folder, file)));
}

type Line = Readonly<Record<string, string>>;

function readLines(folder: string, file: (typeof files)[number]): readonly Line[] {
  const path = join(folder, file);
  try {
    return parse(readFileSync(path), { columns: true, bom: true }) as Line[];
  } catch (cause) {
    throw new Error(`cannot read ${path}: it is not a CSV file with a header`, { cause });
  }
}

/** `20-10-16` is 2016-10-20; blank is undefined. */
export function toIsoDate(text: string | undefined): string | undefined {
  const match = /^(\d\d)-(\d\d)-(\d\d)$/.exec(text ?? '');
  return match ? `20${match[3]}-${match[2]}-${match[1]}` : undefined;
}

const noon = (date: string): string => `${date}T12:00:00.000Z`;
const blankIsNull = (text: string | undefined): string | null => text || null;

interface Tables {
  readonly accounts: readonly Line[];
  readonly products: readonly Line[];
  readonly deals: readonly Line[];
  readonly teams: readonly Line[];
  /** The first day in the data: for rows that have no date of their own. */
  readonly firstDay: string;
  readonly accountAt: ReadonlyMap<string, number>;
  readonly userAt: ReadonlyMap<string, number>;
}

function readTables(folder: string): Tables {
  const accounts = readLines(folder, 'accounts.csv');
  const deals = readLines(folder, 'sales_pipeline.csv');
  const teams = readLines(folder, 'sales_teams.csv');
  const people = [...new Set(teams.flatMap((line) => [line['sales_agent'], line['manager']]))];
  const days = deals.flatMap((line) => toIsoDate(line['engage_date']) ?? []).toSorted();
  return {
    accounts,
    products: readLines(folder, 'products.csv'),
    deals,
    teams,
    firstDay: days[0] ?? '2016-10-01',
    accountAt: new Map(accounts.map((line, index) => [line['account'] ?? '', index])),
    userAt: new Map(people.map((name, index) => [name ?? '', index])),
  };
}

const stamps = (createdAt: string, modifiedAt = createdAt): Row => ({
  CreatedDate: createdAt,
  LastModifiedDate: modifiedAt,
  SystemModstamp: modifiedAt,
});

function idAt(
  at: ReadonlyMap<string, number>,
  name: string | undefined,
  toId: (index: number) => string,
): string | null {
  const index = at.get(name ?? '');
  return index === undefined ? null : toId(index);
}

function* users(tables: Tables): Iterable<Row> {
  const teamOf = new Map(tables.teams.map((line) => [line['sales_agent'], line]));
  // Managers first: a user's manager must be there before them.
  const managers = new Set(tables.teams.map((line) => line['manager']));
  const names = [...tables.userAt.keys()].toSorted(
    (left, right) => Number(managers.has(right)) - Number(managers.has(left)),
  );
  for (const name of names) {
    const index = tables.userAt.get(name) ?? 0;
    const team = teamOf.get(name);
    const words = name.split(' ');
    yield {
      Id: salesforceIds.user(index),
      Username: `user${index}@sales.example`,
      FirstName: words.slice(0, -1).join(' ') || null,
      LastName: words.at(-1),
      Email: `user${index}@sales.example`,
      Division: team?.['regional_office'] ?? null,
      ManagerId: idAt(tables.userAt, team?.['manager'], salesforceIds.user),
      IsActive: true,
      ...stamps(noon(tables.firstDay)),
    };
  }
}

function* accounts(tables: Tables): Iterable<Row> {
  // Parents before their subsidiaries.
  const lines = tables.accounts.toSorted(
    (left, right) =>
      Number(Boolean(left['subsidiary_of'])) - Number(Boolean(right['subsidiary_of'])),
  );
  for (const line of lines) {
    yield {
      Id: idAt(tables.accountAt, line['account'], salesforceIds.account),
      Name: line['account'],
      Industry: blankIsNull(line['sector']),
      AnnualRevenue: Math.round(Number(line['revenue']) * 1_000_000),
      NumberOfEmployees: Number(line['employees']),
      BillingCountry: blankIsNull(line['office_location']),
      ParentId: idAt(tables.accountAt, line['subsidiary_of'], salesforceIds.account),
      ...stamps(noon(tables.firstDay)),
    };
  }
}

function* products(tables: Tables): Iterable<Row> {
  for (const [index, line] of tables.products.entries()) {
    yield {
      Id: salesforceIds.product(index),
      Name: line['product'],
      ProductCode: line['series'],
      IsActive: true,
      ...stamps(noon(tables.firstDay)),
    };
  }
}

/** When each stage of a deal began, as far as the file says. */
function stagesOf(line: Line, firstDay: string): { stage: string; at: string }[] {
  const stage = line['deal_stage'] ?? '';
  const engaged = toIsoDate(line['engage_date']);
  const closed = toIsoDate(line['close_date']);
  if (engaged === undefined) return [{ stage, at: noon(firstDay) }];
  const stages = [{ stage: 'Engaging', at: noon(engaged) }];
  if (stage !== 'Engaging') stages.push({ stage, at: noon(closed ?? engaged) });
  return stages;
}

function* opportunities(tables: Tables): Iterable<Row> {
  for (const [index, line] of tables.deals.entries()) {
    const stages = stagesOf(line, tables.firstDay);
    const [first, last] = [stages[0]?.at ?? '', stages.at(-1)?.at ?? ''];
    yield {
      Id: salesforceIds.opportunity(index),
      Name: line['opportunity_id'],
      AccountId: idAt(tables.accountAt, line['account'], salesforceIds.account),
      OwnerId: idAt(tables.userAt, line['sales_agent'], salesforceIds.user),
      StageName: line['deal_stage'],
      Amount: line['close_value'] ? Number(line['close_value']) : null,
      CloseDate: toIsoDate(line['close_date']) ?? last.slice(0, 10),
      Product_Name__c: line['product'],
      ...stamps(first, last),
    };
  }
}

function* stageHistory(tables: Tables): Iterable<Row> {
  let minted = 0;
  for (const [index, line] of tables.deals.entries()) {
    for (const { stage, at } of stagesOf(line, tables.firstDay)) {
      yield {
        Id: salesforceIds.stage(minted),
        OpportunityId: salesforceIds.opportunity(index),
        StageName: stage,
        Amount: line['close_value'] ? Number(line['close_value']) : null,
        ...stamps(at),
      };
      minted += 1;
    }
  }
}

function* companies(tables: Tables): Iterable<Row> {
  for (const [index, line] of tables.accounts.entries()) {
    yield {
      id: hubspotIds.company(index),
      name: line['account'],
      country: blankIsNull(line['office_location']),
      numberofemployees: Number(line['employees']),
      createdate: noon(tables.firstDay),
      hs_lastmodifieddate: noon(tables.firstDay),
    };
  }
}

const isWon = (line: Line): boolean => line['deal_stage'] === 'Won';

function* deals(tables: Tables): Iterable<Row> {
  for (const [index, line] of tables.deals.entries()) {
    if (!isWon(line)) continue;
    const stages = stagesOf(line, tables.firstDay);
    yield {
      id: hubspotIds.deal(index),
      dealname: line['opportunity_id'],
      pipeline: 'default',
      dealstage: 'closedwon',
      amount: Number(line['close_value']),
      closedate: stages.at(-1)?.at,
      salesforce_opportunity_id: salesforceIds.opportunity(index),
      createdate: stages[0]?.at,
      hs_lastmodifieddate: stages.at(-1)?.at,
    };
  }
}

const primaryCompanyOfDeal = 5;

function* associations(tables: Tables): Iterable<Row> {
  for (const [index, line] of tables.deals.entries()) {
    const to_id = idAt(tables.accountAt, line['account'], hubspotIds.company);
    if (!isWon(line) || to_id === null) continue;
    const from_id = hubspotIds.deal(index);
    yield {
      from_type: 'deals',
      from_id,
      to_type: 'companies',
      to_id,
      type_id: primaryCompanyOfDeal,
    };
  }
}

export function readSalesOpportunities(folder: string): Company {
  const tables = readTables(folder);
  const salesforce: RowSource = new Map([
    ['User', () => users(tables)],
    ['Product2', () => products(tables)],
    ['Account', () => accounts(tables)],
    ['Opportunity', () => opportunities(tables)],
    ['OpportunityHistory', () => stageHistory(tables)],
  ]);
  const hubspot: RowSource = new Map([
    ['companies', () => companies(tables)],
    ['deals', () => deals(tables)],
    ['associations', () => associations(tables)],
  ]);
  return {
    salesforce: { schema: salesforceSchema, rows: salesforce },
    hubspot: { schema: hubspotSchema, rows: hubspot },
  };
}
