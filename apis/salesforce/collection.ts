import { TransientError } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { SalesforceAccount } from './account.ts';

/** Records of one collections call. */
export const collectionRecordsMax = 200;

export type CollectionCall =
  | { readonly action: 'create'; readonly records: readonly JsonObject[] }
  /** Each record with its `Id`. */
  | { readonly action: 'update'; readonly records: readonly JsonObject[] }
  /** Each record with its value of `field`. */
  | { readonly action: 'upsert'; readonly field: string; readonly records: readonly JsonObject[] }
  | { readonly action: 'archive'; readonly ids: readonly string[] };

/** The answer for one row; row errors say `statusCode` where whole calls say `errorCode`. */
export interface SaveResult {
  readonly id?: string;
  readonly success: boolean;
  readonly created?: boolean;
  readonly errors: readonly {
    readonly statusCode: string;
    readonly message: string;
    readonly fields?: readonly string[];
  }[];
}

/**
 * One call of at most 200 rows, tried once, good rows kept beside bad ones. Answers in the order
 * given, as many as rows.
 */
export async function saveCollection(
  account: SalesforceAccount,
  object: string,
  call: CollectionCall,
  signal: AbortSignal,
): Promise<readonly SaveResult[]> {
  const connection = await account.connect(signal);
  const options = { allOrNone: false };
  const send = async (): Promise<{ results: unknown; count: number }> => {
    switch (call.action) {
      case 'create': {
        const records = [...call.records] as Record<string, unknown>[];
        return {
          results: await connection.create(object, records, options),
          count: records.length,
        };
      }
      case 'update': {
        const records = [...call.records] as ({ Id: string } & JsonObject)[];
        return {
          results: await connection.update(object, records, options),
          count: records.length,
        };
      }
      case 'upsert': {
        const records = [...call.records] as Record<string, unknown>[];
        return {
          results: await connection.upsert(object, records, call.field, options),
          count: records.length,
        };
      }
      case 'archive':
        return {
          results: await connection.destroy(object, [...call.ids], options),
          count: call.ids.length,
        };
    }
  };
  const { results, count } = await send();
  // jsforce hands over the bare text of a body that is no JSON.
  if (!Array.isArray(results) || results.length !== count) {
    throw new TransientError(`the answer to ${call.action} on ${object} is not one per row`, {
      code: 'bad-page',
    });
  }
  return results as SaveResult[];
}
