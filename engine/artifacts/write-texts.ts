import { openTextWriter, type WrittenText } from './written-text.ts';

/** With fewer it is not worth to start a thread. */
const threadWorth = 1_000;
/** So many are handed over at once: the thread begins before all are copied. */
const batchSize = 500;
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/**
 * Writes files: many in a thread of their own, while the caller goes on. What is answered comes
 * once all are written. @throws what writing throws.
 */
export async function writeTexts(texts: readonly WrittenText[]): Promise<void> {
  if (texts.length < threadWorth) return writeHere(texts);
  const { Worker } = await import('node:worker_threads');
  const ended = Promise.withResolvers<boolean>();
  const worker = new Worker(new URL(`./writing-worker${ending}`, import.meta.url), {
    execArgv: [],
  });
  worker.once('message', () => ended.resolve(true));
  worker.once('error', () => ended.resolve(false));
  worker.once('exit', () => ended.resolve(false));
  for (let at = 0; at < texts.length; at += batchSize) {
    worker.postMessage(texts.slice(at, at + batchSize));
  }
  worker.postMessage([]);
  // Whatever the thread met is met again here, and told as it would be without it.
  if (!(await ended.promise)) writeHere(texts);
}

function writeHere(texts: readonly WrittenText[]): void {
  const write = openTextWriter();
  for (const one of texts) write(one);
}
