import { rollDice } from './dice.ts';
import { accountFacts, colleagueFacts, dealFacts, momentOf, personFacts } from './people.ts';
import type { Row, RowSource, Scale } from './scale.ts';
import { salesforceIds as ids } from './scale.ts';
import { complaints, products, subjects } from './words.ts';

const productNames = products.split('|');
const subjectLines = subjects.split('|');
const complaintLines = complaints.split('|');

const stamps = (createdAt: string, modifiedAt = createdAt): Row => ({
  CreatedDate: createdAt,
  LastModifiedDate: modifiedAt,
  SystemModstamp: modifiedAt,
});

function* accounts(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.accounts; index += 1) {
    const facts = accountFacts(scale, index);
    if (!facts.inSalesforce) continue;
    const row = {
      Id: ids.account(index),
      Name: facts.name,
      Website: `https://www.${facts.domain}`,
      Industry: facts.industry,
      NumberOfEmployees: facts.employees,
      AnnualRevenue: facts.employees * 120_000,
      BillingCity: facts.city,
      BillingCountry: facts.country,
      OwnerId: ids.user(facts.owner),
      ...stamps(facts.createdAt),
    };
    yield row;
    if (facts.isDoubled) {
      yield {
        ...row,
        Id: ids.account(scale.accounts + index),
        Name: facts.plainName.toUpperCase(),
        Website: null,
        AnnualRevenue: null,
      };
    }
  }
}

function* contacts(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.contacts; index += 1) {
    const facts = personFacts(scale, index);
    if (!facts.inSalesforce) continue;
    const row = {
      Id: ids.contact(index),
      FirstName: facts.first,
      LastName: facts.last,
      Email: facts.lacksEmail ? null : facts.email,
      Title: facts.title,
      Phone: facts.phone,
      AccountId: ids.account(facts.account.index),
      OwnerId: ids.user(facts.account.owner),
      HasOptedOutOfEmail: facts.hasOptedOut,
      ...stamps(facts.createdAt, facts.modifiedAt),
    };
    yield row;
    if (facts.isDoubled) {
      yield { ...row, Id: ids.contact(scale.contacts + index), Phone: null, Title: null };
    }
  }
}

function* leads(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.leads; index += 1) {
    const dice = rollDice(scale.seed, 'lead', index);
    // One lead in three is somebody the company knows already.
    const isKnown = dice.chance(0.33);
    const facts = personFacts(scale, dice.below(scale.contacts) + (isKnown ? 0 : scale.contacts));
    yield {
      Id: ids.lead(index),
      FirstName: facts.first,
      LastName: facts.last,
      Email: isKnown ? facts.email.toUpperCase() : facts.email,
      Company: facts.account.name,
      Title: facts.title,
      Status: dice.pick(['Open - Not Contacted', 'Working - Contacted', 'Closed - Not Converted']),
      OwnerId: ids.user(dice.below(scale.colleagues)),
      ...stamps(momentOf(scale.nowMs, dice.next(), 200)),
    };
  }
}

function* opportunities(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.opportunities; index += 1) {
    const facts = dealFacts(scale, index, productNames);
    if (!facts.inSalesforce) continue;
    const [first, last] = [facts.stages[0], facts.stages.at(-1)];
    yield {
      Id: ids.opportunity(index),
      Name: facts.name,
      AccountId: ids.account(facts.account.index),
      OwnerId: ids.user(facts.owner),
      StageName: last?.stage,
      Amount: facts.amount,
      CloseDate: facts.closeDate,
      Product_Name__c: facts.product,
      ...stamps(first?.at ?? '', last?.at),
    };
  }
}

function* stageHistory(scale: Scale): Iterable<Row> {
  let minted = 0;
  for (let index = 0; index < scale.opportunities; index += 1) {
    const facts = dealFacts(scale, index, productNames);
    if (!facts.inSalesforce) continue;
    for (const { stage, at } of facts.stages) {
      yield {
        Id: ids.stage(minted),
        OpportunityId: ids.opportunity(index),
        StageName: stage,
        Amount: facts.amount,
        CloseDate: facts.closeDate,
        ...stamps(at),
      };
      minted += 1;
    }
  }
}

