import type { ConnectionContext } from '../../engine/words/connection.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { Extractor, Page, Stream, StreamSettings } from '../../engine/words/stream.ts';
import { salesforce as salesforceExtractor } from '../../extractors/salesforce.ts';
import { createClock } from '../../sandbox/clock.ts';
import {
  type SalesforceOptions,
  type SalesforceSandbox,
  startSalesforceSandbox,
} from '../../sandbox/salesforce/sandbox.ts';
import { openAccount } from '../conformance/account.ts';
import { runRead } from '../conformance/extractor.ts';
import type { Landing } from '../conformance/landing.ts';
import { createVirtualClock, type VirtualClock } from '../wire/virtual-clock.ts';

/** A Salesforce org, our side of the connection to it, and two clocks that move together. */
export interface SalesforceBench {
  readonly sandbox: SalesforceSandbox;
  readonly clock: VirtualClock;
  readonly context: ConnectionContext;
  readonly extractor: Extractor;
  /** Moves our clock and the org's. */
  advance(ms: number): void;
  /** A context of the same connection as another process would have it: signed in anew. */
  reopen(config?: JsonObject): ConnectionContext;
}

export const startMs = Date.UTC(2026, 2, 1, 12);

export async function openBench(
  options: SalesforceOptions = {},
  config: JsonObject = {},
): Promise<SalesforceBench & AsyncDisposable> {
  const sandboxClock = createClock();
  sandboxClock.hold(startMs);
  const sandbox = await startSalesforceSandbox({ clock: sandboxClock, ...options });
  const clock = createVirtualClock(startMs);
  const connect = openAccount(clock);
  const reopen = (more: JsonObject = {}): ConnectionContext =>
    connect({
      login_url: sandbox.url,
      client_id: sandbox.clientId,
      client_secret: sandbox.clientSecret,
      ...config,
      ...more,
    });
  const context = reopen();
  return {
    sandbox,
    clock,
    context,
    extractor: salesforceExtractor.create(context),
    reopen,
    advance(ms) {
      clock.advance(ms);
      sandboxClock.advance(ms);
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

/** Accounts with names, each stamped a second after the one before. */
export function loadAccounts(sandbox: SalesforceSandbox, count: number): void {
  sandbox.load(
    'Account',
    Array.from({ length: count }, (_, index) => {
      const at = new Date(startMs - 86_400_000 + index * 1000).toISOString();
      return {
        Name: `Account ${index}`,
        AnnualRevenue: index,
        SystemModstamp: at,
        LastModifiedDate: at,
        CreatedDate: at,
      };
    }),
  );
}

/** One run of one stream. */
export function readInto(
  bench: SalesforceBench,
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
