import { setTimeout as sleep } from 'node:timers/promises';
import { TerminalError } from '../../engine/words/errors.ts';
import type { Warehouse } from '../../engine/words/warehouse.ts';
import { createDice } from './dice.ts';

/** How often a call is held back, and behind how many others. */
const heldShare = 0.25;
const overtakenMax = 24;
/** A call that nobody overtakes for so long goes on. */
const pollMs = 1;
const quietPollsMax = 8;

/** How often a call fails before it begins, where some are to. */
const failedShare = 0.03;

export interface Delays {
  readonly seed: number;
  /** Whether calls fail now. */
  readonly isFailing?: () => boolean;
}

/**
 * The same warehouse, in which some calls are held back before they begin and some after they have
 * ended, until others have overtaken them: what a step looked at has changed when it acts.
 */
export function delayWarehouse(warehouse: Warehouse, { seed, isFailing }: Delays): Warehouse {
  const dice = createDice(seed);
  let done = 0;
  const failAtTimes = (): void => {
    if (!isFailing?.() || dice() > failedShare) return;
    throw new TerminalError('the warehouse is out of order', { code: 'warehouse-failed' });
  };
  const hold = async (): Promise<void> => {
    if (dice() > heldShare) return;
    const until = done + Math.ceil(dice() * overtakenMax);
    for (let quiet = 0, before = done; done < until && quiet < quietPollsMax; ) {
      await sleep(pollMs);
      quiet = done === before ? quiet + 1 : 0;
      before = done;
    }
  };
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    await hold();
    failAtTimes();
    const answer = await work();
    done += 1;
    await hold();
    return answer;
  };
  return {
    ...warehouse,
    query: (statement, rowsMax) => around(() => warehouse.query(statement, rowsMax)),
    execute: (statement) => around(() => warehouse.execute(statement)),
    describe: (relation) => around(() => warehouse.describe(relation)),
    describeQuery: (statement) => around(() => warehouse.describeQuery(statement)),
    transaction: (work) => around(() => warehouse.transaction(work)),
    ddl: (statements) => around(() => warehouse.ddl(statements)),
    async *stream(statement) {
      await hold();
      failAtTimes();
      yield* warehouse.stream(statement);
    },
  };
}
