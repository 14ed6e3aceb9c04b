import type { FieldDefinition, FieldType, ObjectDefinition } from './schema.ts';

type Extra = Omit<FieldDefinition, 'name' | 'type'>;

const of = (type: FieldType, name: string, extra: Extra = {}): FieldDefinition => ({
  name,
  type,
  ...extra,
});
const text = (name: string, length = 255, extra: Extra = {}) =>
  of('string', name, { length, ...extra });
const pick = (name: string, values: string, extra: Extra = {}) =>
  of('picklist', name, { picklist: values.split('|'), ...extra });
const ref = (name: string, to: string, extra: Extra = {}) =>
  of('reference', name, { referenceTo: to.split('|'), ...extra });
const money = (name: string, extra: Extra = {}) => of('currency', name, extra);
const flag = (name: string, extra: Extra = {}) =>
  of('boolean', name, { defaultValue: false, ...extra });
const named = (extra: Extra = {}) =>
  text('Name', 255, { required: true, nameField: true, ...extra });
const note = (name = 'Description', length = 32_000) => of('textarea', name, { length });
const owner = ref('OwnerId', 'User');

function address(prefix: string): FieldDefinition[] {
  const compoundFieldName = `${prefix}Address`;
  return [
    of('textarea', `${prefix}Street`, { length: 255, compoundFieldName }),
    text(`${prefix}City`, 40, { compoundFieldName }),
    text(`${prefix}State`, 80, { compoundFieldName }),
    text(`${prefix}PostalCode`, 20, { compoundFieldName }),
    text(`${prefix}Country`, 80, { compoundFieldName }),
    of('address', compoundFieldName),
  ];
}

const fullName = `trim(coalesce("FirstName" || ' ', '') || coalesce("LastName", ''))`;

function personName(): FieldDefinition[] {
  const compoundFieldName = 'Name';
  return [
    text('LastName', 80, { required: true, compoundFieldName }),
    text('FirstName', 40, { compoundFieldName }),
    pick('Salutation', 'Mr.|Ms.|Mrs.|Dr.|Prof.|Mx.', { compoundFieldName }),
    text('Name', 121, { derived: fullName, nameField: true }),
  ];
}

const master = (object: string) =>
  ref('MasterRecordId', object, { readOnly: true, relationshipName: 'MasterRecord' });

const industries =
  'Agriculture|Apparel|Banking|Biotechnology|Chemicals|Communications|Construction|Consulting|' +
  'Education|Electronics|Energy|Engineering|Entertainment|Environmental|Finance|Food & Beverage|' +
  'Government|Healthcare|Hospitality|Insurance|Machinery|Manufacturing|Media|Not For Profit|' +
  'Recreation|Retail|Shipping|Technology|Telecommunications|Transportation|Utilities|Other';
const sources = 'Web|Phone Inquiry|Partner Referral|Purchased List|Other';
const stages =
  'Prospecting|Qualification|Needs Analysis|Value Proposition|Id. Decision Makers|' +
  'Perception Analysis|Proposal/Price Quote|Negotiation/Review|Closed Won|Closed Lost';
const forecasts = 'Omitted|Pipeline|BestCase|Forecast|Closed';
const isWon = `"StageName" in ('Closed Won', 'Won')`;
const isClosed = `"StageName" in ('Closed Won', 'Won', 'Closed Lost', 'Lost')`;

const account: ObjectDefinition = {
  keyPrefix: '001',
  mergeable: true,
  fields: [
    master('Account'),
    named(),
    pick('Type', 'Prospect|Customer - Direct|Customer - Channel|Channel Partner / Reseller|Other'),
    ref('ParentId', 'Account'),
    ...address('Billing'),
    ...address('Shipping'),
    of('phone', 'Phone'),
    of('phone', 'Fax'),
    text('AccountNumber', 40),
    of('url', 'Website'),
    text('Sic', 20),
    pick('Industry', industries),
    of('currency', 'AnnualRevenue', { scale: 0 }),
    of('int', 'NumberOfEmployees', { precision: 8 }),
    pick('Ownership', 'Public|Private|Subsidiary|Other'),
    text('TickerSymbol', 20),
    note(),
    pick('Rating', 'Hot|Warm|Cold'),
    text('Site', 80),
    owner,
    pick('AccountSource', sources),
  ],
};

const contact: ObjectDefinition = {
  keyPrefix: '003',
  mergeable: true,
  fields: [
    master('Contact'),
    ref('AccountId', 'Account', { cascadeDelete: true }),
    ...personName(),
    ...address('Mailing'),
    of('phone', 'Phone'),
    of('phone', 'MobilePhone'),
    of('phone', 'HomePhone'),
    ref('ReportsToId', 'Contact'),
    of('email', 'Email', { idLookup: true }),
    text('Title', 128),
    text('Department', 80),
    pick('LeadSource', sources),
    of('date', 'Birthdate'),
    note(),
    owner,
    flag('HasOptedOutOfEmail'),
    flag('DoNotCall'),
    of('datetime', 'EmailBouncedDate'),
  ],
};

