import { collectFaults, type FaultList, type ModelFault } from '../model-fault.ts';
import { type Memory, noMemory } from './memory.ts';
import { isPlainJson } from './plain-json.ts';

interface Outcome {
  /** Absent where there was none. */
  readonly value?: unknown;
  readonly faults: readonly ModelFault[];
}

/**
 * What `work` came to under the same key before, with the faults it found, or what it comes to now.
 * The key must hold everything that the outcome follows from.
 */
export function recallOutcome<T>(
  memory: Memory,
  key: () => string,
  faults: FaultList,
  work: (faults: FaultList) => T,
): T {
  if (memory === noMemory) return work(faults);
  const made = key();
  const known = memory.get(made) as Outcome | undefined;
  if (known) {
    faults.add(known.faults);
    return known.value as T;
  }
  const own = collectFaults();
  const value = work(own);
  faults.add(own.all);
  const outcome: Outcome = { ...(value === undefined ? {} : { value }), faults: own.all };
  if (isPlainJson(outcome)) memory.set(made, outcome);
  return value;
}
