import { appendFile } from 'node:fs/promises';
import { messageOf, TerminalError } from '../words/errors.ts';
import type { JsonObject } from '../words/json.ts';
import { plural } from '../words/plural.ts';
import { sendRequest } from './http.ts';

export interface EventSinkOptions {
  /** A file that each event is a line of. */
  readonly file?: string;
  /** An address that each event is posted to, and the key that signs in there. */
  readonly url?: string;
  readonly apiKey?: string;
  /** For one event over HTTP; default 5 s. */
  readonly timeoutMs?: number;
  /** Values that never leave. */
  readonly secrets: readonly string[];
  /** Told once a place, when its first event is lost; what goes on goes on without it. */
  onLost(reason: string): void;
}

/** Takes events, one after another, without making anybody wait or fail. */
export interface EventSink {
  send(event: JsonObject): void;
  /** Waits until what was taken is out, at most `closeMsMax`. */
  close(): Promise<void>;
}

const timeoutMsDefault = 5_000;
const closeMsMax = 10_000;
/** Events that wait at most: beyond it an endpoint is slower than the run. */
const queueMax = 10_000;
const answerBytesMax = 1024 * 1024;
const secretLengthMin = 4;

/** One place that events go to, in their order; after the first that is lost it takes no more. */
interface Lane {
  take(line: string): void;
  /** What it was to take is out, or lost. */
  settled(): Promise<void>;
  giveUp(): void;
}

function openLane(write: (line: string) => Promise<void>, onLost: (reason: string) => void): Lane {
  let queue: Promise<void> = Promise.resolve();
  let waiting = 0;
  let isLost = false;
  const lose = (reason: string): void => {
    if (!isLost) onLost(reason);
    isLost = true;
  };
  return {
    take: (line) => {
      if (isLost) return;
      if (waiting >= queueMax) {
        lose(`more than ${queueMax} events wait to be sent`);
        return;
      }
      waiting += 1;
      queue = queue
        .then(() => (isLost ? undefined : write(line)))
        .catch((error: unknown) => lose(messageOf(error)))
        .finally(() => {
          waiting -= 1;
        });
    },
    settled: () => queue,
    giveUp: () => {
      if (waiting === 0) return;
      const seconds = closeMsMax / 1_000;
      lose(`${plural(waiting, 'event')} not taken within ${seconds} s after the run`);
    },
  };
}

/** A file takes what it is given whatever becomes of the address beside it. */
export function openEventSink(options: EventSinkOptions): EventSink {
  const { file, url, onLost } = options;
  const stop = new AbortController();
  const lanes = [
    ...(file === undefined ? [] : [openLane((line) => appendFile(file, `${line}\n`), onLost)]),
    ...(url === undefined ? [] : [openLane((line) => post(options, line, stop.signal), onLost)]),
  ];
  return {
    send: (event) => {
      const line = hideSecrets(JSON.stringify(event), options.secrets);
      for (const lane of lanes) lane.take(line);
    },
    close: async () => {
      const timer = setTimeout(() => {
        for (const lane of lanes) lane.giveUp();
        stop.abort(new Error('the run is over'));
      }, closeMsMax);
      await Promise.all(lanes.map((lane) => lane.settled()));
      clearTimeout(timer);
    },
  };
}

interface Address {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A name and a password in the address sign in there, and are in no message. */
function readAddress({ url = '', apiKey }: EventSinkOptions): Address {
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    throw new TerminalError('the address of OpenLineage is no http:// or https:// address', {
      code: 'event-address',
    });
  }
  const address = new URL(url);
  const { username, password } = address;
  address.username = '';
  address.password = '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const basic = username === '' ? undefined : `Basic ${Buffer.from(pair).toString('base64')}`;
  const authorization = apiKey === undefined ? basic : `Bearer ${apiKey}`;
  return { url: address.href, headers: authorization === undefined ? {} : { authorization } };
}

async function post(options: EventSinkOptions, body: string, signal: AbortSignal): Promise<void> {
  const { url, headers } = readAddress(options);
  const { status } = await sendRequest({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    body,
    timeoutMs: options.timeoutMs ?? timeoutMsDefault,
    bodyBytesMax: answerBytesMax,
    signal,
  });
  if (status < 300) return;
  throw new TerminalError(`${new URL(url).host} answered ${status} to an event`, {
    code: 'event-refused',
  });
}

/** The longest first, as they stand in JSON. */
function hideSecrets(line: string, secrets: readonly string[]): string {
  const texts = secrets
    .filter(({ length }) => length >= secretLengthMin)
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .toSorted((left, right) => right.length - left.length);
  return texts.reduce((text, secret) => text.replaceAll(secret, '[secret]'), line);
}
