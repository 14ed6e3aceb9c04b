import { rollDice } from './dice.ts';
import type { Scale } from './scale.ts';
import {
  cities,
  companyHeads,
  companyTails,
  firstNames,
  industries,
  lastNames,
  legalForms,
  titles,
} from './words.ts';

const list = (words: string): readonly string[] => words.split('|');
const [firsts, lasts, heads, tails] = [firstNames, lastNames, companyHeads, companyTails].map(
  list,
) as [readonly string[], readonly string[], readonly string[], readonly string[]];
const forms = list(legalForms);
const places = list(cities).map((entry) => entry.split(':') as [string, string]);
const jobs = list(titles);
const trades = list(industries);

const dayMs = 86_400_000;
const ageDaysMax = 900;

const ascii = (text: string): string =>
  text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '');

/** A moment of the past, earlier than `nowMs` by at least an hour; second resolution. */
export function momentOf(nowMs: number, share: number, daysMax = ageDaysMax): string {
  const atMs = nowMs - 3_600_000 - share * daysMax * dayMs;
  return new Date(Math.floor(atMs / 1_000) * 1_000).toISOString();
}

export interface AccountFacts {
  readonly index: number;
  readonly name: string;
  readonly plainName: string;
  readonly domain: string;
  readonly industry: string;
  readonly city: string;
  readonly country: string;
  readonly employees: number;
  readonly owner: number;
  readonly createdAt: string;
  readonly inSalesforce: boolean;
  readonly inHubSpot: boolean;
  /** Salesforce holds it twice, the second time spelled otherwise. */
  readonly isDoubled: boolean;
  /** HubSpot has no web domain for it: only the name can match. */
  readonly lacksDomain: boolean;
}

export function accountFacts(scale: Scale, index: number): AccountFacts {
  const dice = rollDice(scale.seed, 'account', index);
  const head = heads[index % heads.length] ?? '';
  const tail = tails[Math.floor(index / heads.length) % tails.length] ?? '';
  const round = Math.floor(index / (heads.length * tails.length));
  const plainName = `${head} ${tail}${round > 0 ? ` ${round + 1}` : ''}`;
  const [city, country] = dice.pick(places);
  const placed = dice.next();
  return {
    index,
    name: plainName + dice.pick(forms),
    plainName,
    domain: `${ascii(plainName)}.example`,
    industry: dice.pick(trades),
    city,
    country,
    employees: 5 + dice.below(4_000),
    owner: dice.below(scale.colleagues),
    createdAt: momentOf(scale.nowMs, 0.6 + 0.4 * dice.next()),
    inSalesforce: placed < 0.85,
    inHubSpot: placed > 0.25,
    isDoubled: dice.chance(0.02),
    lacksDomain: dice.chance(0.1),
  };
}

export interface PersonFacts {
  readonly index: number;
  readonly first: string;
  readonly last: string;
  readonly email: string;
  readonly title: string;
  readonly phone: string;
  readonly account: AccountFacts;
  readonly createdAt: string;
  readonly modifiedAt: string;
  readonly inSalesforce: boolean;
  readonly inHubSpot: boolean;
  /** HubSpot names the Salesforce contact. */
  readonly isLinked: boolean;
  readonly lacksEmail: boolean;
  readonly isDoubled: boolean;
  readonly hasOptedOut: boolean;
  readonly lifecycle: string;
}

const lifecycles = ['subscriber', 'lead', 'marketingqualifiedlead', 'opportunity', 'customer'];

export function personFacts(scale: Scale, index: number): PersonFacts {
  const dice = rollDice(scale.seed, 'person', index);
  const account = accountFacts(scale, dice.below(scale.accounts));
  const first = dice.pick(firsts);
  const last = dice.pick(lasts);
  const age = dice.next();
  const placed = dice.next();
  return {
    index,
    first,
    last,
    email: `${ascii(first)}.${ascii(last)}${index}@${account.domain}`,
    title: dice.pick(jobs),
    phone: `+1 555 ${String(1_000_000 + dice.below(8_999_999))}`,
    account,
    createdAt: momentOf(scale.nowMs, 0.1 + 0.5 * age),
    modifiedAt: momentOf(scale.nowMs, 0.1 * age),
    // Nobody is in a CRM that does not know their company.
    inSalesforce: account.inSalesforce && (placed < 0.8 || !account.inHubSpot),
    inHubSpot: account.inHubSpot && (placed > 0.3 || !account.inSalesforce),
    isLinked: dice.chance(0.4),
    lacksEmail: dice.chance(0.04),
    isDoubled: dice.chance(0.02),
    hasOptedOut: dice.chance(0.05),
    lifecycle: dice.pick(lifecycles),
  };
}

export interface DealFacts {
  readonly index: number;
  readonly name: string;
  readonly account: AccountFacts;
  readonly owner: number;
  readonly product: string;
  readonly amount: number;
  /** Stages passed, each with its moment; the last one is the present stage. */
  readonly stages: readonly { readonly stage: string; readonly at: string }[];
  readonly closeDate: string;
  readonly inSalesforce: boolean;
  readonly inHubSpot: boolean;
}

const ladder = [
  'Prospecting',
  'Qualification',
  'Needs Analysis',
  'Value Proposition',
  'Proposal/Price Quote',
  'Negotiation/Review',
] as const;

export function dealFacts(scale: Scale, index: number, products: readonly string[]): DealFacts {
  const dice = rollDice(scale.seed, 'deal', index);
  const account = accountFacts(scale, dice.below(scale.accounts));
  const product = dice.pick(products);
  const climbed = 1 + dice.below(ladder.length);
  const end = dice.next();
  const passed: string[] = ladder.slice(0, climbed);
  if (end < 0.35) passed.push('Closed Won');
  else if (end < 0.6) passed.push('Closed Lost');
  const start = 0.02 + 0.6 * dice.next();
  const stages = passed.map((stage, step) => ({
    stage,
    at: momentOf(scale.nowMs, start * (1 - (step * 0.9) / passed.length)),
  }));
  const last = stages.at(-1)?.at ?? momentOf(scale.nowMs, start);
  const isClosed = end < 0.6;
  const closeMs = isClosed ? Date.parse(last) : scale.nowMs + dice.below(120) * dayMs;
  return {
    index,
    name: `${account.plainName} – ${product} ${index + 1}`,
    account,
    owner: dice.below(scale.colleagues),
    product,
    amount: 500 * (1 + dice.below(200)),
    stages,
    closeDate: new Date(closeMs).toISOString().slice(0, 10),
    inSalesforce: account.inSalesforce,
    inHubSpot: account.inHubSpot && (!account.inSalesforce || end < 0.35),
  };
}

export interface ColleagueFacts {
  readonly index: number;
  readonly first: string;
  readonly last: string;
  readonly email: string;
  readonly createdAt: string;
  /** Every third colleague works in one CRM only. */
  readonly inHubSpot: boolean;
}

export function colleagueFacts(scale: Scale, index: number): ColleagueFacts {
  const dice = rollDice(scale.seed, 'colleague', index);
  const first = dice.pick(firsts);
  const last = dice.pick(lasts);
  return {
    index,
    first,
    last,
    email: `${ascii(first)}.${ascii(last)}${index}@tidemill.example`,
    createdAt: momentOf(scale.nowMs, 0.95),
    inHubSpot: index % 3 !== 2,
  };
}
