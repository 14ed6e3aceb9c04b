/** Two records: of a match, or of a decision that they are different. */
export interface Pair {
  readonly left: string;
  readonly right: string;
}

/**
 * Clusters in which no pair of `apart` is together. Matches are taken from the strongest to the
 * weakest, in the order given; one that would bring the two of a pair together is cut. So of all
 * the matches on a path between such two it is the weakest that is cut, and the outcome depends on
 * nothing but the order of strength. Answers each record's cluster, called by its smallest record.
 */
export function keepApart(
  matches: readonly Pair[],
  apart: readonly Pair[],
): ReadonlyMap<string, string> {
  const parents = new Map<string, string>();
  /** Of each root: the roots it must never be joined with. */
  const strangers = new Map<string, Set<string>>();
  const members = new Map<string, number>();

  const rootOf = (record: string): string => {
    let root = record;
    for (let up = parents.get(root); up !== undefined; up = parents.get(root)) root = up;
    // Shorten the way for the next who asks.
    for (let at = record; at !== root; ) {
      const up = parents.get(at) ?? root;
      parents.set(at, root);
      at = up;
    }
    return root;
  };
  const strangersOf = (root: string): Set<string> => {
    const known = strangers.get(root) ?? new Set<string>();
    strangers.set(root, known);
    return known;
  };
  const sizeOf = (root: string): number =>
    (members.get(root) ?? 1) + (strangers.get(root)?.size ?? 0);

  for (const { left, right } of apart) {
    strangersOf(left).add(right);
    strangersOf(right).add(left);
  }
  const records = new Set<string>();
  for (const { left, right } of matches) {
    records.add(left).add(right);
    const [one, other] = [rootOf(left), rootOf(right)];
    if (one === other || strangers.get(one)?.has(other)) continue;
    const [into, gone] = sizeOf(one) >= sizeOf(other) ? [one, other] : [other, one];
    parents.set(gone, into);
    members.set(into, (members.get(into) ?? 1) + (members.get(gone) ?? 1));
    for (const stranger of strangers.get(gone) ?? []) {
      strangersOf(into).add(stranger);
      strangersOf(stranger).delete(gone);
      strangersOf(stranger).add(into);
    }
    strangers.delete(gone);
  }

  const names = new Map<string, string>();
  for (const record of records) {
    const root = rootOf(record);
    const name = names.get(root);
    if (name === undefined || record < name) names.set(root, record);
  }
  return new Map([...records].map((record) => [record, names.get(rootOf(record)) ?? record]));
}
