import type { WriteResult } from '../words/destination.ts';
import { assertThat, BudgetExhausted, TerminalError, TransientError } from '../words/errors.ts';

/** The answers of one write, by the place of the change in it. */
export interface Answers {
  get(index: number): WriteResult | undefined;
  /** Settles a change, once. */
  settle(index: number, result: WriteResult): void;
  /** What a later call said of a change that is settled. */
  amend(index: number, result: WriteResult): void;
}

/**
 * Answers for every change of a write, in their order.
 *
 * `prepare` sends nothing: where it fails, every change waits for the next run. Where `write` ends
 * in a TerminalError, what it settled stands, since answers given must not be lost with the failure
 * of a later call; the rest was certainly not applied. A TerminalError goes along with the changes
 * that it held back, so that the step ends in it.
 */
export async function answerChanges<T>(
  count: number,
  prepare: () => Promise<T>,
  write: (answers: Answers, prepared: T) => Promise<void>,
): Promise<readonly WriteResult[]> {
  const results = Array.from<WriteResult | undefined>({ length: count });
  const answers: Answers = {
    get: (index) => results[index],
    settle(index, result) {
      assertThat(results[index] === undefined, 'a change was settled twice');
      results[index] = result;
    },
    amend(index, result) {
      results[index] = result;
    },
  };
  let left: WriteResult | undefined;
  let isPrepared = false;
  try {
    const prepared = await prepare();
    isPrepared = true;
    await write(answers, prepared);
  } catch (error) {
    const isPassing = error instanceof TransientError || error instanceof BudgetExhausted;
    if (error instanceof TerminalError) {
      left = { status: 'deferred', reason: error.message, stop: error };
    } else if (isPassing && !isPrepared) {
      left = { status: 'deferred', reason: error.message };
    } else throw error;
  }
  return Array.from(results, (result) => {
    const answer = result ?? left;
    assertThat(answer, 'a change has no answer');
    return answer;
  });
}
