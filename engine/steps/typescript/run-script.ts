import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Script } from '../../declare/typescript/read-scripts.ts';
import { describeThrown, placeOfFrame } from '../../declare/typescript/script-fault.ts';
import { formatDuration } from '../../words/duration.ts';
import { TerminalError } from '../../words/errors.ts';
import type { Row } from '../../words/warehouse.ts';
import type { FromThread, RunningOrder, ThreadFailure, ToThread } from './running-order.ts';

/** One stream of rows for the function, and the names of its columns in order. */
export interface ScriptStream {
  readonly names: readonly string[];
  read(): AsyncIterable<readonly Row[]>;
}

export interface RunScriptRequest {
  readonly script: Script;
  /** Relative to the project's root, for messages. */
  readonly file: string;
  readonly nodeId: string;
  /** For `runKey` the keys first; then the inputs as declared. */
  readonly streams: readonly ScriptStream[];
  readonly spoolPath: string;
  readonly boundaryMs: number;
  readonly signal: AbortSignal;
  /** Only where every row is the project's own, as in a unit test: messages may quote them. */
  readonly mayQuote?: boolean;
}

/** How often it is looked at what the function holds beside its heap: buffers, mostly. */
const memoryLookMs = 500;
/** From the abort to the end of the thread, for a function that listens to its signal. */
const graceMs = 250;
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/**
 * Runs a model's function in a thread of its own, with the rows of its inputs as it asks for them,
 * and answers how many rows it wrote to the spool. Throws TerminalError `script-…` for whatever the
 * function does wrong, with its place and never with a row's values; the thread is gone either way.
 */
export async function runScript(request: RunScriptRequest): Promise<number> {
  const { script, signal, streams } = request;
  signal.throwIfAborted();
  const { timeoutMs, memoryMb } = script.definition.limits;
  const worker = new Worker(new URL(`./running-worker${ending}`, import.meta.url), {
    workerData: toOrder(request),
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    stdout: true,
    stderr: true,
  });
  // What a function prints may hold rows: it goes nowhere.
  worker.stdout.resume();
  worker.stderr.resume();
  const ended = Promise.withResolvers<number>();
  const post = (message: ToThread): void => worker.postMessage(message);
  const iterators = streams.map(({ read }) => read()[Symbol.asyncIterator]());
  let grace: NodeJS.Timeout | undefined;
  const stop = (error: unknown): void => {
    post({ kind: 'abort' });
    grace ??= setTimeout(() => ended.reject(error), graceMs);
  };
  const onAbort = (): void => stop(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => stop(toTimeout(request)), timeoutMs);
  const look = setInterval(() => {
    worker.getHeapStatistics().then(
      ({ external_memory: bytes }) => {
        if (bytes > memoryMb * 2 ** 20) ended.reject(toMemory(request));
      },
      // It has ended meanwhile.
      () => undefined,
    );
  }, memoryLookMs);
  worker.on('message', (message: FromThread) => {
    if (grace !== undefined) return;
    if (message.kind === 'done') ended.resolve(message.rows);
    else if (message.kind === 'failed') ended.reject(toError(request, message.failure));
    else feed(streams, iterators, message.stream, post).catch(ended.reject);
  });
  worker.on('error', (error) => ended.reject(toEnded(request, error)));
  worker.on('exit', () => ended.reject(toEnded(request, undefined)));
  try {
    return await ended.promise;
  } finally {
    clearTimeout(timer);
    clearInterval(look);
    clearTimeout(grace);
    signal.removeEventListener('abort', onAbort);
    await worker.terminate();
    for (const iterator of iterators) await iterator.return?.();
  }
}

async function feed(
  streams: readonly ScriptStream[],
  iterators: readonly AsyncIterator<readonly Row[]>[],
  stream: number,
  post: (message: ToThread) => void,
): Promise<void> {
  const next = await iterators[stream]?.next();
  if (next === undefined || next.done === true) return post({ kind: 'end', stream });
  const rows = next.value;
  const names = streams[stream]?.names ?? [];
  post({ kind: 'batch', stream, columns: names.map((name) => rows.map((row) => row[name])) });
}

