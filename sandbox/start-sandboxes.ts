import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createClock, type SandboxClock } from './clock.ts';
import { type Company, generateCompany } from './company/company.ts';
import { isSalesOpportunities, readSalesOpportunities } from './company/sales-opportunities.ts';
import {
  type HubSpotSandbox,
  type HubSpotSandboxOptions,
  startHubSpotSandbox,
} from './hubspot/sandbox.ts';
import { type SalesforceSandbox, startSalesforceSandbox } from './salesforce/sandbox.ts';

export interface SandboxesOptions {
  /** Salesforce listens here, HubSpot on the next port; 0 or left out: any free ones. */
  readonly port?: number;
  /** A folder of data instead of the invented company; see docs/sandbox.md. */
  readonly data?: string;
  /** The invented company's size and seed. */
  readonly contacts?: number;
  readonly seed?: number;
  readonly clock?: SandboxClock;
  /** HubSpot's limits; those of an ordinary account where left out. */
  readonly hubspot?: Pick<HubSpotSandboxOptions, 'tenSecondlyCalls' | 'searchPerSecond'>;
}

export interface Sandboxes extends AsyncDisposable {
  readonly salesforce: SalesforceSandbox;
  readonly hubspot: HubSpotSandbox;
  /** What the reference project's `${env:…}` need to reach them. */
  readonly env: Readonly<Record<string, string>>;
  /** Live records per `salesforce.<object>` and `hubspot.<type>`, as loaded. */
  readonly loaded: Readonly<Record<string, number>>;
}

const defaultContacts = 1_500;
const defaultSeed = 7;
/** A company this large would be read for hours at the pace of an ordinary account. */
const largeContacts = 20_000;
const largeTenSecondlyCalls = 5_000;

/** A company in memory, unless the folder holds one file per object. */
function findCompany(options: SandboxesOptions, nowMs: number): Company | undefined {
  const { data } = options;
  if (data === undefined) {
    const { contacts = defaultContacts, seed = defaultSeed } = options;
    return generateCompany({ seed, contacts, nowMs });
  }
  if (!existsSync(data)) throw new Error(`there is no folder ${data}`);
  if (isSalesOpportunities(data)) return readSalesOpportunities(data);
  if (existsSync(join(data, 'salesforce')) || existsSync(join(data, 'hubspot'))) return undefined;
  throw new Error(
    `${data} holds neither salesforce/ and hubspot/ with one file per object nor a data set that is known`,
  );
}

/** Starts both CRMs on the loopback interface with a company in them. */
export async function startSandboxes(options: SandboxesOptions = {}): Promise<Sandboxes> {
  const clock = options.clock ?? createClock();
  const company = findCompany(options, clock.now());
  const port = options.port ?? 0;
  const salesforce = await startSalesforceSandbox({ port, clock });
  const hubspot = await startHubSpotSandbox({
    port: port === 0 ? 0 : port + 1,
    clock,
    ...((options.contacts ?? 0) > largeContacts ? { tenSecondlyCalls: largeTenSecondlyCalls } : {}),
    ...options.hubspot,
  });
  const loaded: Record<string, number> = {};
  if (company) {
    salesforce.define(company.salesforce.schema);
    hubspot.define(company.hubspot.schema);
    for (const [object, rows] of company.salesforce.rows) {
      loaded[`salesforce.${object}`] = salesforce.load(object, rows());
    }
    for (const [type, rows] of company.hubspot.rows) {
      loaded[`hubspot.${type}`] = hubspot.load(type, rows());
    }
  } else if (options.data !== undefined) {
    const folders = {
      salesforce: join(options.data, 'salesforce'),
      hubspot: join(options.data, 'hubspot'),
    };
    if (existsSync(folders.salesforce)) {
      for (const [object, count] of Object.entries(
        await salesforce.loadFolder(folders.salesforce),
      )) {
        loaded[`salesforce.${object}`] = count;
      }
    }
    if (existsSync(folders.hubspot)) {
      loaded['hubspot'] = await hubspot.loadFolder(folders.hubspot);
    }
  }
  return {
    salesforce,
    hubspot,
    loaded,
    env: {
      SALESFORCE_URL: salesforce.url,
      SALESFORCE_CLIENT_ID: salesforce.clientId,
      SALESFORCE_CLIENT_SECRET: salesforce.clientSecret,
      HUBSPOT_URL: hubspot.url,
      HUBSPOT_TOKEN: hubspot.token,
    },
    [Symbol.asyncDispose]: async () => {
      await salesforce.close();
      await hubspot.close();
    },
  };
}
