/** What one bench answers: its own speed beside a reference measured in the same run. */
export interface Measurement {
  readonly value: number;
  readonly unit: string;
  /** The same work done the plainest way, in the same unit. */
  readonly reference: number;
  /** How the value compares with the reference; what is better is part of `target`. */
  readonly ratio: number;
  readonly target: string;
  readonly met: boolean;
  readonly rows: number;
  readonly cpu_s: number;
  /** Where it was measured: on a busy machine a fairer comparison than the clock. */
  readonly reference_cpu_s?: number;
  readonly rss_mb: number;
}

export interface Bench {
  readonly name: string;
  /** `scale` shrinks the work: 1 is the size that the target is stated for. */
  run(scale: number): Promise<Measurement>;
}

export interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Highest resident memory of the process while the work ran. */
  readonly rssMb: number;
  /** Highest JavaScript heap, sampled; buffers outside the heap included. */
  readonly heapMb: number;
}

const sampleEveryMs = 50;
const bytesPerMb = 1_048_576;

/** Runs `work` once and watches clock, processor and memory. */
export async function measure(work: () => Promise<unknown>): Promise<Sample> {
  let rss = 0;
  let heap = 0;
  const look = () => {
    const memory = process.memoryUsage();
    rss = Math.max(rss, memory.rss);
    heap = Math.max(heap, memory.heapUsed + memory.external);
  };
  const timer = setInterval(look, sampleEveryMs);
  const startedCpu = process.cpuUsage();
  const startedMs = performance.now();
  try {
    await work();
  } finally {
    clearInterval(timer);
    look();
  }
  const cpu = process.cpuUsage(startedCpu);
  return {
    seconds: (performance.now() - startedMs) / 1_000,
    cpuSeconds: (cpu.user + cpu.system) / 1_000_000,
    rssMb: Math.round(rss / bytesPerMb),
    heapMb: Math.round(heap / bytesPerMb),
  };
}

/** The middle one of each figure, of an odd number of samples. */
export function medianOf(samples: readonly Sample[]): Sample {
  const middle = (figure: keyof Sample) =>
    samples.map((sample) => sample[figure]).toSorted((a, b) => a - b)[samples.length >> 1] ?? 0;
  return {
    seconds: middle('seconds'),
    cpuSeconds: middle('cpuSeconds'),
    rssMb: middle('rssMb'),
    heapMb: middle('heapMb'),
  };
}

/** Rounds to three digits that matter: more would be noise. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}
