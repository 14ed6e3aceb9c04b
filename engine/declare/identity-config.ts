import {
  decisionRules,
  type IdentityConfig,
  type IdentityRule,
  identityRuleKinds,
} from '../words/identity.ts';
import { didYouMean } from '../words/suggest.ts';
import { asTexts, type Config, isConfig } from './properties.ts';

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

/** An identity's config; what is wrong with it is added to the complaints, all at once. */
export function readIdentityConfig(raw: Config, complaints: string[]): IdentityConfig {
  const written = raw['rules'];
  if (!Array.isArray(written) || written.length === 0) {
    complaints.push('materialized "identity" needs rules: a list, the strongest first');
  } else if (written.length > rulesMax) {
    complaints.push(`"rules" has ${written.length} rules; ${rulesMax} at most`);
  }
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
  return {
    canonicalId: textOf(raw['canonical_id']) ?? 'canonical_id',
    ...optional('idPrefix', textOf(raw['id_prefix'])),
    system: textOf(raw['system']) ?? 'system',
    recordId: textOf(raw['record_id']) ?? 'record_id',
    ...optional('createdAt', textOf(raw['created_at'])),
    primaryBy: asTexts(raw['primary_by']),
    ...optional('decisions', textOf(raw['decisions'])),
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
  const reader = readerOf(name, entry, complaints);
  for (const key of Object.keys(entry)) {
    if (keysOf[kind].some((one) => one === key)) continue;
    const meant = didYouMean(key, keysOf[kind]);
    complaints.push(`the rule "${name}" has the unknown key "${key}"${meant}`);
  }
  const base = {
    name,
    ...optional('where', textOf(entry['where'])),
    acrossSystems: entry['across_systems'] === true,
    agree: asTexts(entry['agree']),
  };
  switch (kind) {
    case 'exact': {
      const keys = reader.texts('exact');
      const score = reader.share('score', scoreDefault);
      return { ...base, kind, keys, score, blockRecordsMax: reader.blockRecordsMax() };
    }
    case 'refers': {
      const [names = ''] = reader.texts('refers');
      const to = optional('to', textOf(entry['to']));
      const separator = optional('separator', textOf(entry['separator'], false));
      return { ...base, kind, names, ...to, ...separator, score: reader.share('score', 1) };
    }
    case 'fuzzy': {
      const [value = ''] = reader.texts('fuzzy');
      const block = reader.texts('block');
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

/** Reads the values of one rule, complaining with its name. */
function readerOf(name: string, entry: Config, complaints: string[]) {
  const number = (
    key: string,
    fallback: number,
    isFit: (value: number) => boolean,
    fit: string,
  ) => {
    const value = entry[key];
    if (value === undefined || value === null) return fallback;
    if (typeof value === 'number' && isFit(value)) return value;
    complaints.push(`the rule "${name}" has "${key}" ${JSON.stringify(value)}; ${fit}`);
    return fallback;
  };
  return {
    texts(key: string): readonly string[] {
      const texts = asTexts(entry[key]).filter((text) => text.trim() !== '');
      if (texts.length === 0) {
        complaints.push(`the rule "${name}" needs "${key}": a column, or SQL over the columns`);
      }
      return texts;
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
