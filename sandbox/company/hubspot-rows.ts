import type { OwnerInput } from '../hubspot/definition.ts';
import { rollDice } from './dice.ts';
import { accountFacts, colleagueFacts, dealFacts, momentOf, personFacts } from './people.ts';
import type { Row, RowSource, Scale } from './scale.ts';
import { hubspotIds as ids, salesforceIds } from './scale.ts';
import { complaints, products, subjects } from './words.ts';

const productNames = products.split('|');
const subjectLines = subjects.split('|');
const complaintLines = complaints.split('|');

const stageNames: Readonly<Record<string, string>> = {
  Prospecting: 'appointmentscheduled',
  Qualification: 'qualifiedtobuy',
  'Needs Analysis': 'presentationscheduled',
  'Value Proposition': 'decisionmakerboughtin',
  'Proposal/Price Quote': 'contractsent',
  'Negotiation/Review': 'contractsent',
  'Closed Won': 'closedwon',
  'Closed Lost': 'closedlost',
};

/** An owner HubSpot knows, near the colleague that Salesforce names. */
function ownerOf(scale: Scale, colleague: number): string {
  const isKnown = colleagueFacts(scale, colleague).inHubSpot;
  return ids.owner(isKnown ? colleague : colleague - 1);
}

function* companies(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.accounts; index += 1) {
    const facts = accountFacts(scale, index);
    if (!facts.inHubSpot) continue;
    yield {
      id: ids.company(index),
      name: facts.plainName,
      domain: facts.lacksDomain ? null : facts.domain,
      city: facts.city,
      country: facts.country,
      numberofemployees: facts.employees,
      hubspot_owner_id: ownerOf(scale, facts.owner),
      createdate: facts.createdAt,
      hs_lastmodifieddate: facts.createdAt,
    };
  }
}

function* contacts(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.contacts; index += 1) {
    const facts = personFacts(scale, index);
    if (!facts.inHubSpot) continue;
    yield {
      id: ids.contact(index),
      // Some have a second address here, so that only the name at the account can match them.
      email: facts.isDoubled
        ? `${facts.last.toLowerCase().replaceAll(/[^a-z]/g, '')}${index}@mail.example`
        : facts.email,
      firstname: facts.first,
      lastname: facts.last,
      jobtitle: facts.title,
      phone: facts.phone,
      lifecyclestage: facts.lifecycle,
      salesforce_contact_id:
        facts.isLinked && facts.inSalesforce ? salesforceIds.contact(index) : null,
      hubspot_owner_id: ownerOf(scale, facts.account.owner),
      createdate: facts.createdAt,
      lastmodifieddate: facts.modifiedAt,
    };
  }
}

function* deals(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.opportunities; index += 1) {
    const facts = dealFacts(scale, index, productNames);
    if (!facts.inHubSpot) continue;
    const last = facts.stages.at(-1);
    yield {
      id: ids.deal(index),
      dealname: facts.name,
      pipeline: 'default',
      dealstage: stageNames[last?.stage ?? ''],
      amount: facts.amount,
      closedate: `${facts.closeDate}T00:00:00.000Z`,
      salesforce_opportunity_id: facts.inSalesforce ? salesforceIds.opportunity(index) : null,
      hubspot_owner_id: ownerOf(scale, facts.owner),
      createdate: facts.stages[0]?.at,
      hs_lastmodifieddate: last?.at,
    };
  }
}

function* tickets(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.cases / 2; index += 1) {
    const dice = rollDice(scale.seed, 'ticket', index);
    const at = momentOf(scale.nowMs, dice.next(), 300);
    yield {
      id: ids.ticket(index),
      subject: dice.pick(complaintLines),
      hs_pipeline: '0',
      hs_pipeline_stage: String(1 + dice.below(4)),
      hs_ticket_priority: dice.pick(['LOW', 'MEDIUM', 'HIGH']),
      source_type: dice.pick(['CHAT', 'EMAIL', 'FORM', 'PHONE']),
      hubspot_owner_id: ownerOf(scale, dice.below(scale.colleagues)),
      createdate: at,
      hs_lastmodifieddate: at,
    };
  }
}

const kinds = {
  calls: { id: ids.call, title: 'hs_call_title' },
  meetings: { id: ids.meeting, title: 'hs_meeting_title' },
  emails: { id: ids.email, title: 'hs_email_subject' },
} as const;

/** The person an engagement is with; undefined where HubSpot does not know them. */
function personOf(scale: Scale, kind: string, index: number): number | undefined {
  const dice = rollDice(scale.seed, `${kind}-person`, index);
  const person = personFacts(scale, dice.below(scale.contacts));
  return person.inHubSpot ? person.index : undefined;
}

function* engagements(scale: Scale, kind: keyof typeof kinds): Iterable<Row> {
  const { id, title } = kinds[kind];
  for (let index = 0; index < scale.activities / 8; index += 1) {
    const dice = rollDice(scale.seed, kind, index);
    const at = momentOf(scale.nowMs, dice.next(), 400);
    yield {
      id: id(index),
      [title]: dice.pick(subjectLines),
      hs_timestamp: at,
      hubspot_owner_id: ownerOf(scale, dice.below(scale.colleagues)),
      hs_createdate: at,
      hs_lastmodifieddate: at,
    };
  }
}

const primary = { contact: 1, deal: 5 } as const;

function* associations(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.contacts; index += 1) {
    const facts = personFacts(scale, index);
    if (!facts.inHubSpot) continue;
    const to_id = ids.company(facts.account.index);
    const from_id = ids.contact(index);
    yield { from_type: 'contacts', from_id, to_type: 'companies', to_id, type_id: primary.contact };
  }
  for (let index = 0; index < scale.opportunities; index += 1) {
    const facts = dealFacts(scale, index, productNames);
    if (!facts.inHubSpot) continue;
    const to_id = ids.company(facts.account.index);
    const from_id = ids.deal(index);
    yield { from_type: 'deals', from_id, to_type: 'companies', to_id, type_id: primary.deal };
  }
  for (const kind of ['calls', 'meetings', 'emails'] as const) {
    for (let index = 0; index < scale.activities / 8; index += 1) {
      const person = personOf(scale, kind, index);
      if (person === undefined) continue;
      const from_id = kinds[kind].id(index);
      yield { from_type: kind, from_id, to_type: 'contacts', to_id: ids.contact(person) };
    }
  }
}

/** HubSpot's owners are part of its schema, not records. */
export function generateOwners(scale: Scale): readonly OwnerInput[] {
  return Array.from({ length: scale.colleagues }, (_, index) => colleagueFacts(scale, index))
    .filter((facts) => facts.inHubSpot)
    .map((facts) => ({
      id: ids.owner(facts.index),
      email: facts.email,
      firstName: facts.first,
      lastName: facts.last,
    }));
}

/** Associations last: they name records of all other types. */
export function generateHubSpot(scale: Scale): RowSource {
  return new Map<string, () => Iterable<Row>>([
    ['companies', () => companies(scale)],
    ['contacts', () => contacts(scale)],
    ['deals', () => deals(scale)],
    ['tickets', () => tickets(scale)],
    ['calls', () => engagements(scale, 'calls')],
    ['meetings', () => engagements(scale, 'meetings')],
    ['emails', () => engagements(scale, 'emails')],
    ['associations', () => associations(scale)],
  ]);
}
