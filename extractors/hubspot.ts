import { type HubSpotAccount, openAccount } from '../apis/hubspot/account.ts';
import { hubspotSchema } from '../apis/hubspot/config.ts';
import {
  findObjectPath,
  isStandardObject,
  listSchemas,
  standardObjects,
} from '../apis/hubspot/object-name.ts';
import { listProperties } from '../apis/hubspot/property.ts';
import { isListable, listRecordsMax } from '../apis/hubspot/record-page.ts';
import type { ExtractorFactory } from '../engine/words/connection.ts';
import { TerminalError } from '../engine/words/errors.ts';
import type { Log } from '../engine/words/log.ts';
import type {
  Page,
  ReadEstimate,
  ReadRequest,
  Stream,
  WantedStreams,
} from '../engine/words/stream.ts';
import {
  associationPrefix,
  ownersStream,
  selectProperties,
  splitAssociation,
  stagesStream,
  toAssociationStream,
  toObjectStream,
} from './hubspot/columns.ts';
import { loadCursor } from './hubspot/cursor.ts';
import { listsPerRead, readAssociationStream } from './hubspot/read-associations.ts';
import { readOwners, readStages, stagedObjects } from './hubspot/read-lists.ts';
import { readObject } from './hubspot/read-objects.ts';
import { planRead } from './hubspot/read-plan.ts';

export const hubspot: ExtractorFactory = {
  schema: hubspotSchema,
  groups: { associations: (name) => name.startsWith(associationPrefix) },
  create(context) {
    const account = openAccount(context);
    const { clock, log } = context;
    return {
      check: (signal) => account.check(signal),
      async discover(signal, wanted) {
        const names = await listNames(account, log, signal, wanted);
        const streams = await Promise.all(
          names.map((name) => describeStream(account, log, name, signal)),
        );
        return streams.filter((stream) => stream !== undefined);
      },
      async *read(request): AsyncGenerator<Page> {
        const { stream, signal } = request;
        if (stream.name === ownersStream.name) return yield* readOwners(account, request);
        if (stream.name === stagesStream.name) return yield* readStages(account, log, request);
        const sides = await findSides(account, stream.name, signal);
        if (sides !== undefined) {
          return yield* readAssociationStream(account, clock, log, sides, request);
        }
        const path = await findObjectPath(account, stream.name, signal);
        if (path === undefined) throw notFound(context.name, stream.name);
        return yield* readObject(account, clock, log, path, request);
      },
      estimate: estimateRead,
    };
  },
};

function notFound(connection: string, stream: string): TerminalError {
  return new TerminalError(`${connection} has no object ${stream} any more`, {
    code: 'object-not-found',
    hint: 'Take the stream out of pipelines.yaml, or look at what the app may see.',
    connection,
    stream,
  });
}

/** Pairs offered to patterns and groups; the other way round is there for who names it. */
const pairs: readonly (readonly [string, string])[] = [
  ['contacts', 'companies'],
  ...['contacts', 'companies'].map((to) => ['deals', to] as const),
  ['deals', 'line_items'],
  ...['contacts', 'companies', 'deals'].map((to) => ['tickets', to] as const),
  ...['calls', 'emails', 'meetings', 'notes', 'tasks'].flatMap((from) =>
    ['contacts', 'companies', 'deals', 'tickets'].map((to) => [from, to] as const),
  ),
];

/** Names are taken as they are; only a test over names needs the list of custom objects. */
async function listNames(
  account: HubSpotAccount,
  log: Log,
  signal: AbortSignal,
  wanted: WantedStreams | undefined,
): Promise<readonly string[]> {
  if (wanted !== undefined && typeof wanted !== 'function') return [...new Set(wanted)];
  const isWanted = wanted ?? (() => true);
  const customs = await listCustoms(account, log, signal);
  const names = [...standardObjects, ...customs, ownersStream.name, stagesStream.name];
  // The group of all associations means those between the objects that are read.
  const isGroup = wanted?.('associations') === true && names.some((name) => isWanted(name));
  const joined = pairs
    .filter(([from, to]) => !isGroup || (isWanted(from) && isWanted(to)))
    .map(([from, to]) => `${associationPrefix}${from}_${to}`);
  return [...names, ...joined].filter(isWanted);
}

