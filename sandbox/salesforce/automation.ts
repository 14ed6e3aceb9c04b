import type { Author, Org } from './org.ts';
import type { SandboxObject } from './schema.ts';
import type { Values } from './store.ts';

/** What Salesforce writes by itself when a person or a program saves a row. */

const probabilities: Readonly<Record<string, number>> = {
  Prospecting: 10,
  Qualification: 10,
  'Needs Analysis': 20,
  'Value Proposition': 50,
  'Id. Decision Makers': 60,
  'Perception Analysis': 70,
  'Proposal/Price Quote': 75,
  'Negotiation/Review': 90,
  'Closed Won': 100,
  'Closed Lost': 0,
};

/** Adds the fields that follow from the ones being saved. */
export function beforeSave(object: SandboxObject, values: Values, before?: Values): void {
  const stamp = values['SystemModstamp'] ?? null;
  const isMoved = (name: string): boolean =>
    values[name] !== undefined && values[name] !== before?.[name];
  switch (object.name) {
    case 'Opportunity': {
      if (!isMoved('StageName')) return;
      values['LastStageChangeDate'] = stamp;
      const probability = probabilities[String(values['StageName'])];
      if (probability !== undefined) values['Probability'] ??= probability;
      return;
    }
    case 'Case':
      if (isMoved('Status')) values['ClosedDate'] = values['Status'] === 'Closed' ? stamp : null;
      return;
    case 'Task':
      if (isMoved('Status')) {
        values['CompletedDateTime'] = values['Status'] === 'Completed' ? stamp : null;
      }
      return;
    default:
  }
}

const watched = ['StageName', 'Amount', 'CloseDate', 'Probability'] as const;

/** Writes the stage history of an opportunity. */
export function afterSave(
  org: Org,
  object: SandboxObject,
  id: string,
  before: Values | undefined,
  by: Author,
): void {
  if (object.name !== 'Opportunity') return;
  const history = org.catalog.find('OpportunityHistory');
  const now = org.store.find(object, id);
  if (history === undefined || now === undefined) return;
  if (before !== undefined && watched.every((name) => before[name] === now[name])) return;
  const values: Values = { OpportunityId: id, CreatedDate: by.stamp, CreatedById: by.userId };
  for (const name of [...watched, 'ExpectedRevenue', 'ForecastCategory']) {
    values[name] = now[name] ?? null;
  }
  values['SystemModstamp'] = by.stamp;
  values['LastModifiedDate'] = by.stamp;
  values['LastModifiedById'] = by.userId;
  org.store.insert(history, values);
}
