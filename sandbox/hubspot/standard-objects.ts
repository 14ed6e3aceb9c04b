/** The objects every HubSpot account has, in a notation short enough to read at a glance. */
export interface StandardObject {
  name: string;
  singular: string;
  objectTypeId: string;
  label: string;
  /** Contacts alone call it lastmodifieddate. */
  modifiedProperty: 'lastmodifieddate' | 'hs_lastmodifieddate';
  createdProperty: 'createdate' | 'hs_createdate';
  primaryDisplayProperty: string;
  /** What a list or search answers with when the caller names no properties. */
  defaultProperties: readonly string[];
  searchableProperties: readonly string[];
  /**
   * One line a property: name | label | type | fieldType | flags (unique, calculated, readonly,
   * options=…).
   */
  properties: string;
}

const shared = `
hubspot_owner_id|Owner|enumeration|select|owner
hubspot_owner_assigneddate|Owner assigned date|datetime|date|readonly
hs_merged_object_ids|Merged record IDs|enumeration|checkbox|readonly,free
`;

const address = `
address|Street address|string|text
city|City|string|text
state|State/Region|string|text
zip|Postal code|string|text
country|Country/Region|string|text
`;

const lifecycle =
  'options=subscriber:Subscriber;lead:Lead;marketingqualifiedlead:Marketing Qualified Lead;' +
  'salesqualifiedlead:Sales Qualified Lead;opportunity:Opportunity;customer:Customer;' +
  'evangelist:Evangelist;other:Other';

const leadStatus =
  'options=NEW:New;OPEN:Open;IN_PROGRESS:In Progress;OPEN_DEAL:Open Deal;' +
  'UNQUALIFIED:Unqualified;ATTEMPTED_TO_CONTACT:Attempted to Contact;CONNECTED:Connected;' +
  'BAD_TIMING:Bad Timing';

const contacts: StandardObject = {
  name: 'contacts',
  singular: 'contact',
  objectTypeId: '0-1',
  label: 'Contact',
  modifiedProperty: 'lastmodifieddate',
  createdProperty: 'createdate',
  primaryDisplayProperty: 'email',
  defaultProperties: ['email', 'firstname', 'lastname'],
  searchableProperties: ['email', 'firstname', 'lastname', 'phone', 'company', 'mobilephone'],
  properties: `${shared}${address}
email|Email|string|text|unique
hs_additional_emails|Additional email addresses|enumeration|checkbox|readonly,free
hs_email_domain|Email Domain|string|text|calculated
firstname|First name|string|text
lastname|Last name|string|text
salutation|Salutation|string|text
jobtitle|Job title|string|text
company|Company name|string|text
website|Website URL|string|text
phone|Phone number|phone_number|phonenumber
mobilephone|Mobile phone number|phone_number|phonenumber
fax|Fax number|string|phonenumber
lifecyclestage|Lifecycle stage|enumeration|radio|${lifecycle}
hs_lead_status|Lead status|enumeration|radio|${leadStatus}
hs_language|Preferred language|string|text
date_of_birth|Date of birth|string|text
closedate|Close date|datetime|date
annualrevenue|Annual revenue|string|text
industry|Industry|string|text
numemployees|Number of employees|enumeration|select|options=1-5;5-25;25-50;50-100;100-500;500-1000;1000+
message|Message|string|textarea
hs_persona|Persona|string|text
associatedcompanyid|Primary associated company ID|number|number
`,
};

const companies: StandardObject = {
  name: 'companies',
  singular: 'company',
  objectTypeId: '0-2',
  label: 'Company',
  modifiedProperty: 'hs_lastmodifieddate',
  createdProperty: 'createdate',
  primaryDisplayProperty: 'name',
  defaultProperties: ['domain', 'name'],
  searchableProperties: ['website', 'phone', 'name', 'domain'],
  properties: `${shared}${address}
name|Company name|string|text
domain|Company domain name|string|text
website|Website URL|string|text
phone|Phone number|phone_number|phonenumber
industry|Industry|string|text
description|Description|string|textarea
numberofemployees|Number of employees|number|number
annualrevenue|Annual revenue|number|number
lifecyclestage|Lifecycle stage|enumeration|radio|${lifecycle}
hs_lead_status|Lead status|enumeration|radio|${leadStatus}
type|Type|enumeration|radio|options=PROSPECT:Prospect;PARTNER:Partner;RESELLER:Reseller;VENDOR:Vendor;OTHER:Other
founded_year|Year founded|string|text
linkedin_company_page|LinkedIn company page|string|text
hs_parent_company_id|Parent company|number|number
closedate|Close date|datetime|date
is_public|Is public|bool|booleancheckbox
`,
};

