/** One row of a log, as tests write it: small numbers for both clocks. */
export interface Version {
  readonly id: string;
  readonly valid: number;
  readonly recorded: number;
  readonly seq: number | null;
  readonly gone: boolean | null;
  readonly survivor: string | null;
  readonly name: string | null;
  readonly size: number | null;
  readonly seen: number | null;
}

/** Of the record `a`, with what a test says of it. */
export const version = (valid: number, recorded: number, rest: Partial<Version> = {}): Version => ({
  id: 'a',
  valid,
  recorded,
  seq: null,
  gone: null,
  survivor: null,
  name: 'n',
  size: 1,
  seen: null,
  ...rest,
});

export interface Belief {
  readonly id: string;
  readonly name: string | null;
  readonly size: number | null;
  seen: number | null;
  readonly valid_from: number;
  valid_to: number | null;
  valid_to_recorded_at: number | null;
  readonly recorded_from: number;
  recorded_to: number | null;
  is_current: boolean;
  is_deleted: boolean;
  superseded_by: string | null;
}

type Interval = Omit<
  Belief,
  'valid_to_recorded_at' | 'recorded_from' | 'recorded_to' | 'is_current'
>;

/** Greater values win; null loses to everything. */
function compare(left: unknown, right: unknown): number {
  if (left === right) return 0;
  if (left === null) return -1;
  if (right === null) return 1;
  return (left as number) < (right as number) ? -1 : 1;
}

const isGone = (version: Version) => version.gone === true || version.survivor !== null;

function inOrder(left: Version, right: Version): number {
  const pairs = [
    [left.valid, right.valid],
    [left.seq, right.seq],
    [left.recorded, right.recorded],
    [isGone(left), isGone(right)],
    [left.survivor, right.survivor],
    [left.name, right.name],
    [left.size, right.size],
    [left.seen, right.seen],
  ];
  return pairs.map(([a, b]) => compare(a, b)).find((order) => order !== 0) ?? 0;
}

/** What a list of versions of one key says was true when, were it all there is. */
export function intervalsOf(versions: readonly Version[]): Interval[] {
  const sorted = versions.toSorted(inOrder);
  const instants = new Map<number, Version[]>();
  for (const version of sorted) {
    instants.set(version.valid, [...(instants.get(version.valid) ?? []), version]);
  }
  const intervals: Interval[] = [];
  let open: Interval | undefined;
  for (const group of instants.values()) {
    const last = group.at(-1);
    if (!last) continue;
    if (isGone(last)) {
      const survivor = group.findLast((version) => version.survivor !== null)?.survivor ?? null;
      if (open && open.valid_to === null) {
        open.valid_to = last.valid;
        open.is_deleted = true;
      }
      if (open) open.superseded_by = survivor ?? open.superseded_by;
      continue;
    }
    if (open && open.valid_to === null && open.name === last.name && open.size === last.size) {
      open.seen = last.seen;
      continue;
    }
    if (open && open.valid_to === null) open.valid_to = last.valid;
    const { id, name, size, seen, valid } = last;
    open = {
      id,
      name,
      size,
      seen,
      valid_from: valid,
      valid_to: null,
      is_deleted: false,
      superseded_by: null,
    };
    intervals.push(open);
  }
  return intervals;
}

/** Replays the log as it was learned, and keeps every belief that was ever held. */
export function replay(log: readonly Version[]): Belief[] {
  const byKey = Map.groupBy(log, (version) => version.id);
  return [...byKey.values()].flatMap(replayKey).toSorted(byPlace);
}

function replayKey(log: readonly Version[]): Belief[] {
  const beliefs: Belief[] = [];
  const moments = [...new Set(log.map((version) => version.recorded))].toSorted((a, b) => a - b);
  for (const now of moments) {
    const intervals = intervalsOf(log.filter((version) => version.recorded <= now));
    const held = beliefs.filter((belief) => belief.recorded_to === null);
    for (const belief of held) {
      const twin = intervals.find((interval) => goesOn(belief, interval));
      if (!twin) {
        belief.recorded_to = now;
        continue;
      }
      intervals.splice(intervals.indexOf(twin), 1);
      if (belief.valid_to === null && twin.valid_to !== null) belief.valid_to_recorded_at = now;
      belief.valid_to = twin.valid_to;
      belief.seen = twin.seen;
      belief.is_deleted = twin.is_deleted;
      belief.superseded_by = twin.superseded_by;
    }
    for (const interval of intervals) {
      const known = interval.valid_to === null ? null : now;
      const times = { valid_to_recorded_at: known, recorded_from: now, recorded_to: null };
      beliefs.push({ ...interval, ...times, is_current: false });
    }
  }
  for (const belief of beliefs) {
    belief.is_current = belief.valid_to === null && belief.recorded_to === null;
  }
  return beliefs;
}

function goesOn(belief: Belief, interval: Interval): boolean {
  const begins = belief.valid_from === interval.valid_from;
  const says = belief.name === interval.name && belief.size === interval.size;
  const wasOpen = belief.valid_to === null;
  const ends = belief.valid_to === interval.valid_to && belief.is_deleted === interval.is_deleted;
  return begins && says && (wasOpen || ends);
}

export function byPlace(left: Belief, right: Belief): number {
  return (
    compare(left.id, right.id) ||
    left.recorded_from - right.recorded_from ||
    left.valid_from - right.valid_from
  );
}
