export const faultKinds = [
  'rate_limit',
  'server_error',
  'lost_reply',
  'expired_token',
  'slow',
  'dropped_connection',
  'truncated_body',
] as const;

/**
 * - `rate_limit`, `server_error`, `expired_token`: answered in the CRM's own words, nothing
 *   executed.
 * - `lost_reply`: the request is executed (a write is applied), then the socket is destroyed.
 * - `dropped_connection`: the socket is destroyed before anything is executed.
 * - `truncated_body`: executed, then the socket is destroyed in the middle of the answer.
 * - `slow`: executed after `slowMs`.
 */
export type FaultKind = (typeof faultKinds)[number];

export interface FaultPlan {
  seed: number;
  /** Chance of each kind per request, 0 to 1; their sum is at most 1. */
  probability: Partial<Record<FaultKind, number>>;
  slowMs?: number;
  /** Source of a regular expression over the path; other requests are left alone. */
  paths?: string;
  methods?: readonly string[];
  /** Stop after this many faults. */
  most?: number;
}

export interface Faults {
  /** Replaces the plan and restarts its random sequence; the counts go on. */
  set(plan: FaultPlan | undefined): void;
  /** The fault for the next request, if any. The same seed and requests give the same faults. */
  next(method: string, path: string): FaultKind | undefined;
  readonly slowMs: number;
  readonly injected: Readonly<Record<FaultKind, number>>;
}

const slowMsDefault = 250;

/** mulberry32: small, fast, and the same everywhere. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function createFaults(): Faults {
  const injected: Record<FaultKind, number> = {
    rate_limit: 0,
    server_error: 0,
    lost_reply: 0,
    expired_token: 0,
    slow: 0,
    dropped_connection: 0,
    truncated_body: 0,
  };
  let plan: FaultPlan | undefined;
  let paths: RegExp | undefined;
  let random = createRandom(0);
  let left = 0;

  return {
    injected,
    get slowMs() {
      return plan?.slowMs ?? slowMsDefault;
    },
    set(next) {
      if (next !== undefined) checkPlan(next);
      plan = next;
      paths = next?.paths === undefined ? undefined : new RegExp(next.paths);
      random = createRandom(next?.seed ?? 0);
      left = next?.most ?? Number.POSITIVE_INFINITY;
    },
    next(method, path) {
      if (plan === undefined || left <= 0) return undefined;
      if (paths !== undefined && !paths.test(path)) return undefined;
      if (plan.methods !== undefined && !plan.methods.includes(method)) return undefined;
      let draw = random();
      for (const kind of faultKinds) {
        draw -= plan.probability[kind] ?? 0;
        if (draw >= 0) continue;
        // Signing in carries no token that could have expired.
        if (kind === 'expired_token' && path.includes('/oauth')) return undefined;
        left -= 1;
        injected[kind] += 1;
        return kind;
      }
      return undefined;
    },
  };
}

function checkPlan(plan: FaultPlan): void {
  if (!Number.isFinite(plan.seed) || typeof plan.probability !== 'object') {
    throw new RangeError('a fault plan needs "seed" (a number) and "probability" (an object)');
  }
  let sum = 0;
  for (const [kind, probability] of Object.entries(plan.probability)) {
    if (!(faultKinds as readonly string[]).includes(kind)) {
      throw new RangeError(`unknown fault "${kind}"; known: ${faultKinds.join(', ')}`);
    }
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(`probability of "${kind}" is ${probability}, not between 0 and 1`);
    }
    sum += probability;
  }
  if (sum > 1 + 1e-9) throw new RangeError(`probabilities of a fault plan add up to ${sum}`);
}