const lead: ObjectDefinition = {
  keyPrefix: '00Q',
  mergeable: true,
  fields: [
    master('Lead'),
    ...personName(),
    text('Title', 128),
    text('Company', 255, { required: true }),
    text('Street', 255, { compoundFieldName: 'Address' }),
    text('City', 40, { compoundFieldName: 'Address' }),
    text('State', 80, { compoundFieldName: 'Address' }),
    text('PostalCode', 20, { compoundFieldName: 'Address' }),
    text('Country', 80, { compoundFieldName: 'Address' }),
    of('address', 'Address'),
    of('phone', 'Phone'),
    of('phone', 'MobilePhone'),
    of('email', 'Email', { idLookup: true }),
    of('url', 'Website'),
    note(),
    pick('LeadSource', sources),
    pick(
      'Status',
      'Open - Not Contacted|Working - Contacted|Closed - Converted|Closed - Not Converted',
      {
        required: true,
        defaultValue: 'Open - Not Contacted',
      },
    ),
    pick('Industry', industries),
    pick('Rating', 'Hot|Warm|Cold'),
    of('currency', 'AnnualRevenue', { scale: 0 }),
    of('int', 'NumberOfEmployees', { precision: 8 }),
    owner,
    flag('HasOptedOutOfEmail'),
    flag('IsConverted', { createOnly: true }),
    of('date', 'ConvertedDate', { readOnly: true }),
    ref('ConvertedAccountId', 'Account', { readOnly: true }),
    ref('ConvertedContactId', 'Contact', { readOnly: true }),
    ref('ConvertedOpportunityId', 'Opportunity', { readOnly: true }),
  ],
};

const opportunity: ObjectDefinition = {
  keyPrefix: '006',
  labelPlural: 'Opportunities',
  fields: [
    ref('AccountId', 'Account', { cascadeDelete: true }),
    text('Name', 120, { required: true, nameField: true }),
    note(),
    pick('StageName', stages, { required: true, label: 'Stage' }),
    money('Amount'),
    of('percent', 'Probability', { precision: 3, scale: 0 }),
    money('ExpectedRevenue', { derived: '"Amount" * "Probability" / 100.0' }),
    of('date', 'CloseDate', { required: true }),
    pick('Type', 'Existing Customer - Upgrade|Existing Customer - Replacement|New Customer'),
    text('NextStep', 255),
    pick('LeadSource', sources),
    flag('IsClosed', { derived: isClosed }),
    flag('IsWon', { derived: isWon }),
    pick('ForecastCategory', forecasts, {
      derived: `case when ${isWon} then 'Closed' when ${isClosed} then 'Omitted' else 'Pipeline' end`,
    }),
    ref('CampaignId', 'Campaign'),
    owner,
    ref('ContactId', 'Contact', { createOnly: true }),
    of('datetime', 'LastStageChangeDate', { readOnly: true }),
  ],
};

const opportunityHistory: ObjectDefinition = {
  keyPrefix: '008',
  label: 'Opportunity History',
  labelPlural: 'Opportunity History',
  readOnly: true,
  fields: [
    ref('OpportunityId', 'Opportunity', { cascadeDelete: true }),
    pick('StageName', stages),
    money('Amount'),
    money('ExpectedRevenue'),
    of('date', 'CloseDate'),
    of('percent', 'Probability', { precision: 3, scale: 0 }),
    pick('ForecastCategory', forecasts),
  ],
};

const supportCase: ObjectDefinition = {
  keyPrefix: '500',
  mergeable: true,
  fields: [
    master('Case'),
    text('CaseNumber', 30, { autoNumber: true, idLookup: true, nameField: true }),
    ref('ContactId', 'Contact'),
    ref('AccountId', 'Account'),
    ref('ParentId', 'Case'),
    text('SuppliedName', 80),
    of('email', 'SuppliedEmail'),
    pick('Type', 'Mechanical|Electrical|Electronic|Structural|Other'),
    pick('Status', 'New|Working|Escalated|Closed', { defaultValue: 'New' }),
    pick('Reason', 'Installation|Equipment Complexity|Performance|Breakdown|Feedback|Other'),
    pick('Origin', 'Phone|Email|Web'),
    text('Subject', 255),
    pick('Priority', 'High|Medium|Low', { defaultValue: 'Medium' }),
    note(),
    flag('IsClosed', { derived: `"Status" is 'Closed'` }),
    of('datetime', 'ClosedDate', { readOnly: true }),
    flag('IsEscalated'),
    owner,
  ],
};

const activity = [
  ref('WhoId', 'Contact|Lead'),
  ref('WhatId', 'Account|Opportunity|Case|Campaign'),
  of('textarea', 'Description', { length: 32_000 }),
  owner,
];

