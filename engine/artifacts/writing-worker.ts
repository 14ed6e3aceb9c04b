import { parentPort } from 'node:worker_threads';
import { openTextWriter, type WrittenText } from './written-text.ts';

/**
 * The thread that writes texts while others are made: each message is a list, the last is empty.
 */

const write = openTextWriter();
parentPort?.on('message', (texts: readonly WrittenText[]) => {
  for (const one of texts) write(one);
  if (texts.length > 0) return;
  parentPort?.postMessage('written');
  parentPort?.close();
});
