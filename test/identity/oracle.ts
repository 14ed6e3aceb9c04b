import { createHash } from 'node:crypto';
import { type Decision, type Person, peopleRules } from './identity-bench.ts';

/** A match as the documentation has it; `outcome` as in the table of matches. */
export interface Match {
  readonly left: string;
  readonly right: string;
  readonly rule: string;
  readonly outcome: 'joins' | 'doubtful' | 'apart';
  readonly score: number;
}

export const nameOf = ({ system, id }: Person): string => `${system}:${id}`;

/** Jaro–Winkler as its authors have it: four letters of a common beginning, where 0.7 are alike. */
export function similarityOf(left: string, right: string): number {
  const [one, other] = [[...left], [...right]];
  if (one.length === 0 || other.length === 0) return 0;
  const reach = Math.max(0, Math.floor(Math.max(one.length, other.length) / 2) - 1);
  const taken = new Set<number>();
  const mine: string[] = [];
  for (const [at, letter] of one.entries()) {
    for (let to = Math.max(0, at - reach); to <= Math.min(other.length - 1, at + reach); to += 1) {
      if (taken.has(to) || other[to] !== letter) continue;
      taken.add(to);
      mine.push(letter);
      break;
    }
  }
  if (mine.length === 0) return 0;
  const theirs = [...taken].toSorted((a, b) => a - b).map((at) => other[at]);
  const moved = Math.floor(mine.filter((letter, at) => letter !== theirs[at]).length / 2);
  const found = mine.length;
  const jaro = (found / one.length + found / other.length + (found - moved) / found) / 3;
  let prefix = 0;
  while (prefix < 4 && prefix < one.length && one[prefix] === other[prefix]) prefix += 1;
  return jaro > 0.7 ? jaro + prefix * 0.1 * (1 - jaro) : jaro;
}

const blockMax = 6;
const pairOf = (one: string, other: string) =>
  one < other ? { left: one, right: other } : { left: other, right: one };

/** Blocks by key: those of one record are none, those of too many match nothing. */
function blocksOf(people: readonly Person[], keyOf: (one: Person) => string | null) {
  const keyed = people.filter((one) => keyOf(one) !== null);
  const blocks = [...Map.groupBy(keyed, keyOf).entries()].filter(([, block]) => block.length > 1);
  return {
    small: blocks.filter(([, block]) => block.length <= blockMax).map(([, block]) => block),
    large: blocks.filter(([, block]) => block.length > blockMax).map(([key]) => String(key)),
  };
}

const pairsOf = (block: readonly Person[]) =>
  block.flatMap((one, at) => block.slice(at + 1).map((other) => [one, other] as const));
const textOf = (text: string | null | undefined): string | null => text || null;
const both = (one: string | null, other: string | null) =>
  one === null || other === null ? null : `${one} / ${other}`;
const emailOf = (one: Person) => textOf(one.email)?.toLowerCase() ?? null;
const phoneOf = (one: Person) => both(textOf(one.phone), textOf(one.firm));
const firmOf = (one: Person) => (textOf(one.name) === null ? null : textOf(one.firm));

/** Every match of the rules in `identity-bench.ts`, and the blocks that are too large. */
export function matchPeople(people: readonly Person[]): { matches: Match[]; large: string[] } {
  const there = new Set(people.map(nameOf));
  const found = new Map<string, Match>();
  const add = (one: string, other: string, rule: string, score: number) => {
    if (one === other || !there.has(other)) return;
    const outcome = rule !== 'similar_name' || score >= 0.93 ? 'joins' : 'doubtful';
    const match = { ...pairOf(one, other), rule, outcome, score } as const;
    found.set(`${match.left} ${match.right} ${rule}`, match);
  };
  for (const one of people) {
    for (const id of textOf(one.merged)?.split(';') ?? []) {
      add(nameOf(one), `${one.system}:${id}`, 'merge', 1);
    }
    const twin = textOf(one.twin);
    if (twin !== null) add(nameOf(one), `sf:${twin}`, 'twin', 1);
  }
  const [emails, phones, firms] = [emailOf, phoneOf, firmOf].map((key) => blocksOf(people, key));
  for (const [one, other] of emails?.small.flatMap(pairsOf) ?? []) {
    add(nameOf(one), nameOf(other), 'email', 0.95);
  }
  for (const [one, other] of phones?.small.flatMap(pairsOf) ?? []) {
    if (one.system !== other.system) add(nameOf(one), nameOf(other), 'phone', 0.8);
  }
  for (const [one, other] of firms?.small.flatMap(pairsOf) ?? []) {
    const [mine, theirs] = [textOf(one.phone), textOf(other.phone)];
    if (mine !== null && theirs !== null && mine !== theirs) continue;
    const score = similarityOf(one.name ?? '', other.name ?? '');
    if (score >= 0.8) add(nameOf(one), nameOf(other), 'similar_name', score);
  }
  const large = [
    ...(emails?.large ?? []).map((key) => `email ${key}`),
    ...(phones?.large ?? []).map((key) => `phone ${key}`),
    ...(firms?.large ?? []).map((key) => `similar_name ${key}`),
  ];
  return { matches: [...found.values()], large };
}

