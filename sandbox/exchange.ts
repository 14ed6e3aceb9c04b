import type { IncomingHttpHeaders } from 'node:http';

export interface SandboxRequest {
  method: string;
  /** Without the query string, still percent-encoded. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface SandboxReply {
  status: number;
  headers?: Record<string, string>;
  /** A plain object or array is sent as JSON; an iterable of strings is streamed as it is read. */
  body?: string | Buffer | Iterable<string> | object;
}

/** Calls received since the start or the last reset; the controls are not counted. */
export interface CallCounter {
  total: number;
  /** By route with ids stripped, as in `POST /crm/v3/objects/contacts/search`. */
  byRoute: Record<string, number>;
  reset(): void;
}
