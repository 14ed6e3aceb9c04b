import type { ConnectionContext } from '../../engine/words/connection.ts';
import type { Destination, RowChange, WriteResult } from '../../engine/words/destination.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { Extractor, Page, Stream, StreamSettings } from '../../engine/words/stream.ts';
import { hubspot as hubspotExtractor } from '../../extractors/hubspot.ts';
import { createClock } from '../../sandbox/clock.ts';
import {
  type HubSpotSandbox,
  type HubSpotSandboxOptions,
  startHubSpotSandbox,
} from '../../sandbox/hubspot/sandbox.ts';
import { openAccount } from '../conformance/account.ts';
import { runRead } from '../conformance/extractor.ts';
import type { Landing } from '../conformance/landing.ts';
import { createVirtualClock, type VirtualClock } from '../wire/virtual-clock.ts';

/** A HubSpot account, our side of the connection to it, and two clocks that move together. */
export interface HubSpotBench {
  readonly sandbox: HubSpotSandbox;
  readonly clock: VirtualClock;
  readonly context: ConnectionContext;
  readonly extractor: Extractor;
  /** Moves our clock and the account's. */
  advance(ms: number): void;
  /** A context of the same connection as another process would have it: signed in anew. */
  reopen(config?: JsonObject): ConnectionContext;
  /** Calls that the account received, signing in left out. */
  calls(): number;
}

export const startMs = Date.UTC(2026, 2, 1, 12);
export const minuteMs = 60_000;

/** Signed in by OAuth unless `config` has a token. */
export async function openBench(
  options: HubSpotSandboxOptions = {},
  config: JsonObject = {},
  clock: VirtualClock = createVirtualClock(startMs),
): Promise<HubSpotBench & AsyncDisposable> {
  const sandboxClock = createClock();
  sandboxClock.hold(startMs);
  const sandbox = await startHubSpotSandbox({
    clock: sandboxClock,
    tenSecondlyCalls: 1_000_000,
    searchPerSecond: 1_000_000,
    ...options,
  });
  const { app } = sandbox.signIn;
  const connect = openAccount(clock);
  const reopen = (more: JsonObject = {}): ConnectionContext =>
    connect({
      url: sandbox.url,
      client_id: app.clientId,
      client_secret: app.clientSecret,
      refresh_token: app.refreshToken,
      ...config,
      ...more,
    });
  const context = reopen();
  return {
    sandbox,
    clock,
    context,
    extractor: hubspotExtractor.create(context),
    reopen,
    calls: () => sandbox.calls.total - (sandbox.calls.byRoute['POST /oauth/v1/token'] ?? 0),
    advance(ms) {
      clock.advance(ms);
      sandboxClock.advance(ms);
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

/** Contacts with names, each stamped a second after the one before. */
export function loadContacts(sandbox: HubSpotSandbox, count: number): void {
  sandbox.load(
    'contacts',
    Array.from({ length: count }, (_, index) => {
      const at = new Date(startMs - 86_400_000 + index * 1000).toISOString();
      return {
        firstname: `Contact ${index}`,
        email: `contact${index}@example.com`,
        createdate: at,
        lastmodifieddate: at,
      };
    }),
  );
}

/** One run of one stream. */
export function readInto(
  bench: HubSpotBench,
  stream: Stream,
  landing: Landing,
  settings: StreamSettings = {},
  afterPage?: (page: Page, pages: number) => void,
): Promise<void> {
  return runRead({ extractor: bench.extractor, now: bench.clock.now }, stream, landing, {
    settings,
    ...(afterPage === undefined ? {} : { afterPage }),
  });
}

export function create(
  key: string,
  fields: RowChange['fields'],
  more: Partial<RowChange> = {},
): RowChange {
  return { key, action: 'create', fields, ...more };
}

export async function writeOne(destination: Destination, change: RowChange): Promise<WriteResult> {
  const [result] = await destination.write([change], new AbortController().signal);
  if (result === undefined) throw new Error('no answer');
  return result;
}

export function propertiesOf(bench: HubSpotBench, type: string, id: string) {
  const row = [...bench.sandbox.rows(type)].find((one) => one['id'] === id);
  return (row?.['properties'] ?? {}) as Record<string, unknown>;
}