const task: ObjectDefinition = {
  keyPrefix: '00T',
  fields: [
    text('Subject', 255, { nameField: true }),
    ...activity,
    of('date', 'ActivityDate', { label: 'Due Date Only' }),
    pick('Status', 'Not Started|In Progress|Completed|Waiting on someone else|Deferred', {
      defaultValue: 'Not Started',
    }),
    pick('Priority', 'High|Normal|Low', { defaultValue: 'Normal' }),
    pick('TaskSubtype', 'Task|Email|Call', { createOnly: true, defaultValue: 'Task' }),
    pick('Type', 'Call|Email|Meeting|Other'),
    pick('CallType', 'Internal|Inbound|Outbound'),
    of('int', 'CallDurationInSeconds', { precision: 8 }),
    flag('IsClosed', { derived: `"Status" is 'Completed'` }),
    of('datetime', 'CompletedDateTime', { readOnly: true }),
  ],
};

const event: ObjectDefinition = {
  keyPrefix: '00U',
  fields: [
    text('Subject', 255, { nameField: true }),
    ...activity,
    text('Location', 255),
    flag('IsAllDayEvent'),
    of('date', 'ActivityDate'),
    of('datetime', 'StartDateTime'),
    of('datetime', 'EndDateTime'),
    of('int', 'DurationInMinutes', { precision: 8 }),
    pick('Type', 'Call|Email|Meeting|Other'),
    flag('IsPrivate'),
  ],
};

const user: ObjectDefinition = {
  keyPrefix: '005',
  fields: [
    text('Username', 80, { required: true, unique: true, idLookup: true }),
    ...personName().filter((field) => field.name !== 'Salutation'),
    of('email', 'Email', { required: true }),
    text('Alias', 8),
    text('Title', 80),
    text('Department', 80),
    text('Division', 80),
    of('phone', 'Phone'),
    flag('IsActive', { defaultValue: true }),
    ref('ManagerId', 'User'),
    pick('UserType', 'Standard|PowerPartner|Guest', { readOnly: true, defaultValue: 'Standard' }),
    text('TimeZoneSidKey', 40),
    text('EmployeeNumber', 20),
    of('datetime', 'LastLoginDate', { readOnly: true }),
  ],
};

const product: ObjectDefinition = {
  keyPrefix: '01t',
  label: 'Product',
  labelPlural: 'Products',
  fields: [
    named(),
    text('ProductCode', 255),
    note('Description', 4000),
    flag('IsActive'),
    pick('Family', 'None'),
    text('StockKeepingUnit', 180),
    of('url', 'DisplayUrl'),
  ],
};

const lineItem: ObjectDefinition = {
  keyPrefix: '00k',
  label: 'Opportunity Product',
  labelPlural: 'Opportunity Products',
  fields: [
    ref('OpportunityId', 'Opportunity', { required: true, createOnly: true, cascadeDelete: true }),
    ref('Product2Id', 'Product2', { createOnly: true, relationshipName: 'Product2' }),
    of('double', 'Quantity', { required: true, precision: 12 }),
    money('UnitPrice'),
    money('TotalPrice', { derived: '"Quantity" * "UnitPrice"' }),
    of('date', 'ServiceDate'),
    text('Description', 255),
  ],
};

const campaign: ObjectDefinition = {
  keyPrefix: '701',
  fields: [
    text('Name', 80, { required: true, nameField: true }),
    ref('ParentId', 'Campaign'),
    pick('Type', 'Conference|Webinar|Trade Show|Public Relations|Partners|Email|Other'),
    pick('Status', 'Planned|In Progress|Completed|Aborted', { defaultValue: 'Planned' }),
    of('date', 'StartDate'),
    of('date', 'EndDate'),
    money('ExpectedRevenue'),
    money('BudgetedCost'),
    money('ActualCost'),
    of('double', 'NumberSent', { scale: 0 }),
    flag('IsActive'),
    note(),
    owner,
  ],
};

const campaignMember: ObjectDefinition = {
  keyPrefix: '00v',
  fields: [
    ref('CampaignId', 'Campaign', { required: true, createOnly: true, cascadeDelete: true }),
    ref('LeadId', 'Lead', { cascadeDelete: true }),
    ref('ContactId', 'Contact', { cascadeDelete: true }),
    pick('Status', 'Sent|Responded', { defaultValue: 'Sent' }),
    flag('HasResponded', { derived: `"Status" is 'Responded'` }),
    of('date', 'FirstRespondedDate', { readOnly: true }),
  ],
};

/** The objects every org has, with the fields people read most. */
export const standardObjects: Readonly<Record<string, ObjectDefinition>> = {
  Account: account,
  Contact: contact,
  Lead: lead,
  Opportunity: opportunity,
  OpportunityHistory: opportunityHistory,
  Case: supportCase,
  Task: task,
  Event: event,
  User: user,
  Product2: product,
  OpportunityLineItem: lineItem,
  Campaign: campaign,
  CampaignMember: campaignMember,
};
