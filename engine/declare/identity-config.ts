import {
  decisionRules,
  type IdentityConfig,
  type IdentityRule,
  identityRuleKinds,
} from '../words/identity.ts';
import { didYouMean } from '../words/suggest.ts';
import { type Config, isConfig } from './config.ts';

/** Records a block may have where its rule does not say: more is a switchboard, no person. */
const blockRecordsDefault = 200;
/** Every pair of a block is looked at: the work grows with the square of its records. */
const blockRecordsMost = 10_000;
const rulesMax = 50;
const scoreDefault = 1;
const thresholdDefault = 0.92;

const commonKeys = ['name', 'where', 'across_systems', 'agree'];
const keysOf = {
  exact: [...commonKeys, 'exact', 'score', 'max_block'],
  refers: [...commonKeys, 'refers', 'to', 'separator', 'score'],
  fuzzy: [...commonKeys, 'fuzzy', 'block', 'threshold', 'review', 'max_block'],
} as const;

/** Columns that an identity has besides those that the config names. */
const ownColumns = ['is_primary', 'record', 'component'];

/** An identity's config; what is wrong with it is added to the complaints, all at once. */
export function readIdentityConfig(raw: Config, complaints: string[]): IdentityConfig {
  const written = raw['rules'];
  if (!Array.isArray(written) || written.length === 0) {
    complaints.push('materialized "identity" needs rules: a list, the strongest first');
  } else if (written.length > rulesMax) {
    complaints.push(`"rules" has ${written.length} rules; ${rulesMax} at most`);
  }
  const reader = readerOf('the config', raw, complaints);
  const decisions = raw['decisions'];
  if (decisions !== undefined && textOf(decisions) === undefined) {
    complaints.push('config "decisions" is the name of a seed or model, as a text without ref()');
  }
  const entries: unknown[] = Array.isArray(written) ? written.slice(0, rulesMax) : [];
  const taken = new Set<string>(decisionRules);
  const rules = entries.flatMap((entry, index): IdentityRule[] => {
    const rule = readRule(entry, index, complaints);
    if (rule === undefined) return [];
    if (taken.has(rule.name)) {
      const isDecision = decisionRules.some((name) => name === rule.name);
      const why = isDecision ? 'is what people decide' : 'is there twice';
      complaints.push(`the name of the rule "${rule.name}" ${why}: give it another`);
    }
    taken.add(rule.name);
    return [rule];
  });
  const names = {
    canonicalId: reader.text('canonical_id') ?? 'canonical_id',
    system: reader.text('system') ?? 'system',
    recordId: reader.text('record_id') ?? 'record_id',
  };
  const others = [...ownColumns, names.system, names.recordId].map((name) => name.toLowerCase());
  if (others.includes(names.canonicalId.toLowerCase())) {
    complaints.push(
      `config "canonical_id" is "${names.canonicalId}", which is another column of an identity: give the id another name`,
    );
  }
  return {
    ...names,
    ...optional('idPrefix', reader.text('id_prefix')),
    ...optional('createdAt', reader.text('created_at')),
    primaryBy: reader.texts('primary_by'),
    ...optional('decisions', textOf(decisions)),
    rules,
  };
}

function readRule(entry: unknown, index: number, complaints: string[]): IdentityRule | undefined {
  if (!isConfig(entry)) {
    complaints.push(`rule ${index + 1} of "rules" is no map: write {'name': …, 'exact': …}`);
    return undefined;
  }
  const name = textOf(entry['name']);
  if (name === undefined || !/^[a-z_]\w*$/i.test(name)) {
    complaints.push(`rule ${index + 1} of "rules" needs a name of letters, digits and _`);
    return undefined;
  }
  const kinds = identityRuleKinds.filter((kind) => kind in entry);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    complaints.push(complainOfKind(name, kinds, Object.keys(entry)));
    return undefined;
  }
  const reader = readerOf(`the rule "${name}"`, entry, complaints);
  for (const key of Object.keys(entry)) {
    if (keysOf[kind].some((one) => one === key)) continue;
    const meant = didYouMean(key, keysOf[kind]);
    complaints.push(`the rule "${name}" has the unknown key "${key}"${meant}`);
  }
  const base = {
    name,
    ...optional('where', reader.text('where')),
    acrossSystems: reader.flag('across_systems'),
    agree: reader.texts('agree'),
  };
  switch (kind) {
    case 'exact': {
      const keys = reader.needed('exact');
      const score = reader.share('score', scoreDefault);
      return { ...base, kind, keys, score, blockRecordsMax: reader.blockRecordsMax() };
    }
    case 'refers': {
      const names = reader.neededOne('refers');
      const to = optional('to', reader.text('to'));
      const separator = optional('separator', reader.text('separator', false));
      return { ...base, kind, names, ...to, ...separator, score: reader.share('score', 1) };
    }
    case 'fuzzy': {
      const value = reader.neededOne('fuzzy');
      const block = reader.needed('block');
      const threshold = reader.share('threshold', thresholdDefault);
      const band = entry['review'] === undefined ? undefined : reader.share('review', 0);
      if (band !== undefined && band >= threshold) {
        complaints.push(
          `the rule "${name}" asks for "review" from ${band}, which is not below its threshold ${threshold}`,
        );
      }
      const blockRecordsMax = reader.blockRecordsMax();
      return {
        ...base,
        kind,
        value,
        block,
        threshold,
        ...optional('review', band),
        blockRecordsMax,
      };
    }
  }
}

