import type { Relation } from './table.ts';

/**
 * What a sync may do to an object. upsert: create what is missing, update what is there.
 * update_only and create_only: one half of it. mirror: an upsert that also archives records this
 * sync wrote or matched before and whose row left the model, and creates again what somebody
 * deleted in the CRM. append: one record for each new key, whatever the CRM holds, never updated.
 */
export const behaviors = ['upsert', 'update_only', 'create_only', 'mirror', 'append'] as const;
export type Behavior = (typeof behaviors)[number];

/**
 * always: the CRM shall hold the model's value, null included. if_empty: only where the CRM holds
 * nothing. never_null: like always, but a null in the model leaves the CRM's value alone.
 * append: added to what the CRM holds (one more choice of a multi-select, one more line of a text).
 */
export const writeRules = ['always', 'if_empty', 'never_null', 'append'] as const;
export type WriteRule = (typeof writeRules)[number];

/**
 * Who is right when the CRM's value was edited. warehouse: `onDrift` decides. crm: the edit stays.
 * latest: the later of the model's `modifiedColumn` and the CRM's modified stamp; a tie is
 * reviewed.
 */
export const fieldOwners = ['warehouse', 'crm', 'latest'] as const;
export type FieldOwner = (typeof fieldOwners)[number];

/**
 * A field the warehouse owns was edited in the CRM while the model stood still. reassert: write the
 * model's value again. adopt: let the edit stand until the model changes. report: show it, no more.
 */
export const driftPolicies = ['reassert', 'adopt', 'report'] as const;
export type DriftPolicy = (typeof driftPolicies)[number];

export interface FieldSpec {
  /** The CRM's field. */
  readonly field: string;
  /** The model's column. */
  readonly column: string;
  /** Default `always`. */
  readonly write: WriteRule;
  /** Default `warehouse`. */
  readonly owner: FieldOwner;
}

export interface MatchSpec {
  /** The CRM's field; `Id` or `id` is the CRM's own id (then nothing can be created). */
  readonly field: string;
  readonly column: string;
}

export interface AssociateSpec {
  /** The other object's name at the CRM. */
  readonly object: string;
  /** The model's column with the other record's CRM id; null leaves associations alone. */
  readonly column: string;
}

/** Most rows of one action in one run; a percentage is of the object's live records, rounded up. */
export type Limit = { readonly count: number } | { readonly percent: number };

/**
 * A hard stop: where one is exceeded nothing at all is sent, and the plan still shows everything.
 */
export interface SyncLimits {
  readonly create: Limit;
  readonly update: Limit;
  readonly archive: Limit;
}

/** In force where the declaration names none. */
export const defaultLimits: SyncLimits = {
  create: { count: 1000 },
  update: { percent: 20 },
  archive: { percent: 5 },
};

/** One entry under `syncs`, defaults filled in; nothing in it was checked against a CRM yet. */
export interface SyncSpec {
  readonly name: string;
  readonly from: Relation;
  readonly connection: string;
  readonly object: string;
  /** The sync key: all of them together match a row to a record. At least one. */
  readonly match: readonly MatchSpec[];
  readonly behavior: Behavior;
  /** At least one. */
  readonly fields: readonly FieldSpec[];
  readonly associate: readonly AssociateSpec[];
  readonly limits: SyncLimits;
  /** Default `reassert`. */
  readonly onDrift: DriftPolicy;
  /** The model's column that says when the row changed; needed where a field's owner is latest. */
  readonly modifiedColumn?: string;
}

/** True where the sync key is the CRM's own id. */
export function isIdMatch(spec: SyncSpec): boolean {
  return spec.match.some(({ field }) => field === 'Id' || field === 'id');
}
