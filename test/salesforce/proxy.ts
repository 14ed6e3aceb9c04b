import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Intercepted {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface Replacement {
  readonly status: number;
  readonly body: unknown;
  readonly type?: string;
}

export interface Proxy extends AsyncDisposable {
  readonly url: string;
}

/**
 * Stands before the sandbox and answers in its place where `intercept` does: for words of
 * Salesforce that the sandbox never says. An intercepted request is not executed, unless `after` is
 * asked.
 */
export async function startProxy(
  target: string,
  intercept: (request: Intercepted) => Replacement | undefined,
  after: (request: Intercepted, body: unknown) => unknown = (_, body) => body,
): Promise<Proxy> {
  let url = '';
  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const path = message.url ?? '/';
    const method = message.method ?? 'GET';
    const seen = { method, path, body: body.toString('utf8') };
    const replacement = intercept(seen);
    if (replacement !== undefined) {
      const type = replacement.type ?? 'application/json';
      const text =
        typeof replacement.body === 'string' ? replacement.body : JSON.stringify(replacement.body);
      response.writeHead(replacement.status, { 'content-type': type }).end(text);
      return;
    }
    const reply = await fetch(target + path, {
      method,
      headers: pickHeaders(message.headers),
      ...(body.length === 0 ? {} : { body }),
    });
    const type = reply.headers.get('content-type') ?? '';
    let text = await reply.text();
    if (type.includes('json')) {
      text = JSON.stringify(after(seen, JSON.parse(text))).replaceAll(target, url);
    }
    const passed = ['sforce-locator', 'sforce-numberofrecords', 'sforce-limit-info'];
    const headers = passed.flatMap((name) => {
      const value = reply.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    response.writeHead(reply.status, { 'content-type': type, ...Object.fromEntries(headers) });
    response.end(reply.status === 204 ? undefined : text);
  };
  const server = createServer((message, response) => {
    handle(message, response).catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pickHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const picked = ['authorization', 'content-type', 'accept'];
  return Object.fromEntries(
    picked.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    }),
  );
}
