import { formatTarget } from '../../engine/wire/http.ts';
import { TransientError } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { HubSpotAccount } from './account.ts';
import { parseReply } from './reply.ts';

/** Records of one association read. */
export const associationReadMax = 1000;
/** Pages of one read; at 500 associations a page far beyond any record. */
const associationPagesMax = 10_000;

export interface HubSpotAssociation {
  readonly from_id: string;
  readonly to_id: string;
  readonly type_id: number;
  readonly category: string;
  readonly label: string | null;
}

/** Every association of these records with records of the other object, one entry per type. */
export async function readAssociations(
  account: HubSpotAccount,
  sides: { readonly fromPath: string; readonly toPath: string },
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly HubSpotAssociation[]> {
  const path = `/crm/v4/associations/${sides.fromPath}/${sides.toPath}/batch/read`;
  const where = formatTarget('POST', account.config.url + path);
  const found: HubSpotAssociation[] = [];
  let inputs: readonly { readonly id: string; readonly after?: string }[] = ids.map((id) => ({
    id,
  }));
  for (let pages = 0; inputs.length > 0; pages += 1) {
    if (pages >= associationPagesMax) {
      throw new Error(`assertion failed: ${where} has more than ${associationPagesMax} pages`);
    }
    const request = { method: 'POST', path, body: { inputs }, signal } as const;
    const next = await account.repeat(async () => {
      const body = parseReply((await account.send(request)).body, where);
      return collect(body, where);
    }, signal);
    found.push(...next.found);
    inputs = next.more;
  }
  return found;
}

function collect(body: JsonObject, where: string) {
  const found: HubSpotAssociation[] = [];
  const more: { readonly id: string; readonly after: string }[] = [];
  const { results, errors } = body;
  if (!Array.isArray(results)) {
    throw new TransientError(`${where}: the answer has no results`, { code: 'bad-page' });
  }
  assertOnlyMissing(errors, where);
  for (const result of results as readonly AssociationResult[]) {
    for (const { toObjectId, associationTypes } of result.to) {
      for (const { typeId, category, label } of associationTypes) {
        found.push({
          from_id: String(result.from.id),
          to_id: String(toObjectId),
          type_id: typeId,
          category,
          label: label ?? null,
        });
      }
    }
    const after = result.paging?.next?.after;
    if (after !== undefined) more.push({ id: String(result.from.id), after: String(after) });
  }
  return { found, more };
}

interface AssociationResult {
  readonly from: { readonly id: string | number };
  readonly to: readonly {
    /** A number on the wire, where HubSpot's client says string. */
    readonly toObjectId: string | number;
    readonly associationTypes: readonly {
      readonly typeId: number;
      readonly category: string;
      readonly label?: string | null;
    }[];
  }[];
  readonly paging?: { readonly next?: { readonly after?: string | number } };
}

/** A record without associations is named among the errors, or not at all. */
function assertOnlyMissing(errors: unknown, where: string): void {
  if (!Array.isArray(errors)) return;
  const other = (errors as readonly JsonObject[]).find(
    ({ category, subCategory }) =>
      category !== 'OBJECT_NOT_FOUND' && !/NO_ASSOCIATIONS_FOUND/.test(String(subCategory ?? '')),
  );
  if (other === undefined) return;
  const said = String(other['category'] ?? 'an error');
  throw new TransientError(`${where}: HubSpot answered ${said} for some records`, {
    code: 'bad-page',
  });
}
