import type { JsonObject } from '../../engine/words/json.ts';
import type { HubSpotAccount } from './account.ts';
import { describeAgeMsMax } from './object-name.ts';
import { readJson } from './reply.ts';

export interface AssociationType {
  readonly associationCategory: string;
  readonly associationTypeId: number;
}

/** The unlabelled relation of two objects; undefined where they cannot be associated. */
export function findDefaultType(
  account: HubSpotAccount,
  sides: { readonly fromPath: string; readonly toPath: string },
  signal: AbortSignal,
): Promise<AssociationType | undefined> {
  const path = `/crm/v4/associations/${sides.fromPath}/${sides.toPath}/labels`;
  return account.keep(path, describeAgeMsMax, async () => {
    const { results } = await readJson(account, { method: 'GET', path, signal });
    const types = Array.isArray(results) ? (results as readonly JsonObject[]) : [];
    const plain = types.filter(({ label }) => label === null || label === undefined);
    // An account's own types may have no label either: HubSpot's stands for "associated".
    const type = plain.find(({ category }) => category === 'HUBSPOT_DEFINED') ?? plain[0];
    if (type === undefined) return undefined;
    return {
      associationCategory: String(type['category']),
      associationTypeId: Number(type['typeId']),
    };
  });
}
