import { formatTarget } from '../../engine/wire/http.ts';
import { TransientError } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { HubSpotAccount } from './account.ts';
import { type HubSpotFault, toFault } from './fault.ts';
import { parseReply } from './reply.ts';

/** Records of one batch call. */
export const batchInputsMax = 100;
/** Associations of one call; HubSpot takes 2,000. */
export const associateInputsMax = 1000;

export type BatchAction = 'create' | 'update' | 'upsert' | 'archive';

export interface BatchAnswer {
  readonly results: readonly BatchResult[];
  readonly errors: readonly HubSpotFault[];
}

export interface BatchResult {
  readonly id: string;
  readonly isNew: boolean;
  /** The name its input was given, where HubSpot repeats it. */
  readonly traceId: string | undefined;
  readonly properties: JsonObject;
}

/**
 * One batch of at most 100 inputs, tried once. Each input must have an `objectWriteTraceId` of its
 * own (archive apart): without that, one bad row makes HubSpot refuse all.
 */
export async function saveBatch(
  account: HubSpotAccount,
  objectPath: string,
  action: BatchAction,
  inputs: readonly JsonObject[],
  signal: AbortSignal,
): Promise<BatchAnswer> {
  const path = `/crm/v3/objects/${objectPath}/batch/${action}`;
  return send(account, path, inputs, signal);
}

/** Puts records into the unlabelled relation, tried once; doing it again changes nothing. */
export async function associateRecords(
  account: HubSpotAccount,
  sides: { readonly fromPath: string; readonly toPath: string },
  links: readonly { readonly from: string; readonly to: string }[],
  signal: AbortSignal,
): Promise<BatchAnswer> {
  const path = `/crm/v4/associations/${sides.fromPath}/${sides.toPath}/batch/associate/default`;
  const inputs = links.map(({ from, to }) => ({ from: { id: from }, to: { id: to } }));
  return send(account, path, inputs, signal);
}

async function send(
  account: HubSpotAccount,
  path: string,
  inputs: readonly JsonObject[],
  signal: AbortSignal,
): Promise<BatchAnswer> {
  const reply = await account.send({ method: 'POST', path, body: { inputs }, signal });
  if (reply.status === 204) return { results: [], errors: [] };
  const where = formatTarget('POST', account.config.url + path);
  const { results, errors } = parseReply(reply.body, where);
  if (!Array.isArray(results)) {
    throw new TransientError(`${where}: the answer has no results`, { code: 'bad-page' });
  }
  const faults = Array.isArray(errors) ? (errors as readonly JsonObject[]) : [];
  return {
    results: (results as readonly JsonObject[]).map(toResult),
    errors: faults.map((fault) => toFault(reply.status, fault)),
  };
}

function toResult(result: JsonObject): BatchResult {
  const traceId = result['objectWriteTraceId'];
  const properties = result['properties'];
  return {
    id: String(result['id'] ?? ''),
    isNew: result['new'] === true,
    traceId: typeof traceId === 'string' ? traceId : undefined,
    properties: typeof properties === 'object' ? (properties as JsonObject) : {},
  };
}
