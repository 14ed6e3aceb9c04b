import { createRandom } from '../faults.ts';

/**
 * Random choices that depend on a seed, a purpose and a number alone: any row can be made by
 * itself.
 */
export interface Dice {
  /** 0 to 1. */
  next(): number;
  below(most: number): number;
  chance(probability: number): boolean;
  pick<T>(values: readonly T[]): T;
}

/** FNV-1a over the purpose, folded with the numbers. */
function hashOf(seed: number, purpose: string, index: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < purpose.length; at += 1) {
    hash = Math.imul(hash ^ purpose.charCodeAt(at), 0x01000193) >>> 0;
  }
  return Math.imul(hash ^ index, 0x9e3779b1) >>> 0;
}

export function rollDice(seed: number, purpose: string, index: number): Dice {
  const next = createRandom(hashOf(seed, purpose, index));
  const below = (most: number): number => Math.floor(next() * most);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (values) => {
      const value = values[below(values.length)];
      if (value === undefined)
        throw new Error('assertion failed: a list to pick from is not empty');
      return value;
    },
  };
}
