import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type HttpReply,
  isNotApplied,
  judgeStatus,
  readRetryAfterMs,
  sendRequest,
} from '../../engine/wire/http.ts';
import { TerminalError, TransientError } from '../../engine/words/errors.ts';

const signal = new AbortController().signal;
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/things?secret=abc`;
}

async function fail(promise: Promise<unknown>): Promise<TransientError | TerminalError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof TransientError || error instanceof TerminalError) return error;
  throw new Error(`expected a failure of one of the two families, got ${String(error)}`);
}

describe('one exchange', () => {
  test('brings back bytes, status and headers, decompressed, whatever the status', async () => {
    const body = Buffer.from('{"a":"ü"}'.repeat(1000));
    const url = await serve((_, response) => {
      response.writeHead(418, { 'content-encoding': 'gzip', 'x-a': 'b' }).end(gzipSync(body));
    });
    const reply = await sendRequest({ method: 'GET', url, signal });
    expect(reply.status).toBe(418);
    expect(reply.headers.get('x-a')).toBe('b');
    expect(reply.body.equals(body)).toBe(true);
  });

  test('sends bytes as they are', async () => {
    const url = await serve((request, response) => {
      request.pipe(response);
    });
    const body = Buffer.from([0, 255, 10, 13, 200]);
    const reply = await sendRequest({ method: 'PUT', url, body, signal });
    expect(reply.body.equals(body)).toBe(true);
  });

  test('a closed port is unreachable: certainly not applied', async () => {
    const url = await serve(() => {});
    servers[0]?.close();
    const error = await fail(sendRequest({ method: 'POST', url, body: 'x', signal }));
    expect(error.code).toBe('unreachable');
    expect(isNotApplied(error)).toBe(true);
  });

  test('what fetch only hints at is told: the reason under its "fetch failed"', async () => {
    // Port 1 is one of those that no browser, and so no fetch, calls.
    const url = 'http://127.0.0.1:1/';
    const error = await fail(sendRequest({ method: 'GET', url, signal }));
    expect(error.message).toBe('GET 127.0.0.1:1/: the connection was lost (bad port)');
  });

  test('a dropped connection is transient and may have been applied', async () => {
    let calls = 0;
    const url = await serve((request) => {
      calls += 1;
      request.socket.destroy();
    });
    const error = await fail(sendRequest({ method: 'POST', url, body: 'x', signal }));
    expect(error).toBeInstanceOf(TransientError);
    expect(error.code).toBe('connection-lost');
    expect(isNotApplied(error)).toBe(false);
    expect(calls).toBe(1);
  });

  test.each([
    ['with a length', { 'content-length': '100' }],
    ['in chunks', {}],
  ])('a body cut short %s is noticed', async (_, headers) => {
    const url = await serve((request, response) => {
      response.writeHead(200, headers);
      response.write('{"records":[', () => request.socket.destroy());
    });
    const error = await fail(sendRequest({ method: 'GET', url, signal }));
    expect(error).toBeInstanceOf(TransientError);
    expect(['body-truncated', 'connection-lost']).toContain(error.code);
  });

  test('a compressed body cut short is noticed', async () => {
    const body = gzipSync(Buffer.from('{"a":"b"}'.repeat(5000)));
    const url = await serve((request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.write(body.subarray(0, body.length / 2), () => request.socket.destroy());
    });
    const error = await fail(sendRequest({ method: 'GET', url, signal }));
    expect(error).toBeInstanceOf(TransientError);
  });

  test('no answer in time is transient and says how long it waited', async () => {
    const url = await serve(() => {});
    const error = await fail(sendRequest({ method: 'GET', url, timeoutMs: 30, signal }));
    expect(error.code).toBe('timed-out');
    expect(error.message).toContain('30 ms');
  });

  test('an answer that stops half way is timed out too', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200);
      response.write('x');
    });
    const error = await fail(sendRequest({ method: 'GET', url, timeoutMs: 50, signal }));
    expect(error.code).toBe('timed-out');
  });

  test('a body beyond the limit is refused, not kept', async () => {
    const url = await serve((_, response) => {
      response.end(Buffer.alloc(5000));
    });
    const error = await fail(sendRequest({ method: 'GET', url, bodyBytesMax: 1000, signal }));
    expect(error).toBeInstanceOf(TerminalError);
    expect(error.code).toBe('answer-too-large');
  });

  test('the caller’s abort comes through as it is', async () => {
    const abort = new AbortController();
    const url = await serve(() => abort.abort(new Error('stopped by the user')));
    const sent = sendRequest({ method: 'GET', url, signal: abort.signal });
    await expect(sent).rejects.toThrow('stopped by the user');
  });

  test('errors name host and path, never the query string', async () => {
    const url = await serve((request) => request.socket.destroy());
    const error = await fail(sendRequest({ method: 'GET', url, signal }));
    expect(error.message).toContain('/things');
    expect(error.message).not.toContain('abc');
  });
});

function reply(status: number, headers: Record<string, string> = {}, body = '{}'): HttpReply {
  return { status, headers: new Headers(headers), body: Buffer.from(body) };
}

describe('what a status means', () => {
  test('server faults and limits pass by themselves, refusals need a person', () => {
    expect(judgeStatus(reply(200), 'GET x', 0)).toBeUndefined();
    for (const status of [408, 429, 500, 502, 503, 504]) {
      expect(judgeStatus(reply(status), 'GET x', 0)).toBeInstanceOf(TransientError);
    }
    for (const status of [400, 401, 403, 404, 410]) {
      expect(judgeStatus(reply(status), 'GET x', 0)).toBeInstanceOf(TerminalError);
    }
  });

  test('an HTML page is never an answer, not even with 200', () => {
    const typed = reply(200, { 'content-type': 'text/html' });
    const untyped = reply(200, {}, '\n<!DOCTYPE html><p>maintenance');
    expect(judgeStatus(typed, 'GET x', 0)).toMatchObject({ code: 'server-error' });
    expect(judgeStatus(untyped, 'GET x', 0)).toMatchObject({ code: 'server-error' });
  });

  test('Retry-After is read as seconds and as a date', () => {
    expect(readRetryAfterMs(new Headers({ 'retry-after': '3' }), 0)).toBe(3000);
    const date = new Headers({ 'retry-after': 'Thu, 01 Jan 1970 00:00:10 GMT' });
    expect(readRetryAfterMs(date, 4000)).toBe(6000);
    expect(readRetryAfterMs(date, 40_000)).toBe(0);
    expect(readRetryAfterMs(new Headers({ 'retry-after': 'soon' }), 0)).toBeUndefined();
    expect(judgeStatus(reply(429, { 'retry-after': '2' }), 'x', 0)).toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 2000,
    });
  });
});
