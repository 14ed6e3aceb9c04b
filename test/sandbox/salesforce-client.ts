import jsforce from 'jsforce';
import { createClock, type SandboxClock } from '../../sandbox/clock.ts';
import {
  type SalesforceOptions,
  type SalesforceSandbox,
  startSalesforceSandbox,
} from '../../sandbox/salesforce/sandbox.ts';

export const noon = Date.parse('2026-03-02T12:00:00Z');

export function heldClock(atMs = noon): SandboxClock {
  const clock = createClock();
  clock.hold(atMs);
  return clock;
}

/** A sandbox whose clock stands at noon of 2 March 2026. */
export async function startHeld(options: SalesforceOptions = {}): Promise<SalesforceSandbox> {
  return startSalesforceSandbox({ clock: heldClock(), ...options });
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: unknown;
}

/** Calls the REST API with fetch, as a client without a library would. */
export interface RestClient {
  token: string;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** The records of a query, first page only. */
  rows(soql: string): Promise<Record<string, unknown>[]>;
}

const version = '62.0';

export async function signIn(sandbox: SalesforceSandbox): Promise<RestClient> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: sandbox.clientId,
    client_secret: sandbox.clientSecret,
  });
  const signed = await fetch(`${sandbox.url}/services/oauth2/token`, {
    method: 'POST',
    body: form,
  });
  const token = ((await signed.json()) as { access_token: string }).access_token;
  const client: RestClient = {
    token,
    async call(method, path, body, headers) {
      const url = path.startsWith('/services')
        ? sandbox.url + path
        : `${sandbox.url}/services/data/v${version}${path}`;
      const isText = typeof body === 'string';
      const answer = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': isText ? 'text/csv' : 'application/json',
          ...headers,
        },
        ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      const isJson = answer.headers.get('content-type')?.includes('json') === true;
      const json: unknown = isJson ? JSON.parse(text) : undefined;
      return { status: answer.status, headers: answer.headers, text, json };
    },
    async rows(soql) {
      const answer = await client.call('GET', `/query?q=${encodeURIComponent(soql)}`);
      if (answer.status !== 200) throw new Error(answer.text);
      return (answer.json as { records: Record<string, unknown>[] }).records;
    },
  };
  return client;
}

export async function connectJsforce(sandbox: SalesforceSandbox): Promise<jsforce.Connection> {
  const connection = new jsforce.Connection({
    version,
    instanceUrl: sandbox.url,
    oauth2: {
      loginUrl: sandbox.url,
      clientId: sandbox.clientId,
      clientSecret: sandbox.clientSecret,
    },
  });
  await connection.authorize({ grant_type: 'client_credentials' });
  return connection;
}