/** Plans without custom objects, and apps without their scope, have none to offer. */
async function listCustoms(
  account: HubSpotAccount,
  log: Log,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    return (await listSchemas(account, signal)).map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof TerminalError) || !hiddenCodes.has(error.code)) throw error;
    log.warn('custom objects left out', { code: error.code });
    return [];
  }
}

/** One object that is not for this app must not hide the others. */
const hiddenCodes: ReadonlySet<string> = new Set(['object-not-found', 'permission-missing']);

/** Undefined where the account has no such stream for this app. */
async function describeStream(
  account: HubSpotAccount,
  log: Log,
  name: string,
  signal: AbortSignal,
): Promise<Stream | undefined> {
  if (name === ownersStream.name) return ownersStream;
  if (name === stagesStream.name) return stagesStream;
  try {
    const sides = await findSides(account, name, signal);
    if (sides !== undefined) return toAssociationStream(name);
    const path = await findObjectPath(account, name, signal);
    if (path === undefined) return undefined;
    // What the last run knew is no answer to what the app may see today.
    return toObjectStream(name, await listProperties(account, path, signal, 0));
  } catch (error) {
    if (!(error instanceof TerminalError) || !hiddenCodes.has(error.code)) throw error;
    log.warn('stream left out', { stream: name, code: error.code });
    return undefined;
  }
}

async function findSides(account: HubSpotAccount, name: string, signal: AbortSignal) {
  if (!name.startsWith(associationPrefix)) return undefined;
  const standard = splitAssociation(name);
  if (standard !== undefined) {
    return { ...standard, fromPath: standard.from, toPath: standard.to };
  }
  const schemas = await listSchemas(account, signal);
  const paths = new Map(schemas.map((schema) => [schema.name, schema.objectTypeId]));
  const sides = splitAssociation(name, (object) => isStandardObject(object) || paths.has(object));
  if (sides === undefined) return undefined;
  const pathOf = (object: string): string => paths.get(object) ?? object;
  return { ...sides, fromPath: pathOf(sides.from), toPath: pathOf(sides.to) };
}

function estimateRead(request: Omit<ReadRequest, 'signal'>): ReadEstimate {
  const { stream, settings, boundaryMs } = request;
  if (stream.cursorField === undefined && !stream.name.startsWith(associationPrefix)) {
    // Live and archived owners; one call for each object that has stages.
    const calls = stream.name === ownersStream.name ? 2 : stagedObjects.length;
    return { mode: 'full_refresh', calls, reason: 'read whole each time', isRoutine: true };
  }
  const isAssociation = stream.cursorField === undefined;
  const fields = isAssociation ? [] : selectProperties(stream, settings);
  const cursor = loadCursor(request.cursor);
  const plan = planRead(stream.name, settings, cursor, fields, boundaryMs);
  const { mode, reason, reading } = plan;
  if (reading.kind === 'changes') {
    const archived = plan.isArchivedDue && !isAssociation ? 1 : 0;
    const since = cursor?.since === undefined ? {} : { since: reading.from };
    return { mode, calls: 1 + archived, reason, ...since };
  }
  const known = cursor?.records ?? stream.estimatedRecords;
  if (known === undefined) return { mode, calls: 2, isLeast: true, reason };
  const lists = Math.max(1, Math.ceil(known / listRecordsMax));
  if (isAssociation) return { mode, calls: lists + Math.ceil(lists / listsPerRead), reason };
  // Where a list cannot carry the properties, a batch follows each; the archived list comes last.
  const callsPerPage = isListable(fields) ? 1 : 2;
  return { mode, calls: lists * callsPerPage + 1, reason };
}
