import { PassThrough } from 'node:stream';
import { formatTarget, type HttpReply } from '../../engine/wire/http.ts';
import { TransientError } from '../../engine/words/errors.ts';
import {
  type HttpResponse,
  type HttpRequest as JsforceRequest,
  StreamPromise,
  type Transport,
} from './jsforce.ts';

export interface TransportRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/**
 * What jsforce sends its requests through, in place of its own: jsforce repeats GETs, PUTs and
 * DELETEs by itself (up to 6 calls for one), which no budget would see. Here each of its requests
 * is exactly one `send`, and the engine's errors pass through jsforce untouched.
 */
export function createTransport(
  send: (request: TransportRequest) => Promise<HttpReply>,
): Transport {
  const exchange = async (request: JsforceRequest): Promise<HttpResponse> => {
    const body = typeof request.body === 'string' ? request.body : undefined;
    const reply = await send({
      method: request.method,
      url: request.url,
      headers: (request.headers ?? {}) as Readonly<Record<string, string>>,
      body,
    });
    const text = reply.body.toString('utf8');
    if (text !== '') assertJson(text, request.method, request.url);
    return { statusCode: reply.status, headers: Object.fromEntries(reply.headers), body: text };
  };
  return {
    httpRequest: (request: JsforceRequest) =>
      StreamPromise.create(() => ({ stream: new PassThrough(), promise: exchange(request) })),
    getRequestStreamCreator: () => () => new PassThrough(),
  };
}

/** jsforce passes over a body that is no JSON, as one cut short by a proxy, and stumbles later. */
function assertJson(text: string, method: string, url: string): void {
  try {
    JSON.parse(text);
  } catch {
    const where = formatTarget(method, url);
    throw new TransientError(`${where}: the answer is not valid JSON`, {
      code: 'bad-page',
      hint: 'A proxy may have cut or replaced the answer; the next run asks again.',
    });
  }
}
