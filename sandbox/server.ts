import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { constants, createGzip } from 'node:zlib';
import { type ControlHandlers, controlPrefix, handleControl } from './control.ts';
import type { CallCounter, SandboxReply, SandboxRequest } from './exchange.ts';
import type { FaultKind, Faults } from './faults.ts';

export type { ControlHandlers, PersonAction, Row } from './control.ts';
export type { CallCounter, SandboxReply, SandboxRequest } from './exchange.ts';

export interface SandboxServer {
  url: string;
  port: number;
  calls: CallCounter;
  /** Ends open connections too. */
  close(): Promise<void>;
}

export interface ServerOptions {
  /** Left out or 0: any free port. */
  port?: number;
  faults: Faults;
  faultReply(
    kind: 'rate_limit' | 'server_error' | 'expired_token',
    request: SandboxRequest,
  ): SandboxReply;
  /** An Error it throws becomes a 500 with the error's text: a fault of the sandbox itself. */
  handle(request: SandboxRequest): SandboxReply | Promise<SandboxReply>;
  /** The name a call is counted under, ids stripped. */
  routeName(request: SandboxRequest): string;
  control: ControlHandlers;
}

/**
 * The largest body a CRM takes is Salesforce's 150 MB bulk upload; loads through the control may be
 * larger.
 */
export const bodyBytesMax = 160 * 1024 * 1024;
const loadBytesMax = 512 * 1024 * 1024;
/** Beyond this Node answers 431 itself; CRMs with shorter addresses say so in their own words. */
export const headBytesMax = 64 * 1024;
/** Shorter answers are not worth compressing. */
const gzipBytesMin = 16 * 1024;

/** Serves one CRM on the loopback interface, with keep-alive, gzip, faults and the controls. */
export async function startServer(options: ServerOptions): Promise<SandboxServer> {
  const calls = createCalls();
  const server = createServer(
    { keepAliveTimeout: 60_000, maxHeaderSize: headBytesMax },
    (message, response) => {
      answer(options, calls, message, response).catch((error: unknown) => {
        fail(response, error);
      });
    },
  );
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    calls,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function createCalls(): CallCounter {
  const calls: CallCounter = {
    total: 0,
    byRoute: {},
    reset() {
      calls.total = 0;
      calls.byRoute = {};
    },
  };
  return calls;
}

async function answer(
  options: ServerOptions,
  calls: CallCounter,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // The CRM's own time: clients take from this header how far their increments have come.
  response.setHeader('date', new Date(options.control.clock.now()).toUTCString());
  const url = message.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const isControl = path.startsWith(controlPrefix);
  const body = await readBody(message, isControl ? loadBytesMax : bodyBytesMax);
  if (body === undefined) {
    await send(message, response, { status: 413, body: { message: 'request body too large' } });
    return;
  }
  const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
  const method = message.method ?? 'GET';
  const request: SandboxRequest = { method, path, query, headers: message.headers, body };
  if (isControl) {
    const reply = handleControl(request, options.control, calls, options.faults);
    await send(message, response, reply);
    return;
  }
  const route = options.routeName(request);
  calls.total += 1;
  calls.byRoute[route] = (calls.byRoute[route] ?? 0) + 1;
  await answerFaulted(options, options.faults.next(method, path), request, message, response);
}

async function answerFaulted(
  options: ServerOptions,
  fault: FaultKind | undefined,
  request: SandboxRequest,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  switch (fault) {
    case 'dropped_connection':
      message.socket.destroy();
      return;
    case 'rate_limit':
    case 'server_error':
    case 'expired_token':
      await send(message, response, options.faultReply(fault, request));
      return;
    case 'slow':
      await wait(options.faults.slowMs);
      break;
    case 'lost_reply':
      await options.handle(request);
      message.socket.destroy();
      return;
    case 'truncated_body':
      await sendHalf(message, response, await options.handle(request));
      return;
    case undefined:
      break;
  }
  await send(message, response, await options.handle(request));
}

async function readBody(message: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Reads on to the end, so that the client hears the refusal instead of a broken pipe.
    if (bytes <= bytesMax) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes > bytesMax ? undefined : Buffer.concat(chunks);
}

interface EncodedBody {
  head: Record<string, string>;
  chunks: Iterable<string | Buffer>;
  /** Unknown while a streamed answer is still being made. */
  bytes: number | undefined;
}

function encodeBody(reply: SandboxReply): EncodedBody {
  const { body } = reply;
  if (body === undefined) return { head: {}, chunks: [], bytes: 0 };
  if (Buffer.isBuffer(body)) return { head: {}, chunks: [body], bytes: body.length };
  if (typeof body === 'string') {
    return { head: {}, chunks: [body], bytes: Buffer.byteLength(body) };
  }
  if (!Array.isArray(body) && Symbol.iterator in body) {
    return { head: {}, chunks: body as Iterable<string>, bytes: undefined };
  }
  const json = JSON.stringify(body);
  const head = { 'content-type': 'application/json;charset=UTF-8' };
  return { head, chunks: [json], bytes: Buffer.byteLength(json) };
}

async function send(
  message: IncomingMessage,
  response: ServerResponse,
  reply: SandboxReply,
): Promise<void> {
  const { head, chunks, bytes } = encodeBody(reply);
  const headers: Record<string, string> = { ...head, ...reply.headers };
  const isGzip =
    (bytes === undefined || bytes >= gzipBytesMin) &&
    /\bgzip\b/.test(String(message.headers['accept-encoding'] ?? ''));
  if (isGzip) headers['content-encoding'] = 'gzip';
  else if (bytes !== undefined && reply.status !== 204) headers['content-length'] = `${bytes}`;
  response.writeHead(reply.status, headers);
  if (!isGzip) {
    await writeAll(response, chunks);
    return;
  }
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  gzip.pipe(response);
  response.once('close', () => gzip.destroy());
  await writeAll(gzip, chunks);
}

async function writeAll(to: Writable, chunks: Iterable<string | Buffer>): Promise<void> {
  for (const chunk of chunks) {
    if (to.destroyed) return;
    if (!to.write(chunk)) await drained(to);
  }
  to.end();
}

/** Resolves when there is room again, or when the reader is gone and there never will be. */
async function drained(to: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      to.off('drain', done);
      to.off('close', done);
      resolve();
    };
    to.once('drain', done);
    to.once('close', done);
  });
}

/** Sends the head and half of the first chunk, then cuts the line. */
async function sendHalf(
  message: IncomingMessage,
  response: ServerResponse,
  reply: SandboxReply,
): Promise<void> {
  const { head, chunks, bytes } = encodeBody(reply);
  const headers: Record<string, string> = { ...head, ...reply.headers };
  if (bytes !== undefined && reply.status !== 204) headers['content-length'] = `${bytes}`;
  let first = Buffer.alloc(0);
  for (const chunk of chunks) {
    first = Buffer.from(chunk as string);
    break;
  }
  response.writeHead(reply.status, headers);
  response.flushHeaders();
  const half = first.subarray(0, Math.floor(first.length / 2));
  await new Promise<void>((resolve) => {
    response.write(half.length === 0 ? '' : half, () => resolve());
  });
  message.socket.destroy();
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : `${error}`;
  response.writeHead(500, { 'content-type': 'application/json;charset=UTF-8' });
  response.end(JSON.stringify({ message: `fault in the sandbox itself: ${message}` }));
}
