import { openAccount, type SalesforceAccount } from '../apis/salesforce/account.ts';
import { salesforceSchema } from '../apis/salesforce/config.ts';
import type { SalesforceObjectName } from '../apis/salesforce/describe.ts';
import type { ExtractorFactory } from '../engine/words/connection.ts';
import { TerminalError } from '../engine/words/errors.ts';
import type { Log } from '../engine/words/log.ts';
import type { ReadEstimate, ReadRequest, Stream, WantedStreams } from '../engine/words/stream.ts';
import { toStream } from './salesforce/columns.ts';
import { loadCursor } from './salesforce/cursor.ts';
import { bulkCellsMax, bulkRecordsMax, readStream } from './salesforce/read.ts';
import { planRead } from './salesforce/read-plan.ts';

/** Records of one REST page at best; wide rows make it fewer. */
const pageRecordsMax = 2000;
/** A bulk job costs at least its creation and one question whether it is done, beside its pages. */
const jobCalls = 2;

export const salesforce: ExtractorFactory = {
  schema: salesforceSchema,
  create(context) {
    const account = openAccount(context);
    return {
      async check(signal) {
        await account.connect(signal);
      },
      async discover(signal, wanted) {
        const names = await listNames(account, signal, wanted);
        const streams = await Promise.all(
          names.map((name) => describeStream(account, context.log, name, signal)),
        );
        return streams.filter((stream) => stream !== undefined);
      },
      read: (request) => readStream(account, context.clock, context.log, request),
      estimate: (request) => estimateRead(account, request),
    };
  },
};

/** Named streams are described as they are; only a test over names needs the list of all. */
async function listNames(
  account: SalesforceAccount,
  signal: AbortSignal,
  wanted: WantedStreams | undefined,
): Promise<readonly string[]> {
  if (wanted !== undefined && typeof wanted !== 'function') return [...new Set(wanted)];
  const global = await account.repeat(async () => {
    const connection = await account.connect(signal);
    return connection.describeGlobal();
  }, signal);
  const objects = global.sobjects as unknown as readonly SalesforceObjectName[];
  return objects
    .filter((object) => object.queryable && object.deprecatedAndHidden !== true)
    .map((object) => object.name)
    .filter((name) => wanted === undefined || wanted(name));
}

/** One object that is not for this user must not hide the others. */
const hiddenCodes: ReadonlySet<string> = new Set(['object-not-found', 'permission-missing']);

/** Undefined where the object is not there for this user, or has no records of its own. */
async function describeStream(
  account: SalesforceAccount,
  log: Log,
  name: string,
  signal: AbortSignal,
): Promise<Stream | undefined> {
  try {
    // What the last run knew is no answer to what the user may see today.
    return toStream(await account.describe(name, signal, 0));
  } catch (error) {
    if (!(error instanceof TerminalError) || !hiddenCodes.has(error.code)) throw error;
    log.warn('object left out', { object: name, code: error.code });
    return undefined;
  }
}

function estimateRead(
  account: SalesforceAccount,
  request: Omit<ReadRequest, 'signal'>,
): ReadEstimate {
  const cursor = loadCursor(request.cursor);
  const plan = planRead(request.stream, request.settings, cursor, request.boundaryMs);
  const { mode, reason, reading } = plan;
  const since = reading.after?.stamp ?? reading.from;
  if (mode === 'incremental') {
    return { mode, calls: 1, reason, ...(since === undefined ? {} : { since }) };
  }
  const known = cursor?.records ?? request.stream.estimatedRecords;
  if (known === undefined) return { mode, calls: 1, isLeast: true, reason };
  if (known < account.config.bulkFrom) {
    return { mode, calls: Math.max(1, Math.ceil(known / pageRecordsMax)), reason };
  }
  const pageRecords = Math.min(bulkRecordsMax, Math.ceil(bulkCellsMax / plan.names.length));
  const pages = Math.ceil(Math.max(1, known - pageRecordsMax) / pageRecords);
  return { mode, calls: 1 + jobCalls + pages, reason };
}
