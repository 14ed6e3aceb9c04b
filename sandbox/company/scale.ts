import { mintId } from '../salesforce/id.ts';

export type Row = Record<string, unknown>;

/** Rows by object, made while they are read: a company of any size fits. */
export type RowSource = ReadonlyMap<string, () => Iterable<Row>>;

export interface CompanyOptions {
  /** The same seed, scale and day give the same company. */
  readonly seed: number;
  /** People the company knows, over both CRMs; 1 to 1,000,000. Everything else follows from it. */
  readonly contacts: number;
  /** The company's today, milliseconds since the epoch: nothing is younger. */
  readonly nowMs: number;
}

/** Sizes that follow from the number of people. */
export interface Scale extends CompanyOptions {
  readonly accounts: number;
  readonly colleagues: number;
  readonly opportunities: number;
  readonly cases: number;
  readonly leads: number;
  readonly activities: number;
}

export function scaleOf(options: CompanyOptions): Scale {
  const { contacts } = options;
  return {
    ...options,
    accounts: Math.max(1, Math.round(contacts / 5)),
    colleagues: Math.min(60, 8 + Math.round(contacts / 500)),
    opportunities: Math.max(1, Math.round(contacts / 3)),
    cases: Math.max(1, Math.round(contacts / 8)),
    leads: Math.max(1, Math.round(contacts / 10)),
    activities: contacts,
  };
}

const orgLetters = 'Dm';

export const salesforceIds = {
  account: (index: number) => mintId('001', orgLetters, index + 1),
  contact: (index: number) => mintId('003', orgLetters, index + 1),
  lead: (index: number) => mintId('00Q', orgLetters, index + 1),
  opportunity: (index: number) => mintId('006', orgLetters, index + 1),
  stage: (index: number) => mintId('008', orgLetters, index + 1),
  case: (index: number) => mintId('500', orgLetters, index + 1),
  task: (index: number) => mintId('00T', orgLetters, index + 1),
  event: (index: number) => mintId('00U', orgLetters, index + 1),
  user: (index: number) => mintId('005', orgLetters, index + 1),
  product: (index: number) => mintId('01t', orgLetters, index + 1),
} as const;

/** HubSpot numbers every object in its own range here, so that an id tells what it is. */
export const hubspotIds = {
  company: (index: number) => String(20_000_000 + index),
  contact: (index: number) => String(30_000_000 + index),
  deal: (index: number) => String(40_000_000 + index),
  ticket: (index: number) => String(50_000_000 + index),
  call: (index: number) => String(60_000_000 + index),
  meeting: (index: number) => String(70_000_000 + index),
  email: (index: number) => String(80_000_000 + index),
  owner: (index: number) => String(1_001 + index),
} as const;