/** Of several decisions on a pair the newest; of one time, `different`. */
export function followDecisions(
  people: readonly Person[],
  decisions: readonly Decision[],
): Match[] {
  const there = new Set(people.map(nameOf));
  const ofPair = Map.groupBy(decisions, ({ left, right }) =>
    Object.values(pairOf(left, right)).join(' '),
  );
  return [...ofPair.values()].flatMap((all) => {
    const [last] = all.toSorted(
      (one, other) => (other.at ?? -1) - (one.at ?? -1) || (one.decision < other.decision ? -1 : 1),
    );
    if (!last || !there.has(last.left) || !there.has(last.right)) return [];
    const outcome = last.decision === 'same' ? 'joins' : 'apart';
    return [{ ...pairOf(last.left, last.right), rule: last.decision, outcome, score: 1 } as const];
  });
}

/** Strongest first: a person's word, the order of the rules, the score, the names. */
function byStrength(one: Match, other: Match): number {
  const rank = ({ rule }: Match) => peopleRules.findIndex(({ name }) => name === rule);
  const names = (match: Match) => `${match.left} ${match.right}`;
  return rank(one) - rank(other) || other.score - one.score || (names(one) < names(other) ? -1 : 1);
}

/** Each record's cluster, as one set that all its records share. */
export function clusterPeople(
  people: readonly Person[],
  matches: readonly Match[],
  isCut = true,
): Map<string, ReadonlySet<string>> {
  const clusters = new Map(people.map((one) => [nameOf(one), new Set([nameOf(one)])]));
  const apart = isCut ? matches.filter(({ outcome }) => outcome === 'apart') : [];
  for (const { left, right } of matches
    .filter((one) => one.outcome === 'joins')
    .toSorted(byStrength)) {
    const joined = new Set([...(clusters.get(left) ?? []), ...(clusters.get(right) ?? [])]);
    if (apart.some((two) => joined.has(two.left) && joined.has(two.right))) continue;
    for (const one of joined) clusters.set(one, joined);
  }
  return clusters;
}

/** Pairs that a person should look at, with the reason. */
export function reviewPairs(
  matches: readonly Match[],
  clusters: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const isDecision = ({ rule }: Match) => rule === 'same' || rule === 'different';
  const asked = matches.filter(
    (one) =>
      one.outcome !== 'apart' &&
      clusters.get(one.left) !== clusters.get(one.right) &&
      !matches.some(
        (other) =>
          isDecision(other) &&
          other.rule !== one.rule &&
          other.left === one.left &&
          other.right === one.right,
      ),
  );
  const reasons = new Map<string, string>();
  for (const { left, right, outcome } of asked) {
    const pair = `${left} ${right}`;
    if (outcome === 'joins' || !reasons.has(pair)) {
      reasons.set(pair, outcome === 'joins' ? 'cut' : 'doubtful');
    }
  }
  return [...reasons].map(([pair, reason]) => `${pair} ${reason}`).toSorted();
}

export interface KnownId {
  readonly canonical_id: string;
  readonly born_from: string;
  founder: string;
  current_id: string | null;
}

/** What is remembered from build to build. */
export interface Memory {
  readonly ids: KnownId[];
  /** Each record's id at the last build. */
  given: ReadonlyMap<string, string>;
}

/** Gives every cluster its id, as the documentation says under "Ids". */
export function nameClusters(
  memory: Memory,
  people: readonly Person[],
  clusters: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const made = new Map(people.map((one) => [nameOf(one), one.made ?? Number.POSITIVE_INFINITY]));
  const eldest = (records: Iterable<string>): string | undefined =>
    [...records]
      .filter((one) => made.has(one))
      .toSorted((a, b) => (made.get(a) ?? 0) - (made.get(b) ?? 0) || (a < b ? -1 : 1))[0];
  for (const [gone, id] of memory.given) {
    if (made.has(gone)) continue;
    const heir = eldest([...memory.given].filter(([, other]) => other === id).map(([one]) => one));
    for (const known of memory.ids) if (heir && known.founder === gone) known.founder = heir;
  }
  const given = new Map<string, string>();
  for (const cluster of new Set(clusters.values())) {
    const founders = memory.ids.map(({ founder }) => founder).filter((one) => cluster.has(one));
    const founder = eldest(founders);
    const borne = memory.ids
      .filter((one) => one.founder === founder)
      .toSorted(
        (a, b) =>
          Number(b.current_id === b.canonical_id) - Number(a.current_id === a.canonical_id) ||
          (a.canonical_id < b.canonical_id ? -1 : 1),
      );
    const id = borne[0]?.canonical_id ?? bearId(memory, eldest(cluster) ?? '');
    for (const record of cluster) given.set(record, id);
  }
  for (const known of memory.ids) known.current_id = given.get(known.founder) ?? null;
  memory.given = given;
}

function bearId(memory: Memory, founder: string): string {
  const times = memory.ids.filter(({ born_from }) => born_from === founder).length;
  const text = times === 0 ? founder : `${founder}/${times}`;
  const id = `per_${createHash('md5').update(text).digest('hex').slice(0, 16)}`;
  memory.ids.push({ canonical_id: id, born_from: founder, founder, current_id: id });
  return id;
}
