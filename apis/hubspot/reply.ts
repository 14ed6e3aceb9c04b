import { formatTarget } from '../../engine/wire/http.ts';
import { TransientError } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { HubSpotAccount, HubSpotRequest } from './account.ts';

const badPageHint = 'A proxy may have cut or replaced the answer; the next run asks again.';

/** The object of an answer's body. @throws TransientError `bad-page` where it is none. */
export function parseReply(bytes: Buffer, where: string): JsonObject {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new TransientError(`${where}: the answer is not valid JSON`, {
      code: 'bad-page',
      hint: badPageHint,
    });
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as JsonObject;
  throw new TransientError(`${where}: the answer is not a JSON object`, {
    code: 'bad-page',
    hint: badPageHint,
  });
}

/** A small answer, parsed; a broken one is asked for again. */
export function readJson(account: HubSpotAccount, request: HubSpotRequest): Promise<JsonObject> {
  const where = formatTarget(request.method, account.config.url + request.path);
  return account.repeat(
    async () => parseReply((await account.send(request)).body, where),
    request.signal,
  );
}
