import { openTextWriter, type WrittenText } from './written-text.ts';

/** So many are handed over at once; with fewer it is not worth to start a thread. */
const batchSize = 500;
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** Writes files: many in a thread of their own, while the caller makes the others. */
export interface TextsWriter {
  add(text: WrittenText): void;
  /** Answers once all are written. @throws what writing throws. */
  end(): Promise<void>;
}

export function openTextsWriter(): TextsWriter {
  const texts: WrittenText[] = [];
  let thread: Thread | undefined;
  let handed = 0;
  const handOver = (): void => {
    thread ??= startThread();
    thread.write(texts.slice(handed));
    handed = texts.length;
  };
  return {
    add: (text) => {
      texts.push(text);
      if (texts.length - handed === batchSize) handOver();
    },
    end: async () => {
      if (thread && handed < texts.length) handOver();
      // Whatever the thread met is met again here, and told as it would be without it.
      if (!(await thread?.end())) writeHere(texts);
    },
  };
}

interface Thread {
  write(texts: readonly WrittenText[]): void;
  /** Whether all are written. */
  end(): Promise<boolean>;
}

function startThread(): Thread {
  // Taken when it is used: most processes start no thread.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const ended = Promise.withResolvers<boolean>();
  const worker = new Worker(new URL(`./writing-worker${ending}`, import.meta.url), {
    execArgv: [],
  });
  worker.once('message', () => ended.resolve(true));
  worker.once('error', () => ended.resolve(false));
  worker.once('exit', () => ended.resolve(false));
  // Who ends without it, as where an error comes up, is not kept waiting.
  worker.unref();
  return {
    write: (texts) => worker.postMessage(texts),
    end: async () => {
      worker.ref();
      worker.postMessage([]);
      return await ended.promise;
    },
  };
}

function writeHere(texts: readonly WrittenText[]): void {
  const write = openTextWriter();
  for (const one of texts) write(one);
}
