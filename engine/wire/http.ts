import { messageOf, TerminalError, TransientError } from '../words/errors.ts';

export const timeoutMsDefault = 120_000;
const bodyBytesMaxDefault = 256 * 1024 * 1024;

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For the whole exchange, the body of the answer included. */
  readonly timeoutMs?: number;
  readonly bodyBytesMax?: number;
  readonly signal: AbortSignal;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Headers;
  /** Whole and decompressed. */
  readonly body: Buffer;
}

/**
 * One exchange, one try: any status comes back as a reply. What never became a whole reply is a
 * TransientError with one of these codes:
 * `unreachable`: no connection was made, so the request was certainly not executed;
 * `connection-lost`, `timed-out`, `body-truncated`: it may have been.
 * Texts carry the method, host and path, never a query string, header or body.
 */
export async function sendRequest(request: HttpRequest): Promise<HttpReply> {
  const timeoutMs = request.timeoutMs ?? timeoutMsDefault;
  const timeout = AbortSignal.timeout(timeoutMs);
  const where = formatTarget(request.method, request.url);
  let response: Response;
  try {
    response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers },
      body: request.body === undefined ? null : toBody(request.body),
      redirect: 'manual',
      signal: AbortSignal.any([request.signal, timeout]),
    });
  } catch (error) {
    request.signal.throwIfAborted();
    throw translateFailure(error, where, timeout.aborted, timeoutMs);
  }
  try {
    const body = await readBody(response, request.bodyBytesMax ?? bodyBytesMaxDefault, where);
    return { status: response.status, headers: response.headers, body };
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof TerminalError) throw error;
    if (timeout.aborted) throw translateFailure(error, where, true, timeoutMs);
    throw new TransientError(`${where}: the answer broke off before its end`, {
      code: 'body-truncated',
      cause: error,
    });
  }
}

function toBody(body: string | Uint8Array): string | Uint8Array<ArrayBuffer> {
  // Buffers made here never lie on shared memory, which is what the wider type allows.
  return typeof body === 'string' ? body : (body as Uint8Array<ArrayBuffer>);
}

async function readBody(response: Response, bytesMax: number, where: string): Promise<Buffer> {
  if (response.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) {
      throw new TerminalError(`${where}: the answer is larger than ${bytesMax} bytes`, {
        code: 'answer-too-large',
        hint: 'Select fewer fields of this stream (fields: or exclude: in pipelines.yaml).',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** Codes of failures before a byte of the request was sent. */
const unsentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function translateFailure(
  error: unknown,
  where: string,
  isTimeout: boolean,
  timeoutMs: number,
): TransientError {
  if (isTimeout) {
    const message = `${where}: no answer within ${timeoutMs} ms`;
    return new TransientError(message, { code: 'timed-out', cause: error });
  }
  const reason = findCode(error);
  if (reason !== undefined && unsentCodes.has(reason)) {
    return new TransientError(`${where}: no connection (${reason})`, {
      code: 'unreachable',
      hint: 'Check the address in pipelines.yaml and the network.',
      cause: error,
    });
  }
  const told = reason ?? messageOf(rootOf(error));
  return new TransientError(`${where}: the connection was lost (${told})`, {
    code: 'connection-lost',
    cause: error,
  });
}

/**
 * fetch hides the system's code one or two causes down; several addresses give an AggregateError.
 */
function findCode(error: unknown): string | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 4 && at instanceof Error; depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return undefined;
}

/** fetch itself says no more than "fetch failed". */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}

/** `GET host/path`, without the query string, which may carry values. */
export function formatTarget(method: string, url: string): string {
  const { host, pathname } = new URL(url);
  return `${method} ${host}${pathname}`;
}

/** Seconds or a date, as `Retry-After` has it, in milliseconds from `nowMs`. */
export function readRetryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** A proxy's or an edge's page where the API's own answer was expected. */
export function isHtml(reply: HttpReply): boolean {
  if (/\bhtml\b/i.test(reply.headers.get('content-type') ?? '')) return true;
  return /^\s*<(!doctype|html)/i.test(reply.body.toString('latin1', 0, 64));
}

/**
 * What a reply means where the connector's own codes do not say more: undefined for success,
 * otherwise the error to throw. 429: `rate-limited`; 408, 5xx and HTML pages: `server-error`.
 */
export function judgeStatus(
  reply: HttpReply,
  where: string,
  nowMs: number,
): TransientError | TerminalError | undefined {
  const { status } = reply;
  if (isHtml(reply)) {
    return new TransientError(`${where}: an HTML page came instead of an answer (HTTP ${status})`, {
      code: 'server-error',
    });
  }
  if (status < 400) return undefined;
  const retryAfterMs = readRetryAfterMs(reply.headers, nowMs);
  const details = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 429) {
    const message = `${where}: too many requests (HTTP 429)`;
    return new TransientError(message, { code: 'rate-limited', ...details });
  }
  if (status >= 500 || status === 408) {
    const message = `${where}: the server failed (HTTP ${status})`;
    return new TransientError(message, { code: 'server-error', ...details });
  }
  return new TerminalError(`${where}: refused (HTTP ${status})`, { code: 'request-refused' });
}

/** True where the failed request was certainly not executed, so that sending it again is safe. */
export function isNotApplied(error: unknown): boolean {
  return error instanceof TransientError && notAppliedCodes.has(error.code);
}

const notAppliedCodes: ReadonlySet<string> = new Set([
  'unreachable',
  'rate-limited',
  'row-locked',
  'session-expired',
]);
