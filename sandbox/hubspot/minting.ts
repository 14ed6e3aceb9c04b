import { createRandom } from '../faults.ts';

export interface Minting {
  /** The next record id: grows, with gaps, and never falls behind an id that was loaded. */
  nextId(): number;
  /** Keeps minted ids above one that came from outside. */
  raiseAbove(id: number): void;
  /** A version-4-shaped uuid: correlation ids, tokens. */
  nextUuid(): string;
  /** The id counter, for a sandbox that continues from its file. */
  lastId(): number;
}

/** Everything the sandbox makes up, from one seed: the same calls give the same ids. */
export function createMinting(seed: number): Minting {
  const ids = createRandom(seed);
  const uuids = createRandom(seed ^ 0x5bd1e995);
  let last = 100 + Math.floor(ids() * 900);
  return {
    nextId() {
      // Real ids have gaps; code that counts on neighbours should fail here too.
      last += 1 + Math.floor(ids() * 8);
      return last;
    },
    raiseAbove(id) {
      if (id > last) last = id;
    },
    nextUuid() {
      let hex = '';
      for (let word = 0; word < 4; word += 1) {
        hex += Math.floor(uuids() * 0x1_0000_0000)
          .toString(16)
          .padStart(8, '0');
      }
      const tail = `4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${tail}`;
    },
    lastId: () => last,
  };
}