const deals: StandardObject = {
  name: 'deals',
  singular: 'deal',
  objectTypeId: '0-3',
  label: 'Deal',
  modifiedProperty: 'hs_lastmodifieddate',
  createdProperty: 'createdate',
  primaryDisplayProperty: 'dealname',
  defaultProperties: ['amount', 'closedate', 'dealname', 'dealstage', 'pipeline'],
  searchableProperties: ['dealname', 'pipeline', 'dealstage', 'description', 'dealtype'],
  properties: `${shared}
dealname|Deal name|string|text
dealstage|Deal stage|enumeration|radio|stage
pipeline|Pipeline|enumeration|select|pipeline
amount|Amount|number|number
deal_currency_code|Currency|enumeration|select|free
closedate|Close date|datetime|date
description|Deal description|string|textarea
dealtype|Deal type|enumeration|radio|options=newbusiness:New Business;existingbusiness:Existing Business
hs_priority|Priority|enumeration|select|options=low:Low;medium:Medium;high:High
hs_next_step|Next step|string|text
closed_lost_reason|Closed lost reason|string|textarea
closed_won_reason|Closed won reason|string|textarea
hs_is_closed|Is deal closed?|bool|calculation_read_time|calculated
hs_is_closed_won|Is closed won|bool|booleancheckbox|calculated
hs_deal_stage_probability|Deal probability|number|number|calculated
`,
};

const tickets: StandardObject = {
  name: 'tickets',
  singular: 'ticket',
  objectTypeId: '0-5',
  label: 'Ticket',
  modifiedProperty: 'hs_lastmodifieddate',
  createdProperty: 'createdate',
  primaryDisplayProperty: 'subject',
  defaultProperties: [
    'content',
    'hs_pipeline',
    'hs_pipeline_stage',
    'hs_ticket_priority',
    'subject',
  ],
  searchableProperties: ['subject', 'content', 'hs_pipeline_stage', 'hs_ticket_category'],
  properties: `${shared}
subject|Ticket name|string|text
content|Ticket description|string|textarea
hs_pipeline|Pipeline|enumeration|select|pipeline
hs_pipeline_stage|Ticket status|enumeration|radio|stage
hs_ticket_priority|Priority|enumeration|select|options=LOW:Low;MEDIUM:Medium;HIGH:High;URGENT:Urgent
hs_ticket_category|Category|enumeration|checkbox|options=PRODUCT_ISSUE:Product issue;BILLING_ISSUE:Billing issue;FEATURE_REQUEST:Feature request;GENERAL_INQUIRY:General inquiry
source_type|Source|enumeration|select|options=CHAT:Chat;EMAIL:Email;FORM:Form;PHONE:Phone
closed_date|Close date|datetime|date
hs_resolution|Resolution|string|textarea
`,
};

const products: StandardObject = {
  name: 'products',
  singular: 'product',
  objectTypeId: '0-7',
  label: 'Product',
  modifiedProperty: 'hs_lastmodifieddate',
  createdProperty: 'createdate',
  primaryDisplayProperty: 'name',
  defaultProperties: ['description', 'name', 'price'],
  searchableProperties: ['name', 'description', 'price', 'hs_sku'],
  properties: `${shared}
name|Name|string|text
description|Product description|string|textarea
price|Unit price|number|number
hs_sku|SKU|string|text
hs_cost_of_goods_sold|Unit cost|number|number
hs_recurring_billing_period|Term|string|text
`,
};

