import type { Relation } from './table.ts';

/** What stands beside an identity, by the end of its name: `who_ids` beside `who`. */
export const companionSuffixes = ['matches', 'review', 'ids', 'events', 'oversize'] as const;

export const identityRuleKinds = ['exact', 'refers', 'fuzzy'] as const;

/** What every rule has. Expressions are a person's SQL over one record of the model's select. */
interface IdentityRuleBase {
  readonly name: string;
  /** Only records for which it holds take part. */
  readonly where?: string;
  /** Never matches two records of one system. */
  readonly acrossSystems: boolean;
  /** A pair that differs in one of these, where both have a value, is no match. */
  readonly agree: readonly string[];
}

/** Records whose keys are all equal and not empty. */
export interface ExactRule extends IdentityRuleBase {
  readonly kind: 'exact';
  readonly keys: readonly string[];
  readonly score: number;
  /** A block of more records than this matches nothing and is reported. */
  readonly blockRecordsMax: number;
}

/** Records that name others by id: of the system `to`, or of their own. */
export interface RefersRule extends IdentityRuleBase {
  readonly kind: 'refers';
  readonly names: string;
  readonly to?: string;
  /** Between the ids, where a record may name several. */
  readonly separator?: string;
  readonly score: number;
}

/** Records of one block whose values are alike: Jaro–Winkler, from 0 to 1. */
export interface FuzzyRule extends IdentityRuleBase {
  readonly kind: 'fuzzy';
  readonly value: string;
  readonly block: readonly string[];
  /** At least as alike as this is a match. */
  readonly threshold: number;
  /** From here up to the threshold a person is asked; absent: nobody is. */
  readonly review?: number;
  readonly blockRecordsMax: number;
}

/** In the order in which they are declared: an earlier rule is the stronger one. */
export type IdentityRule = ExactRule | RefersRule | FuzzyRule;

/** How records are resolved into what they are records of; columns of the model's own select. */
export interface IdentityConfig {
  /** What the id column of the table is called. */
  readonly canonicalId: string;
  /** Begins new ids: `con` makes `con_0123456789abcdef`. */
  readonly idPrefix?: string;
  readonly system: string;
  readonly recordId: string;
  /** When the source made the record: the eldest founds the cluster, and its id survives. */
  readonly createdAt?: string;
  /** SQL that orders the records of one system in a cluster: the first speaks for the system. */
  readonly primaryBy: readonly string[];
  /** The node, a seed most often, in which people's decisions stand. */
  readonly decisions?: string;
  /** Where that node stands; filled in when the model is built. */
  readonly decisionsRelation?: Relation;
  readonly rules: readonly IdentityRule[];
}

/** Rules of these names are people's decisions, stored beside the others. */
export const decisionRules = ['same', 'different'] as const;