function complainOfKind(name: string, kinds: readonly string[], keys: readonly string[]): string {
  const all = identityRuleKinds.join(', ');
  if (kinds.length > 1) return `the rule "${name}" is ${kinds.join(' and ')}: keep one of ${all}`;
  const known = new Set<string>(Object.values(keysOf).flat());
  const unknown = keys.find((key) => !known.has(key));
  if (unknown === undefined) return `the rule "${name}" does not say what it is: one of ${all}`;
  const meant = didYouMean(unknown, identityRuleKinds);
  return `the rule "${name}" is of the unknown kind "${unknown}"${meant} (one of ${all})`;
}

/** Reads the values of a map, complaining with what it is the map of: none is passed over. */
function readerOf(subject: string, entry: Config, complaints: string[]) {
  const complain = (key: string, fit: string): void => {
    complaints.push(`${subject} has "${key}" ${JSON.stringify(entry[key])}; ${fit}`);
  };
  const isThere = (key: string): boolean => entry[key] !== undefined && entry[key] !== null;
  const number = (
    key: string,
    fallback: number,
    isFit: (value: number) => boolean,
    fit: string,
  ) => {
    if (!isThere(key)) return fallback;
    const value = entry[key];
    if (typeof value === 'number' && isFit(value)) return value;
    complain(key, fit);
    return fallback;
  };
  const text = (key: string, trims = true): string | undefined => {
    if (isThere(key) && typeof entry[key] !== 'string') complain(key, 'write one text');
    return textOf(entry[key], trims);
  };
  const texts = (key: string): readonly string[] => {
    if (!isThere(key)) return [];
    const all = [entry[key]].flat();
    const found = all.filter((one) => typeof one === 'string');
    if (found.length < all.length) complain(key, 'write a text, or a list of texts');
    return found.filter((one) => one.trim() !== '');
  };
  const need = <T extends string | readonly string[]>(key: string, found: T): T => {
    const isOther = isThere(key) && [entry[key]].flat().some((one) => typeof one !== 'string');
    if (found.length === 0 && !isOther) {
      complaints.push(`${subject} needs "${key}": a column, or SQL over the columns`);
    }
    return found;
  };
  return {
    text,
    texts,
    needed: (key: string): readonly string[] => need(key, texts(key)),
    neededOne: (key: string): string => {
      // A list of one is as good as the one.
      const [only, ...others] = Array.isArray(entry[key]) ? texts(key) : [text(key)];
      if (others.length > 0)
        complain(key, 'write one text: of several make a rule each, or one SQL');
      return need(key, only ?? '');
    },
    flag: (key: string): boolean => {
      if (isThere(key) && typeof entry[key] !== 'boolean') complain(key, 'true or false, unquoted');
      return entry[key] === true;
    },
    share: (key: string, fallback: number): number =>
      number(key, fallback, (value) => value > 0 && value <= 1, 'a number above 0, 1 at most'),
    blockRecordsMax: (): number =>
      number(
        'max_block',
        blockRecordsDefault,
        (value) => Number.isInteger(value) && value >= 2 && value <= blockRecordsMost,
        `a whole number from 2 to ${blockRecordsMost}`,
      ),
  };
}

function textOf(value: unknown, trims = true): string | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  return trims ? value.trim() : value;
}

function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: V });
}
