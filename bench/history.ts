import { type Base, compareFull, compareIncrements, createBase } from './history-base.ts';
import { type Bench, round, type Sample } from './measure.ts';

const rowsInFull = 5_000_000;
const incrementalRatioMax = 1.5;
const fullRatioMax = 1.3;

type Increments = Awaited<ReturnType<typeof compareIncrements>>;
const bases = new Map<number, Promise<Base>>();
const increments = new Map<string, Promise<Increments>>();

function openBase(scale: number): Promise<Base> {
  const base = bases.get(scale) ?? createBase(Math.ceil(rowsInFull * scale));
  bases.set(scale, base);
  return base;
}

/** Both figures of an increment are of the same rounds. */
function openIncrements(scale: number, percent: number): Promise<Increments> {
  const key = `${scale} ${percent}`;
  const found =
    increments.get(key) ?? openBase(scale).then((base) => compareIncrements(base, percent));
  increments.set(key, found);
  return found;
}

const fullBench: Bench = {
  name: 'history-full',
  async run(scale) {
    const { ours, byHand, changed } = await compareFull(await openBase(scale));
    const what = 'one window query that knows no late versions, no ties and no checks';
    return compare(ours, byHand, changed, fullRatioMax, what);
  },
};

function incrementalBench(percent: number): Bench {
  return {
    name: `history-incremental-${percent}pct`,
    async run(scale) {
      const { ours, byHand, changed } = await openIncrements(scale, percent);
      return compare(ours, byHand, changed, incrementalRatioMax, 'delete and derive by hand');
    },
  };
}

function snapshotBench(percent: number): Bench {
  return {
    name: `history-beside-dbt-${percent}pct`,
    async run(scale) {
      const { ours, snapshot, changed } = await openIncrements(scale, percent);
      const target = "for comparison: dbt's snapshot, which sees the state and no late versions";
      return { ...compare(ours, snapshot, changed, Number.POSITIVE_INFINITY, ''), target };
    },
  };
}

function compare(ours: Sample, reference: Sample, rows: number, most: number, what: string) {
  const ratio = ours.seconds / reference.seconds;
  return {
    value: round(ours.seconds),
    unit: 's',
    reference: round(reference.seconds),
    ratio: round(ratio),
    target: `<= ${most} x ${what}`,
    met: ratio <= most,
    rows,
    cpu_s: round(ours.cpuSeconds),
    reference_cpu_s: round(reference.cpuSeconds),
    rss_mb: ours.rssMb,
  };
}

export const historyBenches: readonly Bench[] = [
  fullBench,
  ...[0.1, 1, 10].flatMap((percent) => [incrementalBench(percent), snapshotBench(percent)]),
];
