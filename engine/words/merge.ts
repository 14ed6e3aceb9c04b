/** What a `merge` does with rows of the batch and of the table. */
export interface MergeConfig {
  /** Asked in their order: the first whose conditions hold decides. */
  readonly clauses: readonly MergeClause[];
}

export interface MergeClause {
  readonly when: 'matched' | 'not matched' | 'not matched by source' | 'not matched by target';
  /** SQL over DBT_INTERNAL_SOURCE, the batch, and DBT_INTERNAL_DEST, the table; all must hold. */
  readonly conditions: readonly string[];
  readonly action: MergeAction;
}

export const mergeModes = ['by_name', 'by_position', 'star', 'explicit'] as const;
type WholeMode = Exclude<(typeof mergeModes)[number], 'explicit'>;

/** Columns and what is written to them, as SQL. */
export type MergeAssignments = readonly (readonly [column: string, expression: string])[];

export type MergeAction =
  | { readonly kind: 'update' | 'insert'; readonly mode: WholeMode }
  /** `include` empty: all columns of the batch but those of the key. */
  | {
      readonly kind: 'update some';
      readonly include: readonly string[];
      readonly exclude: readonly string[];
      readonly set: MergeAssignments;
    }
  | { readonly kind: 'set'; readonly set: MergeAssignments }
  | {
      readonly kind: 'insert values';
      readonly columns: readonly string[];
      readonly values: readonly string[];
    }
  | { readonly kind: 'delete' | 'do nothing' }
  | { readonly kind: 'error'; readonly message: string };
