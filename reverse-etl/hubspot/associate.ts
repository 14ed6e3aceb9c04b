import type { HubSpotAccount } from '../../apis/hubspot/account.ts';
import { type AssociationType, findDefaultType } from '../../apis/hubspot/association-type.ts';
import { associateInputsMax, associateRecords } from '../../apis/hubspot/batch.ts';
import { findFault, type HubSpotFault } from '../../apis/hubspot/fault.ts';
import { findObjectPath } from '../../apis/hubspot/object-name.ts';
import type { RowChange, WriteResult } from '../../engine/words/destination.ts';
import {
  BudgetExhausted,
  messageOf,
  TerminalError,
  TransientError,
} from '../../engine/words/errors.ts';
import { stopsAll } from './batch-write.ts';

/** One association of a record that exists. */
export interface Link {
  readonly index: number;
  readonly from: string;
  readonly to: string;
  readonly toObject: string;
}

interface Side {
  readonly account: HubSpotAccount;
  readonly objectPath: string;
  readonly signal: AbortSignal;
}

/** The plain relations that creates will need, by the other object's name; one call each. */
export async function findTypes(
  { account, objectPath, signal }: Side,
  changes: readonly RowChange[],
): Promise<ReadonlyMap<string, AssociationType>> {
  const names = new Set(
    changes
      .filter(({ action }) => action === 'create')
      .flatMap(({ associations }) => (associations ?? []).map(({ to }) => to)),
  );
  const types = new Map<string, AssociationType>();
  for (const name of names) {
    const toPath = await findObjectPath(account, name, signal);
    if (toPath === undefined) continue;
    const type = await findDefaultType(account, { fromPath: objectPath, toPath }, signal);
    if (type !== undefined) types.set(name, type);
  }
  return types;
}

/**
 * Associates records that exist. Answers, by the row's index, what became of those that failed: a
 * row whose associations failed is not written, though its fields are.
 */
export async function associateAll(
  side: Side,
  links: readonly Link[],
): Promise<ReadonlyMap<number, WriteResult>> {
  const failed = new Map<number, WriteResult>();
  for (const [toObject, group] of Map.groupBy(links, (link) => link.toObject)) {
    const toPath = await findObjectPath(side.account, toObject, side.signal);
    for (let at = 0; at < group.length; at += associateInputsMax) {
      const chunk = group.slice(at, at + associateInputsMax);
      if (toPath === undefined) refuse(failed, chunk, `HubSpot has no object ${toObject}`);
      else await associateChunk(side, toPath, chunk, failed);
    }
  }
  return failed;
}

async function associateChunk(
  side: Side,
  toPath: string,
  links: readonly Link[],
  failed: Map<number, WriteResult>,
): Promise<void> {
  const { account, objectPath, signal } = side;
  const sides = { fromPath: objectPath, toPath };
  try {
    const { errors } = await account.repeat(
      () => associateRecords(account, sides, links, signal),
      signal,
    );
    for (const fault of errors) {
      const subjects = links.filter((link) => isSubject(link, fault));
      refuse(failed, subjects.length > 0 ? subjects : links, 'HubSpot refused the association');
    }
  } catch (error) {
    signal.throwIfAborted();
    const isRefused = error instanceof TerminalError && findFault(error) !== undefined;
    if (isRefused && !stopsAll(error)) {
      refuse(failed, links, 'HubSpot refused the associations of this call');
      return;
    }
    const isPassing = error instanceof TransientError || error instanceof BudgetExhausted;
    if (!isPassing) throw error;
    // The fields are written, the association may be: reading back settles it.
    const reason = messageOf(error);
    for (const { index } of links) failed.set(index, { status: 'in_doubt', reason });
  }
}

function isSubject(link: Link, { context }: HubSpotFault): boolean {
  const holds = (key: string, id: string): boolean => {
    const ids = context[key];
    return Array.isArray(ids) && ids.map(String).includes(id);
  };
  return holds('fromObjectId', link.from) && holds('toObjectId', link.to);
}

function refuse(failed: Map<number, WriteResult>, links: readonly Link[], message: string): void {
  for (const { index, toObject } of links) {
    const code = 'association-refused';
    failed.set(index, { status: 'rejected', code, message, fields: [`@${toObject}`] });
  }
}
