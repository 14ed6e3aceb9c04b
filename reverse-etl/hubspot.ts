import { type HubSpotAccount, openAccount } from '../apis/hubspot/account.ts';
import { batchInputsMax } from '../apis/hubspot/batch.ts';
import { hubspotSchema } from '../apis/hubspot/config.ts';
import {
  describeAgeMsMax,
  findObjectPath,
  isStandardObject,
  listSchemas,
} from '../apis/hubspot/object-name.ts';
import { type HubSpotProperty, listProperties } from '../apis/hubspot/property.ts';
import { type Answers, answerChanges } from '../engine/wire/answer-changes.ts';
import type { ConnectionContext, DestinationFactory } from '../engine/words/connection.ts';
import type { Destination, RowChange, WriteResult } from '../engine/words/destination.ts';
import { assertThat, TerminalError } from '../engine/words/errors.ts';
import { associateAll, findTypes, type Link } from './hubspot/associate.ts';
import { type WriteScene, writeBatches } from './hubspot/batch-write.ts';
import { toDestinationFields } from './hubspot/field.ts';
import { findRecords } from './hubspot/find.ts';
import { type Row, toRow } from './hubspot/row.ts';

export const hubspot: DestinationFactory = {
  schema: hubspotSchema,
  streamOf: (object) => object,
  create: createDestination,
};

function createDestination(context: ConnectionContext, object: string): Destination {
  const account = openAccount(context);
  const find = async (signal: AbortSignal) => {
    const objectPath = await findPath(account, context.name, object, signal);
    const properties = await listProperties(account, objectPath, signal, describeAgeMsMax);
    return { objectPath, properties };
  };
  return {
    async describe(signal) {
      const { properties } = await find(signal);
      return toDestinationFields(properties, await listRequired(account, object, signal));
    },
    groupSize: () => batchInputsMax,
    price: (_, total) => Math.ceil(total / batchInputsMax),
    write: (changes, signal) =>
      answerChanges(
        changes.length,
        async () => {
          const found = await find(signal);
          return { ...found, types: await findTypes({ account, ...found, signal }, changes) };
        },
        async (answers, { objectPath, properties, types }) => {
          const settle: WriteScene['settle'] = (row, result) => answers.settle(row.index, result);
          const { clock, log } = context;
          const scene = { account, object, objectPath, clock, log, signal, types, settle };
          await writeChanges(scene, changes, properties, answers);
        },
      ),
    async find(field, values, fields, signal) {
      const found = await find(signal);
      return findRecords({ account, ...found, signal }, { field, values, fields });
    },
  };
}

async function writeChanges(
  scene: WriteScene,
  changes: readonly RowChange[],
  properties: readonly HubSpotProperty[],
  answers: Answers,
): Promise<void> {
  const known = new Map(properties.map((property) => [property.name, property]));
  const rows: Row[] = [];
  for (const [index, change] of changes.entries()) {
    const row = toRow(index, change, known);
    if ('status' in row) answers.settle(index, row);
    else rows.push(row);
  }
  const groups = new Map<string, Row[]>();
  const seen = new Set<string>();
  for (const row of rows) {
    const { change } = row;
    const refusal = refuseRow(scene, row, seen);
    if (refusal !== undefined) {
      scene.settle(row, refusal);
      continue;
    }
    if (change.action === 'update' && Object.keys(row.properties).length === 0) {
      // Only its associations change.
      scene.settle(row, { status: 'written', id: change.id ?? '', created: false });
      continue;
    }
    const group = `${change.action} ${change.match?.field ?? ''}`;
    const others = groups.get(group);
    if (others === undefined) groups.set(group, [row]);
    else others.push(row);
  }
  for (const group of groups.values()) {
    const action = group[0]?.change.action;
    assertThat(action !== undefined, 'a group without rows');
    await writeBatches(scene, action, group);
  }
  const failed = await associateAll(scene, listLinks(rows, answers));
  for (const [index, result] of failed) answers.amend(index, result);
}

function refuseRow(scene: WriteScene, row: Row, seen: Set<string>): WriteResult | undefined {
  const { change, matchValue } = row;
  // One call may not name a record twice: HubSpot would refuse all of it.
  const named = change.id ?? matchValue?.toLowerCase();
  const subject = `${change.action} ${named ?? change.key}`;
  if (seen.has(subject)) {
    const message = 'another change of this call names the same record';
    return { status: 'rejected', code: 'same-record-twice', message };
  }
  seen.add(subject);
  if (change.action !== 'create') return undefined;
  const missing = change.associations?.find(({ to }) => !scene.types.has(to));
  if (missing === undefined) return undefined;
  const message = `${scene.object} cannot be associated with ${missing.to}`;
  const fields = [`@${missing.to}`];
  return { status: 'rejected', code: 'association-refused', message, fields };
}

/** Creates bring their associations along; every other written row's follow. */
function listLinks(rows: readonly Row[], answers: Answers): readonly Link[] {
  return rows.flatMap(({ index, change }) => {
    const result = answers.get(index);
    if (change.action === 'create' || change.action === 'archive') return [];
    if (result?.status !== 'written') return [];
    return (change.associations ?? []).map(({ to, id }) => ({
      index,
      from: result.id,
      to: id,
      toObject: to,
    }));
  });
}

async function findPath(
  account: HubSpotAccount,
  connection: string,
  object: string,
  signal: AbortSignal,
): Promise<string> {
  const path = await findObjectPath(account, object, signal);
  if (path !== undefined) return path;
  throw new TerminalError(`${connection} has no object ${object} that the app may see`, {
    code: 'object-not-found',
    hint: 'Look at the name (contacts, companies, deals, or a custom object), and at the scopes.',
    connection,
  });
}

/** What a new record must have; HubSpot says it of custom objects only. */
async function listRequired(
  account: HubSpotAccount,
  object: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (isStandardObject(object)) return new Set();
  const schemas = await listSchemas(account, signal);
  return new Set(schemas.find(({ name }) => name === object)?.requiredProperties);
}
