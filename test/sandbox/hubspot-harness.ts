import { createClock, type SandboxClock } from '../../sandbox/clock.ts';
import {
  type HubSpotSandbox,
  type HubSpotSandboxOptions,
  startHubSpotSandbox,
} from '../../sandbox/hubspot/sandbox.ts';

export type Json = Record<string, unknown>;

export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
  results: Json[];
}

/** A sandbox with its clock held still, and plain calls to it. */
export interface Harness extends AsyncDisposable {
  sandbox: HubSpotSandbox;
  clock: SandboxClock;
  call(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
}

export const startMs = Date.parse('2026-03-01T12:00:00.000Z');

export async function openHarness(options: HubSpotSandboxOptions = {}): Promise<Harness> {
  const clock = createClock();
  clock.hold(startMs);
  const sandbox = await startHubSpotSandbox({
    clock,
    tenSecondlyCalls: 1e9,
    searchPerSecond: 1e9,
    ...options,
  });
  return {
    sandbox,
    clock,
    async call(method, path, body, token = sandbox.token) {
      const response = await fetch(`${sandbox.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('application/json') === true;
      const parsed = (isJson ? JSON.parse(text) : { text }) as Json;
      const results = (parsed['results'] ?? []) as Json[];
      return { status: response.status, headers: response.headers, body: parsed, results };
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

export function propertiesOf(record: Json | undefined): Record<string, string | null> {
  return (record?.['properties'] ?? {}) as Record<string, string | null>;
}

export function idsOf(records: readonly Json[]): string[] {
  return records.map((record) => String(record['id']));
}

/** Where the next page starts; undefined on the last page. */
export function nextOf(body: Json): string | undefined {
  const paging = body['paging'] as { next?: { after?: string } } | undefined;
  return paging?.next?.after;
}