function* cases(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.cases; index += 1) {
    const dice = rollDice(scale.seed, 'case', index);
    const person = personFacts(scale, dice.below(scale.contacts));
    if (!person.inSalesforce) continue;
    const age = dice.next();
    const isClosed = dice.chance(0.7);
    const modifiedAt = momentOf(scale.nowMs, age * 0.5, 300);
    yield {
      Id: ids.case(index),
      Subject: dice.pick(complaintLines),
      Status: isClosed ? 'Closed' : dice.pick(['New', 'Working', 'Escalated']),
      ClosedDate: isClosed ? modifiedAt : null,
      Priority: dice.pick(['High', 'Medium', 'Low']),
      Origin: dice.pick(['Phone', 'Email', 'Web']),
      ContactId: ids.contact(person.index),
      AccountId: ids.account(person.account.index),
      OwnerId: ids.user(dice.below(scale.colleagues)),
      ...stamps(momentOf(scale.nowMs, age, 300), modifiedAt),
    };
  }
}

function* tasks(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.activities; index += 1) {
    const dice = rollDice(scale.seed, 'task', index);
    const person = personFacts(scale, dice.below(scale.contacts));
    if (!person.inSalesforce) continue;
    const at = momentOf(scale.nowMs, dice.next(), 400);
    const isDone = dice.chance(0.8);
    yield {
      Id: ids.task(index),
      Subject: dice.pick(subjectLines),
      TaskSubtype: dice.pick(['Task', 'Call', 'Email']),
      Status: isDone ? 'Completed' : 'Not Started',
      CompletedDateTime: isDone ? at : null,
      ActivityDate: at.slice(0, 10),
      WhoId: ids.contact(person.index),
      WhatId: ids.account(person.account.index),
      OwnerId: ids.user(dice.below(scale.colleagues)),
      ...stamps(at),
    };
  }
}

function* events(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.activities / 4; index += 1) {
    const dice = rollDice(scale.seed, 'event', index);
    const person = personFacts(scale, dice.below(scale.contacts));
    if (!person.inSalesforce) continue;
    const at = momentOf(scale.nowMs, dice.next(), 400);
    yield {
      Id: ids.event(index),
      Subject: dice.pick(subjectLines),
      StartDateTime: at,
      EndDateTime: new Date(Date.parse(at) + 1_800_000).toISOString(),
      DurationInMinutes: 30,
      WhoId: ids.contact(person.index),
      OwnerId: ids.user(dice.below(scale.colleagues)),
      ...stamps(at),
    };
  }
}

function* users(scale: Scale): Iterable<Row> {
  for (let index = 0; index < scale.colleagues; index += 1) {
    const facts = colleagueFacts(scale, index);
    yield {
      Id: ids.user(index),
      Username: facts.email,
      FirstName: facts.first,
      LastName: facts.last,
      Email: facts.email,
      Department: 'Sales',
      IsActive: true,
      ...stamps(facts.createdAt),
    };
  }
}

function* productRows(scale: Scale): Iterable<Row> {
  for (const [index, name] of productNames.entries()) {
    const createdAt = momentOf(scale.nowMs, 0.98);
    const code = `P-${index + 1}`;
    yield {
      Id: ids.product(index),
      Name: name,
      ProductCode: code,
      IsActive: true,
      ...stamps(createdAt),
    };
  }
}

function* regions(scale: Scale): Iterable<Row> {
  for (const [index, Name] of ['Americas', 'EMEA', 'APAC'].entries()) {
    yield { Name, Quota__c: 1_000_000 * (index + 1), ...stamps(momentOf(scale.nowMs, 0.97)) };
  }
}

/** Parents before children, so that references can be checked while loading. */
export function generateSalesforce(scale: Scale): RowSource {
  return new Map<string, () => Iterable<Row>>([
    ['User', () => users(scale)],
    ['Product2', () => productRows(scale)],
    ['Region__c', () => regions(scale)],
    ['Account', () => accounts(scale)],
    ['Contact', () => contacts(scale)],
    ['Lead', () => leads(scale)],
    ['Opportunity', () => opportunities(scale)],
    ['OpportunityHistory', () => stageHistory(scale)],
    ['Case', () => cases(scale)],
    ['Task', () => tasks(scale)],
    ['Event', () => events(scale)],
  ]);
}
