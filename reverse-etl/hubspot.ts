import { type HubSpotAccount, openAccount } from '../apis/hubspot/account.ts';
import { batchInputsMax } from '../apis/hubspot/batch.ts';
import { hubspotSchema } from '../apis/hubspot/config.ts';
import {
  describeAgeMsMax,
  findObjectPath,
  isStandardObject,
  listSchemas,
} from '../apis/hubspot/object-name.ts';
import { listProperties } from '../apis/hubspot/property.ts';
import type { ConnectionContext, DestinationFactory } from '../engine/words/connection.ts';
import type { Destination, RowChange, WriteResult } from '../engine/words/destination.ts';
import {
  assertThat,
  BudgetExhausted,
  TerminalError,
  TransientError,
} from '../engine/words/errors.ts';
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
    async write(changes, signal) {
      const prepared = await prepare(changes, async () => {
        const found = await find(signal);
        return { ...found, types: await findTypes({ account, ...found, signal }, changes) };
      });
      if ('deferred' in prepared) return prepared.deferred;
      const { objectPath, properties, types } = prepared;
      const results: (WriteResult | undefined)[] = changes.map(() => undefined);
      const known = new Map(properties.map((property) => [property.name, property]));
      const rows: Row[] = [];
      for (const [index, change] of changes.entries()) {
        const row = toRow(index, change, known);
        if ('status' in row) results[index] = row;
        else rows.push(row);
      }
      const scene: WriteScene = {
        account,
        object,
        objectPath,
        clock: context.clock,
        log: context.log,
        signal,
        types,
        settle(row, result) {
          assertThat(results[row.index] === undefined, 'a row was settled twice');
          results[row.index] = result;
        },
      };
      return finishPartly(results, () => writeRows(scene, rows, results));
    },
    async find(field, values, fields, signal) {
      const found = await find(signal);
      return findRecords({ account, ...found, signal }, { field, values, fields });
    },
  };
}

/** What fails before anything is sent leaves every row for the next run. */
async function prepare<T extends object>(
  changes: readonly RowChange[],
  work: () => Promise<T>,
): Promise<T | { readonly deferred: readonly WriteResult[] }> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TransientError || error instanceof BudgetExhausted)) throw error;
    const reason = error.message;
    return { deferred: changes.map(() => ({ status: 'deferred', reason })) };
  }
}

/** Answers already given must not be lost with the failure of a later call. */
async function finishPartly(
  results: readonly (WriteResult | undefined)[],
  work: () => Promise<void>,
): Promise<readonly WriteResult[]> {
  let stopped: string | undefined;
  try {
    await work();
  } catch (error) {
    const isPartial = results.some((result) => result !== undefined);
    if (!(error instanceof TerminalError) || !isPartial) throw error;
    stopped = error.message;
  }
  return results.map((result) => {
    if (stopped !== undefined) return result ?? { status: 'deferred', reason: stopped };
    assertThat(result !== undefined, 'a change has no answer');
    return result;
  });
}

async function writeRows(
  scene: WriteScene,
  rows: readonly Row[],
  results: (WriteResult | undefined)[],
): Promise<void> {
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
  const failed = await associateAll(scene, listLinks(rows, results));
  for (const [index, result] of failed) results[index] = result;
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
function listLinks(
  rows: readonly Row[],
  results: readonly (WriteResult | undefined)[],
): readonly Link[] {
  return rows.flatMap(({ index, change }) => {
    const result = results[index];
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
