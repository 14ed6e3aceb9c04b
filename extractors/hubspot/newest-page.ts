import type { HubSpotAccount } from '../../apis/hubspot/account.ts';
import type { RecordPage } from '../../apis/hubspot/record-page.ts';
import { type SearchBody, searchRecords } from '../../apis/hubspot/search.ts';

interface Look {
  readonly boundaryMs: number;
  readonly properties: ReadonlySet<string>;
  readonly page: Promise<RecordPage>;
  /** Streams that have seen it: one that asks again wants to see what is there by now. */
  readonly seenBy: Set<string>;
}

/** The last look at each object of an account. */
const looks = new WeakMap<HubSpotAccount, Map<string, Look>>();

/** Records of the look: changes that fit in it cost no further call. */
const newestRecordsMax = 100;

export interface NewestRequest {
  /** Whose read it is. */
  readonly stream: string;
  readonly objectPath: string;
  /** The property that holds the modified stamp. */
  readonly stampProperty: string;
  readonly properties: readonly string[];
  /** The run's: one run looks at an object once. */
  readonly boundaryMs: number;
  readonly signal: AbortSignal;
}

/**
 * An object's newest records, unfiltered, and how many there are. An object and the associations
 * from it are streams of their own that begin with the same look; searches are what HubSpot allows
 * least of (five a second for all apps of an account), so the streams of one run share it.
 */
export async function readNewest(
  account: HubSpotAccount,
  request: NewestRequest,
): Promise<RecordPage> {
  const { stream, objectPath, boundaryMs, properties } = request;
  const known = looks.get(account) ?? new Map<string, Look>();
  looks.set(account, known);
  const shared = known.get(objectPath);
  if (
    shared?.boundaryMs === boundaryMs &&
    !shared.seenBy.has(stream) &&
    properties.every((property) => shared.properties.has(property))
  ) {
    shared.seenBy.add(stream);
    // Whoever asked may have been stopped, and is not the one to answer for it: ask again then.
    const page = await shared.page.catch(() => undefined);
    if (page !== undefined) return page;
  }
  const page = look(account, request);
  const seenBy = new Set([stream]);
  known.set(objectPath, { boundaryMs, properties: new Set(properties), page, seenBy });
  return await page;
}

function look(account: HubSpotAccount, request: NewestRequest): Promise<RecordPage> {
  const { objectPath, stampProperty, properties, signal } = request;
  const search: SearchBody = {
    filters: [],
    sort: { propertyName: stampProperty, isDescending: true },
    properties,
    limit: newestRecordsMax,
  };
  return searchRecords(account, objectPath, search, signal);
}
