import { sql } from 'kysely';
import type { Row, Session } from '../../engine/words/warehouse.ts';
import type { PersonEdit } from './sandbox-process.ts';

/** One thing that somebody does between the two runs. */
export interface Deed {
  readonly story: string;
  readonly crm: 'salesforce' | 'hubspot';
  readonly edit: PersonEdit;
}

const nextStages: Readonly<Record<string, string>> = {
  Prospecting: 'Qualification',
  Qualification: 'Needs Analysis',
};

async function first(session: Session, text: string): Promise<Row | undefined> {
  const [row] = await session.query(sql.raw(text));
  return row;
}

async function moveOpportunity(session: Session): Promise<Deed[]> {
  const row = await first(
    session,
    `select "Id", "StageName", (
       select count(*) from salesforce."Opportunity" where "StageName" = 'Engaging') as engaging
     from salesforce."Opportunity" where "StageName" = 'Prospecting' order by "Id" limit 1`,
  );
  if (!row) return [];
  const next = Number(row['engaging']) > 0 ? 'Engaging' : nextStages['Prospecting'];
  return [
    {
      story: `a rep moves an opportunity from Prospecting to ${next}`,
      crm: 'salesforce',
      edit: {
        action: 'update',
        object: 'Opportunity',
        id: String(row['Id']),
        fields: { StageName: next },
      },
    },
  ];
}

async function deleteOpportunity(session: Session): Promise<Deed[]> {
  const row = await first(
    session,
    `select "Id" from salesforce."Opportunity"
     where "StageName" = 'Prospecting' order by "Id" desc limit 1`,
  );
  if (!row) return [];
  return [
    {
      story: 'another deletes an opportunity that led nowhere',
      crm: 'salesforce',
      edit: { action: 'delete', object: 'Opportunity', id: String(row['Id']) },
    },
  ];
}

/** Stamped before what the first run has seen, but committed after it: the lookback finds it. */
async function arriveLate(session: Session): Promise<Deed[]> {
  const row = await first(
    session,
    `select "Id", strftime(newest - interval 5 minute, '%Y-%m-%dT%H:%M:%S.000Z') as at
     from salesforce."Contact", (select max(_modified_at) as newest from salesforce."Contact")
     where _modified_at < newest - interval 1 day order by "Id" limit 1`,
  );
  if (!row) return [];
  const at = String(row['at']);
  return [
    {
      story: `a long transaction commits a contact’s new title late, stamped ${at}`,
      crm: 'salesforce',
      edit: {
        action: 'update',
        object: 'Contact',
        id: String(row['Id']),
        fields: { Title: 'Chief Tide Officer' },
        at,
      },
    },
  ];
}

/** All three differ then: what the model says, what we wrote, what the CRM holds. */
async function provokeConflict(session: Session): Promise<Deed[]> {
  const row = await first(
    session,
    `select salesforce_contact_id as id from operational.contact_health
     where salesforce_contact_id is not null and health_score between 30 and 70
       and open_cases = 0 order by id limit 1`,
  );
  if (!row) return [];
  const id = String(row['id']);
  return [
    {
      story: 'a manager overwrites a contact’s health score with 99, which a sync wrote',
      crm: 'salesforce',
      edit: { action: 'update', object: 'Contact', id, fields: { Health_Score__c: 99 } },
    },
    {
      story: 'the same contact opens a case, so that the model’s score moves too: a conflict',
      crm: 'salesforce',
      edit: {
        action: 'create',
        object: 'Case',
        fields: { Subject: 'The gate is stuck', Status: 'New', ContactId: id },
      },
    },
  ];
}

async function changeHubSpot(session: Session): Promise<Deed[]> {
  const row = await first(
    session,
    `select id from hubspot.contacts
     where lifecyclestage <> 'customer' and email is not null order by id limit 1`,
  );
  const gone = await first(session, 'select id from hubspot.tickets order by id limit 1');
  return [
    ...(row
      ? [
          {
            story: 'marketing marks a contact as a customer',
            crm: 'hubspot',
            edit: {
              action: 'update',
              object: 'contacts',
              id: String(row['id']),
              fields: { lifecyclestage: 'customer' },
            },
          } as const,
        ]
      : []),
    ...(gone
      ? [
          {
            story: 'support archives a ticket',
            crm: 'hubspot',
            edit: { action: 'delete', object: 'tickets', id: String(gone['id']) },
          } as const,
        ]
      : []),
  ];
}

/**
 * What people do in the CRMs, found in what the first run brought: fewer where the data has less.
 */
export async function findDeeds(session: Session): Promise<Deed[]> {
  const finders = [moveOpportunity, deleteOpportunity, arriveLate, provokeConflict, changeHubSpot];
  const deeds: Deed[] = [];
  for (const find of finders) deeds.push(...(await find(session)));
  return deeds;
}
