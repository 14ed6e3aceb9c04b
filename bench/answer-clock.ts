import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A door in front of a server that knows for how long the server was answering. */
export interface AnswerClock extends AsyncDisposable {
  readonly url: string;
  /** Seconds in which at least one answer was awaited, since the last reset. */
  busySeconds(): number;
  /** Calls by method and path, ids left as they are, since the last reset. */
  readonly calls: readonly string[];
  reset(): void;
}

const hopHeaders = new Set([
  'connection',
  'content-length',
  'content-encoding',
  'transfer-encoding',
]);

/**
 * Forwards to `target`; its own address replaces the target's in answers, so that nobody goes round
 * it.
 */
export async function openAnswerClock(target: string): Promise<AnswerClock> {
  const calls: string[] = [];
  let awaited = 0;
  let sinceMs = 0;
  let busyMs = 0;
  let url = '';
  const begin = (): void => {
    if (awaited === 0) sinceMs = performance.now();
    awaited += 1;
  };
  const end = (): void => {
    awaited -= 1;
    if (awaited === 0) busyMs += performance.now() - sinceMs;
  };
  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = 'GET', url: path = '/' } = request;
    calls.push(`${method} ${path.split('?')[0]}`);
    const headers = Object.entries(request.headers).filter(
      (entry): entry is [string, string] =>
        typeof entry[1] === 'string' && entry[0] !== 'host' && !hopHeaders.has(entry[0]),
    );
    begin();
    try {
      const answer = await fetch(`${target}${path}`, {
        method,
        headers: Object.fromEntries(headers),
        ...(parts.length > 0 ? { body: Buffer.concat(parts) } : {}),
        redirect: 'manual',
      });
      const body = Buffer.from(await answer.arrayBuffer());
      response.statusCode = answer.status;
      for (const [name, value] of answer.headers) {
        if (!hopHeaders.has(name)) response.setHeader(name, value);
      }
      const isSignIn = path.includes('/oauth');
      response.end(isSignIn ? body.toString('utf8').replaceAll(target, url) : body);
    } catch {
      response.destroy();
    } finally {
      end();
    }
  };
  const server = createServer((request, response) => {
    forward(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    calls,
    busySeconds: () => busyMs / 1_000,
    reset: () => {
      calls.length = 0;
      busyMs = 0;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