const lineItems: StandardObject = {
  name: 'line_items',
  singular: 'line_item',
  objectTypeId: '0-8',
  label: 'Line item',
  modifiedProperty: 'hs_lastmodifieddate',
  createdProperty: 'createdate',
  primaryDisplayProperty: 'name',
  defaultProperties: ['amount', 'hs_product_id', 'quantity'],
  searchableProperties: ['name', 'description'],
  properties: `${shared}
name|Name|string|text
description|Description|string|textarea
hs_product_id|Product ID|number|number
hs_sku|SKU|string|text
quantity|Quantity|number|number
price|Unit price|number|number
discount|Unit discount|number|number
amount|Net price|number|number
`,
};

function engagement(
  name: string,
  singular: string,
  objectTypeId: string,
  label: string,
  display: string,
  properties: string,
): StandardObject {
  return {
    name,
    singular,
    objectTypeId,
    label,
    modifiedProperty: 'hs_lastmodifieddate',
    createdProperty: 'hs_createdate',
    primaryDisplayProperty: display,
    defaultProperties: [],
    searchableProperties: [display],
    properties: `${shared}
hs_timestamp|Activity date|datetime|date
hs_activity_type|Activity type|string|text
hs_attachment_ids|Attached file IDs|string|text
${properties}`,
  };
}

export const standardObjects: readonly StandardObject[] = [
  contacts,
  companies,
  deals,
  tickets,
  products,
  lineItems,
  engagement(
    'calls',
    'call',
    '0-48',
    'Call',
    'hs_call_title',
    `hs_call_title|Call title|string|text
hs_call_body|Call notes|string|html
hs_call_direction|Call direction|enumeration|select|options=INBOUND:Inbound;OUTBOUND:Outbound
hs_call_disposition|Call outcome|string|text
hs_call_duration|Call duration|number|number
hs_call_from_number|From number|string|text
hs_call_to_number|To number|string|text
hs_call_status|Call status|enumeration|select|options=BUSY;CALLING_CRM_USER;CANCELED;COMPLETED;CONNECTING;FAILED;IN_PROGRESS;NO_ANSWER;QUEUED;RINGING`,
  ),
  engagement(
    'emails',
    'email',
    '0-49',
    'Email',
    'hs_email_subject',
    `hs_email_subject|Email subject|string|text
hs_email_text|Email body|string|textarea
hs_email_html|Email HTML|string|html
hs_email_direction|Email direction|enumeration|select|options=EMAIL:Outgoing;INCOMING_EMAIL:Incoming;FORWARDED_EMAIL:Forwarded
hs_email_status|Email send status|enumeration|select|options=BOUNCED;FAILED;SCHEDULED;SENDING;SENT
hs_email_from_email|From|string|text
hs_email_to_email|To|string|text`,
  ),
  engagement(
    'meetings',
    'meeting',
    '0-47',
    'Meeting',
    'hs_meeting_title',
    `hs_meeting_title|Meeting name|string|text
hs_meeting_body|Meeting description|string|html
hs_meeting_start_time|Start time|datetime|date
hs_meeting_end_time|End time|datetime|date
hs_meeting_location|Location|string|text
hs_meeting_outcome|Meeting outcome|enumeration|select|options=SCHEDULED:Scheduled;COMPLETED:Completed;RESCHEDULED:Rescheduled;NO_SHOW:No Show;CANCELED:Canceled`,
  ),
  engagement('notes', 'note', '0-46', 'Note', 'hs_note_body', 'hs_note_body|Note body|string|html'),
  engagement(
    'tasks',
    'task',
    '0-27',
    'Task',
    'hs_task_subject',
    `hs_task_subject|Task title|string|text
hs_task_body|Task notes|string|html
hs_task_status|Task status|enumeration|select|options=NOT_STARTED:Not started;IN_PROGRESS:In progress;WAITING:Waiting;DEFERRED:Deferred;COMPLETED:Completed
hs_task_priority|Priority|enumeration|select|options=NONE:None;LOW:Low;MEDIUM:Medium;HIGH:High
hs_task_type|Task type|enumeration|select|options=EMAIL:Email;CALL:Call;TODO:To-do
hs_task_completion_date|Completed at|datetime|date`,
  ),
];