function toOrder({ script, spoolPath, boundaryMs }: RunScriptRequest): RunningOrder {
  return {
    url: pathToFileURL(script.path).href,
    exportName: script.exportName,
    files: script.files.map(({ file, digest }) => [
      pathToFileURL(join(script.root, file)).href,
      digest,
    ]),
    definition: script.definition,
    spoolPath,
    boundary: new Date(boundaryMs).toISOString(),
  };
}

function fault(request: RunScriptRequest, code: string, message: string, hint?: string) {
  return new TerminalError(message, {
    code,
    model: request.nodeId,
    ...(hint === undefined ? {} : { hint }),
  });
}

function toTimeout(request: RunScriptRequest): TerminalError {
  const took = formatDuration(request.script.definition.limits.timeoutMs);
  return fault(
    request,
    'script-timeout',
    `${request.file}: the function took more than ${took} (limits.timeout)`,
    'raise limits.timeout, or look for what does not end',
  );
}

function toMemory(request: RunScriptRequest): TerminalError {
  const { memoryMb } = request.script.definition.limits;
  return fault(
    request,
    'script-memory',
    `${request.file}: the function needed more than ${memoryMb} MiB (limits.memoryMb)`,
    'work on one batch after the other, or raise limits.memoryMb',
  );
}

function toEnded(request: RunScriptRequest, error: unknown): TerminalError {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return toMemory(request);
  }
  if (!(error instanceof Error)) {
    return fault(request, 'script-ended', `${request.file}: the function ended its own thread`);
  }
  const { name, message, stack = '' } = error;
  return toError(request, { kind: 'thrown', name, message, stack });
}

function toError(request: RunScriptRequest, failure: ThreadFailure): TerminalError {
  const { file, script } = request;
  if (failure.kind === 'refused')
    return fault(request, failure.code, `${file}: ${failure.message}`);
  const { name, message, stack } = failure;
  if (name === 'RefusedImport') {
    return fault(request, 'script-import', describeThrown(script.root, file, failure).message);
  }
  const place = placeOfFrame(script.root, stack);
  const at = place ? `${place.file}:${place.line}:${place.column}` : file;
  if (request.mayQuote === true || isFreeOfValues(message, script)) {
    return fault(request, 'script-threw', `${at}: the function threw ${name}: ${message}`);
  }
  return fault(
    request,
    'script-threw',
    `${at}: the function threw ${name}`,
    'its message may hold values of a row, so it is only shown in a unit test',
  );
}

/** What the language itself says of a program's fault names only words of the program. */
const programFaults = [
  /^Cannot (?:read|set) properties of (?:null|undefined) \((?:reading|setting) '([\w$]+)'\)$/,
  /^([\w$.()[\]]+) is not (?:a function|defined|a constructor|iterable|async iterable)$/,
  /^Cannot mix BigInt and other types, use explicit conversions$/,
  /^Assignment to constant variable\.$/,
  /^Cannot access '([\w$]+)' before initialization$/,
  /^Maximum call stack size exceeded$/,
  /^Invalid array length$/,
  /^Invalid time value$/,
];

/** Names in such a message may be computed from a row: only those that stand in the files pass. */
function isFreeOfValues(message: string, { root, files }: Script): boolean {
  const found = programFaults.map((pattern) => pattern.exec(message)).find((one) => one !== null);
  if (!found) return false;
  const names = found.slice(1).flatMap((part) => part?.match(/[\w$]+/g) ?? []);
  if (names.length === 0) return true;
  const texts = files.map(({ file }) => readFileSync(join(root, file), 'utf8')).join('\n');
  const words = new Set(texts.match(/[\w$]+/g));
  return names.every((name) => words.has(name));
}
