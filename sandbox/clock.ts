/** The sandbox's own time, so that tests decide when a token expires or a row changes. */
export interface SandboxClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Stops time, at the given instant or where it stands. */
  hold(atMs?: number): void;
  /** Moves time forward, held or running. Never back: a CRM's clock does not either. */
  advance(ms: number): void;
  /** Lets time run again from where it stands (not from the machine's time: it might go back). */
  release(): void;
}

export function createClock(): SandboxClock {
  let heldAtMs: number | undefined;
  let offsetMs = 0;
  const now = (): number => heldAtMs ?? Date.now() + offsetMs;
  return {
    now,
    hold(atMs) {
      heldAtMs = atMs ?? now();
    },
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`the sandbox clock cannot advance by ${ms} ms`);
      if (heldAtMs === undefined) offsetMs += ms;
      else heldAtMs += ms;
    },
    release() {
      if (heldAtMs === undefined) return;
      offsetMs = heldAtMs - Date.now();
      heldAtMs = undefined;
    },
  };
}
