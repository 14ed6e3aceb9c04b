import { openAccount } from '../apis/salesforce/account.ts';
import { ingestCalls } from '../apis/salesforce/bulk-ingest.ts';
import { collectionRecordsMax } from '../apis/salesforce/collection.ts';
import { salesforceSchema } from '../apis/salesforce/config.ts';
import type { SalesforceField } from '../apis/salesforce/describe.ts';
import { type Answers, answerChanges } from '../engine/wire/answer-changes.ts';
import type { ConnectionContext, DestinationFactory } from '../engine/words/connection.ts';
import type { Destination, RowChange } from '../engine/words/destination.ts';
import { assertThat } from '../engine/words/errors.ts';
import { isCsvable, writeBulk } from './salesforce/bulk-write.ts';
import { type WriteScene, writeCollections } from './salesforce/collection-write.ts';
import { toDestinationFields } from './salesforce/field.ts';
import { findRecords } from './salesforce/find.ts';
import { type Row, toRow } from './salesforce/row.ts';

/** Salesforce recommends bulk jobs from this many changes on. */
const bulkChangesMin = 2000;
/** Changes of one job: what would be in doubt together if its results were lost. */
const bulkChangesMax = 50_000;

export const salesforce: DestinationFactory = {
  schema: salesforceSchema,
  streamOf: (object) => object,
  create: createDestination,
};

function createDestination(context: ConnectionContext, object: string): Destination {
  const account = openAccount(context);
  return {
    async describe(signal) {
      return toDestinationFields(await account.describe(object, signal));
    },
    groupSize: (_, total) => (total < bulkChangesMin ? collectionRecordsMax : bulkChangesMax),
    price(_, total) {
      if (total < bulkChangesMin) return Math.ceil(total / collectionRecordsMax);
      const whole = Math.floor(total / bulkChangesMax);
      const rest = total % bulkChangesMax;
      const last = rest < bulkChangesMin ? Math.ceil(rest / collectionRecordsMax) : ingestCalls;
      return whole * ingestCalls + last;
    },
    write: (changes, signal) =>
      answerChanges(
        changes.length,
        () => account.describe(object, signal),
        (answers, { fields }) => {
          const settle: WriteScene['settle'] = (row, result) => answers.settle(row.index, result);
          const { clock, log } = context;
          const scene = { account, object, clock, log, signal, settle };
          return writeChanges(scene, changes, fields, answers);
        },
      ),
    async find(field, values, fields, signal) {
      const described = await account.describe(object, signal);
      return findRecords(account, described, { field, values, fields }, signal);
    },
  };
}

async function writeChanges(
  scene: WriteScene,
  changes: readonly RowChange[],
  fields: readonly SalesforceField[],
  answers: Answers,
): Promise<void> {
  const byName = new Map(fields.map((field) => [field.name, field]));
  const groups = new Map<string, Row[]>();
  const seen = new Set<string>();
  for (const [index, change] of changes.entries()) {
    const row = toRow(index, change, byName);
    if ('status' in row) {
      answers.settle(index, row);
      continue;
    }
    // One call may not name a record twice: Salesforce would refuse both.
    const subject = `${change.action} ${change.id ?? change.match?.value ?? change.key}`;
    if (seen.has(subject)) {
      const message = 'another change of this call names the same record';
      answers.settle(index, { status: 'rejected', code: 'same-record-twice', message });
      continue;
    }
    seen.add(subject);
    const group = `${change.action} ${change.match?.field ?? ''}`;
    const rows = groups.get(group);
    if (rows === undefined) groups.set(group, [row]);
    else rows.push(row);
  }
  for (const rows of groups.values()) {
    const action = rows[0]?.change.action;
    assertThat(action !== undefined, 'a group without rows');
    const bulk = rows.length < bulkChangesMin ? [] : rows.filter(isCsvable);
    const refused = bulk.length === 0 ? [] : await writeBulk(scene, action, bulk);
    const others = bulk.length === 0 ? rows : rows.filter((row) => !isCsvable(row));
    await writeCollections(scene, action, [...others, ...refused]);
  }
}
