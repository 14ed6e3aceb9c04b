import type { TerminalError } from './errors.ts';
import type { JsonValue } from './json.ts';
import type { CanonicalKind } from './warehouse.ts';

export interface DestinationField {
  readonly name: string;
  readonly label: string;
  /** How values of this field are compared; the connector knows its CRM's types. */
  readonly kind: CanonicalKind;
  /** The CRM's own type name, for messages. */
  readonly type: string;
  /** Most characters a text may have. */
  readonly lengthMax?: number;
  /** Digits after the point, for numbers. */
  readonly scale?: number;
  /** The values a restricted picklist allows. */
  readonly values?: readonly string[];
  readonly required: boolean;
  /** No two live records may hold the same value; usable as a key for upsert. */
  readonly unique: boolean;
  readonly creatable: boolean;
  readonly updatable: boolean;
}

const changeActions = ['create', 'update', 'upsert', 'archive'] as const;
export type ChangeAction = (typeof changeActions)[number];

export interface Association {
  /** The other object's name at the CRM. */
  readonly to: string;
  readonly id: string;
}

/**
 * One record's change. Absent fields are left alone; null clears. Repeating an update is harmless.
 */
export interface RowChange {
  /** The sync key's value: unique within one call, names the row in answers and the ledger. */
  readonly key: string;
  readonly action: ChangeAction;
  /** The CRM's id: always for update and archive, never for create and upsert. */
  readonly id?: string;
  /** For upsert: the unique field and its value. */
  readonly match?: { readonly field: string; readonly value: string };
  readonly fields: Readonly<Record<string, JsonValue>>;
  readonly associations?: readonly Association[];
}

/**
 * written: the CRM holds it. rejected: the CRM said no to this row; kept with its reason, not tried
 * again until the row changes. in_doubt: it may or may not have been applied (time-out, lost
 * reply); the row is locked until `find` settles it. deferred: certainly not applied (limit,
 * budget); the next run sends it again.
 */
export type WriteResult =
  | { readonly status: 'written'; readonly id: string; readonly created: boolean }
  | {
      readonly status: 'rejected';
      readonly code: string;
      readonly message: string;
      readonly fields?: readonly string[];
    }
  | { readonly status: 'in_doubt'; readonly reason: string }
  | {
      readonly status: 'deferred';
      readonly reason: string;
      /** What needs a person before anything more can be written: the step ends in it. */
      readonly stop?: TerminalError;
    };

export interface FoundRecord {
  readonly id: string;
  readonly fields: Readonly<Record<string, JsonValue>>;
}

/** Writes one kind of record into one account of one CRM. */
export interface Destination {
  describe(signal: AbortSignal): Promise<readonly DestinationField[]>;
  /** How many changes to hand to one `write` when `total` are waiting; each group is one intent. */
  groupSize(action: ChangeAction, total: number): number;
  /** API calls that `count` changes of this action will cost when `total` of it are sent. */
  price(action: ChangeAction, total: number): number;
  /** Answers for every change, in the order given, as many answers as changes. */
  write(changes: readonly RowChange[], signal: AbortSignal): Promise<readonly WriteResult[]>;
  /**
   * Records whose field equals one of the values, read from the CRM itself (strongly consistent
   * where it can be): settles rows in doubt and verifies before an undo. Field `id` is the CRM's
   * id.
   */
  find(
    field: string,
    values: readonly string[],
    fields: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly FoundRecord[]>;
}
